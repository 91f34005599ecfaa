import org.codehaus.groovy.ast.ASTNode
import org.codehaus.groovy.ast.CodeVisitorSupport
import org.codehaus.groovy.ast.expr.ListExpression
import org.codehaus.groovy.ast.expr.MapExpression

/** Literals over the walls of CPS (JENKINS-47363): 250 elements of a list, 125 pairs of a map or of named arguments. */
class Shape extends CodeVisitorSupport {
    private final List<Map> found = []

    void add(ASTNode node, String text) { found << [line: node.lineNumber, text: text] }

    List<String> sorted() { found.sort { it.line }.collect { "line ${it.line}: ${it.text}".toString() } }

    void visitListExpression(ListExpression list) {
        if (list.expressions.size() > 250) add(list, "a list literal of ${list.expressions.size()} elements, over 250")
        super.visitListExpression(list)
    }

    void visitMapExpression(MapExpression map) {
        if (map.mapEntryExpressions.size() > 125) add(map, "a map literal of ${map.mapEntryExpressions.size()} pairs, over 125")
        super.visitMapExpression(map)
    }
}
