package dev.holdfast.base;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class MarksTest {
    @Test
    void marksAreCountedOnlyWhileRecording() {
        Marks.reached("marks-test.before");
        Marks.record();
        Marks.reached("marks-test.two");
        Marks.reached("marks-test.one");
        Marks.reached("marks-test.two");
        Marks.stop();
        Marks.reached("marks-test.after");
        assertEquals(Map.of("marks-test.one", 1L, "marks-test.two", 2L), Marks.counts());
        assertEquals("marks-test.one", Marks.counts().firstKey());
    }

    @Test
    void everyMarkInTheCodeHasItsSentenceAndEverySentenceItsMark() throws IOException, URISyntaxException {
        Path file = Path.of(Marks.class.getResource("/marks.txt").toURI());
        List<String> lines = Files.readAllLines(file).stream()
                .filter(line -> !line.startsWith("#"))
                .toList();
        assertEquals(lines.stream().sorted().toList(), lines);
        List<String> names = lines.stream().map(line -> line.split(" ", 2)[0]).toList();
        assertEquals(
                String.join("\n", names),
                String.join("\n", MutantRegistryTest.constantsGivenTo(Marks.class, "reached")));
    }

    @Test
    void aMutantIsOnOnlyWhilePlantedAndOnlyUnderItsName() {
        assertFalse(Mutant.on("mutant-test.one"));
        Mutant.plant("mutant-test.one");
        assertTrue(Mutant.on("mutant-test.one"));
        assertFalse(Mutant.on("mutant-test.two"));
        Mutant.remove();
        assertFalse(Mutant.on("mutant-test.one"));
    }
}
