package dev.holdfast.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.architecture.Declarations.Method;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A budget whose measure is wrong holds nothing: those of {@link TidyTest} on a file with known numbers. */
final class DeclarationsTest {
    private static final String SOURCE = """
            package dev.holdfast.sample;

            /** Documented. */
            final class Sample {
                record Header(int a, int b, int c) {
                    static final int SIZE = 12;
                }

                Sample(int x, int y) {
                    Checks.that(x > y, "ordered");
                }

                @Override
                @Deprecated
                public String toString() {
                    for (int i = 0; i < 3; i++) {
                        if (i == 0) {
                            one();
                        } else if (i == 1) {
                            two();
                        } else {
                            while (three()) {
                                Runnable own = new Runnable() {
                                    public void run() {
                                        if (true) {
                                            Checks.that(true, "inside");
                                        }
                                    }
                                };
                            }
                        }
                    }
                    return "";
                }

                abstract void noBody();
            }

            class Bare {}
            """;

    private final Declarations declarations;

    DeclarationsTest(@TempDir Path directory) throws IOException {
        Path path = Files.writeString(directory.resolve("Sample.java"), SOURCE);
        declarations = Declarations.of(SourceFile.parse(List.of(path)).getFirst());
    }

    @Test
    void aMethodIsAsLongAsItsSignatureAndBodyWithoutItsAnnotations() {
        assertEquals(
                List.of("Sample", "run", "toString"),
                declarations.methods.stream().map(Method::name).toList());
        assertEquals(
                List.of(3, 5, 20),
                declarations.methods.stream().map(Method::lineCount).toList());
    }

    @Test
    void nestingCountsControlStructuresOfTheMethodItselfAndAnElseIfOnce() {
        assertEquals(
                List.of(0, 1, 3),
                declarations.methods.stream().map(Method::nesting).toList());
    }

    @Test
    void aRecordHeaderIsAConstructorAndItsStaticFieldsAreNotPartOfIt() {
        assertEquals(
                List.of("Header 3 true", "Sample 2 false"),
                declarations.constructors.stream()
                        .map(found -> found.type() + " " + found.parameters() + " " + found.ofRecord())
                        .toList());
    }

    @Test
    void namesAreThoseOfTypesMethodsFieldsParametersAndVariables() {
        List<String> names =
                declarations.names.stream().map(Declarations.Name::text).toList();
        assertTrue(names.containsAll(List.of("Sample", "Header", "a", "SIZE", "x", "toString", "i", "own", "noBody")));
    }

    @Test
    void onlyTopLevelTypesNeedDocumentation() {
        assertEquals(
                List.of("Sample true", "Bare false"),
                declarations.topLevelTypes.stream()
                        .map(type -> type.name() + " " + type.documented())
                        .toList());
    }

    @Test
    void everyCallOfChecksIsCounted() {
        assertEquals(2, declarations.checkCalls);
    }
}
