/** `matrix { … }`: every combination of the axes but the excluded. */
class Matrix {
    static List<Map<String, String>> cells(Map matrix) {
        def all = matrix.axes.inject([[:]]) { cells, axis ->
            cells.collectMany { cell -> axis.values.collect { cell + [(axis.name): it] } }
        }
        all.findAll { cell -> !(matrix.excludes ?: []).any { exclude -> exclude.every { matches(it, cell) } } }
    }

    private static boolean matches(Map axis, Map cell) {
        axis.notValues ? !(cell[axis.name] in axis.notValues) : cell[axis.name] in axis.values
    }
}
