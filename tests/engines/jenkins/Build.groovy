import hudson.AbortException as Failure
import java.util.concurrent.Semaphore
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicInteger

/** The state of one build, and what Jenkins itself (not a step) does: agents, stages, threads, processes. */
class Build {
    static final List<String> WORSE = ['SUCCESS', 'UNSTABLE', 'FAILURE', 'NOT_BUILT', 'ABORTED']
    final Map config
    final File out
    final Map report = [result: 'SUCCESS', error: null, description: null, log: [], stages: [], agents: [], archived: [],
                        junit: [], stashes: [:], recorded: [], parameters: [], triggers: [], options: []]
    final ThreadLocal<Context> here = new ThreadLocal<Context>()
    final Map<String, String> env
    final Map<String, Object> params = [:]
    final Set<String> secrets = Collections.synchronizedSet([] as Set)
    final Semaphore executors
    final AtomicInteger agents = new AtomicInteger()

    Build(Map config) {
        this.config = config
        out = new File((String) config.out)
        executors = new Semaphore((int) config.executors, true)
        env = Collections.synchronizedMap(new TreeMap<String, String>((Map) config.env))
        here.set(new Context())
    }

    Context getNow() { here.get() }

    def within(Map changes, Closure body) {
        def before = now
        here.set(before.but(changes))
        try { body() } finally { here.set(before) }
    }

    def withVariables(Map values, Closure body) { within([env: now.env + values], body) }

    Map<String, String> environment() { env + now.env + (now.stage ? [STAGE_NAME: now.stage.name] : [:]) }

    synchronized void log(String line) {
        secrets.each { if (it) line = line.replace(it, '****') }
        report.log << line
        now.stage?.log?.add(line)
    }

    /** Once for each failure, where it is first seen. */
    void tell(Failure failure) {
        if (!failure.told) log("ERROR: ${failure.message}")
        failure.told = true
    }

    synchronized void worsen(String result, boolean build = true) {
        if (build) worsenBuild(result)
        if (now.stage) now.stage.result = worst((String) now.stage.result, result)
    }

    synchronized void worsenBuild(String result) { report.result = worst((String) report.result, result) }

    static String worst(String one, String other) { WORSE.indexOf(one) >= WORSE.indexOf(other) ? one : other }

    synchronized Map openStage(String name, String kind) {
        def record = [name: name, kind: kind, path: (now.stage ? now.stage.path : []) + [name], result: 'SUCCESS', reason: null,
                      label: null, log: []]
        report.stages << record
        record
    }

    /** Run `body` as a stage; what it throws makes the stage's result, and goes on upwards. */
    def inStage(Map record, boolean upwards = true, Closure body) {
        def above = now.stage
        try {
            within([stage: record]) {
                try { body() } catch (Failure failure) {
                    tell(failure)
                    worsen(failure.result, false)
                    record.reason = record.reason ?: failure.message
                    throw failure
                }
            }
        } finally {
            if (upwards) passUp(above, record)
        }
    }

    private synchronized void passUp(Map above, Map record) {
        if (above && record.result != 'NOT_BUILT') above.result = worst((String) above.result, (String) record.result)
    }

    void checkpoint() {
        if (now.halt.on) throw new Failure('stopped, for another branch failed', 'ABORTED')
        if (System.currentTimeMillis() > now.deadline) throw new Failure('timeout has been exceeded', 'ABORTED')
    }

    def node(String label, Closure body) {
        while (!executors.tryAcquire(200, TimeUnit.MILLISECONDS)) checkpoint()
        try {
            int number = agents.incrementAndGet()
            def workspace = new File(out, "workspaces/${number}")
            workspace.mkdirs()
            synchronized (this) {
                report.agents << [label: label, workspace: workspace.path, stage: now.stage ? now.stage.path : []]
                if (now.stage && now.stage.label == null) now.stage.label = label
            }
            def variables = [WORKSPACE: workspace.path, WORKSPACE_TMP: "${workspace.path}@tmp".toString(), EXECUTOR_NUMBER: '0',
                             NODE_NAME: "agent-${number}".toString(), NODE_LABELS: label]
            within([dir: workspace, env: now.env + variables], body)
        } finally { executors.release() }
    }

    /**
     * All branches at once, each in its own thread. When all have ended the first error is thrown if it stopped the others,
     * else the worst (JENKINS-49073).
     */
    Map parallel(Map<String, Closure> branches, boolean failFast, String kind) {
        def context = now, halt = new Halt(above: context.halt)
        def results = Collections.synchronizedMap([:]), errors = Collections.synchronizedList([])
        def records = branches.collectEntries { name, body -> [name, openStage(name.toString(), kind)] }
        def threads = branches.collect { name, body ->
            Thread.start {
                here.set(context.but(halt: halt))
                try { results[name] = inStage(records[name], false) { body() } } catch (Throwable error) {
                    errors << error
                    if (failFast) halt.set = true
                }
            }
        }
        threads*.join()
        records.values().findAll { !halt.set || it.result != 'ABORTED' }.each { passUp(context.stage, it) }
        def broken = errors.find { !(it instanceof Failure) }
        if (broken) throw broken
        if (errors) throw halt.set ? errors.first() : errors.max { WORSE.indexOf(it.result) }
        results
    }

    /** Run a program in the agent's folder, in a process group of its own: its exit code, and its output if that is kept. */
    Map run(List<String> command, boolean keepOutput) {
        def builder = new ProcessBuilder(['setsid'] + command).directory(now.dir).redirectErrorStream(!keepOutput)
        builder.environment().with { clear(); putAll(environment()) }
        builder.redirectInput(new File('/dev/null'))
        def process = builder.start()
        def context = now, kept = new StringBuilder()
        def reading = { InputStream stream, boolean keep ->
            Thread.start {
                here.set(context)
                stream.withReader('UTF-8') { reader -> if (keep) kept << reader.text else reader.eachLine { log(it) } }
            }
        }
        def readers = [reading(process.inputStream, keepOutput)] + (keepOutput ? [reading(process.errorStream, false)] : [])
        try {
            while (!process.waitFor(100, TimeUnit.MILLISECONDS)) checkpoint()
        } finally {
            if (process.alive) ['kill', '-KILL', '--', "-${process.pid()}".toString()].execute().waitFor()
        }
        readers*.join()
        [code: process.exitValue(), text: kept.toString()]
    }
}
