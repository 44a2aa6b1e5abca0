package dev.holdfast.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A few seeds of every scenario; thousands are a command: {@code holdfast sim --scenario S --seeds K}. */
final class ScenariosTest {
    private static final int SEEDS = 2;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "store-crashes",
                "store-pressure",
                "store-scattered",
                "store-mirror-faults",
                "store-single-faults",
                "store-damaged-log",
                "store-crash-points",
                "shard-replicas",
                "shard-links",
                "shard-clients"
            })
    void thePromisesHold(String scenario) {
        for (long seed = 1; seed <= SEEDS; seed++) {
            Simulation.Result result = Simulation.run(scenario, seed).orElseThrow();
            assertEquals(Optional.empty(), result.violation(), scenario + " --seed " + seed);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"store-crashes", "store-mirror-faults", "shard-replicas"})
    void oneSeedIsOneRun(String scenario) {
        assertEquals(
                Simulation.run(scenario, 7).orElseThrow().hash(),
                Simulation.run(scenario, 7).orElseThrow().hash());
    }
}
