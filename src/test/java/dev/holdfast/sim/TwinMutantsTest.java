package dev.holdfast.sim;

import dev.holdfast.base.Mutant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each bug planted between a pool and its twin is caught by a scenario within a few seeds. */
final class TwinMutantsTest {
    private static final int SEEDS = 24;

    @AfterEach
    void takeItOut() {
        Mutant.remove();
    }

    @ParameterizedTest
    @CsvSource({
        "twin.answered-without-log, pool-rpo-zero",
        "twin.born-since-off-by-one, pool-mirror",
        "twin.goes-on-beside-newer, pool-promotion",
        "twin.granted-before-record, pool-promotion",
        "twin.handover-takes-writes, pool-promotion",
        "twin.keep-what-is-written-over, pool-mirror",
        "twin.log-from-wrong-place, pool-rpo-zero",
        "twin.open-counter-ignored, pool-mirror-points",
        "twin.partial-counts, pool-mirror",
        "twin.pin-given-up-silently, pool-mirror",
        "twin.promoted-without-log, pool-rpo-zero",
        "twin.reign-not-raised, pool-promotion",
        "twin.reuse-before-root, pool-mirror",
        "twin.root-before-blocks, pool-mirror",
        "twin.root-before-local, pool-mirror",
        "twin.withdraw-skipped, pool-mirror-points"
    })
    void isCaught(String mutant, String scenario) {
        PlantedBug.assertCaught(mutant, scenario, SEEDS);
    }
}
