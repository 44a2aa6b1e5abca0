package dev.holdfast.sim;

import dev.holdfast.base.Marks;
import dev.holdfast.sim.world.SimFailure;
import dev.holdfast.sim.world.SimWorld;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Runs one scenario from one seed, in the calling thread, without a look at any real clock: the same name and seed give
 * the same result on every machine. One at a time in a process, because marks are counted globally.
 */
public final class Simulation {
    private Simulation() {}

    /**
     * What became of one run.
     *
     * @param name the scenario
     * @param seed the seed
     * @param hash the event-log hash: equal for equal seeds
     * @param events how many events happened
     * @param virtualNanos how much virtual time passed
     * @param violation what went wrong, with the last events; empty if the claim held
     * @param marks rare branches that were reached, with how often, in order of name
     */
    public record Result(
            String name,
            long seed,
            long hash,
            long events,
            long virtualNanos,
            Optional<String> violation,
            TreeMap<String, Long> marks) {}

    /** Runs the scenario called {@code name} from {@code seed}; empty if there is no such scenario. */
    public static Optional<Result> run(String name, long seed) {
        return Scenarios.find(name).map(scenario -> run(scenario, seed));
    }

    /** Runs {@code scenario} from {@code seed}. */
    public static Result run(Scenario scenario, long seed) {
        SimWorld world = new SimWorld(seed);
        Marks.record();
        Optional<String> violation = Optional.empty();
        try {
            scenario.body().run(world);
        } catch (SimFailure failure) {
            violation = Optional.ofNullable(failure.getMessage());
        } catch (RuntimeException | AssertionError failure) {
            violation = Optional.ofNullable(new SimFailure(world, failure).getMessage());
        } finally {
            Marks.stop();
        }
        return new Result(
                scenario.name(),
                seed,
                world.log().hash(),
                world.log().count(),
                world.nowNanos(),
                violation,
                Marks.counts());
    }
}
