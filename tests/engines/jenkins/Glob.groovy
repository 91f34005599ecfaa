import java.nio.file.FileVisitResult
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.SimpleFileVisitor
import java.nio.file.attribute.BasicFileAttributes
import java.util.regex.Pattern

/** Ant's file patterns, which Jenkins uses for stash, archiveArtifacts and junit. */
class Glob {
    /** Ant's default excludes that a build can meet. */
    static final List<String> DEFAULT_EXCLUDES = ['**/*~', '**/.git', '**/.git/**', '**/.gitignore', '**/.gitattributes',
                                                  '**/.gitmodules', '**/.svn/**', '**/.hg/**', '**/.DS_Store', '**/CVS/**']

    private static final Map<String, String> WILD = ['*': '[^/]*', '?': '[^/]']

    /** Files under `root` that match one of the comma-separated `includes` and no exclude, as sorted relative paths. */
    static List<String> find(File root, String includes, String excludes = '', boolean defaults = true) {
        def wanted = patterns(includes ?: '**'), unwanted = patterns(excludes ?: '')
        if (defaults) unwanted += DEFAULT_EXCLUDES.collect { regex(it) }
        def found = []
        Files.walkFileTree(root.toPath(), new SimpleFileVisitor<Path>() {
            FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                def name = root.toPath().relativize(file).toString()
                def matches = { it.matcher(name).matches() }
                if (wanted.any(matches) && !unwanted.any(matches)) found << name
                FileVisitResult.CONTINUE
            }
        })
        found.sort()
    }

    static List<Pattern> patterns(String text) { text.split(',')*.trim().findAll { it }.collect { regex(it) } }

    static Pattern regex(String pattern) {
        if (pattern.endsWith('/')) pattern += '**'
        def text = new StringBuilder()
        def parts = pattern.split('/') as List
        parts.eachWithIndex { part, index ->
            boolean last = index == parts.size() - 1
            if (part == '**') text << (last ? '.*' : '(?:[^/]+/)*')
            else text << part.collect { WILD[it] ?: Pattern.quote(it) }.join('') << (last ? '' : '/')
        }
        Pattern.compile(text.toString())
    }
}
