/** `environment { NAME = 'value' }`: values may use those above them. */
class Variables {
    private final Steps script
    private final Map<String, String> values = new LinkedHashMap<String, String>()

    Variables(Steps script) { this.script = script }

    static Map<String, String> read(Closure body, Steps script) {
        def reader = new Variables(script)
        def copy = body.rehydrate(reader, script, script)
        copy.resolveStrategy = Closure.DELEGATE_ONLY
        copy.call()
        reader.@values
    }

    Object getProperty(String name) { this.@values.containsKey(name) ? this.@values[name] : this.@script.getProperty(name) }

    void setProperty(String name, Object value) {
        if (!(value instanceof CharSequence)) throw new Unsupported("environment ${name}: not quoted, nor credentials()")
        this.@values[name] = value.toString()
    }

    String credentials(String id) { this.@script.credential(id) }
}
