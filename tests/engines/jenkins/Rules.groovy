/** The shape of a pipeline, as Jenkins' own validator wants it. */
class Rules {
    static void check(Map root) {
        if (!root.containsKey('agent')) throw new Unsupported('Missing required section "agent"')
        stages(root.stages, 'the pipeline', false)
    }

    private static void stages(List all, String where, boolean within) {
        if (!all) throw new Unsupported("No stages specified in ${where}")
        def twice = all*.name.countBy { it }.findAll { it.value > 1 }.keySet()
        if (twice) throw new Unsupported("Duplicate stage name: ${twice.first()}")
        all.each { stage(it, within) }
    }

    private static void stage(Map stage, boolean within) {
        def where = "stage '${stage.name}'".toString()
        def refuse = { boolean wrong, String why -> if (wrong) throw new Unsupported("${where}: ${why}") }
        def work = ['steps', 'stages', 'parallel', 'matrix'].findAll { stage.containsKey(it) }
        refuse(work.size() != 1, 'exactly one of steps, stages, parallel, or matrix is wanted')
        boolean fans = work.first() in ['parallel', 'matrix']
        refuse(fans && within, 'parallel or matrix within parallel or matrix')
        refuse(fans && stage.agent != null, "\"agent\" is not allowed with ${work.first()}")
        refuse(!fans && stage.failFast != null, 'failFast needs parallel or matrix')
        refuse(stage.matrix != null && !stage.matrix.axes, 'matrix without axes')
        if (work != ['steps']) stages(stage.matrix ? stage.matrix.stages : stage[work.first()], where, within || fans)
    }
}
