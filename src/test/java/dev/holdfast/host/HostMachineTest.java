package dev.holdfast.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.io.Disk;
import dev.holdfast.io.DiskDone;
import dev.holdfast.io.DiskOutcome;
import dev.holdfast.io.Loop;
import dev.holdfast.io.MemoryRegion;
import dev.holdfast.io.Network.Address;
import dev.holdfast.io.Network.Listener;
import dev.holdfast.io.WorldException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the real machine adds to the contracts: other processes, files that are something else, sockets' files. */
final class HostMachineTest {
    private static final int BLOCK = Disk.BLOCK_BYTES;

    @TempDir
    private Path directory;

    private HostDriver driver;
    private Loop loop;

    @BeforeEach
    void makeWorld() {
        driver = HostDriver.tcp();
        loop = driver.world().newLoop("machine");
    }

    @AfterEach
    void closeWorld() {
        driver.close();
    }

    @Test
    void aDiskOfAnotherProcessIsRefusedWithThatProcessesNumber() throws Exception {
        Path path = disk(4);
        Process holder = lockedByAnotherProcess(path);
        try {
            WorldException refused = assertThrows(WorldException.class, () -> open(path));
            assertTrue(refused.getMessage().contains("process " + holder.pid() + " (cat)"), refused.getMessage());
        } finally {
            holder.destroyForcibly().waitFor();
        }
        open(path).close();
    }

    @Test
    void aDiskOpenedTwiceSaysThatThisProcessHasIt() throws Exception {
        Path path = disk(4);
        try (Disk disk = open(path)) {
            WorldException refused = assertThrows(WorldException.class, () -> open(path));
            assertTrue(refused.getMessage().contains("this very process"), refused.getMessage());
            assertEquals(4L * BLOCK, disk.lengthBytes());
        }
    }

    @Test
    void aDiskStaysLockedWhenSomethingElseInTheProcessClosesItsFile() throws Exception {
        Path path = disk(4);
        try (Disk disk = open(path)) {
            FileChannel.open(path, StandardOpenOption.READ).close();
            ProcessBuilder flock = new ProcessBuilder("flock", "--nonblock", path.toString(), "true");
            assertEquals(1, flock.start().waitFor(), "another process can't lock " + disk.path());
        }
    }

    @Test
    void whatIsNoDiskIsRefused() throws Exception {
        assertThrows(WorldException.class, () -> open(directory));
        assertThrows(WorldException.class, () -> open(Path.of("/dev/null")));
        Path small = Files.write(directory.resolve("short"), new byte[BLOCK - 1]);
        WorldException refused = assertThrows(WorldException.class, () -> open(small));
        assertTrue(refused.getMessage().contains("4095 bytes"), refused.getMessage());
        Files.write(small, new byte[BLOCK]);
        open(small).close();
        assertThrows(WorldException.class, () -> driver.world().disks().create(directory + "/no/such/d", BLOCK));
    }

    @Test
    void aFileThatWasCutShortAnswersMediaErrorForWhatIsMissing() throws Exception {
        Path path = disk(4);
        try (Disk disk = open(path);
                FileChannel cutter = FileChannel.open(path, StandardOpenOption.WRITE)) {
            cutter.truncate(2L * BLOCK + 100);
            assertEquals(DiskOutcome.OK, await(done -> disk.read(BLOCK, block(1), loop, done, 0)));
            assertEquals(DiskOutcome.MEDIA_ERROR, await(done -> disk.read(2L * BLOCK, block(1), loop, done, 0)));
            ByteBuffer into = block(3);
            assertEquals(DiskOutcome.MEDIA_ERROR, await(done -> disk.read(BLOCK, into, loop, done, 0)));
            assertEquals(0, into.position());
        }
    }

    @Test
    void aDiskInMemoryKeepsThePromisesWithoutAWayAroundThePageCache() throws Exception {
        Path path = Files.createTempFile(Path.of("/dev/shm"), "holdfast-test-", ".disk");
        try {
            Files.write(path, new byte[64 * BLOCK]);
            try (Disk disk = open(path)) {
                ByteBuffer[] parts = {block(1).put(0, (byte) 1), block(2).put(0, (byte) 2)};
                assertEquals(DiskOutcome.OK, await(done -> disk.writeDurable(BLOCK, parts, 2, loop, done, 0)));
                ByteBuffer large = block(32).put(5, (byte) 3);
                assertEquals(DiskOutcome.OK, await(done -> disk.write(16L * BLOCK, large, loop, done, 0)));
                assertEquals(DiskOutcome.OK, await(done -> disk.flush(loop, done, 0)));
                ByteBuffer into = block(20);
                assertEquals(DiskOutcome.OK, await(done -> disk.read(0, into, loop, done, 0)));
                assertEquals(1, into.get(BLOCK));
                assertEquals(2, into.get(2 * BLOCK));
                assertEquals(3, into.get(16 * BLOCK + 5));
            }
        } finally {
            Files.delete(path);
        }
    }

    @Test
    void aRegionWhoseFileIsRemovedOrReplacedIsNotLinked() throws Exception {
        try (MemoryRegion region =
                driver.world().sharedMemory(directory.toString()).open("r", BLOCK)) {
            assertTrue(region.isLinked());
            Path file = directory.resolve("holdfast-r");
            assertEquals(
                    "rw-------",
                    java.nio.file.attribute.PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
            Files.delete(file);
            assertFalse(region.isLinked());
            Files.write(file, new byte[BLOCK]);
            assertFalse(region.isLinked());
            region.bytes().putLong(0, 1);
        }
    }

    @Test
    void aRegionThatIsALinkOrHasNoPlaceIsRefused() throws IOException {
        Files.createSymbolicLink(directory.resolve("holdfast-link"), directory.resolve("elsewhere"));
        assertThrows(
                WorldException.class,
                () -> driver.world().sharedMemory(directory.toString()).open("link", BLOCK));
        assertThrows(
                WorldException.class,
                () -> driver.world().sharedMemory(directory + "/nowhere").open("r", BLOCK));
        assertFalse(Files.exists(directory.resolve("elsewhere")));
    }

    @Test
    void theDefaultPlaceIsTheMachinesMemory() {
        assertEquals("/dev/shm", driver.world().sharedMemory("").place());
    }

    @Test
    void theSocketFileOfADeadServerIsTakenOver() throws Exception {
        Path path = directory.resolve("socket");
        java.nio.channels.ServerSocketChannel dead =
                java.nio.channels.ServerSocketChannel.open(java.net.StandardProtocolFamily.UNIX);
        dead.bind(java.net.UnixDomainSocketAddress.of(path));
        assertThrows(WorldException.class, () -> listen(path));
        dead.close();
        assertTrue(Files.exists(path));
        listen(path).close();
        assertFalse(Files.exists(path), "a closed listener takes its file along");
    }

    @Test
    void aFileThatIsNoSocketIsLeftAlone() throws Exception {
        Path path = Files.writeString(directory.resolve("precious"), "data");
        assertThrows(WorldException.class, () -> listen(path));
        assertEquals("data", Files.readString(path));
    }

    @Test
    void aListenerLeavesAnothersSocketFileWhereItIs() throws Exception {
        Path path = directory.resolve("socket");
        Listener first = listen(path);
        Files.delete(path);
        try (Listener second = listen(path)) {
            first.close();
            assertTrue(Files.exists(path));
            assertEquals(new Address.Unix(path.toString()), second.address());
        }
    }

    @Test
    void addressesThatCanNotBeAreRefused() {
        assertThrows(WorldException.class, () -> listen(directory.resolve("x".repeat(200))));
        assertThrows(WorldException.class, () -> listen(directory.resolve("no/such/directory")));
        assertThrows(WorldException.class, () -> listen(new Address.Tcp("127.0.0.1", 70_000)));
        assertThrows(WorldException.class, () -> listen(new Address.Tcp("192.0.2.1", 0)));
    }

    private Listener listen(Path path) throws WorldException {
        return listen(new Address.Unix(path.toString()));
    }

    private Listener listen(Address address) throws WorldException {
        return driver.world().network().listen(address, loop, connection -> {
            throw new AssertionError("nobody connects");
        });
    }

    private Path disk(int blocks) throws IOException {
        return Files.write(directory.resolve("disk"), new byte[blocks * BLOCK]);
    }

    private Disk open(Path path) throws WorldException {
        return driver.world().disks().open(path.toString());
    }

    /** Holds the lock until it is killed; it has it when its first line comes. */
    private static Process lockedByAnotherProcess(Path path) throws IOException {
        Process holder =
                new ProcessBuilder("flock", "--no-fork", path.toString(), "sh", "-c", "echo locked; exec cat").start();
        assertEquals('l', holder.getInputStream().read());
        return holder;
    }

    private DiskOutcome await(Consumer<DiskDone> operation) {
        AtomicReference<DiskOutcome> answer = new AtomicReference<>();
        operation.accept((token, outcome) -> answer.set(outcome));
        driver.runUntil(() -> answer.get() != null);
        return answer.get();
    }

    private static ByteBuffer block(int blocks) {
        return ByteBuffer.allocateDirect((blocks + 1) * BLOCK)
                .alignedSlice(BLOCK)
                .limit(blocks * BLOCK);
    }
}
