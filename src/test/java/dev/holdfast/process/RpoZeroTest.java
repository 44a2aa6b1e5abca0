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

/**
 * A pool with {@code --rpo 0}, two processes: the source gets SIGKILL under writes and never comes back, its disk and
 * its memory are gone. The twin is promoted by force: every write that was answered is there.
 */
final class RpoZeroTest {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(300);

    private final BlockLoad load = new BlockLoad(new SplittableRandom(20261122));

    @Test
    @Tag("interop")
    void whatWasAnsweredIsAtTheTwin(@TempDir Path directory) throws IOException, InterruptedException {
        Home home = new Home(directory);
        Path disk = home.directory().resolve("twin0");
        String address = "127.0.0.1:" + freePort();
        List<String> receive = new ArrayList<>();
        try (RealServer source = RealServer.start(home, "--size", "64M")) {
            Home.Ended early = source.run("pool", "mirror", "main", "--rpo", "0");
            assertTrue(early.exitCode() != 0 && early.err().contains("has no twin"), early.err());
            Home.Ended told = source.run("pool", "mirror", "main", "--to", address, "--rpo", "0");
            assertEquals(0, told.exitCode(), told.err());
            receive.addAll(
                    List.of(told.out().strip().replace("PATH", disk.toString()).split(" ")));
            receive.set(0, home.holdfast());
        }
        List<String> violations = new ArrayList<>();
        try (RealServer source = RealServer.start(home);
                RealServer twin = RealServer.startCommand(home, receive);
                NbdClient client = source.client("demo")) {
            load.run(client, 500);
            await(source, "--rpo 0: synchronous");
            load.run(client, 1500);
            twin.close();
            await(source, "--rpo 0: SUSPENDED since ");
            try (RealServer again = RealServer.startCommand(home, receive)) {
                await(source, "--rpo 0: synchronous");
                load.run(client, 2000, source::close);
                again.close();
            }
        }
        Home.Ended promoted = home.run("pool", "promote", disk.toString(), "--force");
        assertEquals(0, promoted.exitCode(), promoted.err());
        assertTrue(promoted.out().contains("nothing that the source answered is lost"), promoted.out());
        Files.move(disk, home.data().resolve("disk0"), StandardCopyOption.REPLACE_EXISTING);
        try (Stream<Path> files = Files.list(home.memory())) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        try (RealServer pool = RealServer.start(home);
                NbdClient client = pool.client("demo")) {
            violations.addAll(load.judge(client, false));
            load.run(client, 200);
        }
        assertEquals(List.of(), violations, load.counts());
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static void await(RealServer source, String line) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        String shown = source.run("pool", "show", "main").out();
        while (!shown.contains(line)) {
            assertTrue(System.nanoTime() < deadline, shown);
            shown = source.run("pool", "show", "main").out();
        }
    }
}
