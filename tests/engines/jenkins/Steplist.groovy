import org.codehaus.groovy.ast.expr.ClosureExpression
import org.codehaus.groovy.ast.expr.MethodCallExpression
import org.codehaus.groovy.ast.stmt.BlockStatement
import org.codehaus.groovy.ast.stmt.ExpressionStatement
import org.codehaus.groovy.ast.stmt.Statement

/** Declarative's rule that `steps` and `post` hold calls of steps and nothing else; code belongs into `script`. */
class Steplist {
    static final List<String> BLOCKS = ['stages', 'stage', 'parallel', 'matrix']
    private final Shape shape

    Steplist(Shape shape) { this.shape = shape }

    void pipelines(Statement body) { statements(body).each { if (name(it) == 'pipeline') directives(closure(it)) } }

    private void directives(ClosureExpression block) {
        statements(block?.code).each { statement ->
            def kind = name(statement)
            if (kind in BLOCKS) directives(closure(statement))
            else if (kind == 'steps') steps(closure(statement))
            else if (kind == 'post') statements(closure(statement)?.code).each { steps(closure(it)) }
        }
    }

    private void steps(ClosureExpression block) {
        statements(block?.code).each { statement ->
            def step = name(statement)
            if (step == null) shape.add(statement, 'Expected a step: code belongs into script { }')
            else if (step != 'script') steps(closure(statement))
        }
    }

    private static List<Statement> statements(Statement body) {
        body instanceof BlockStatement ? body.statements : body ? [body] : []
    }

    private static MethodCallExpression call(Statement statement) {
        def expression = statement instanceof ExpressionStatement ? statement.expression : null
        expression instanceof MethodCallExpression && expression.implicitThis ? expression : null
    }

    private static String name(Statement statement) { call(statement)?.methodAsString }

    private static ClosureExpression closure(Statement statement) {
        def arguments = call(statement)?.arguments
        def last = arguments?.hasProperty('expressions') && arguments.expressions ? arguments.expressions.last() : null
        last instanceof ClosureExpression ? last : null
    }
}
