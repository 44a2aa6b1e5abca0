package dev.holdfast.host;

import dev.holdfast.io.Disk;
import dev.holdfast.io.DiskOutcome;
import dev.holdfast.io.Loop;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.CountDownLatch;

/**
 * What one disk gives one loop that keeps a number of random 4 KiB reads under way. A command, no test: the disk's file
 * must exist; {@code cold} drops what the kernel has of it first.
 */
public final class DiskBench {
    private static final int BLOCK = Disk.BLOCK_BYTES;

    private final Disk disk;
    private final Loop loop;
    private final int depth;
    private final Random random = new Random(1);
    private final ByteBuffer[] buffers;
    private final CountDownLatch ended = new CountDownLatch(1);
    private final dev.holdfast.io.DiskDone done = this::done;
    private long left;
    private int underWay;

    private DiskBench(Disk disk, Loop loop, int depth, long operations) {
        this.disk = disk;
        this.loop = loop;
        this.depth = depth;
        this.left = operations;
        this.buffers = new ByteBuffer[depth];
        for (int i = 0; i < depth; i++) {
            buffers[i] =
                    ByteBuffer.allocateDirect(2 * BLOCK).alignedSlice(BLOCK).limit(BLOCK);
        }
    }

    /** Arguments: path, threads, depth, operations, rounds, cold or warm; prints one CSV line per round. */
    public static void main(String[] arguments) throws Exception {
        Path path = Path.of(arguments[0]);
        int threads = Integer.parseInt(arguments[1]);
        int depth = Integer.parseInt(arguments[2]);
        long operations = Long.parseLong(arguments[3]);
        var system = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        var memory = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (HostWorld world = HostWorld.start()) {
            HostDisks disks = new HostDisks(threads, "", Fatal.HALT);
            Loop loop = world.newLoop("reader");
            for (int round = 0; round < Integer.parseInt(arguments[4]); round++) {
                if (arguments[5].equals("cold")) {
                    new ProcessBuilder("dd", "of=" + path, "oflag=nocache", "conv=notrunc,fdatasync", "count=0")
                            .start()
                            .waitFor();
                }
                try (Disk disk = disks.open(path.toString())) {
                    DiskBench bench = new DiskBench(disk, loop, depth, operations);
                    long cpu = system.getProcessCpuTime();
                    long bytes = memory.getTotalThreadAllocatedBytes();
                    long start = System.nanoTime();
                    loop.post(bench::fill);
                    bench.ended.await();
                    double seconds = (System.nanoTime() - start) / 1e9;
                    System.out.printf(
                            "%s,%d threads,depth %d: %.0f reads/s, %.2f CPU s per 100k, %.1f bytes allocated each%n",
                            Files.size(path) >> 20,
                            threads,
                            depth,
                            operations / seconds,
                            (system.getProcessCpuTime() - cpu) / 1e9 / operations * 1e5,
                            (memory.getTotalThreadAllocatedBytes() - bytes) / (double) operations);
                }
            }
        }
    }

    private void fill() {
        while (underWay < depth && left > 0) {
            read(underWay++);
        }
    }

    private void read(int slot) {
        left--;
        long block = random.nextLong(disk.lengthBytes() / BLOCK);
        disk.read(block * BLOCK, buffers[slot], loop, done, slot);
    }

    private void done(long slot, DiskOutcome outcome) {
        if (outcome != DiskOutcome.OK) {
            throw new IllegalStateException("a read ended " + outcome);
        }
        if (left > 0) {
            read((int) slot);
        } else if (--underWay == 0) {
            ended.countDown();
        }
    }
}
