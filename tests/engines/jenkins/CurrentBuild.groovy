/** `currentBuild`: its result can only get worse. */
class CurrentBuild {
    private final Build owner
    CurrentBuild(Build owner) { this.owner = owner }
    String displayName = '#1'
    int number = 1
    String getDescription() { owner.report.description }
    void setDescription(String text) { owner.report.description = text }
    String getResult() { owner.report.result == 'SUCCESS' ? null : owner.report.result }
    void setResult(String result) { owner.report.result = Build.worst((String) owner.report.result, result) }
    String getCurrentResult() { owner.report.result }
    Object getPreviousBuild() { null }
}
