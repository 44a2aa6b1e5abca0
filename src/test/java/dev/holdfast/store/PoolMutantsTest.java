package dev.holdfast.store;

import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.holdfast.base.Mutant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The tests of a pool notice planted bugs that no scenario of the simulation is made for. */
final class PoolMutantsTest {
    @AfterEach
    void takeItOut() {
        Mutant.remove();
    }

    private static void assertNoticed(String mutant, Runnable test) {
        test.run();
        Mutant.plant(mutant);
        assertThrows(Throwable.class, test::run, mutant);
        Mutant.remove();
    }

    @Test
    void aLogThatBeginsBehindUncoveredRecordsIsNoticed() {
        assertNoticed(
                "store.skip-uncovered-records",
                () -> new PoolFlushTest().whatIsFlushedBesideAConsistencyPointSurvivesAPowerCutRightAfterIt());
    }

    @Test
    void aDeviceThatCountsBeforeTheLogIsOnItIsNoticed() {
        assertNoticed(
                "store.rebuild-covers-once",
                () -> new PoolRebuildTest().aDeviceCountsOnlyWhenItHoldsTheLogThatTheNewestRootReads());
    }

    @Test
    void memoryThatNobodyWatchesIsNoticed() {
        assertNoticed(
                "store.watch-no-memory",
                () -> new PoolFaultMemoryTest().memoryThatLosesItsNameWhileThePoolServesIsMadeAnewWithAllItHolds());
    }

    @Test
    void devicesThatNobodyWatchesAreNoticed() {
        assertNoticed(
                "store.watch-no-device",
                () -> new PoolFaultDeviceTest().aDeviceThatNeverAnswersIsLeftBehindAndTheLastOneIsWaitedFor());
    }

    @Test
    void givingUpWhatIsOnADiskThatIsAwayIsNoticed() {
        assertNoticed(
                "store.give-up-unanswered",
                () -> new PoolFaultPassingTest().aBlockOnADiskThatIsAwayOrCanReadNothingIsNotGivenUp(false));
    }
}
