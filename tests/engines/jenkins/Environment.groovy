/** `env`: reads see everything, writes are for the whole build. */
class Environment {
    private final Build owner
    Environment(Build owner) { this.owner = owner }
    Object getProperty(String name) { this.@owner.environment()[name] }
    void setProperty(String name, Object value) { this.@owner.env[name] = String.valueOf(value) }
    def getAt(String name) { getProperty(name) }
    void putAt(String name, Object value) { setProperty(name, value) }
    Map getEnvironment() { this.@owner.environment() }
}
