/** `currentBuild`: its result can only get worse. */
class CurrentBuild {
    private final Build owner
    CurrentBuild(Build owner) { this.owner = owner }
    String displayName = '#1', description
    int number = 1
    String getResult() { owner.report.result == 'SUCCESS' ? null : owner.report.result }
    void setResult(String result) { owner.report.result = Build.worst((String) owner.report.result, result) }
    String getCurrentResult() { owner.report.result }
    Object getPreviousBuild() { null }
}
