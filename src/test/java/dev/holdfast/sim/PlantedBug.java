package dev.holdfast.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Mutant;
import java.util.Optional;

/** Seeds of a scenario against a bug planted in the product. */
public final class PlantedBug {
    private PlantedBug() {}

    /** One of the seeds 1 to {@code seeds} catches {@code mutant}, and passes without it. */
    public static void assertCaught(String mutant, String scenario, int seeds) {
        long seed = 0;
        boolean caught = false;
        while (!caught && seed < seeds) {
            Mutant.plant(mutant);
            caught = violation(scenario, ++seed).isPresent();
            Mutant.remove();
        }
        assertTrue(caught, mutant + " is not noticed by " + scenario + " with seeds 1 to " + seeds);
        assertEquals(Optional.empty(), violation(scenario, seed), scenario + " --seed " + seed);
    }

    private static Optional<String> violation(String scenario, long seed) {
        return Simulation.run(scenario, seed).orElseThrow().violation();
    }
}
