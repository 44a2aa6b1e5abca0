package dev.holdfast.sim.workload;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.sim.Scenario;
import dev.holdfast.sim.Scenarios;
import dev.holdfast.sim.Simulation;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An oracle that has never caught its broken twin is not an oracle. */
final class BrokenTwinTest {
    private static final int SEEDS = 40;

    /** The bugs that only the order among blocks gives away. */
    private static final Set<Bug> ONLY_ORDER = Set.of(Bug.LOSES_OUT_OF_ORDER);

    @Test
    void theModelKeepsEveryPromise() {
        for (long seed = 0; seed < SEEDS; seed++) {
            Simulation.Result result = run(Bug.NONE, seed);
            assertEquals(Optional.empty(), result.violation(), "holdfast sim --scenario model --seed " + seed);
        }
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void everyBugIsCaughtByTheOracleThatLooksForIt(Bug bug) {
        String who = ONLY_ORDER.contains(bug) ? "the state is that after no number" : "block ";
        int caught = 0;
        String other = "";
        for (long seed = 0; seed < SEEDS && caught == 0; seed++) {
            String violation = run(bug, seed).violation().orElse("");
            caught += violation.contains("OracleViolation: " + who) ? 1 : 0;
            other += violation.lines().limit(1).toList();
        }
        assertTrue(caught > 0, bug + " was not caught in " + SEEDS + " seeds; others: " + other);
    }

    @Test
    void theSameSeedGivesTheSameResultTwice() {
        Map<Bug, Long> hashes = new EnumMap<>(Bug.class);
        for (Bug bug : Bug.values()) {
            Simulation.Result first = run(bug, 42);
            assertEquals(first, run(bug, 42));
            hashes.put(bug, first.hash());
        }
        assertTrue(Set.copyOf(hashes.values()).size() > 5);
    }

    private static Simulation.Result run(Bug bug, long seed) {
        Scenario scenario = new Scenario("model", "with " + bug, world -> Scenarios.model(world, bug));
        return Simulation.run(scenario, seed);
    }
}
