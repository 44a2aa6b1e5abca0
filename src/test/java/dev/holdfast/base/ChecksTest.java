package dev.holdfast.base;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

final class ChecksTest {
    @Test
    void aTrueConditionPasses() {
        assertDoesNotThrow(() -> Checks.that(true, "one is one"));
        assertDoesNotThrow(() -> Checks.that(true, "one is one", 1, 2, 3));
    }

    @Test
    void aFalseConditionThrowsItsClaim() {
        Violation violation = assertThrows(Violation.class, () -> Checks.that(false, "the ring has room"));
        assertEquals("the ring has room", violation.getMessage());
    }

    @Test
    void theValuesAreNamedInTheMessage() {
        Violation one = assertThrows(Violation.class, () -> Checks.that(false, "length is positive", -7));
        Violation two = assertThrows(Violation.class, () -> Checks.that(false, "below the limit", 9, 8));
        Violation three = assertThrows(Violation.class, () -> Checks.that(false, "in order", 1, 3, 2));
        assertEquals("length is positive: -7", one.getMessage());
        assertEquals("below the limit: 9, 8", two.getMessage());
        assertEquals("in order: 1, 3, 2", three.getMessage());
    }
}
