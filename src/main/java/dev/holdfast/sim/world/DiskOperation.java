package dev.holdfast.sim.world;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Disk;
import dev.holdfast.io.DiskDone;
import dev.holdfast.io.DiskOutcome;
import dev.holdfast.sim.random.SimRandom;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * One operation under way on a simulated disk, and what becomes of it. A write's bytes are taken when it is issued and
 * compared when it ends: whoever changes them in between breaks the contract, but for one that a stuck disk kept for so
 * long that a mirror has gone on without the disk.
 */
final class DiskOperation {
    /** A mirror waits no longer than half a minute; it looks every five seconds. */
    private static final long GIVEN_UP_NANOS = 25_000_000_000L;

    private static final byte[] POISON = new byte[PageMap.PAGE_BYTES];

    static {
        Arrays.fill(POISON, (byte) 0xA5);
    }

    private final DiskOperationKind kind;
    private final long offset;
    private final long lengthBytes;
    private final Part[] parts;
    private final byte[][] pages;
    private final Teller teller;
    private DiskOutcome expected = DiskOutcome.OK;
    private Event event = Event.NONE;
    private long writesBefore;
    private boolean waits;

    private DiskOperation(
            DiskOperationKind kind, long offset, long lengthBytes, Part[] parts, byte[][] pages, Teller teller) {
        this.kind = kind;
        this.offset = offset;
        this.lengthBytes = lengthBytes;
        this.parts = parts;
        this.pages = pages;
        this.teller = teller;
    }

    /** Whom to tell, and where. */
    record Teller(SimLoop loop, DiskDone done, long token, long issuedNanos) {}

    private record Part(ByteBuffer buffer, int position, int lengthBytes) {}

    static DiskOperation read(long offset, ByteBuffer into, Teller teller) {
        Part part = new Part(into, into.position(), into.remaining());
        for (int at = 0; at < part.lengthBytes; at += Disk.BLOCK_BYTES) {
            into.put(part.position + at, POISON);
        }
        return new DiskOperation(
                DiskOperationKind.READ, offset, part.lengthBytes, new Part[] {part}, new byte[0][], teller);
    }

    static DiskOperation write(DiskOperationKind kind, long offset, ByteBuffer[] from, int count, Teller teller) {
        Part[] parts = new Part[count];
        int lengthBytes = 0;
        for (int i = 0; i < count; i++) {
            parts[i] = new Part(from[i], from[i].position(), from[i].remaining());
            lengthBytes += parts[i].lengthBytes;
        }
        byte[][] pages = new byte[lengthBytes / Disk.BLOCK_BYTES][];
        int page = 0;
        for (Part part : parts) {
            for (int at = 0; at < part.lengthBytes; at += Disk.BLOCK_BYTES) {
                byte[] bytes = new byte[Disk.BLOCK_BYTES];
                part.buffer.get(part.position + at, bytes);
                pages[page++] = bytes[0] == 0 && Arrays.equals(bytes, PageMap.ZEROES) ? PageMap.ZEROES : bytes;
            }
        }
        return new DiskOperation(kind, offset, lengthBytes, parts, pages, teller);
    }

    static DiskOperation flush(Teller teller) {
        return new DiskOperation(DiskOperationKind.FLUSH, 0, 0, new Part[0], new byte[0][], teller);
    }

    static DiskOperation discard(long offset, long lengthBytes, Teller teller) {
        return new DiskOperation(DiskOperationKind.DISCARD, offset, lengthBytes, new Part[0], new byte[0][], teller);
    }

    DiskOperationKind kind() {
        return kind;
    }

    long offset() {
        return offset;
    }

    long lengthBytes() {
        return lengthBytes;
    }

    long firstBlock() {
        return offset / Disk.BLOCK_BYTES;
    }

    byte[][] pages() {
        return pages;
    }

    boolean writes() {
        return kind == DiskOperationKind.WRITE || kind == DiskOperationKind.WRITE_DURABLE;
    }

    boolean waits() {
        return waits;
    }

    void waitForRelease() {
        waits = true;
    }

    void expect(DiskOutcome outcome) {
        expected = outcome;
    }

    void issuedAfter(long completedWrites) {
        writesBefore = completedWrites;
    }

    void completesBy(Event due) {
        event = due;
    }

    void cancelEvent() {
        event.cancel();
    }

    void tell(DiskOutcome outcome) {
        teller.loop.enqueue(SimLoop.UNORDERED, EventKind.DISK, teller.token, () -> {
            checkUntouched();
            teller.done.done(teller.token, outcome);
        });
    }

    /** Takes effect on {@code medium}; {@code others} are under way still. */
    DiskOutcome perform(Medium medium, DiskFaults faults, SimRandom random, List<DiskOperation> others) {
        if (faults.gone) {
            giveUp(medium, random);
            return DiskOutcome.GONE;
        }
        return switch (kind) {
            case READ -> performRead(medium, faults, random, others);
            case WRITE, WRITE_DURABLE -> performWrite(medium, faults, random);
            case FLUSH -> performFlush(medium, faults, random);
            case DISCARD -> {
                if (expected == DiskOutcome.OK) {
                    medium.discard(firstBlock(), lengthBytes / Disk.BLOCK_BYTES, random);
                }
                yield expected;
            }
        };
    }

    /** Ends without anybody knowing whether it was done. */
    void giveUp(Medium medium, SimRandom random) {
        if (writes() && random.oneIn(2)) {
            writeMixture(medium, random);
        }
    }

    private DiskOutcome performRead(Medium medium, DiskFaults faults, SimRandom random, List<DiskOperation> others) {
        boolean fails = expected != DiskOutcome.OK || random.perMillion(faults.readErrorPerMillion);
        long first = firstBlock();
        int blocks = (int) (lengthBytes / Disk.BLOCK_BYTES);
        for (int i = 0; i < blocks; i++) {
            fails |= medium.isSpoiled(first + i);
        }
        if (fails) {
            return expected == DiskOutcome.OK ? DiskOutcome.MEDIA_ERROR : expected;
        }
        if (random.perMillion(faults.rotPerMillion)) {
            medium.rot(first + random.below(blocks), random.below(PageMap.PAGE_BYTES * 8));
        }
        boolean stale = random.perMillion(faults.stalePerMillion);
        long shift = random.perMillion(faults.misplacedPerMillion) ? random.between(1, 1000) : 0;
        for (int i = 0; i < blocks; i++) {
            long block = (first + i + shift) % medium.blocks();
            byte[] page = stale ? medium.readStale(block) : medium.read(block);
            for (DiskOperation other : others) {
                page = other.maybeNewer(block, page, random);
            }
            parts[0].buffer.put(parts[0].position + i * Disk.BLOCK_BYTES, page);
        }
        return DiskOutcome.OK;
    }

    private byte[] maybeNewer(long block, byte[] page, SimRandom random) {
        long index = block - firstBlock();
        if (!writes() || index < 0 || index >= pages.length || random.oneIn(2)) {
            return page;
        }
        return pages[(int) index];
    }

    private DiskOutcome performWrite(Medium medium, DiskFaults faults, SimRandom random) {
        if (expected != DiskOutcome.OK || random.perMillion(faults.writeErrorPerMillion)) {
            writeMixture(medium, random);
            return expected == DiskOutcome.OK ? DiskOutcome.MEDIA_ERROR : expected;
        }
        if (faults.full && !allStored(medium)) {
            writeMixture(medium, random);
            return DiskOutcome.FULL;
        }
        long first = firstBlock();
        if (random.perMillion(faults.lostPerMillion)) {
            return DiskOutcome.OK;
        }
        if (random.perMillion(faults.misdirectedPerMillion)) {
            first = (first + random.between(1, 1000)) % (medium.blocks() - pages.length + 1);
        }
        if (kind == DiskOperationKind.WRITE_DURABLE) {
            medium.writeDurably(first, pages);
        } else {
            medium.write(first, pages);
        }
        return DiskOutcome.OK;
    }

    private boolean allStored(Medium medium) {
        for (int i = 0; i < pages.length; i++) {
            if (!medium.isStored(firstBlock() + i)) {
                return false;
            }
        }
        return true;
    }

    private void writeMixture(Medium medium, SimRandom random) {
        byte[][] mixture = new byte[pages.length][];
        for (int i = 0; i < pages.length; i++) {
            byte[] page = medium.mixed(firstBlock() + i, pages[i], random.below(Crash.ALL_UNITS + 1));
            mixture[i] = page == PageMap.ABSENT ? medium.read(firstBlock() + i) : page;
        }
        medium.write(firstBlock(), mixture);
    }

    private DiskOutcome performFlush(Medium medium, DiskFaults faults, SimRandom random) {
        if (expected != DiskOutcome.OK || random.perMillion(faults.flushErrorPerMillion)) {
            medium.failFlush(writesBefore, random);
            return expected == DiskOutcome.OK ? DiskOutcome.MEDIA_ERROR : expected;
        }
        medium.flush(writesBefore);
        return DiskOutcome.OK;
    }

    private void checkUntouched() {
        if (waits && teller.loop.nowNanos() - teller.issuedNanos > GIVEN_UP_NANOS) {
            return;
        }
        byte[] now = writes() ? new byte[Disk.BLOCK_BYTES] : POISON;
        int page = 0;
        for (int i = 0; writes() && i < parts.length; i++) {
            for (int at = 0; at < parts[i].lengthBytes; at += Disk.BLOCK_BYTES) {
                parts[i].buffer.get(parts[i].position + at, now);
                Checks.that(Arrays.equals(now, pages[page++]), "a write's bytes are left alone until it ends", offset);
            }
        }
    }
}
