package dev.holdfast.process;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Starts that must not succeed: one line says why, and nothing is lost by them. */
@Tag("interop")
final class RefusedStartTest {
    private static final int REGION_BYTES = 16 << 20;

    private final BlockLoad load = new BlockLoad(new SplittableRandom(4));

    @TempDir
    private Path directory;

    @Test
    void aSecondServerOnTheSameDirectoryGoesAndSaysWhoHasIt() throws Exception {
        Home home = new Home(directory);
        try (RealServer first = RealServer.start(home);
                NbdClient client = first.client("demo")) {
            load.run(client, 200);
            Home.Ended second = home.refused();
            assertEquals(1, second.exitCode());
            assertTrue(
                    second.line()
                            .contains("in use by process " + first.process().pid() + " "),
                    second.line());
            assertEquals("", second.out());
            load.run(client, 200);
            assertEquals(List.of(), load.judge(client, false));
        }
    }

    @Test
    void aSecondServerOnTheSameDiskGoesAndSaysWhoHasIt() throws Exception {
        Home home = new Home(directory);
        Home other = new Home(Files.createDirectories(directory.resolve("other")));
        try (RealServer first = RealServer.start(home)) {
            Path disk = home.data().resolve("disk0");
            Home.Ended second = other.refusedVerb("node start", "--disk", disk.toString());
            assertEquals(1, second.exitCode());
            assertTrue(
                    second.line()
                            .contains("in use by process " + first.process().pid() + " "),
                    second.line());
        }
    }

    @Test
    void memoryThatIsTooSmallIsRefusedWithHowMuchIsNeeded() throws Exception {
        Path small = Files.createDirectories(directory.resolve("small"));
        Home home = new Home(directory, "mount -t tmpfs -o size=20m tmpfs " + small);
        Home.Ended start = home.refused("--memory-dir", small.toString(), "--memory-size", "32M", "--loops", "2");
        assertEquals(1, start.exitCode());
        assertTrue(start.line().contains(small + " is too small: 16 MiB are needed, "), start.line());
        try (RealServer server = RealServer.start(new Home(directory))) {
            assertEquals(0, server.stop(), "the same directory serves once there is room");
        }
    }

    @Test
    void anotherMemoryDirectoryAfterACrashIsRefusedUntilTheFirstIsEmptied() throws Exception {
        Home home = new Home(directory);
        String elsewhere = directory.resolve("elsewhere").toString();
        try (RealServer server = RealServer.start(home);
                NbdClient client = server.client("demo")) {
            load.run(client, 600);
        }
        for (int attempt = 0; attempt < 2; attempt++) {
            Home.Ended start = home.refused("--memory-dir", elsewhere);
            assertEquals(1, start.exitCode());
            assertTrue(start.line().contains("are held in " + home.memory()), start.line());
        }
        try (RealServer server = RealServer.start(home);
                NbdClient client = server.client("demo")) {
            assertEquals(List.of(), load.judge(client, false), "nothing acknowledged is lost");
            assertEquals(0, server.stop());
        }
        try (RealServer server = RealServer.start(home, "--memory-dir", elsewhere);
                NbdClient client = server.client("demo")) {
            assertEquals(List.of(), load.judge(client, false));
        }
    }

    @Test
    void lostMemoryIsANoteAndWhatWasFlushedIsThere() throws Exception {
        Home home = new Home(directory);
        try (RealServer server = RealServer.start(home);
                NbdClient client = server.client("demo")) {
            load.run(client, 600);
        }
        for (Path region : regions(home)) {
            Files.delete(region);
        }
        try (RealServer server = RealServer.start(home);
                NbdClient client = server.client("demo")) {
            assertEquals(List.of(), load.judge(client, true));
            assertTrue(server.errors().contains("the memory of the last run is gone"), server.errors());
        }
    }

    @Test
    void aForeignFileInThePlaceOfMemoryIsSetAsideAndNeverOverwritten() throws Exception {
        Home home = new Home(directory);
        List<Path> names = namesOfRegions(home);
        byte[] foreign = new byte[REGION_BYTES];
        Arrays.fill(foreign, (byte) 'x');
        Files.write(names.getFirst(), foreign);
        try (RealServer server = startSmall(home);
                NbdClient client = server.client("demo")) {
            assertEquals(List.of(), load.judge(client, false));
            Path aside = Path.of(names.getFirst() + ".aside-1");
            assertTrue(server.errors().contains("set aside as " + aside), server.errors());
            assertArrayEquals(foreign, Files.readAllBytes(aside));
            assertEquals(0, server.stop());
            assertArrayEquals(foreign, Files.readAllBytes(aside));
        }
    }

    @Test
    void aForeignFileOfAnotherLengthInThePlaceOfMemoryIsRefused() throws Exception {
        Home home = new Home(directory);
        Path name = namesOfRegions(home).getFirst();
        Files.writeString(name, "somebody's letter");
        Home.Ended start = home.refused("--memory-size", "32M", "--loops", "2");
        assertEquals(1, start.exitCode());
        assertTrue(start.line().contains(name + " has 17 bytes and is no memory of a pool"), start.line());
        assertEquals("somebody's letter", Files.readString(name));
        Files.delete(name);
        try (RealServer server = startSmall(home);
                NbdClient client = server.client("demo")) {
            assertEquals(List.of(), load.judge(client, false));
        }
    }

    private static RealServer startSmall(Home home) throws IOException {
        return RealServer.start(home, "--memory-size", "32M", "--loops", "2");
    }

    /** Writes something, stops cleanly, and says which files the memory was in. */
    private List<Path> namesOfRegions(Home home) throws Exception {
        try (RealServer server = startSmall(home);
                NbdClient client = server.client("demo")) {
            load.run(client, 200);
            List<Path> names = regions(home);
            assertEquals(2, names.size());
            assertEquals(0, server.stop());
            return names;
        }
    }

    private static List<Path> regions(Home home) throws IOException {
        try (Stream<Path> files = Files.list(home.memory())) {
            return files.sorted().toList();
        }
    }
}
