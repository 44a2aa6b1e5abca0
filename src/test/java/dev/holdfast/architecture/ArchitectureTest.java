package dev.holdfast.architecture;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Holds the table of docs/ARCHITECTURE.md against the built classes and the imports of their sources: who may import
 * whom, and who may touch the real world. It says nothing about what the code does.
 */
final class ArchitectureTest {
    private static final Pattern IMPORT = Pattern.compile("import (?:static )?(dev\\.holdfast\\.[a-z0-9.]+)\\.[A-Z].*");

    private static final Table TABLE = Table.read();
    private static final List<BuiltClass> CLASSES = BuiltClass.all();

    /** Package, what it imports, and one place where it does. */
    private static final SortedMap<String, SortedMap<String, String>> IMPORTS = new TreeMap<>();

    @BeforeAll
    static void findImports() {
        assertFalse(CLASSES.isEmpty(), "no classes found: compile first");
        for (BuiltClass built : CLASSES) {
            built.types().stream()
                    .filter(type -> type.startsWith("dev.holdfast."))
                    .forEach(type -> add(built.packageName(), type.substring(0, type.lastIndexOf('.')), built.name()));
        }
        for (SourceFile file : SourceFile.all()) {
            if (!file.isTest()) {
                file.lines().stream()
                        .map(IMPORT::matcher)
                        .filter(Matcher::matches)
                        .forEach(line -> add(
                                file.packageName(), line.group(1), file.path().toString()));
            }
        }
    }

    private static void add(String from, String to, String where) {
        SortedMap<String, String> imports = IMPORTS.computeIfAbsent(from, name -> new TreeMap<>());
        if (!from.equals(SourceFile.shortName(to))) {
            imports.putIfAbsent(SourceFile.shortName(to), where);
        }
    }

    @Test
    void theTableListsThePackagesThatExist() {
        List<String> found = new ArrayList<>();
        IMPORTS.forEach((name, imports) -> {
            if (!TABLE.allowed().containsKey(name)) {
                found.add("package " + name + " is missing in " + Table.PAGE + ": add the row\n    | `" + name
                        + "` | what it is, in a sentence | " + String.join(" ", imports.keySet()) + " |");
            }
        });
        for (String name : TABLE.allowed().keySet()) {
            if (!IMPORTS.containsKey(name)) {
                found.add("package " + name + " stands in " + Table.PAGE + " and does not exist: delete its row");
            }
        }
        assertNone(found);
    }

    @Test
    void noPackageImportsWhatTheTableDoesNotAllow() {
        List<String> found = new ArrayList<>();
        IMPORTS.forEach((name, imports) -> imports.forEach((imported, where) -> {
            if (TABLE.allowed().containsKey(name) && !TABLE.allowedFor(name).contains(imported)) {
                found.add(where + ": " + name + " imports " + imported
                        + ". Turn the dependency round or pass what it needs;" + " if the design does mean it, add `"
                        + imported + "` to the row `" + name + "` of " + Table.PAGE);
            }
        }));
        assertNone(found);
    }

    @Test
    void theTableAllowsNothingThatNobodyUses() {
        List<String> found = new ArrayList<>();
        IMPORTS.forEach((name, imports) -> TABLE.allowedFor(name).forEach(imported -> {
            if (!imports.containsKey(imported)) {
                found.add("nothing in " + name + " imports " + imported + ": delete the word from the row `" + name
                        + "` of " + Table.PAGE);
            }
        }));
        assertNone(found);
    }

    @Test
    void noPackagesImportEachOtherInACircle() {
        SortedSet<String> done = new TreeSet<>();
        List<String> found = new ArrayList<>();
        IMPORTS.keySet().forEach(name -> findCircles(name, new ArrayList<>(), done, found));
        assertNone(found);
    }

    private static void findCircles(String name, List<String> path, SortedSet<String> done, List<String> found) {
        int earlier = path.indexOf(name);
        if (earlier >= 0) {
            List<String> circle = new ArrayList<>(path.subList(earlier, path.size()));
            circle.add(name);
            found.add(String.join(" -> ", circle) + ": move what both need into a package below");
        } else if (!done.contains(name)) {
            path.addLast(name);
            Map<String, String> imports = IMPORTS.getOrDefault(name, new TreeMap<>());
            imports.keySet().forEach(imported -> findCircles(imported, path, done, found));
            path.removeLast();
            done.add(name);
        }
    }

    @Test
    void purePackagesTouchTheWorldOnlyThroughIo() {
        List<String> found = new ArrayList<>();
        for (BuiltClass built : CLASSES) {
            if (!Purity.isReal(built.packageName())) {
                built.types()
                        .forEach(type -> Purity.complaintAboutType(type)
                                .ifPresent(text -> found.add(built.name() + " uses " + text)));
                built.members()
                        .forEach(member -> Purity.complaintAboutMember(member)
                                .ifPresent(text -> found.add(built.name() + " uses " + text)));
                if (built.locks()) {
                    found.add(built.name() + " is synchronized: state belongs to one loop and needs no lock");
                }
            }
        }
        assertNone(found);
    }

    private static void assertNone(List<String> found) {
        assertTrue(found.isEmpty(), () -> found.size() + " to mend:\n" + String.join("\n", found) + "\n");
    }
}
