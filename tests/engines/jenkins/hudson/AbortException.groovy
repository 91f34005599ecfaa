package hudson

/** A step failed: the build goes red. The engine calls it a failure, for here it is an interruption, too. */
class AbortException extends Exception {
    final String result
    boolean told = false
    AbortException(String message, String result = 'FAILURE') { super(message); this.result = result }
}
