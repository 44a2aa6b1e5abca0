package dev.holdfast.sim.cluster;

import dev.holdfast.base.Mutant;
import dev.holdfast.sim.PlantedBug;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each bug planted in the control plane is caught within some seeds, and that seed passes without it. */
final class ClusterMutantsTest {
    private static final String SCENARIO = "cluster";
    private static final int SEEDS = 12;

    @AfterEach
    void takeItOut() {
        Mutant.remove();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "control.answered-before-recorded",
                "control.last-copy-goes",
                "control.order-done-anew",
                "control.parts-forgotten",
                "control.replay-unchecked",
                "node.loss-accepted-unmet"
            })
    void isCaught(String mutant) {
        PlantedBug.assertCaught(mutant, SCENARIO, SEEDS);
    }
}
