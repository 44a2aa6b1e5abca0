package dev.holdfast.array;

import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.holdfast.base.Mutant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The tests of the array notice each bug that is planted in it. */
final class MirrorMutantsTest {
    @AfterEach
    void takeItOut() {
        Mutant.remove();
    }

    private static void assertNoticed(String mutant, Runnable test) {
        test.run();
        Mutant.plant(mutant);
        assertThrows(AssertionError.class, test::run, mutant);
        Mutant.remove();
    }

    private static void tellStories() {
        for (long seed = 0; seed < 6; seed++) {
            new MirrorStoryTest.Story(seed, 2).tell(100);
        }
    }

    @Test
    void believingWhatComesFromADeviceIsNoticed() {
        assertNoticed("array.skip-checksum", () -> new MirrorFaultsTest().blocksRottenOnDifferentCopiesAreAllRead());
    }

    @Test
    void forgivingAFailedFlushIsNoticed() {
        assertNoticed(
                "array.forgive-failed-flush",
                () -> new MirrorFaultsTest().aFlushThatFailsOnOneDeviceAndCompletedOnTheOtherLosesTheOne());
    }

    @Test
    void losingAMemberSilentlyIsNoticed() {
        assertNoticed(
                "array.lose-member-silently", () -> new MirrorFaultsTest().everyOperationUnderWayOnALostMemberSaysSo());
    }

    @Test
    void copyingOverNewerWritesIsNoticed() {
        assertNoticed("array.copy-over-newer", () -> new RebuildTest().copiesNeverEndOverNewerWrites());
    }

    @Test
    void keepingAStaleHalfIsNoticedByStories() {
        assertNoticed("array.keep-stale-half", MirrorMutantsTest::tellStories);
    }
}
