/** Reads blocks of directives into maps: what is known is kept, closures of steps unread; what is unknown is an error. */
class Directives {
    static final Map<String, List<String>> KNOWN = [
        pipeline: ['agent', 'environment', 'options', 'parameters', 'triggers', 'stages', 'post'],
        stage: ['agent', 'environment', 'options', 'post', 'when', 'steps', 'stages', 'parallel', 'matrix', 'failFast'],
        matrix: ['axes', 'excludes', 'agent', 'environment', 'options', 'post', 'when', 'stages'],
        agent: ['label', 'node', 'docker', 'image', 'args', 'customWorkspace', 'reuseNode'],
        post: Declarative.POST,
        axis: ['name', 'values', 'notValues'],
        options: ['timeout', 'timestamps', 'disableConcurrentBuilds', 'buildDiscarder', 'skipDefaultCheckout', 'retry', 'lock',
                  'parallelsAlwaysFailFast', 'disableResume', 'preserveStashes', 'durabilityHint', 'ansiColor', 'quietPeriod',
                  'withCredentials', 'rateLimitBuilds'],
        triggers: ['cron', 'pollSCM', 'upstream', 'githubPush', 'gitlab'],
        parameters: ['string', 'booleanParam', 'choice', 'text', 'password'],
        when: ['expression', 'allOf', 'anyOf', 'not', 'environment', 'equals', 'branch', 'changeRequest', 'triggeredBy',
               'beforeAgent', 'beforeOptions', 'beforeInput']]
    /** Blocks that hold calls in order, not one value for each name. */
    static final List<String> LISTS = ['options', 'triggers', 'parameters']

    final String kind
    final Steps script
    final Map values = [:]
    final List entries = []

    Directives(String kind, Steps script) { this.kind = kind; this.script = script }

    /** Run a closure of steps as if it stood at the top of the script, not within the blocks around it. */
    static Object call(Closure body, Steps script) { body.rehydrate(script, script, script).call() }

    static Object read(String kind, Steps script, Closure body) {
        def reader = new Directives(kind, script)
        def copy = body.rehydrate(reader, script, script)
        copy.resolveStrategy = Closure.DELEGATE_ONLY
        copy.call()
        reader.result()
    }

    private Object result() {
        if (kind in LISTS || kind in ['stages', 'parallel', 'axes', 'excludes', 'exclude']) return entries
        kind == 'when' ? values + [conditions: entries] : values
    }

    def propertyMissing(String name) { name in ['any', 'none'] ? name : script.getProperty(name) }

    def methodMissing(String name, arguments) {
        def list = arguments as List
        switch (kind) {
            case ['stages', 'parallel']: return nested(name, 'stage', list)
            case 'axes': return nested(name, 'axis', list)
            case 'excludes': return nested(name, 'exclude', list)
            case 'exclude': return nested(name, 'axis', list)
        }
        if (!(name in KNOWN[kind])) {
            // Arguments of a known directive: logRotator(…), agent(), credentials …
            if (kind in LISTS && !(list && list.last() instanceof Closure)) return [symbol: name, arguments: list]
            throw new Unsupported("directive '${name}' in ${kind}")
        }
        if (kind in LISTS) entries << [name: name, arguments: list]
        else if (kind == 'when' && !name.startsWith('before')) entries << [name: name, value: list ? list.first() : null]
        else if (values.containsKey(name)) throw new Unsupported("directive '${name}' twice in ${kind}")
        else values[name] = value(name, list)
        null
    }

    private Object nested(String name, String expected, List list) {
        if (name != expected) throw new Unsupported("directive '${name}' in ${kind}")
        def content = read(expected, script, (Closure) list.last())
        entries << (expected == 'stage' ? [name: list.first().toString()] + content : content)
        null
    }

    private Object value(String name, List list) {
        if (name in ['values', 'notValues']) return list*.toString()
        def first = list.first()
        if (!(first instanceof Closure)) return first
        if (name in LISTS + ['stages', 'parallel', 'matrix', 'axes', 'excludes', 'post']) return read(name, script, first)
        name in ['node', 'docker'] ? values.putAll(read('agent', script, first)) : first
    }
}
