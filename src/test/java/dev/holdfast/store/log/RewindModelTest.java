package dev.holdfast.store.log;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What was taken back is gone for every later start, whichever of ring and memory has it and what took it back. */
final class RewindModelTest {
    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void everyStartFindsWhatIsHeldAndNotVoid(long seed) {
        RewindWalk walk = new RewindWalk(seed);
        walk.walk(700);
        assertTrue(walk.rewinds > 10, "seed " + seed + ": changes were taken back");
    }
}
