package dev.holdfast.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/**
 * Kills a real server with SIGKILL in the middle of load, again and again, and compares what is there after each
 * restart with what the client was told. In every third round the memory directory is emptied after the kill, which
 * is what a power cut does to it.
 *
 * <pre>java -cp target/test-classes dev.holdfast.process.KillLoop ./holdfast DIRECTORY ROUNDS SEED</pre>
 */
public final class KillLoop {
    private KillLoop() {}

    /** Runs the loop and exits with 1 on a violation. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        int rounds = Integer.parseInt(arguments[2]);
        List<String> violations = run(arguments[0], Path.of(arguments[1]), rounds, Long.parseLong(arguments[3]));
        violations.forEach(System.out::println);
        System.exit(violations.isEmpty() ? 0 : 1);
    }

    /** The violations of {@code rounds} rounds. */
    static List<String> run(String holdfast, Path directory, int rounds, long seed) throws IOException {
        Home home = new Home(Files.createDirectories(directory), "", holdfast);
        SplittableRandom random = new SplittableRandom(seed);
        BlockLoad load = new BlockLoad(random.split());
        List<String> violations = new ArrayList<>();
        boolean powerCut = false;
        for (int round = 0; round <= rounds; round++) {
            try (RealServer server = RealServer.start(home, "--size", "256M", "--memory-size", "256M");
                    NbdClient client = server.client("demo")) {
                for (String violation : load.judge(client, powerCut)) {
                    violations.add("seed " + seed + ", round " + round + ": " + violation);
                }
                if (round < rounds) {
                    load.run(client, 200 + random.nextInt(4000), server::close);
                }
            }
            powerCut = round % 3 == 2;
            if (powerCut) {
                emptyMemory(home.memory());
            }
        }
        System.out.println(rounds + " rounds, " + load.counts() + ", " + violations.size() + " violations");
        return violations;
    }

    private static void emptyMemory(Path memory) throws IOException {
        try (Stream<Path> files = Files.list(memory)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
    }
}
