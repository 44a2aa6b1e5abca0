package dev.holdfast.cli;

import dev.holdfast.cli.line.Failure;
import dev.holdfast.sim.Scenario;
import dev.holdfast.sim.Scenarios;
import dev.holdfast.sim.Simulation;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
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
    private static final String ALL = "all";

    @Option(
            names = "--scenario",
            paramLabel = "NAME",
            defaultValue = "",
            description = "which, or all; none lists them")
    private String scenario = "";

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "the first seed; default 1")
    private long seed;

    @Option(names = "--seeds", paramLabel = "K", defaultValue = "1", description = "how many; default 1")
    private int seeds;

    @Option(names = "--marks", description = "fails if a rare branch was never reached")
    private boolean marks;

    @Option(names = "--quiet", description = "no line for each run")
    private boolean quiet;

    private final TreeSet<String> reached = new TreeSet<>();
    private long runs;
    private long virtualNanos;

    @Override
    public void run() {
        if (scenario.isEmpty()) {
            Scenarios.all().forEach(found -> System.out.println(found.name() + "  " + found.claim()));
            return;
        }
        List<Scenario> chosen = chosen();
        long begunNanos = System.nanoTime();
        long begunCpuNanos = cpuNanos();
        for (Scenario each : chosen) {
            for (long next = seed; next < seed + seeds; next++) {
                runOne(each, next);
            }
        }
        summarise(System.nanoTime() - begunNanos, cpuNanos() - begunCpuNanos);
    }

    private List<Scenario> chosen() {
        List<Scenario> chosen = Scenarios.all().stream()
                .filter(each -> scenario.equals(ALL) || each.name().equals(scenario))
                .toList();
        if (chosen.isEmpty()) {
            throw new Failure(
                    "there is no scenario " + scenario + ": "
                            + Scenarios.all().stream().map(Scenario::name).collect(Collectors.joining(", ")),
                    2);
        }
        return chosen;
    }

    private void runOne(Scenario each, long next) {
        Simulation.Result result = Simulation.run(each, next);
        runs++;
        virtualNanos += result.virtualNanos();
        reached.addAll(result.marks().keySet());
        if (!quiet) {
            System.out.println(result.name() + " seed " + result.seed() + " hash " + Long.toHexString(result.hash())
                    + " events " + result.events() + " virtual ms " + result.virtualNanos() / 1_000_000);
        }
        if (result.violation().isPresent()) {
            throw new Failure(
                    result.violation().get() + "\nrepeat: holdfast sim --scenario " + each.name() + " --seed " + next);
        }
    }

    /** Processor time of this thread, in which everything simulated runs; on a busy machine less than wall time. */
    private static long cpuNanos() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    private void summarise(long wallNanos, long cpuNanos) {
        System.out.printf(
                "%d runs, no violation; %d virtual s in %.1f s (processor %.1f s): %d times faster than real time%n",
                runs,
                virtualNanos / 1_000_000_000,
                wallNanos / 1e9,
                cpuNanos / 1e9,
                virtualNanos / Math.max(1, wallNanos));
        List<String> never =
                marks().stream().filter(name -> !reached.contains(name)).toList();
        System.out.println("marks reached: " + reached.size() + "; never reached: " + never.size());
        never.forEach(name -> System.out.println("  " + name));
        if (marks && !never.isEmpty()) {
            throw new Failure("marks that were never reached: " + never.size());
        }
    }

    /** Names of all marks there are. */
    private static List<String> marks() {
        try (InputStream file =
                        Objects.requireNonNull(SimCommand.class.getResourceAsStream("/marks.txt"), "part of the jar");
                BufferedReader lines = new BufferedReader(new InputStreamReader(file, StandardCharsets.UTF_8))) {
            return lines.lines()
                    .filter(line -> !line.isBlank() && !line.startsWith("#"))
                    .map(line -> line.substring(0, line.indexOf(' ')))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
