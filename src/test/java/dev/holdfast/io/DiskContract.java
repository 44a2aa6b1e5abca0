package dev.holdfast.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What {@link Disk} and {@link Disks} promise while nothing fails; every world has a subclass. What a crash leaves is
 * the simulated disk's own test.
 */
public abstract class DiskContract {
    private static final int BLOCK = Disk.BLOCK_BYTES;
    private static final long LENGTH = 4L << 20;

    private WorldDriver driver;
    private Loop loop;
    private String path;
    private Disk disk;

    /** A fresh world. */
    protected abstract WorldDriver newDriver();

    @BeforeEach
    void makeDisk() throws WorldException {
        driver = newDriver();
        loop = driver.world().newLoop("disk-user");
        path = driver.newPath();
        disk = driver.world().disks().create(path, LENGTH);
    }

    @AfterEach
    void closeWorld() {
        disk.close();
        driver.close();
    }

    @Test
    void aDiskKnowsItsPathAndLength() {
        assertEquals(path, disk.path());
        assertEquals(LENGTH, disk.lengthBytes());
    }

    @Test
    void aCompletedWriteIsRead() {
        for (int blocks : new int[] {1, 3, 16, 64}) {
            ByteBuffer written = bytes(blocks, blocks);
            assertEquals(DiskOutcome.OK, write(5L * BLOCK, written));
            assertArrayEquals(copyOf(written), copyOf(read(5L * BLOCK, blocks)));
        }
    }

    @Test
    void aLaterWriteReplacesPartOfAnEarlierOneWhateverTheWayEachTook() {
        write(0, bytes(64, 1));
        assertEquals(DiskOutcome.OK, durable(3L * BLOCK, 1, bytes(2, 2)));
        write(4L * BLOCK, bytes(1, 3));
        assertArrayEquals(head(copyOf(bytes(2, 2))), head(copyOf(read(3L * BLOCK, 1))));
        assertArrayEquals(copyOf(bytes(1, 3)), copyOf(read(4L * BLOCK, 1)));
        write(0, bytes(32, 4));
        assertArrayEquals(copyOf(bytes(32, 4)), copyOf(read(0, 32)));
        durable(0, 1, bytes(1, 5));
        assertArrayEquals(copyOf(bytes(1, 5)), copyOf(read(0, 1)));
    }

    @Test
    void partsOfADurableWriteLieOneAfterAnother() {
        ByteBuffer[] parts = {bytes(1, 7), bytes(5, 8), bytes(2, 9), bytes(1, 10)};
        assertEquals(DiskOutcome.OK, durable(LENGTH - 8L * BLOCK, 3, parts));
        assertArrayEquals(copyOf(parts[0]), copyOf(read(LENGTH - 8L * BLOCK, 1)));
        assertArrayEquals(copyOf(parts[1]), copyOf(read(LENGTH - 7L * BLOCK, 5)));
        assertArrayEquals(copyOf(parts[2]), copyOf(read(LENGTH - 2L * BLOCK, 2)));
    }

    @Test
    void onlyTheBytesBetweenPositionAndLimitMoveAndBothStayAsTheyAre() {
        ByteBuffer from = bytes(4, 11).position(BLOCK).limit(3 * BLOCK);
        write(8L * BLOCK, from);
        assertEquals(BLOCK, from.position());
        assertEquals(3 * BLOCK, from.limit());
        ByteBuffer into = bytes(4, 12).position(2 * BLOCK).limit(3 * BLOCK);
        assertEquals(DiskOutcome.OK, await((done, token) -> disk.read(9L * BLOCK, into, loop, done, token)));
        assertEquals(2 * BLOCK, into.position());
        assertEquals(3 * BLOCK, into.limit());
        assertEquals(bytes(4, 11).slice(2 * BLOCK, BLOCK), into.slice());
        assertEquals(bytes(4, 12).slice(0, 2 * BLOCK), into.duplicate().clear().slice(0, 2 * BLOCK));
        durable(0, 1, from);
        assertEquals(BLOCK, from.position());
    }

    @Test
    void flushAndDiscardAnswer() {
        write(0, bytes(64, 1));
        assertEquals(DiskOutcome.OK, await((done, token) -> disk.flush(loop, done, token)));
        assertEquals(DiskOutcome.OK, await((done, token) -> disk.discard(0, 32L * BLOCK, loop, done, token)));
        assertArrayEquals(head(copyOf(bytes(64, 1).position(32 * BLOCK))), head(copyOf(read(32L * BLOCK, 1))));
        write(BLOCK, bytes(1, 2));
        assertArrayEquals(copyOf(bytes(1, 2)), copyOf(read(BLOCK, 1)));
    }

    @Test
    void completionComesOnceOnTheNamedLoopAndNeverInsideTheCall() {
        Loop other = driver.world().newLoop("other");
        ByteBuffer block = bytes(1, 1);
        AtomicInteger wrong = new AtomicInteger();
        AtomicIntegerArray told = new AtomicIntegerArray(40);
        driver.runOn(loop, () -> {
            boolean[] inCall = {true};
            for (int i = 0; i < told.length(); i++) {
                Loop named = i % 2 == 0 ? loop : other;
                DiskDone done = (token, outcome) -> {
                    boolean inside = named.equals(loop) && inCall[0];
                    wrong.addAndGet(!named.isCurrent() || inside || outcome != DiskOutcome.OK ? 1 : 0);
                    told.incrementAndGet((int) token);
                };
                switch (i % 5) {
                    case 0 -> disk.read((long) i * BLOCK, bytes(1, 1), named, done, i);
                    case 1 -> disk.write((long) i * BLOCK, block, named, done, i);
                    case 2 -> disk.writeDurable((long) i * BLOCK, new ByteBuffer[] {block}, 1, named, done, i);
                    case 3 -> disk.flush(named, done, i);
                    default -> disk.discard((long) i * BLOCK, BLOCK, named, done, i);
                }
            }
            inCall[0] = false;
        });
        driver.runUntil(() -> sum(told) == told.length());
        driver.passTime(loop, 1_000_000);
        for (int i = 0; i < told.length(); i++) {
            assertEquals(1, told.get(i), "operation " + i);
        }
        assertEquals(0, wrong.get());
    }

    @Test
    void manyBlocksInFlightKeepTheirOwnContents() {
        long seed = 20_261_121;
        Random random = new Random(seed);
        int blocks = (int) (LENGTH / BLOCK);
        int[] version = new int[blocks];
        for (int round = 1; round <= 12; round++) {
            Wave wave = new Wave();
            for (int first = 0; first < blocks; ) {
                int count = Math.min(blocks - first, 1 + random.nextInt(24));
                ByteBuffer content = bytes(count, first * 31 + round);
                fill(content, version, first, count, round);
                long offset = (long) first * BLOCK;
                if (random.nextInt(4) == 0) {
                    disk.writeDurable(offset, new ByteBuffer[] {content}, 1, loop, wave, wave.start());
                } else {
                    disk.write(offset, content, loop, wave, wave.start());
                }
                first += count;
            }
            wave.await();
            verifyAll(version, seed);
        }
    }

    /** Each block says which it is and who wrote it last. */
    private static void fill(ByteBuffer content, int[] version, int first, int count, int round) {
        for (int i = 0; i < count; i++) {
            version[first + i] = round;
            content.putInt(i * BLOCK, first + i).putInt(i * BLOCK + BLOCK - 4, round);
        }
    }

    private void verifyAll(int[] version, long seed) {
        Wave wave = new Wave();
        List<ByteBuffer> contents = new ArrayList<>();
        for (int block = 0; block < version.length; block++) {
            contents.add(aligned(1));
            disk.read((long) block * BLOCK, contents.get(block), loop, wave, wave.start());
        }
        wave.await();
        for (int block = 0; block < version.length; block++) {
            assertEquals(block, contents.get(block).getInt(0), "seed " + seed);
            assertEquals(version[block], contents.get(block).getInt(BLOCK - 4), "seed " + seed + " block " + block);
        }
    }

    @Test
    void anOpenDiskIsNotOpenedAgain() {
        WorldException refused =
                assertThrows(WorldException.class, () -> driver.world().disks().open(path));
        assertTrue(refused.getMessage().contains(path), refused.getMessage());
        write(0, bytes(1, 1));
        assertArrayEquals(copyOf(bytes(1, 1)), copyOf(read(0, 1)));
        assertThrows(WorldException.class, () -> driver.world().disks().open(path));
    }

    @Test
    void aClosedDiskOpensAgainWithWhatWasWritten() throws WorldException {
        write(3L * BLOCK, bytes(2, 6));
        durable(16L * BLOCK, 1, bytes(1, 7));
        await((done, token) -> disk.flush(loop, done, token));
        disk.close();
        disk.close();
        disk = driver.world().disks().open(path);
        assertEquals(LENGTH, disk.lengthBytes());
        assertArrayEquals(copyOf(bytes(2, 6)), copyOf(read(3L * BLOCK, 2)));
        assertArrayEquals(copyOf(bytes(1, 7)), copyOf(read(16L * BLOCK, 1)));
    }

    @Test
    void operationsOfAClosedDiskAnswerGone() {
        disk.close();
        ByteBuffer block = bytes(1, 1);
        assertEquals(DiskOutcome.GONE, write(0, block));
        assertEquals(DiskOutcome.GONE, durable(0, 1, block));
        assertEquals(DiskOutcome.GONE, await((done, token) -> disk.read(0, block, loop, done, token)));
        assertEquals(DiskOutcome.GONE, await((done, token) -> disk.flush(loop, done, token)));
        assertEquals(DiskOutcome.GONE, await((done, token) -> disk.discard(0, BLOCK, loop, done, token)));
    }

    @Test
    void closingWhileOperationsAreUnderWayStillAnswersEachOnce() throws WorldException {
        for (int round = 0; round < 10; round++) {
            int operations = 64;
            AtomicIntegerArray told = new AtomicIntegerArray(operations);
            Disk closing = disk;
            driver.runOn(loop, () -> {
                for (int i = 0; i < operations; i++) {
                    DiskDone done = (token, outcome) -> told.incrementAndGet((int) token);
                    if (i % 3 == 0) {
                        closing.read((long) i * BLOCK, aligned(1), loop, done, i);
                    } else if (i % 7 == 1) {
                        closing.writeDurable((long) i * BLOCK, new ByteBuffer[] {bytes(1, i)}, 1, loop, done, i);
                    } else {
                        closing.write((long) i * BLOCK, bytes(1, i), loop, done, i);
                    }
                }
                closing.close();
            });
            driver.runUntil(() -> sum(told) == operations);
            for (int i = 0; i < operations; i++) {
                assertEquals(1, told.get(i), "operation " + i);
            }
            disk = driver.world().disks().open(path);
        }
    }

    @Test
    void whatIsMissingOrInTheWayIsRefusedInOneLine() {
        Disks disks = driver.world().disks();
        assertTrue(disks.exists(path));
        String missing = driver.newPath();
        assertFalse(disks.exists(missing));
        assertOneLine(assertThrows(WorldException.class, () -> disks.open(missing)));
        assertOneLine(assertThrows(WorldException.class, () -> disks.create(path, LENGTH)));
        assertFalse(disks.exists(missing));
    }

    private static void assertOneLine(WorldException refused) {
        assertFalse(refused.getMessage().isBlank());
        assertFalse(refused.getMessage().contains("\n"));
    }

    /** Counts operations that are under way together. */
    private final class Wave implements DiskDone {
        private final AtomicInteger ended = new AtomicInteger();
        private final AtomicInteger failed = new AtomicInteger();
        private int started;

        long start() {
            return started++;
        }

        @Override
        public void done(long token, DiskOutcome outcome) {
            failed.addAndGet(outcome == DiskOutcome.OK ? 0 : 1);
            ended.incrementAndGet();
        }

        void await() {
            driver.runUntil(() -> ended.get() == started);
            assertEquals(0, failed.get());
        }
    }

    private DiskOutcome await(BiConsumer<DiskDone, Long> operation) {
        long token = 0x1234_5678_9abcL;
        AtomicReference<DiskOutcome> answer = new AtomicReference<>();
        operation.accept(
                (toldToken, outcome) -> {
                    assertEquals(token, toldToken);
                    answer.set(outcome);
                },
                token);
        driver.runUntil(() -> answer.get() != null);
        return answer.get();
    }

    private DiskOutcome write(long offset, ByteBuffer from) {
        return await((done, token) -> disk.write(offset, from, loop, done, token));
    }

    private DiskOutcome durable(long offset, int count, ByteBuffer... parts) {
        return await((done, token) -> disk.writeDurable(offset, parts, count, loop, done, token));
    }

    private ByteBuffer read(long offset, int blocks) {
        ByteBuffer into = aligned(blocks);
        assertEquals(DiskOutcome.OK, await((done, token) -> disk.read(offset, into, loop, done, token)));
        return into;
    }

    private static ByteBuffer aligned(int blocks) {
        return ByteBuffer.allocateDirect((blocks + 1) * BLOCK)
                .alignedSlice(BLOCK)
                .limit(blocks * BLOCK);
    }

    private static ByteBuffer bytes(int blocks, int seed) {
        byte[] random = new byte[blocks * BLOCK];
        new Random(seed).nextBytes(random);
        return aligned(blocks).put(0, random);
    }

    private static byte[] copyOf(ByteBuffer buffer) {
        byte[] copy = new byte[buffer.remaining()];
        buffer.get(buffer.position(), copy);
        return copy;
    }

    private static byte[] head(byte[] bytes) {
        return java.util.Arrays.copyOf(bytes, BLOCK);
    }

    private static int sum(AtomicIntegerArray counts) {
        int sum = 0;
        for (int i = 0; i < counts.length(); i++) {
            sum += counts.get(i);
        }
        return sum;
    }
}
