import hudson.AbortException as Failure

/** Runs `pipeline { … }`: reads the directives into plain maps, checks their shape, and walks through the stages. */
class Declarative {
    static final List<String> POST = ['always', 'changed', 'fixed', 'regression', 'aborted', 'failure', 'success', 'unstable',
                                      'unsuccessful', 'cleanup']
    final Steps script
    final Build build
    Map root
    boolean failFast, checkout = true

    Declarative(Steps script) { this.script = script; build = script.build }

    void run(Closure body) {
        root = Directives.read('pipeline', script, body)
        Rules.check(root)
        parameters()
        build.report.options = root.options ?: []
        build.report.triggers = root.triggers ?: []
        def names = (root.options ?: []).findAll { it.arguments != [false] }*.name
        failFast = 'parallelsAlwaysFailFast' in names
        checkout = !('skipDefaultCheckout' in names)
        withOptions(root.options) {
            onAgent(root.agent) {
                def failure = withEnvironment(root.environment) { attempt { stages(root.stages) } }
                withEnvironment(root.environment) { finish(root, failure, build.report) }
                if (failure) throw failure
            }
        }
    }

    private void parameters() {
        for (parameter in (root.parameters ?: [])) {
            def given = parameter.arguments.first()
            build.report.parameters << [type: parameter.name] + given
            def name = (String) given.name, preset = given.choices ? given.choices.first() : given.presetValue
            build.params[name] = build.config.params.containsKey(name) ? build.config.params[name] : preset
            build.env[name] = String.valueOf(build.params[name])
        }
    }

    /** What went wrong in the body, or null; the build's result follows, but for a branch stopped because of another. */
    private Failure attempt(Closure body) {
        try { body(); null } catch (Failure failure) {
            build.worsen(failure.result, failure.result != 'ABORTED' || !build.now.halt.on)
            failure
        }
    }

    private void stages(List<Map> all) {
        Failure first = null
        for (stage in all) {
            if (first) { skip(stage, 'earlier failure'); continue }
            first = attempt { this.stage(stage) }
        }
        if (first) throw first
    }

    private void skip(Map stage, String reason) {
        def record = build.openStage((String) stage.name, 'stage')
        markSkipped(record, reason)
        build.within([stage: record]) { ((stage.stages ?: []) + (stage.parallel ?: [])).each { skip(it, reason) } }
    }

    private static void markSkipped(Map record, String reason) { record.result = 'NOT_BUILT'; record.reason = reason }

    private void stage(Map stage) { build.inStage(build.openStage((String) stage.name, 'stage')) { content(stage) } }

    /** A stage, or a branch or cell of one: options, agent, environment, condition, work, post. */
    private void content(Map stage) {
        def record = build.now.stage
        def condition = { stage.when == null || Condition.holds(stage.when, script) }
        if (stage.when && Condition.beforeAgent(stage.when, script) && !condition()) { markSkipped(record, 'when'); return }
        withOptions(stage.options) {
            onAgent(stage.agent) {
                withEnvironment(stage.environment) {
                    if (!condition()) { markSkipped(record, 'when'); return }
                    def failure = attempt { work(stage) }
                    finish(stage, failure, record)
                    if (failure) throw failure
                }
            }
        }
    }

    private void work(Map stage) {
        if (stage.steps) Directives.call(stage.steps, script)
        else if (stage.stages) stages(stage.stages)
        else if (stage.parallel) atOnce(stage, stage.parallel.collectEntries { [it.name, { content(it) }] }, 'stage')
        else atOnce(stage, cells(stage.matrix), 'cell')
    }

    private void atOnce(Map stage, Map branches, String kind) { build.parallel(branches, failFast || stage.failFast, kind) }

    private Map<String, Closure> cells(Map matrix) {
        Matrix.cells(matrix).collectEntries { cell ->
            def name = 'Matrix - ' + cell.collect { axis, value -> "${axis} = '${value}'" }.join(', ')
            def stage = matrix.findAll { !(it.key in ['axes', 'excludes']) } + [name: name]
            [name, { build.withVariables(cell) { content(stage) } }]
        }
    }

    /** Post conditions in Jenkins' own order; one that fails does not keep the others from running. */
    private void finish(Map owner, Failure failure, Map record) {
        def result = Build.worst(record.result, failure?.result ?: 'SUCCESS')
        def holds = [always: true, cleanup: true, changed: true, fixed: false, regression: false, success: result == 'SUCCESS',
                     failure: result == 'FAILURE', unstable: result == 'UNSTABLE', aborted: result == 'ABORTED',
                     unsuccessful: result != 'SUCCESS']
        Failure first = null
        POST.findAll { holds[it] && owner.post?.get(it) }.each { name ->
            def broken = attempt { Directives.call(owner.post[name], script) }
            if (broken) build.log("Error when executing ${name} post condition: ${broken.message}")
            first = first ?: broken
        }
        if (first && !failure) throw first
    }

    private void withOptions(List<Map> options, Closure body) {
        def wrapped = (options ?: []).inject(body) { inner, option ->
            def arguments = option.arguments
            switch (option.name) {
                case 'timeout': return { script.timeout(arguments.first(), inner) }
                case 'retry': return { script.retry(arguments.first(), inner) }
                case 'lock': return { script.lock(arguments.first(), inner) }
                case 'withCredentials': return { script.withCredentials(arguments.first(), inner) }
                default: return inner
            }
        }
        wrapped()
    }

    private void onAgent(agent, Closure body) {
        if (agent == null || agent == 'none') { body(); return }
        def wanted = agent instanceof Closure ? Directives.read('agent', script, agent) : [label: '']
        build.node((wanted.label ?: '').toString()) {
            if (checkout) script.checkout('scm')
            body()
        }
    }

    private def withEnvironment(Closure environment, Closure body) {
        environment ? build.withVariables(Variables.read(environment, script), body) : body()
    }
}
