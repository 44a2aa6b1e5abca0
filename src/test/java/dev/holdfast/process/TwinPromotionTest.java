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
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A twin becomes the pool, as a person does it: two processes on this machine, and the commands of the page. */
final class TwinPromotionTest {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(120);

    private final BlockLoad load = new BlockLoad(new SplittableRandom(20261123));
    private final List<String> violations = new ArrayList<>();

    @Test
    @Tag("interop")
    void aHandoverLosesNothingAndTheOldSideIsTheTwin(@TempDir Path directory) throws IOException, InterruptedException {
        Home home = new Home(directory);
        String address = "127.0.0.1:" + freePort();
        String back = "127.0.0.1:" + freePort();
        try (RealServer source = RealServer.start(home, "--size", "64M");
                RealServer twin = RealServer.startCommand(home, receive(home, source, address));
                NbdClient client = source.client("demo")) {
            violations.addAll(load.judge(client, false));
            load.run(client, 1000);
            until(source, "keeps up");
            twin.close();
            Home.Ended refused = home.run("pool", "promote", disk(home).toString());
            assertEquals(2, refused.exitCode(), "neither how");
            Home.Ended done = home.run("pool", "promote", disk(home).toString(), "--listen", address);
            assertEquals(0, done.exitCode(), done.err());
            assertTrue(done.out().contains("the pool is here now"), done.out());
            assertTrue(client.writeNow(0, 0, new byte[4096]) != 0, "the old side takes nothing any more");
            until(source, "it was handed over to its twin");
            assertTrue(source.run("events").out().contains("handed over"), "an event says so");
            source.stop();
        }
        refusesOldSide(home, "the pool was handed over to its twin");
        swap(home);
        try (RealServer promoted = RealServer.start(home);
                NbdClient client = promoted.client("demo")) {
            violations.addAll(load.judge(client, false));
            load.run(client, 300);
            List<String> receive = List.of(
                    home.holdfast(), "pool", "receive", "--disk", old(home).toString(), "--listen", back);
            try (RealServer twin = RealServer.startCommand(home, receive)) {
                assertEquals(
                        0, promoted.run("pool", "mirror", "main", "--to", back).exitCode());
                until(promoted, "keeps up");
            }
        }
        assertEquals(List.of(), violations);
    }

    @Test
    @Tag("interop")
    void byForceItGoesOnAloneAndATwinIsNotServed(@TempDir Path directory) throws IOException, InterruptedException {
        Home home = new Home(directory);
        String address = "127.0.0.1:" + freePort();
        try (RealServer source = RealServer.start(home, "--size", "64M");
                RealServer twin = RealServer.startCommand(home, receive(home, source, address));
                NbdClient client = source.client("demo")) {
            violations.addAll(load.judge(client, false));
            load.run(client, 500);
            until(source, "keeps up");
            twin.close();
        }
        swap(home);
        refusesOldSide(home, "the disks hold the twin of the pool");
        String disk = home.data().resolve("disk0").toString();
        Home.Ended would = home.run("pool", "promote", disk, "--force", "--dry-run");
        assertTrue(would.out().startsWith("would go on from consistency point"), would.out() + would.err());
        refusesOldSide(home, "the disks hold the twin of the pool");
        String other = directory.resolve("other").toString();
        Home.Ended early = home.run("recover", "--disk", disk, "--dir", other);
        assertTrue(early.exitCode() != 0 && early.err().contains("is a twin's"), early.out() + early.err());
        Home.Ended done = home.run("pool", "promote", disk, "--force");
        assertEquals(0, done.exitCode(), done.err());
        assertTrue(done.out().contains("in reign 1"), done.out());
        Home.Ended adopted = home.run("recover", "--disk", disk, "--dir", other, "--dry-run");
        assertEquals(0, adopted.exitCode(), adopted.err());
        try (RealServer promoted = RealServer.start(home);
                NbdClient client = promoted.client("demo")) {
            load.run(client, 100);
            Home.Ended again = home.run("pool", "receive", "--disk", disk, "--listen", address);
            assertEquals(1, again.exitCode(), "a pool's disk is no twin's");
        }
        assertEquals(List.of(), violations);
    }

    private static List<String> receive(Home home, RealServer source, String address)
            throws IOException, InterruptedException {
        Home.Ended told = source.run("pool", "mirror", "main", "--to", address);
        assertEquals(0, told.exitCode(), told.err());
        List<String> command = new ArrayList<>(List.of(
                told.out().strip().replace("PATH", disk(home).toString()).split(" ")));
        command.set(0, home.holdfast());
        return command;
    }

    private static Path disk(Home home) {
        return home.directory().resolve("twin0");
    }

    private static Path old(Home home) {
        return home.directory().resolve("old0");
    }

    /** The twin's disk takes the place of the source's; the memory of that is on another machine. */
    private static void swap(Home home) throws IOException {
        Files.move(home.data().resolve("disk0"), old(home), StandardCopyOption.REPLACE_EXISTING);
        Files.move(disk(home), home.data().resolve("disk0"));
        try (Stream<Path> files = Files.list(home.memory())) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
    }

    /** The node starts, and says why it does not serve the pool. */
    private static void refusesOldSide(Home home, String why) throws IOException, InterruptedException {
        try (RealServer server = RealServer.start(home)) {
            assertTrue(server.errors().contains(why), server.errors());
            assertTrue(server.run("status").out().contains(why), "status says so");
        }
    }

    private static void until(RealServer server, String said) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        String shown = server.run("pool", "show", "main").out();
        while (!shown.contains(said)) {
            assertTrue(System.nanoTime() < deadline, shown);
            shown = server.run("pool", "show", "main").out();
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
