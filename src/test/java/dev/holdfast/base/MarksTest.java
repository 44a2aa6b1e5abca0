package dev.holdfast.base;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
    void aMutantIsOnOnlyWhilePlantedAndOnlyUnderItsName() {
        assertFalse(Mutant.on("mutant-test.one"));
        Mutant.plant("mutant-test.one");
        assertTrue(Mutant.on("mutant-test.one"));
        assertFalse(Mutant.on("mutant-test.two"));
        Mutant.remove();
        assertFalse(Mutant.on("mutant-test.one"));
    }
}
