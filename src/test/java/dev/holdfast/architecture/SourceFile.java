package dev.holdfast.architecture;

import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** One Java source file as text and as javac's syntax tree. It is parsed, never compiled: names are not resolved. */
record SourceFile(Path path, List<String> lines, CompilationUnitTree unit, Trees trees) {
    static final Path MAIN = Path.of("src/main/java");
    static final Path TEST = Path.of("src/test/java");

    /** Every source file of the project, in the order of their paths. */
    static List<SourceFile> all() {
        List<Path> paths = new ArrayList<>(pathsUnder(MAIN));
        paths.addAll(pathsUnder(TEST));
        return parse(paths);
    }

    static List<SourceFile> parse(List<Path> paths) {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        List<SourceFile> parsed = new ArrayList<>();
        try (StandardJavaFileManager disk = compiler.getStandardFileManager(null, null, null)) {
            Iterable<? extends JavaFileObject> sources = disk.getJavaFileObjectsFromPaths(paths);
            JavacTask task = (JavacTask) compiler.getTask(null, disk, null, null, null, sources);
            Trees trees = Trees.instance(task);
            for (CompilationUnitTree unit : task.parse()) {
                Path path = Path.of(unit.getSourceFile().getName());
                parsed.add(new SourceFile(path, Files.readAllLines(path), unit, trees));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return parsed;
    }

    private static List<Path> pathsUnder(Path root) {
        try (Stream<Path> paths = Files.walk(root)) {
            return paths.filter(path -> path.toString().endsWith(".java"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    boolean isTest() {
        return path.startsWith(TEST);
    }

    boolean isPackageInfo() {
        return path.endsWith("package-info.java");
    }

    /** The package without {@code dev.holdfast.}, as the table of the architecture spells it. */
    String packageName() {
        return shortName(unit.getPackageName().toString());
    }

    static String shortName(String packageName) {
        return packageName.equals("dev.holdfast") ? "" : packageName.substring("dev.holdfast.".length());
    }

    int lineOf(long position) {
        return (int) unit.getLineMap().getLineNumber(position);
    }

    /** Lines from {@code first} to {@code last} (both counted, from 1) that hold more than a comment. */
    int codeLines(int first, int last) {
        return (int) lines.subList(first - 1, last).stream()
                .map(String::strip)
                .filter(line -> !line.isEmpty() && !line.startsWith("/") && !line.startsWith("*"))
                .count();
    }

    /** {@code path:line: text}, which editors and terminals open at a click. */
    String at(int line, String text) {
        return path + ":" + line + ": " + text;
    }
}
