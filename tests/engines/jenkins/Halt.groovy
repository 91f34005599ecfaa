/** Tells the branches of a parallel, and all below them, to stop. */
class Halt {
    volatile boolean set = false
    Halt above
    boolean isOn() { set || above?.on }
}
