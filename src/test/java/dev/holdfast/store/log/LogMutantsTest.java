package dev.holdfast.store.log;

import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.holdfast.base.Mutant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The tests of the log notice each bug that is planted in it. */
final class LogMutantsTest {
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

    @Test
    void publishingBeforeThePayloadIsNoticed() {
        assertNoticed("log.publish-before-payload", () -> new MemoryLogTest().everyHeldEntryIsFoundAgainAtAnyMoment(1));
    }

    @Test
    void skippingTheGapCheckIsNoticed() {
        assertNoticed("log.skip-gap-check", () -> new ReplaySetTest().aGapInAShardEndsItAndIsSaid());
    }

    @Test
    void trustingMemoryOfAnotherBootIsNoticed() {
        assertNoticed("log.trust-other-boot", () -> new MemoryScanTest().memoryOfAnotherPoolBootOrOpenIsForeign());
    }

    @Test
    void trustingMemoryOfAnotherOpenIsNoticed() {
        assertNoticed("log.trust-other-counter", () -> new MemoryScanTest().memoryOfAnotherPoolBootOrOpenIsForeign());
    }

    @Test
    void acceptingAHoleBeforeAValidRecordIsNoticed() {
        assertNoticed("log.accept-hole", () -> {
            RingDamageTest test = new RingDamageTest();
            test.fillTheRing();
            test.aFlippedByteOfAHeaderIsNeverSkippedOverAndEndsTheLogOnlyAtItsEnd();
        });
    }

    @Test
    void forgettingARewindIsNoticed() {
        assertNoticed("log.forget-rewind", () -> new ReplaySetTest().whatWasTakenBackIsNotUsedThoughOnlyTheRingHasIt());
    }

    @Test
    void readingTheLastRecordAgainIsNoticed() {
        assertNoticed(
                "log.read-last-again",
                () -> new ReplaySetTest().theLastRecordIsWhatTheScanReadOfItThoughItsOnlyCopyIsLostSince());
    }

    @Test
    void countingWhatARootLetGoIsNoticed() {
        assertNoticed("log.count-released", () -> {
            for (long seed = 1; seed <= 10; seed++) {
                new RewindModelTest().everyStartFindsWhatIsHeldAndNotVoid(seed);
            }
        });
    }
}
