import org.codehaus.groovy.control.CompilationUnit
import org.codehaus.groovy.control.CompilerConfiguration
import org.codehaus.groovy.control.MultipleCompilationErrorsException
import org.codehaus.groovy.control.Phases
import org.objectweb.asm.ClassReader
import org.objectweb.asm.ClassVisitor
import org.objectweb.asm.MethodVisitor
import org.objectweb.asm.Opcodes
import org.objectweb.asm.commons.CodeSizeEvaluator

/** What Jenkins would say of a Jenkinsfile before it runs, as far as Groovy and the known walls tell. */
class Checker {
    final String text
    final List<String> findings = []

    Checker(File file) { text = file.getText('UTF-8') }

    Map report() {
        def module = compile(Phases.CONVERSION)?.AST?.modules?.first()
        if (module == null) return [findings: findings, compiled: [:], transformed: [:]]
        def bodies = [run: module.statementBlock] + module.methods.collectEntries { [it.name, it.code] }
        def transformed = bodies.collectEntries { name, body ->
            def size = new CpsSize()
            body.visit(size)
            [name, size.bytes()]
        }
        def shape = new Shape()
        bodies.values().each { it.visit(shape) }
        new Steplist(shape).pipelines(module.statementBlock)
        findings.addAll(shape.sorted())
        [findings: findings, compiled: compiled(), transformed: transformed]
    }

    private CompilationUnit compile(int phase) {
        def unit = new CompilationUnit(new CompilerConfiguration(sourceEncoding: 'UTF-8'))
        unit.addSource('Jenkinsfile', text)
        try { unit.compile(phase); unit } catch (MultipleCompilationErrorsException errors) {
            errors.errorCollector.errors.each { findings << told(it.properties.cause ?: it) }
            null
        }
    }

    private static String told(cause) {
        def line = cause.hasProperty('line') ? cause.line : 1
        "line ${line}: ${cause.message.readLines().first()}".toString()
    }

    /** Bytes of each method, closures being methods of their own, as plain Groovy compiles them. */
    private Map<String, Integer> compiled() {
        def unit = compile(Phases.CLASS_GENERATION)
        unit == null ? [:] : unit.classes.collectEntries { type ->
            sizes(type.bytes).collectEntries { name, size -> ["${type.name}.${name}".toString(), size] }
        }
    }

    private Map<String, Integer> sizes(byte[] bytes) {
        def found = [:]
        new ClassReader(bytes).accept(new ClassVisitor(Opcodes.ASM5) {
            MethodVisitor visitMethod(int access, String name, String type, String signature, String[] errors) {
                new CodeSizeEvaluator(Opcodes.ASM5, null) { void visitEnd() { found[name] = getMaxSize() } }
            }
        }, 0)
        found
    }
}
