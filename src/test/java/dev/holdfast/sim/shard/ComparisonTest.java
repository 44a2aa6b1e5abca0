package dev.holdfast.sim.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Mutant;
import dev.holdfast.sim.Simulation;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Replicas whose trees differ, though their logs do not, are found by comparing them, among all else that happens. */
final class ComparisonTest {
    private static final String SCENARIO = "shard-pools";
    private static final int SEEDS = 24;

    @AfterEach
    void takeItOut() {
        Mutant.remove();
    }

    private static Optional<String> violation(long seed) {
        return Simulation.run(SCENARIO, seed).orElseThrow().violation();
    }

    @Test
    void aBlockThatIsAnotherInOneTreeIsFoundAndNamed() {
        long seed = 0;
        boolean found = false;
        while (!found && seed < SEEDS) {
            Mutant.plant("store.page-damaged");
            found = violation(++seed)
                    .filter(what -> what.contains("says a comparison") && what.contains("Range[firstBlock="))
                    .isPresent();
            Mutant.remove();
        }
        assertTrue(found, "no comparison found it");
        assertEquals(Optional.empty(), violation(seed), "seed " + seed);
    }
}
