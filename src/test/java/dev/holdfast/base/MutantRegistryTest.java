package dev.holdfast.base;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The registry of planted bugs and the compiled classes name the same ones. */
public final class MutantRegistryTest {
    @Test
    void everyMutantInTheCodeHasItsSentenceAndEverySentenceItsMutant() throws IOException, URISyntaxException {
        assertEquals(String.join("\n", registered()), String.join("\n", constantsGivenTo(Mutant.class, "on")));
    }

    @Test
    void sentencesAreThereAndInOrder() throws IOException, URISyntaxException {
        List<String> lines = lines();
        assertEquals(lines.stream().sorted().toList(), lines);
        for (String line : lines) {
            assertTrue(line.split(" ", 2)[1].strip().length() > 20, line);
        }
    }

    /** Names in the registry. */
    public static TreeSet<String> registered() throws IOException, URISyntaxException {
        TreeSet<String> names = new TreeSet<>();
        lines().forEach(line -> names.add(line.split(" ", 2)[0]));
        return names;
    }

    private static List<String> lines() throws IOException, URISyntaxException {
        Path file = Path.of(MutantRegistryTest.class.getResource("/mutants.txt").toURI());
        return Files.readAllLines(file).stream()
                .filter(line -> !line.isBlank() && !line.startsWith("#"))
                .toList();
    }

    /** The constants that the product's classes pass to a static method of one text. */
    public static TreeSet<String> constantsGivenTo(Class<?> owner, String method)
            throws IOException, URISyntaxException {
        Path classes = Path.of(
                owner.getProtectionDomain().getCodeSource().getLocation().toURI());
        List<Path> files;
        try (Stream<Path> walk = Files.walk(classes)) {
            files = walk.filter(file -> file.toString().endsWith(".class")).toList();
        }
        TreeSet<String> found = new TreeSet<>();
        String internalName = owner.getName().replace('.', '/');
        for (Path file : files) {
            collect(file, internalName, method, found);
        }
        return found;
    }

    private static void collect(Path file, String owner, String method, TreeSet<String> into) {
        try {
            ClassFile.of()
                    .parse(file)
                    .methods()
                    .forEach(each -> each.code().ifPresent(code -> collect(code, owner, method, into)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void collect(CodeModel code, String owner, String method, TreeSet<String> into) {
        List<String> last = new ArrayList<>(List.of("?"));
        for (CodeElement element : code) {
            if (element instanceof ConstantInstruction constant) {
                last.set(0, String.valueOf(constant.constantValue()));
            }
            if (element instanceof InvokeInstruction call
                    && call.owner().asInternalName().equals(owner)
                    && call.name().equalsString(method)) {
                into.add(last.getFirst());
            }
        }
    }
}
