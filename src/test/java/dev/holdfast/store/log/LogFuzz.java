package dev.holdfast.store.log;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Entry points for hostile bytes: whatever they are, parsing ends with a verdict, in bounded time and memory. Any
 * exception is a finding. Named so that a fuzzing engine can call them; {@link LogFuzzTest} does with seeds.
 */
final class LogFuzz {
    private LogFuzz() {}

    /** A memory log region: scanned, and everything in it that looks held is replayed. */
    static MemoryVerdict memory(byte[] input) {
        int pages = Math.clamp(input.length / 4096, 10, 256);
        ByteBuffer region = MemoryLogTest.region(pages);
        region.put(0, input, 0, Math.min(input.length, region.capacity()));
        MemoryVerdict verdict = MemoryScan.of(region, MemoryLogTest.IDENTITY);
        if (verdict instanceof MemoryVerdict.Trusted trusted) {
            RingFound nothing = RingFound.nothing(RingBed.START);
            LogArray empty = new LogArray(16 * 4096, 1);
            RingBed.replay(empty, nothing, List.of(trusted.entries()), shard -> 0, new ArrayList<>());
        }
        return verdict;
    }

    /** The log region of every member: scanned, and what was found is replayed. */
    static RingVerdict ring(byte[] input, int copies) {
        int pages = Math.clamp(input.length / 4096, 16, 1024);
        LogArray array = new LogArray(pages * 4096, copies);
        for (byte[] member : array.members) {
            System.arraycopy(input, 0, member, 0, Math.min(input.length, member.length));
        }
        RingVerdict verdict = RingBed.scan(array, RingBed.START, List.of(), shard -> 0);
        RingBed.replay(array, verdict.found(), List.of(), shard -> 0, new ArrayList<>());
        return verdict;
    }

    /** One descriptor. */
    static boolean descriptor(byte[] input) {
        ByteBuffer bytes = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put(0, input, 0, Math.min(64, input.length));
        boolean sound = Entry.isSound(bytes, 0);
        if (sound && Entry.payloadStart(bytes, 0) + Entry.payloadLength(bytes, 0) > Entry.slots(bytes, 0) * 4096) {
            throw new AssertionError("a sound payload lies in its slots");
        }
        return sound;
    }
}
