package dev.holdfast.sim.shard;

import dev.holdfast.base.Mutant;
import dev.holdfast.sim.PlantedBug;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each bug planted between the protocol and a pool is caught within some seeds, and that seed passes without it. */
final class ShardPoolMutantsTest {
    private static final String SCENARIO = "shard-pools";
    private static final int SEEDS = 24;

    @AfterEach
    void takeItOut() {
        Mutant.remove();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "lane.flush-own-log-only",
                "lane.image-keeps-what-went",
                "lane.image-position-before-root",
                "lane.root-covers-unstable",
                "mirror.no-rewind",
                "replica.image-base-too-new",
                "replica.image-without-zeroes",
                "replica.mixture-passes",
                "replica.open-at-once",
                "replica.skip-what-is-overwritten-in-part",
                "store.image-without-snapshots",
                "store.tail-not-logged"
            })
    void isCaught(String mutant) {
        PlantedBug.assertCaught(mutant, SCENARIO, SEEDS);
    }
}
