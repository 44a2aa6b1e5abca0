package dev.holdfast.sim;

import dev.holdfast.base.Mutant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each bug planted between a pool and its twin is caught by {@code pool-mirror} within a few seeds. */
final class TwinMutantsTest {
    private static final int SEEDS = 24;

    @AfterEach
    void takeItOut() {
        Mutant.remove();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "twin.born-since-off-by-one",
                "twin.keep-what-is-written-over",
                "twin.open-counter-ignored",
                "twin.partial-counts",
                "twin.pin-given-up-silently",
                "twin.reuse-before-root",
                "twin.root-before-blocks",
                "twin.root-before-local",
                "twin.withdraw-skipped"
            })
    void isCaught(String mutant) {
        PlantedBug.assertCaught(mutant, "pool-mirror", SEEDS);
    }
}
