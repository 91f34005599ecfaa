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
            case 'branch': return Glob.regex(condition.value).matcher(script.build.environment().BRANCH_NAME ?: '').matches()
            case 'changeRequest': return script.build.environment().CHANGE_ID != null
            case 'triggeredBy': return false  // a push started every build here
            default: throw new Unsupported("when: ${condition.name}")
        }
    }
}
