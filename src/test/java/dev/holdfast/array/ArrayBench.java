package dev.holdfast.array;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.holdfast.base.Crc32c;
import dev.holdfast.base.Id128;
import dev.holdfast.device.BlockBuffer;
import dev.holdfast.device.Geometry;
import dev.holdfast.device.Protection;
import dev.holdfast.io.Disk;
import dev.holdfast.io.DiskOutcome;
import dev.holdfast.sim.world.SimDevice;
import dev.holdfast.sim.world.SimLoop;
import dev.holdfast.sim.world.SimWorld;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Simulated disks, an array over them, and operations that wait for their end. */
final class ArrayBench {
    static final int BLOCK = Disk.BLOCK_BYTES;
    static final long DISK_BYTES = 64 << 20;
    static final long LOG_BYTES = 1 << 20;
    static final Id128 CLUSTER = new Id128(1, 2);
    static final Id128 POOL = new Id128(3, 4);

    final SimWorld world;
    final List<String> paths = new ArrayList<>();
    SimLoop loop;
    Mirror array;
    ArrayOpened.Opened opened;

    /** Blank disks {@code /d0}, {@code /d1}, ... */
    ArrayBench(long seed, int disks) {
        world = new SimWorld(seed);
        loop = world.newLoop("pool");
        for (int i = 0; i < disks; i++) {
            paths.add("/d" + i);
            world.machine().plug("/d" + i, DISK_BYTES);
        }
    }

    /** A fresh array of {@code copies} disks, formatted and open. */
    static ArrayBench opened(long seed, int copies) {
        ArrayBench bench = new ArrayBench(seed, copies);
        bench.format();
        bench.open();
        return bench;
    }

    static Protection protection(int copies) {
        return copies == 1 ? Protection.SINGLE : Protection.mirror(copies);
    }

    /** An operation that ends with one result. */
    interface Start<T> {
        void start(Consumer<T> done);
    }

    <T> T await(Start<T> start) {
        List<T> result = new ArrayList<>();
        loop.post(() -> start.start(result::add));
        world.runUntil(() -> !result.isEmpty());
        assertEquals(1, result.size());
        return result.getFirst();
    }

    void run(Runnable task) {
        world.run(loop, task);
    }

    SimDevice device(int slot) {
        return world.machine().device("/d" + slot);
    }

    ArrayFormat.Outcome tryFormat(List<String> on, int copies, Id128 pool, boolean force) {
        ArrayFormat.Plan plan = new ArrayFormat.Plan(CLUSTER, pool, protection(copies), LOG_BYTES, 1000, force);
        return await(done -> ArrayFormat.format(world.disks(), on, plan, world.entropy(), loop, done));
    }

    void format() {
        assertInstanceOf(ArrayFormat.Outcome.Formatted.class, tryFormat(paths, paths.size(), POOL, false));
    }

    ArrayOpened tryOpen(List<String> from) {
        return await(done -> ArrayOpen.open(world.disks(), from, Optional.of(POOL), ArrayBench::peek, loop, done));
    }

    void open() {
        opened = assertInstanceOf(ArrayOpened.Opened.class, tryOpen(paths));
        array = opened.array();
    }

    String refusal(List<String> from) {
        String reason =
                assertInstanceOf(ArrayOpened.Refused.class, tryOpen(from)).reason();
        world.machine().devices().forEach(device -> assertEquals(false, device.isOpen(), device.path()));
        return reason;
    }

    /** Closes the array and starts another process. */
    void restart() {
        run(array::close);
        world.machine().kill();
        world.machine().start();
        loop = world.newLoop("pool");
    }

    void powerCut() {
        world.machine().powerCut();
        world.machine().start();
        loop = world.newLoop("pool");
    }

    static ByteBuffer filled(int blocks, int value) {
        ByteBuffer buffer = BlockBuffer.allocate(blocks * BLOCK);
        for (int i = 0; i < buffer.capacity(); i++) {
            buffer.put(i, (byte) (value + i / BLOCK));
        }
        return buffer;
    }

    static int checksum(int value) {
        return new Crc32c().ofBlock(filled(1, value), 0);
    }

    ArrayOutcome write(long address, int blocks, int value) {
        ByteBuffer from = filled(blocks, value);
        return await(done -> array.write(address, from, loop, (_, outcome) -> done.accept(outcome), 0));
    }

    ArrayOutcome flush() {
        return await(done -> array.flush(loop, (_, outcome) -> done.accept(outcome), 0));
    }

    ArrayOutcome writeLog(long offset, int value) {
        ByteBuffer[] parts = {filled(1, value), filled(2, value + 1), filled(9, 0)};
        return await(done -> array.writeLog(offset, parts, 2, loop, (_, outcome) -> done.accept(outcome), 0));
    }

    /** Writes a root as {@link #peek} reads it. */
    ArrayOutcome writeRoot(long generation, long cp, long members) {
        ByteBuffer root = root(generation, cp, members);
        int slot = (int) (cp % Geometry.ROOT_SLOTS);
        return await(done -> array.writeRoot(slot, root, loop, (_, outcome) -> done.accept(outcome), 0));
    }

    ArrayOutcome repair(long address, int value, long copies) {
        ByteBuffer good = filled(1, value);
        return await(done -> array.repair(address, good, copies, loop, (_, outcome) -> done.accept(outcome), 0));
    }

    ArrayOutcome discard(long address, long blocks) {
        return await(done -> array.discard(address, blocks, loop, (_, outcome) -> done.accept(outcome), 0));
    }

    /** Reads blocks that were written with {@code value}, {@code value + 1}, ... */
    BlockRead read(long address, int blocks, int value) {
        return await(done -> {
            BlockRead read = new BlockRead(filled(blocks, 0xEE), loop, done::accept);
            read.address = address;
            read.blocks = blocks;
            for (int i = 0; i < blocks; i++) {
                read.checksums[i] = checksum(value + i);
            }
            array.read(read);
        });
    }

    /** Reads as {@link #read} does and expects every byte; what the copies were like is in the result. */
    BlockRead readGood(long address, int blocks, int value) {
        BlockRead read = read(address, blocks, value);
        assertEquals(0, read.bad, "no block is bad");
        assertEquals(filled(blocks, value), read.into, "every byte");
        return read;
    }

    ByteBuffer readLog(int slot, long offset, int blocks) {
        ByteBuffer into = filled(blocks, 0xEE);
        DiskOutcome outcome = await(done -> array.readLog(slot, offset, into, loop, (_, how) -> done.accept(how), 0));
        assertEquals(DiskOutcome.OK, outcome);
        return into;
    }

    /** Turns one bit of the block at {@code address} as member {@code slot} has it. */
    void rot(int slot, long address) {
        device(slot).medium().rot(diskBlock(address), 77);
    }

    long diskBlock(long address) {
        return array.offsetOf(address) / BLOCK;
    }

    static ByteBuffer root(long generation, long cp, long members) {
        ByteBuffer root = BlockBuffer.allocate(BLOCK);
        root.putLong(8, generation).putLong(16, cp).putLong(24, members);
        root.putLong(32, POOL.high()).putLong(40, POOL.low());
        root.putInt(0, new Crc32c().ofWithoutField(root, 0, BLOCK, 0));
        return root;
    }

    static Optional<RootPeek.Summary> peek(ByteBuffer ring, int base) {
        ByteBuffer block = ring.slice(base, BLOCK).order(ByteOrder.LITTLE_ENDIAN);
        if (block.getLong(16) == 0 || block.getInt(0) != new Crc32c().ofWithoutField(block, 0, BLOCK, 0)) {
            return Optional.empty();
        }
        Id128 pool = new Id128(block.getLong(32), block.getLong(40));
        return Optional.of(new RootPeek.Summary(pool, block.getLong(8), block.getLong(16), block.getLong(24)));
    }
}
