/** What surrounds a step: changed by copying, one for each thread. */
class Context {
    Map<String, String> env = [:]
    File dir                     // null: no agent, so no workspace
    Map stage                    // its record in the report
    Halt halt = new Halt()
    long deadline = Long.MAX_VALUE

    Context but(Map changes) { new Context([env: env, dir: dir, stage: stage, halt: halt, deadline: deadline] + changes) }
}
