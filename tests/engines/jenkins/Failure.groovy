/** A step failed: the build goes red, as with Jenkins' AbortException. */
class Failure extends Exception {
    final String result
    boolean told = false
    Failure(String message, String result = 'FAILURE') { super(message); this.result = result }
}
