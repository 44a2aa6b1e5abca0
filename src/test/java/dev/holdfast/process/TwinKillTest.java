package dev.holdfast.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A pool and its twin, two processes on this machine: either side gets SIGKILL under writes, again and again. Whenever
 * the twin is dead its disk is verified; in the end it takes the place of the source's disk.
 */
final class TwinKillTest {
    private static final int ROUNDS = 6;
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(120);

    private final List<String> violations = new ArrayList<>();
    private final BlockLoad load = new BlockLoad(new SplittableRandom(20261122));

    @Test
    @Tag("interop")
    void aTwinStandsInForItsPoolWhateverWasKilled(@TempDir Path directory) throws IOException, InterruptedException {
        Home home = new Home(directory);
        String address = "127.0.0.1:" + freePort();
        List<String> receive = new ArrayList<>();
        try (RealServer source = RealServer.start(home, "--size", "64M")) {
            Home.Ended told = source.run("pool", "mirror", "main", "--to", address);
            assertEquals(0, told.exitCode(), told.err());
            receive.addAll(List.of(
                    told.out().strip().replace("PATH", disk(home).toString()).split(" ")));
            receive.set(0, home.holdfast());
        }
        for (int round = 0; round < ROUNDS; round++) {
            round(home, receive, round);
        }
        arrive(home, receive);
        Home.Ended promoted = home.run("pool", "promote", disk(home).toString(), "--force");
        assertEquals(0, promoted.exitCode(), promoted.err());
        Files.move(disk(home), home.data().resolve("disk0"), StandardCopyOption.REPLACE_EXISTING);
        try (Stream<Path> files = Files.list(home.memory())) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        try (RealServer twin = RealServer.start(home);
                NbdClient client = twin.client("demo")) {
            violations.addAll(load.judge(client, false));
        }
        assertEquals(List.of(), violations);
        assertTrue(load.counts().length() > 0, load.counts());
    }

    private static Path disk(Home home) {
        return home.directory().resolve("twin0");
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** Writes; in even rounds the source dies under them, in odd ones the twin, and the source goes on. */
    private void round(Home home, List<String> receive, int round) throws IOException, InterruptedException {
        try (RealServer source = RealServer.start(home);
                RealServer twin = RealServer.startCommand(home, receive);
                NbdClient client = source.client("demo")) {
            violations.addAll(load.judge(client, false));
            if (round % 2 == 0) {
                load.run(client, 1500 + 500 * round, source::close);
            } else {
                load.run(client, 1500 + 500 * round);
                twin.close();
                load.run(client, 1000);
            }
            twin.close();
        }
        verify(home);
    }

    /** Nothing of what the twin holds is wrong; the root before need not be there. */
    private void verify(Home home) throws IOException, InterruptedException {
        Home.Ended verified = home.run("verify", disk(home).toString());
        verified.out()
                .lines()
                .filter(line -> !line.startsWith("the root before") && !line.contains("blocks checked"))
                .forEach(violations::add);
    }

    /** Everything acknowledged is in a consistency point that the twin has; then both die. */
    private void arrive(Home home, List<String> receive) throws IOException, InterruptedException {
        try (RealServer source = RealServer.start(home);
                RealServer twin = RealServer.startCommand(home, receive);
                NbdClient client = source.client("demo")) {
            violations.addAll(load.judge(client, false));
            load.run(client, 500);
            Home.Ended made = source.run("snapshot", "create", "demo@last");
            assertEquals(0, made.exitCode(), made.err());
            long wanted = number(source, "consistencyPoint +([0-9]+)");
            long deadline = System.nanoTime() + PATIENCE_NANOS;
            while (number(source, "holds consistency point ([0-9]+)") < wanted) {
                assertTrue(System.nanoTime() < deadline, show(source) + twin.errors());
            }
        }
        verify(home);
    }

    private static String show(RealServer source) throws IOException, InterruptedException {
        return source.run("pool", "show", "main").out();
    }

    private static long number(RealServer source, String pattern) throws IOException, InterruptedException {
        Matcher found = Pattern.compile(pattern).matcher(show(source));
        return found.find() ? Long.parseLong(found.group(1)) : 0;
    }
}
