package dev.holdfast.cli;

import dev.holdfast.sim.Scenario;
import dev.holdfast.sim.Scenarios;
import dev.holdfast.sim.Simulation;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs the program in a simulated world. */
@Command(
        name = "sim",
        mixinStandardHelpOptions = true,
        description = "Runs a scenario in the simulated world; a seed gives the same run everywhere.",
        footer = {"", "Example:", "  holdfast sim --scenario model --seed 1 --seeds 100"})
final class SimCommand implements Runnable {
    @Option(names = "--scenario", paramLabel = "NAME", defaultValue = "", description = "which; none lists them")
    private String scenario = "";

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "the first seed; default 1")
    private long seed;

    @Option(names = "--seeds", paramLabel = "K", defaultValue = "1", description = "how many; default 1")
    private int seeds;

    @Override
    public void run() {
        if (scenario.isEmpty()) {
            Scenarios.all().forEach(found -> System.out.println(found.name() + "  " + found.claim()));
            return;
        }
        for (long next = seed; next < seed + seeds; next++) {
            Optional<Simulation.Result> found = Simulation.run(scenario, next);
            if (found.isEmpty()) {
                throw new Failure(
                        "there is no scenario " + scenario + ": "
                                + Scenarios.all().stream().map(Scenario::name).collect(Collectors.joining(", ")),
                        2);
            }
            Simulation.Result result = found.get();
            System.out.println(result.name() + " seed " + result.seed() + " hash " + Long.toHexString(result.hash())
                    + " events " + result.events() + " virtual ms " + result.virtualNanos() / 1_000_000);
            if (result.violation().isPresent()) {
                throw new Failure(
                        result.violation().get() + "\nrepeat: holdfast sim --scenario " + scenario + " --seed " + next);
            }
        }
    }
}
