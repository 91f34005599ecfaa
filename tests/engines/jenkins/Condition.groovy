/** `when { … }`. */
class Condition {
    static boolean beforeAgent(Closure when, Steps script) { Directives.read('when', script, when).beforeAgent ?: false }

    static boolean holds(Closure when, Steps script) { all(Directives.read('when', script, when).conditions, script) }

    private static boolean all(List conditions, Steps script) { conditions.every { one(it, script) } }

    private static boolean one(Map condition, Steps script) {
        def inner = { Directives.read('when', script, condition.value).conditions }
        switch (condition.name) {
            case 'expression': return Directives.call(condition.value, script)
            case 'allOf': return all(inner(), script)
            case 'anyOf': return inner().any { one(it, script) }
            case 'not': return !all(inner(), script)
            case 'environment': return script.build.environment()[condition.value.name] == condition.value.value
            case 'equals': return condition.value.expected == condition.value.actual
            case 'branch': return script.build.environment().BRANCH_NAME == condition.value
            default: throw new Unsupported("when: ${condition.name}")
        }
    }
}
