package dev.holdfast.store.log;

import com.sun.management.ThreadMXBean;
import dev.holdfast.base.Crc32c;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Measures what taking one 4 KiB write into a memory log costs, released in batches, and building ring records of 256.
 * In processor time of this thread, so that other load on the machine matters less. Not a test: run its main.
 */
public final class AppendBench {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int BATCH = 256;
    private static final int ROUNDS = 4000;

    private AppendBench() {}

    /** Prints one line per run; the later ones count. */
    public static void main(String[] arguments) {
        int megabytes = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 64;
        ByteBuffer region = MemoryLogTest.region(megabytes * 256);
        MemoryLog log = MemoryLog.label(region, MemoryLogTest.IDENTITY, 0, 1);
        RingWriter writer = new RingWriter(List.of(log.view()), RingBed.START, 0, 1L << 30);
        ByteBuffer payload = ByteBuffer.allocateDirect(BATCH * 4096);
        for (int run = 0; run < 8; run++) {
            long appendNanos = 0;
            long buildNanos = 0;
            long bytesBefore = allocated();
            for (int round = 0; round < ROUNDS; round++) {
                long start = cpuNanos();
                long from = log.published();
                for (int i = 0; i < BATCH; i++) {
                    payload.limit((i + 1) * 4096).position(i * 4096);
                    log.append(EntryKind.WRITE, 0, 1, 1, from + i + 1, i * 4096L, 4096, payload);
                }
                long middle = cpuNanos();
                build(writer, from, log.published());
                log.release(log.published());
                appendNanos += middle - start;
                buildNanos += cpuNanos() - middle;
            }
            long count = (long) ROUNDS * BATCH;
            System.out.printf(
                    "append 4 KiB: %d ns, %.2f GB/s; record of %d: %d ns an entry; %d bytes allocated an entry%n",
                    appendNanos / count,
                    count * 4096.0 / appendNanos,
                    BATCH,
                    buildNanos / count,
                    (allocated() - bytesBefore) / count);
        }
        checksumAlone(payload);
    }

    private static void build(RingWriter writer, long from, long to) {
        if (!writer.build(new long[] {from}, new long[] {to}) || writer.takenTo(0) != to) {
            throw new AssertionError("one record takes the batch");
        }
        writer.written();
        writer.trim(writer.next().position(), 0);
    }

    private static void checksumAlone(ByteBuffer payload) {
        Crc32c crc = new Crc32c();
        int sum = 0;
        long start = cpuNanos();
        for (int i = 0; i < ROUNDS * BATCH; i++) {
            sum += crc.ofBlock(payload, i % BATCH * 4096);
        }
        long nanos = cpuNanos() - start;
        System.out.printf("of that the checksum: %d ns (%d)%n", nanos / (ROUNDS * BATCH), sum);
    }

    private static long allocated() {
        return THREADS.getCurrentThreadAllocatedBytes();
    }

    private static long cpuNanos() {
        return THREADS.getCurrentThreadCpuTime();
    }
}
