import groovy.json.JsonOutput
import groovy.json.JsonSlurperClassic
import hudson.AbortException as Failure
import java.nio.file.Files
import java.util.concurrent.TimeUnit
import org.jenkinsci.plugins.credentialsbinding.impl.CredentialNotFoundException

import static java.nio.file.StandardCopyOption.COPY_ATTRIBUTES
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING

/** Base class of the Jenkinsfile: the steps, and what a script sees of its build. */
abstract class Steps extends Script {
    /** Steps whose call is put into the report, and no more. */
    static final Set<String> RECORDED = ['publishHTML', 'recordCoverage', 'recordIssues', 'publishChecks', 'milestone', 'emailext',
                                         'mail', 'copyArtifacts'] as Set
    /** Arguments that look like calls. */
    static final Set<String> DESCRIPTIONS = ['scmGit', 'cloneOption', 'checkoutOption', 'lfs', 'gitLFSPull', 'submodule',
                                             'cleanBeforeCheckout', 'agent', 'nonresumable', 'kubernetesAgent',
                                             'lastCompleted'] as Set
    Build build

    Object getProperty(String name) {
        switch (name) {
            case 'build': return build
            case 'env': return new Environment(build)
            case 'params': return build.params
            case 'currentBuild': return new CurrentBuild(build)
            case 'scm': return [branches: [[name: 'main']], extensions: [], userRemoteConfigs: [[url: build.config.repo]]]
        }
        if (getBinding().hasVariable(name)) return getBinding().getVariable(name)
        def value = build.environment()[name]
        if (value != null) return value
        super.getProperty(name)
    }

    def methodMissing(String name, arguments) {
        def list = arguments as List
        if (DESCRIPTIONS.contains(name)) return [symbol: name, arguments: list]
        if (!RECORDED.contains(name)) throw new Unsupported("step '${name}'")
        record(name, list.findAll { !(it instanceof Closure) })
        list && list.last() instanceof Closure ? list.last().call() : null
    }

    private void record(String step, List arguments) {
        synchronized (build) { build.report.recorded << [step: step, arguments: arguments] }
    }

    // --- structure ---------------------------------------------------------------------------------------------------
    def pipeline(Closure body) { new Declarative(this).run(body) }

    def script(Closure body) { body() }

    def node(String label = '', Closure body) { build.node(label) { body() } }

    def stage(String name, Closure body) { build.inStage(build.openStage(name, 'stage')) { body() } }

    def parallel(Map branches) {
        boolean failFast = branches.get('failFast') ?: false
        build.parallel(branches.findAll { it.key != 'failFast' && it.value instanceof Closure }, failFast, 'branch')
    }

    // --- control -----------------------------------------------------------------------------------------------------
    def echo(message) { build.log(text(message, 'message')) }

    void println(message) { build.log(String.valueOf(message)) }

    def error(message) { throw new Failure(text(message, 'message')) }

    def unstable(message) { build.log("WARNING: ${text(message, 'message')}"); build.worsen('UNSTABLE') }

    def catchError(Map options = [:], Closure body) {
        try { body() } catch (Failure failure) {
            if (failure.result == 'ABORTED' && options.catchInterruptions == false) throw failure
            build.log("ERROR: ${options.message ?: ''}${options.message ? ': ' : ''}${failure.message}")
            build.worsen((String) options.stageResult ?: 'FAILURE', false)
            build.worsenBuild((String) options.buildResult ?: 'FAILURE')
            null
        }
    }

    def warnError(message, Closure body) {
        catchError(message: text(message, 'message'), buildResult: 'UNSTABLE', stageResult: 'UNSTABLE', body)
    }

    def timeout(Map options, Closure body) {
        long milliseconds = TimeUnit.valueOf((String) options.unit ?: 'MINUTES').toMillis(options.time as long)
        build.within([deadline: Math.min(build.now.deadline, System.currentTimeMillis() + milliseconds)]) { body() }
    }

    def timeout(int minutes, Closure body) { timeout(time: minutes, body) }

    /** With `conditions` it repeats only what Jenkins lost, and nothing is lost here. */
    def retry(Map options, Closure body) { options.conditions ? body() : retry(options.count as int, body) }

    def retry(int count, Closure body) {
        for (int attempt = 1; ; attempt++) {
            try { return body() } catch (Failure failure) {
                if (failure.result == 'ABORTED' || attempt >= count) throw failure
                build.log("ERROR: ${failure.message}\nRetrying")
            }
        }
    }

    def sleep(options) {
        def seconds = options instanceof Map ? options.time as long : options as long
        for (long tenth = 0; tenth < seconds * 10; tenth++) { build.checkpoint(); Thread.sleep(100) }
    }

    def timestamps(Closure body) { body() }

    def ansiColor(String map, Closure body) { body() }

    def lock(options, Closure body) {
        record('lock', [options])
        body()
    }

    // --- environment -------------------------------------------------------------------------------------------------
    def withEnv(List variables, Closure body) {
        build.withVariables(variables.collectEntries { it.toString().split('=', 2) as List }) { body() }
    }

    Map string(Map binding) { binding }

    /** `string(credentialsId:, variable:)` bindings, with the values that the test configured. */
    def withCredentials(List bindings, Closure body) {
        build.withVariables(bindings.collectEntries { [it.variable, credential(it.credentialsId)] }) { body() }
    }

    String credential(String id) {
        def value = build.config.credentials[id]
        if (value == null) throw new CredentialNotFoundException("Could not find credentials entry with ID '${id}'")
        build.secrets << (String) value
        value
    }

    boolean isUnix() { true }

    // --- programs and files ------------------------------------------------------------------------------------------
    def sh(options) {
        build.checkpoint()
        def given = options instanceof Map ? options : [script: options.toString()]
        def unknown = given.keySet() - ['script', 'label', 'returnStatus', 'returnStdout', 'encoding']
        if (unknown) throw new Unsupported("sh: ${unknown}")
        workspace()
        def file = Files.createTempFile(new File(build.out, 'scripts').toPath(), 'script', '.sh').toFile()
        file.setText(given.script.toString(), 'UTF-8')
        def command = given.script.toString().startsWith('#!') ? [file.path] : ['sh', '-xe', file.path]
        file.setExecutable(true)
        if (given.label) build.log("[${given.label}]")
        def ended = build.run(command, (boolean) given.returnStdout)
        if (given.returnStatus) return ended.code
        if (ended.code) throw new Failure("script returned exit code ${ended.code}")
        given.returnStdout ? ended.text : null
    }

    def dir(path, Closure body) {
        def folder = new File(workspace(), text(path, 'path'))
        folder.mkdirs()
        build.within([dir: folder]) { body() }
    }

    String pwd(Map options = [:]) { workspace().path }

    def deleteDir() { workspace().eachFile { it.directory ? it.deleteDir() : it.delete() }; null }

    def cleanWs(Map options = [:]) { deleteDir() }

    String readFile(options) { file(text(options, 'file'), true).getText('UTF-8') }

    def writeFile(Map options) { file(options.file).with { parentFile.mkdirs(); setText(options.text.toString(), 'UTF-8') }; null }

    boolean fileExists(options) { file(text(options, 'file')).exists() }

    def readJSON(Map options) {
        def content = options.text != null ? options.text.toString() : file(options.file, true).getText('UTF-8')
        new JsonSlurperClassic().parseText(content)
    }

    def writeJSON(Map options) { writeFile(file: options.file, text: JsonOutput.toJson(options.json)) }

    File file(name, boolean must = false) {
        def path = new File(name.toString())
        def found = path.absolute ? path : new File(workspace(), name.toString())
        if (must && !found.exists()) throw new Failure("java.nio.file.NoSuchFileException: ${found}")
        found
    }

    File workspace() {
        build.checkpoint()
        if (build.now.dir == null) throw new Failure('Required context class hudson.FilePath is missing (no agent)')
        build.now.dir
    }

    // --- what Jenkins carries ----------------------------------------------------------------------------------------
    Map checkout(what) {
        def folder = workspace(), repo = (String) build.config.repo
        def git = { List arguments ->
            def ended = build.run(['git'] + arguments, true)
            if (ended.code) throw new Failure("git ${arguments.first()} failed: ${ended.text}")
            ended.text.trim()
        }
        if (!new File(folder, '.git').exists()) git(['init', '--quiet', '--initial-branch=main'])
        git(['fetch', '--quiet', repo, 'HEAD'])
        git(['checkout', '--quiet', '--force', '--detach', 'FETCH_HEAD'])
        [GIT_COMMIT: git(['rev-parse', 'HEAD']), GIT_BRANCH: 'origin/main', GIT_URL: repo]
    }

    def stash(options) {
        def given = options instanceof Map ? options : [name: options.toString()]
        def files = Glob.find(workspace(), given.includes, given.excludes, given.useDefaultExcludes != false)
        if (!files && !given.allowEmpty) throw new Failure("No files included in stash '${given.name}'")
        def store = new File(build.out, "stashes/${encoded(given.name)}")
        store.deleteDir()
        copy(files, workspace(), store)
        synchronized (build) { build.report.stashes[given.name.toString()] = files }
        null
    }

    def unstash(options) {
        def name = text(options, 'name')
        def files
        synchronized (build) { files = build.report.stashes[name] }
        if (files == null) throw new Failure("No such saved stash '${name}'")
        copy(files, new File(build.out, "stashes/${encoded(name)}"), workspace())
    }

    def archiveArtifacts(options) {
        def given = options instanceof Map ? options : [artifacts: options.toString()]
        def files = Glob.find(workspace(), given.artifacts, given.excludes, given.defaultExcludes != false)
        if (!files && !given.allowEmptyArchive) throw new Failure("No artifacts found that match '${given.artifacts}'")
        synchronized (build) { // two branches may keep a file of the same name, and replacing one takes two steps
            copy(files, workspace(), new File(build.out, 'archive'))
            build.report.archived.addAll(files)
        }
        null
    }

    /** Failed tests make the build unstable, as the JUnit plugin does unless it is told not to. */
    def junit(options) {
        def given = options instanceof Map ? options : [testResults: options.toString()]
        def files = Glob.find(workspace(), given.testResults)
        if (!files && !given.allowEmptyResults) throw new Failure('No test report files were found. Configuration error?')
        def cases = files.collectMany { new XmlParser(false, false).parse(new File(workspace(), it)).depthFirst() }
                         .findAll { it instanceof Node && it.name() == 'testcase' }
        def sum = [files: files, total: cases.size(), failed: cases.count { it.failure || it.error }]
        synchronized (build) { build.report.junit << sum }
        if (sum.failed && !given.skipMarkingBuildUnstable) build.worsen('UNSTABLE')
        [totalCount: sum.total, failCount: sum.failed]
    }

    static void copy(List<String> files, File from, File to) {
        files.each { name ->
            def target = new File(to, name).toPath()
            Files.createDirectories(target.parent)
            Files.copy(new File(from, name).toPath(), target, REPLACE_EXISTING, COPY_ATTRIBUTES)
        }
    }

    static String encoded(name) { URLEncoder.encode(name.toString(), 'UTF-8') }

    static String text(value, String key) { (value instanceof Map ? value[key] : value).toString() }
}
