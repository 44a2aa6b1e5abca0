package dev.holdfast.sim.shard;

import dev.holdfast.base.Mutant;
import dev.holdfast.sim.PlantedBug;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bugs planted between clients and the primary are caught within some seeds, and that seed passes without it. */
final class ShardClientMutantsTest {
    private static final String SCENARIO = "shard-clients";
    private static final int SEEDS = 24;

    @AfterEach
    void takeItOut() {
        Mutant.remove();
    }

    @ParameterizedTest
    @ValueSource(strings = {"follow.flush-hides-loss", "follow.number-used-again"})
    void isCaught(String mutant) {
        PlantedBug.assertCaught(mutant, SCENARIO, SEEDS);
    }
}
