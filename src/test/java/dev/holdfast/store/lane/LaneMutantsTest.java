package dev.holdfast.store.lane;

import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.holdfast.base.Mutant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The tests of a lane notice bugs: each is planted, and a test that is green without it fails. */
final class LaneMutantsTest {
    @AfterEach
    void takeTheBugOut() {
        Mutant.remove();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"cache.ignore-birth", "lane.merge-over-zeroes", "lane.release-at-freeze", "read.skip-overlay"})
    void theWalkNotices(String mutant) {
        Mutant.plant(mutant);
        assertThrows(Throwable.class, () -> {
            for (long seed = 1; seed <= 5; seed++) {
                new LaneWalk(seed).walk(8192, 3 << 20, 20_000, 2_000);
            }
        });
    }

    @Test
    void theGateTestNotices() {
        Mutant.plant("lane.visible-before-gate");
        assertThrows(Throwable.class, new LaneTest()::behindAClosedGateNothingIsVisibleOrAcknowledged);
    }

    @Test
    void theFlushTestNotices() {
        Mutant.plant("lane.acknowledge-before-logged");
        assertThrows(Throwable.class, new LaneTest()::behindAClosedGateNothingIsVisibleOrAcknowledged);
    }

    @Test
    void theSnapshotTestNotices() {
        Mutant.plant("lane.marker-does-not-seal");
        assertThrows(Throwable.class, new ControlTest()::aSnapshotIsWhatTheDiskWasWhateverIsWrittenAfterIt);
    }

    @Test
    void theStabilityTestNotices() {
        Mutant.plant("lane.root-covers-unstable");
        assertThrows(Throwable.class, new StabilityTest()::whatIsNotStableIsLeftOutAndComesWithALaterRoot);
    }
}
