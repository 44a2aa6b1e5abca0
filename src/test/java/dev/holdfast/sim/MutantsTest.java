package dev.holdfast.sim;

import dev.holdfast.base.Mutant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Each bug planted in store, log, tree or array is caught by a scenario within a few seeds, by an oracle from outside
 * or by the store's own checks; and the seed that caught it passes without it. {@code mutants.txt} says what each is.
 */
final class MutantsTest {
    private static final int SEEDS = 24;

    @AfterEach
    void takeItOut() {
        Mutant.remove();
    }

    @ParameterizedTest
    @CsvSource({
        "store.acknowledge-before-record, store-crashes",
        "store.trim-when-logged, store-crashes",
        "store.root-before-flush, store-crashes",
        "store.merge-over-zeroes, store-crashes",
        "store.free-what-snapshots-have, store-crashes",
        "store.delete-frees-what-older-have, store-crashes",
        "store.drop-dead-list, store-crashes",
        "store.replay-one-too-many, store-crashes",
        "store.forget-memory, store-crashes",
        "store.label-before-root, store-crashes",
        "store.covered-before-root, store-root-points",
        "store.root-slots-together, store-root-points",
        "log.skip-last-record, store-crashes",
        "log.publish-before-payload, store-crashes",
        "lane.acknowledge-before-logged, store-crashes",
        "lane.merge-over-zeroes, store-crashes",
        "lane.marker-does-not-seal, store-crashes",
        "read.skip-overlay, store-crashes",
        "lane.release-at-freeze, store-crashes",
        "tree.reuse-freed-early, store-crashes",
        "tree.birth-off-by-one, store-crashes",
        "tree.deferred-not-carried, store-crashes",
        "tree.hole-keeps-nodes, store-crashes",
        "tree.list-blocks-leak, store-crashes",
        "tree.used-wrong, store-crashes",
        "read.forget-starving, store-scattered",
        "array.skip-checksum, store-mirror-faults",
        "array.flush-one-member, store-mirror-faults"
    })
    void isCaught(String mutant, String scenario) {
        PlantedBug.assertCaught(mutant, scenario, SEEDS);
    }
}
