package dev.holdfast.architecture;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.architecture.Declarations.Constructor;
import dev.holdfast.architecture.Declarations.Method;
import dev.holdfast.architecture.Declarations.Name;
import dev.holdfast.architecture.Declarations.TopLevelType;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Holds the budgets of docs/STYLE.md on the text of every source file, main and test. There is no list of exemptions,
 * and none will be added: what does not fit is split.
 */
final class TidyTest {
    private static final int FILE_LINES = 600;
    private static final int TEST_FILE_LINES = 800;
    private static final int METHOD_LINES = 70;
    private static final int NESTING = 3;
    private static final int COLUMNS = 120;
    private static final int CONSTRUCTOR_PARAMETERS = 6;
    private static final int RECORD_COMPONENTS = 8;
    private static final int PACKAGE_FILES = 30;
    private static final int CHECKS_PER_100_LINES = 4;

    /** Packages (and those inside them) that guard data, and so check themselves. */
    private static final List<String> GUARDS = List.of("array", "store", "mirror", "cluster", "lun");

    /** Words that name nothing. */
    private static final Set<String> EMPTY_WORDS =
            Set.of("impl", "manager", "handler", "helper", "helpers", "util", "utils");

    /** Written apart, so that this file does not contain them. */
    private static final List<String> UNFINISHED =
            List.of("@Dis" + "abled", "Thread.sle" + "ep(", "TO" + "DO", "FIX" + "ME");

    private static final Pattern WORD_BOUNDARY = Pattern.compile("(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_");

    private static final Map<SourceFile, Declarations> FILES = new LinkedHashMap<>();

    @BeforeAll
    static void parse() {
        SourceFile.all().forEach(file -> FILES.put(file, Declarations.of(file)));
        assertTrue(!FILES.isEmpty(), "no sources found: run the tests in the project's directory");
    }

    @Test
    void noFileIsLongerThanItsBudget() {
        assertNone(inFiles((file, complaints) -> {
            int budget = file.isTest() ? TEST_FILE_LINES : FILE_LINES;
            int lines = file.lines().size();
            if (lines > budget) {
                complaints.add(file.at(1, lines + " lines, the budget is " + budget + ": split it by what it knows"));
            }
        }));
    }

    @Test
    void noMethodIsLongerThanItsBudget() {
        assertNone(inMethods(method -> method.lineCount() <= METHOD_LINES
                ? ""
                : method.lineCount() + " lines, the budget is " + METHOD_LINES + ": split it"));
    }

    @Test
    void noMethodNestsDeeperThanItsBudget() {
        assertNone(inMethods(method -> method.nesting() <= NESTING
                ? ""
                : "nests " + method.nesting() + " deep, the budget is " + NESTING
                        + ": return early or name the inner part"));
    }

    @Test
    void noLineIsWiderThanItsBudget() {
        assertNone(inLines(line -> {
            int columns = line.codePointCount(0, line.length());
            return columns <= COLUMNS ? "" : columns + " columns, the budget is " + COLUMNS;
        }));
    }

    @Test
    void nothingIsUnfinishedSwitchedOffOrAsleep() {
        assertNone(inLines(line -> UNFINISHED.stream()
                .filter(line::contains)
                .findFirst()
                .map(word -> word + " does not belong into a commit")
                .orElse("")));
    }

    @Test
    void noConstructorTakesMoreValuesThanItsBudget() {
        assertNone(inFiles((file, complaints) -> {
            for (Constructor constructor : FILES.get(file).constructors) {
                int budget = constructor.ofRecord() ? RECORD_COMPONENTS : CONSTRUCTOR_PARAMETERS;
                if (constructor.parameters() > budget) {
                    String text = constructor.type() + " takes " + constructor.parameters() + " values, the budget is "
                            + budget + ": group what belongs together into a record";
                    complaints.add(file.at(constructor.line(), text));
                }
            }
        }));
    }

    @Test
    void namesAreMadeOfWordsThatSaySomething() {
        assertNone(inFiles((file, complaints) -> {
            for (Name name : FILES.get(file).names) {
                if (Stream.of(WORD_BOUNDARY.split(name.text())).anyMatch(TidyTest::isEmptyWord)) {
                    complaints.add(file.at(name.line(), "the name " + name.text() + " says nothing: say what it is"));
                }
            }
        }));
    }

    @Test
    void everyTopLevelTypeSaysItsJob() {
        assertNone(inFiles((file, complaints) -> {
            for (TopLevelType type : FILES.get(file).topLevelTypes) {
                if (!file.isTest() && !type.documented()) {
                    complaints.add(file.at(type.line(), type.name() + " has no Javadoc: its job, then what it is not"));
                }
            }
        }));
    }

    @Test
    void everyPackageSaysWhatItIs() {
        assertNone(FILES.keySet().stream()
                .filter(file -> !file.isTest())
                .map(file -> file.path().resolveSibling("package-info.java"))
                .distinct()
                .filter(path -> !Files.exists(path))
                .map(path -> path + ": missing; it says in a sentence what the package is, as " + Table.PAGE + " does")
                .toList());
    }

    @Test
    void noPackageHasMoreFilesThanItsBudget() {
        Map<String, Integer> counts = new TreeMap<>();
        FILES.keySet().stream()
                .filter(file -> !file.isPackageInfo())
                .forEach(file -> counts.merge(file.path().getParent().toString(), 1, Integer::sum));
        assertNone(counts.entrySet().stream()
                .filter(count -> count.getValue() > PACKAGE_FILES)
                .map(count -> count.getKey() + ": " + count.getValue() + " files, the budget is " + PACKAGE_FILES
                        + ": split the package")
                .toList());
    }

    @Test
    void packagesThatGuardDataCheckThemselves() {
        Map<String, Integer> lines = new TreeMap<>();
        Map<String, Integer> checks = new TreeMap<>();
        FILES.forEach((file, declarations) -> {
            if (!file.isTest() && isGuard(file.packageName())) {
                lines.merge(file.packageName(), linesInMethods(file), Integer::sum);
                checks.merge(file.packageName(), declarations.checkCalls, Integer::sum);
            }
        });
        List<String> complaints = new ArrayList<>();
        lines.forEach((name, count) -> {
            int budget = count * CHECKS_PER_100_LINES / 100;
            if (checks.get(name) < budget) {
                complaints.add("package " + name + ": " + checks.get(name) + " calls of Checks in " + count
                        + " lines of methods, the budget is at least " + budget
                        + ": state what its state must be, where it changes");
            }
        });
        assertNone(complaints);
    }

    private static List<String> inFiles(BiConsumer<SourceFile, List<String>> rule) {
        List<String> complaints = new ArrayList<>();
        FILES.keySet().forEach(file -> rule.accept(file, complaints));
        return complaints;
    }

    /** {@code rule} says what is wrong with a method, or nothing. */
    private static List<String> inMethods(Function<Method, String> rule) {
        return inFiles((file, complaints) -> {
            for (Method method : FILES.get(file).methods) {
                String text = rule.apply(method);
                if (!text.isEmpty()) {
                    complaints.add(file.at(method.firstLine(), method.name() + ": " + text));
                }
            }
        });
    }

    /** {@code rule} says what is wrong with a line, or nothing. */
    private static List<String> inLines(Function<String, String> rule) {
        return inFiles((file, complaints) -> {
            for (int i = 0; i < file.lines().size(); i++) {
                String text = rule.apply(file.lines().get(i));
                if (!text.isEmpty()) {
                    complaints.add(file.at(i + 1, text));
                }
            }
        });
    }

    private static boolean isEmptyWord(String word) {
        return EMPTY_WORDS.contains(word.toLowerCase(Locale.ROOT));
    }

    private static boolean isGuard(String packageName) {
        return GUARDS.stream().anyMatch(guard -> packageName.equals(guard) || packageName.startsWith(guard + "."));
    }

    private static int linesInMethods(SourceFile file) {
        return FILES.get(file).methods.stream()
                .mapToInt(method -> file.codeLines(method.firstLine(), method.lastLine()))
                .sum();
    }

    private static void assertNone(List<String> complaints) {
        assertTrue(
                complaints.isEmpty(), () -> complaints.size() + " to mend:\n" + String.join("\n", complaints) + "\n");
    }
}
