package dev.holdfast.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where nodes have certificates, what goes to a pool's twin is encrypted, and who has none is no twin. */
@Tag("interop")
final class TwinProofTest {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(120);

    @Test
    void onlyWhoProvesItselfIsATwin(@TempDir Path directory) throws IOException, InterruptedException {
        Home home = new Home(directory);
        String self = "127.0.0.2:" + ThreadLocalRandom.current().nextInt(20_000, 32_000);
        try (RealServer source = RealServer.startVerb(
                home, "node start", "--name", "a", "--loops", "1", "--address", self, "--disk-size", "256M")) {
            String pool =
                    source.run("pool", "ls", "-o", "json").out().replaceAll("(?s).*\"name\":\"([^\"]*)\".*", "$1");
            Home.Ended made = source.run("volume", "create", "db", "64M", "--pool", pool, "--export", "nbd");
            assertEquals(0, made.exitCode(), made.err());
            try (NbdClient client = source.client("db")) {
                new BlockLoad(new SplittableRandom(3)).run(client, 200);
            }
            String address = "127.0.0.1:" + freePort();
            Home.Ended told = source.run("pool", "mirror", pool, "--to", address);
            assertEquals(0, told.exitCode(), told.err());
            String line = told.out().strip();
            assertTrue(line.endsWith(" --dir NODE"), line);
            String disk = directory.resolve("twin0").toString();
            String proving =
                    line.replace("PATH", disk).replace("NODE", home.data().toString());
            String plain = line.replace("PATH", disk).replace(" --dir NODE", "");
            try (RealServer stranger = RealServer.startCommand(home, command(home, plain))) {
                until(source, pool, "not reached \\((?!.*refused).*\\)");
            }
            try (RealServer twin = RealServer.startCommand(home, command(home, proving))) {
                until(source, pool, "keeps up");
            }
            Home.Ended promoted = home.run(
                    "pool",
                    "promote",
                    disk,
                    "--listen",
                    address,
                    "--dir",
                    home.data().toString());
            assertEquals(0, promoted.exitCode(), promoted.err());
        }
    }

    private static List<String> command(Home home, String line) {
        List<String> words = new ArrayList<>(List.of(line.split(" ")));
        words.set(0, home.holdfast());
        return words;
    }

    private static void until(RealServer server, String pool, String said) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        String shown = server.run("pool", "show", pool).out();
        while (!shown.matches("(?s).*" + said + ".*")) {
            assertTrue(System.nanoTime() < deadline, shown);
            shown = server.run("pool", "show", pool).out();
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
