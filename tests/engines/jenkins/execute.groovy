// Runs a Jenkinsfile on this host: groovy -cp FOLDER execute.groovy JENKINSFILE CONFIG
//   CONFIG is JSON: {repo, out, env, credentials, params, executors}; the report is written to OUT/report.json.
// A fresh, empty workspace for each agent, real processes, stashes and archives; no CPS, no sandbox, no plugins.
import groovy.json.JsonOutput
import groovy.json.JsonSlurperClassic
import hudson.AbortException as Failure
import org.codehaus.groovy.control.CompilerConfiguration

def (jenkinsfile, configuration) = args.collect { new File(it) }
def build = new Build((Map) new JsonSlurperClassic().parse(configuration, 'UTF-8'))
new File(build.out, 'scripts').mkdirs()

def compiler = new CompilerConfiguration(scriptBaseClass: Steps.name, sourceEncoding: 'UTF-8')
def shell = new GroovyShell(this.class.classLoader, new Binding(), compiler)
def pipeline = (Steps) shell.parse(jenkinsfile.getText('UTF-8'), 'Jenkinsfile')
pipeline.setBuild(build)  // a property would become a variable of the script
try {
    pipeline.run()
} catch (Failure failure) {
    build.worsen(failure.result)
    build.tell(failure)
} catch (Throwable wrong) {
    def line = wrong.stackTrace.find { it.fileName == 'Jenkinsfile' }?.lineNumber
    build.report.error = "line ${line}: ${wrong instanceof Unsupported ? 'not supported: ' + wrong.message : wrong}".toString()
}
new File(build.out, 'report.json').setText(JsonOutput.toJson(build.report), 'UTF-8')
