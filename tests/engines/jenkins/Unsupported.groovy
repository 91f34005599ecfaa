/** The pipeline is wrong, or uses what this engine does not do: no verdict about the build, but an error of the engine. */
class Unsupported extends RuntimeException {
    Unsupported(String message) { super(message) }
}
