package dev.holdfast.sim.shard;

import dev.holdfast.base.Mutant;
import dev.holdfast.sim.PlantedBug;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each bug planted in the replication of a shard is caught within some seeds, and that seed passes without it. */
final class ShardMutantsTest {
    private static final String SCENARIO = "shard-replicas";
    private static final int SEEDS = 400;

    @AfterEach
    void takeItOut() {
        Mutant.remove();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "mirror.acknowledge-before-held",
                "mirror.acknowledge-under-new-set-only",
                "mirror.act-before-said",
                "mirror.answer-flush-once",
                "mirror.answer-over-hole",
                "mirror.apply-beyond-commit",
                "mirror.claim-before-promise",
                "mirror.flush-under-old-set-only",
                "mirror.forget-the-absent",
                "mirror.join-before-confirmed",
                "mirror.join-without-held",
                "mirror.join-without-logged",
                "mirror.lease-from-answer",
                "mirror.lease-of-old-set-only",
                "mirror.no-promise-when-named",
                "mirror.no-rewind",
                "mirror.removed-before-acts",
                "mirror.resign-and-serve",
                "mirror.restart-under-old-incarnation",
                "mirror.rewind-whatever-stands",
                "mirror.serve-without-lease",
                "mirror.stable-is-commit",
                "mirror.start-alone-at-once",
                "mirror.start-alone-with-broken-memory",
                "mirror.start-beside-memory",
                "mirror.start-beside-primary",
                "mirror.trim-by-own-log",
                "mirror.void-sets-count",
                "mirror.who-leaves-leads"
            })
    void isCaught(String mutant) {
        PlantedBug.assertCaught(mutant, SCENARIO, SEEDS);
    }
}
