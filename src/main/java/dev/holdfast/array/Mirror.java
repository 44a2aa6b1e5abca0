package dev.holdfast.array;

import dev.holdfast.array.MirrorOperation.Kind;
import dev.holdfast.base.Checks;
import dev.holdfast.device.Geometry;
import dev.holdfast.io.Disk;
import dev.holdfast.io.DiskDone;
import dev.holdfast.io.DiskOutcome;
import dev.holdfast.io.Loop;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The same bytes at the same place of one, two or three devices ({@code single} is a mirror of one). It decides which
 * members hold everything; it does not know which of them the newest root names, and writes no label.
 *
 * <ol>
 *   <li>A change goes to every member in use and is answered once all of them have ended it.
 *   <li>A member whose write, flush, log or root write failed is out before that operation is answered, and its later
 *       answers count for nothing. A flush that failed for want of space failed.
 *   <li>The last member is never taken out: it may still be read, but no change is tried again in this life.
 *   <li>A member in use is read only with a checksum at hand, except for the log region and the root ring.
 * </ol>
 */
public final class Mirror implements Array {
    /** No slot. */
    static final int NONE = -1;

    private static final int SPREAD_SHIFT = 11;
    private static final VarHandle SUSPECTS = suspectsHandle();

    private final Loop owner;
    private final Geometry geometry;
    private final Member[] slots;
    private final ArrayDeque<MirrorOperation> free = new ArrayDeque<>();
    private volatile long members;

    @SuppressWarnings("unused") // written through SUSPECTS
    private volatile long suspects;

    private boolean lostUntold;
    private boolean failed;
    private boolean closed;

    /** A mirror of {@code slots}, of which those in {@code members} hold everything; {@code owner} changes it. */
    Mirror(Loop owner, Geometry geometry, List<Member> slots, long members) {
        Checks.that(members != 0 && members >>> slots.size() == 0, "members are slots", members);
        this.owner = owner;
        this.geometry = geometry;
        this.slots = slots.toArray(Member[]::new);
        this.members = members;
        for (int slot = 0; slot < this.slots.length; slot++) {
            Checks.that(this.slots[slot].slot() == slot, "slots in order", slot);
            boolean inUse = (members >>> slot & 1) != 0;
            Checks.that(inUse == this.slots[slot].reason().isEmpty(), "what is not in use has a reason", slot);
        }
    }

    @Override
    public long dataBlocks() {
        return geometry.dataBlocks();
    }

    @Override
    public long logBytes() {
        return geometry.logBytes();
    }

    @Override
    public long members() {
        return members;
    }

    @Override
    public int slots() {
        return slots.length;
    }

    @Override
    public void read(BlockRead read) {
        Checks.that(read.blocks > 0 && read.blocks <= BlockRead.MAX_BLOCKS, "a bounded run", read.blocks);
        Checks.that(read.into.remaining() == read.blocks * Disk.BLOCK_BYTES, "room for the blocks", read.blocks);
        checkBlocks(read.address, read.blocks);
        read.triesIn(this).start();
    }

    @Override
    public void write(long address, ByteBuffer blocks, Loop loop, ArrayDone done, long token) {
        int count = blocks.remaining() / Disk.BLOCK_BYTES;
        Checks.that(blocks.remaining() == count * Disk.BLOCK_BYTES, "whole blocks", blocks.remaining());
        checkBlocks(address, count);
        if (!mayChange(loop, done, token)) {
            return;
        }
        MirrorOperation operation = begin(Kind.WRITE, members, done, token);
        operation.covers(address, count);
        for (long left = members; left != 0; left &= left - 1) {
            int slot = Long.numberOfTrailingZeros(left);
            disk(slot).write(geometry.offsetOf(address), blocks, loop, operation, slot);
        }
    }

    @Override
    public void repair(long address, ByteBuffer good, long copies, Loop loop, ArrayDone done, long token) {
        Checks.that(good.remaining() == Disk.BLOCK_BYTES, "one block", good.remaining());
        checkBlocks(address, 1);
        if (!mayChange(loop, done, token)) {
            return;
        }
        long wrong = copies & members;
        if (wrong == 0) {
            later(loop, done, token, ArrayOutcome.OK);
            return;
        }
        MirrorOperation operation = begin(Kind.REPAIR, wrong, done, token);
        operation.covers(address, 1);
        for (long left = wrong; left != 0; left &= left - 1) {
            int slot = Long.numberOfTrailingZeros(left);
            disk(slot).write(geometry.offsetOf(address), good, loop, operation, slot);
        }
    }

    @Override
    public void flush(Loop loop, ArrayDone done, long token) {
        if (!mayChange(loop, done, token)) {
            return;
        }
        MirrorOperation operation = begin(Kind.FLUSH, members, done, token);
        for (long left = members; left != 0; left &= left - 1) {
            int slot = Long.numberOfTrailingZeros(left);
            disk(slot).flush(loop, operation, slot);
        }
    }

    @Override
    public void writeLog(long offset, ByteBuffer[] parts, int count, Loop loop, ArrayDone done, long token) {
        long lengthBytes = 0;
        for (int i = 0; i < count; i++) {
            lengthBytes += parts[i].remaining();
        }
        Checks.that(lengthBytes > 0 && lengthBytes % Disk.BLOCK_BYTES == 0, "whole log blocks", lengthBytes);
        checkLog(offset, lengthBytes);
        if (mayChange(loop, done, token)) {
            MirrorOperation operation = begin(Kind.LOG, members, done, token);
            writeDurable(operation, geometry.logOffset() + offset, parts, count, loop);
        }
    }

    @Override
    public void readLog(int slot, long offset, ByteBuffer into, Loop loop, DiskDone done, long token) {
        checkLog(offset, into.remaining());
        disk(slot).read(geometry.logOffset() + offset, into, loop, done, token);
    }

    @Override
    public void writeRoot(int slot, ByteBuffer root, Loop loop, ArrayDone done, long token) {
        Checks.that(slot >= 0 && slot < Geometry.ROOT_SLOTS, "a slot of the root ring", slot);
        Checks.that(root.remaining() == Disk.BLOCK_BYTES, "one block", root.remaining());
        if (mayChange(loop, done, token)) {
            MirrorOperation operation = begin(Kind.ROOT, members, done, token);
            operation.onePart[0] = root;
            writeDurable(operation, Geometry.ROOT_OFFSET + (long) slot * Disk.BLOCK_BYTES, operation.onePart, 1, loop);
        }
    }

    @Override
    public void readRoots(int slot, ByteBuffer into, Loop loop, DiskDone done, long token) {
        Checks.that(into.remaining() == Geometry.ROOT_BYTES, "room for the root ring", into.remaining());
        disk(slot).read(Geometry.ROOT_OFFSET, into, loop, done, token);
    }

    @Override
    public void discard(long address, long blocks, Loop loop, ArrayDone done, long token) {
        checkBlocks(address, blocks);
        if (!mayChange(loop, done, token)) {
            return;
        }
        MirrorOperation operation = begin(Kind.DISCARD, members, done, token);
        operation.covers(address, blocks);
        long lengthBytes = blocks * Disk.BLOCK_BYTES;
        for (long left = members; left != 0; left &= left - 1) {
            int slot = Long.numberOfTrailingZeros(left);
            disk(slot).discard(geometry.offsetOf(address), lengthBytes, loop, operation, slot);
        }
    }

    @Override
    public List<MemberHealth> health() {
        List<MemberHealth> lines = new ArrayList<>();
        for (Member member : slots) {
            lines.add(member.health((members & member.bit()) != 0));
        }
        return lines;
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        for (Member member : slots) {
            if (member.hasDevice()) {
                member.device().disk().close();
            }
        }
    }

    /** Which copy of {@code address} to try next or {@link #NONE}; neighbours come from the same one. From any loop. */
    int choose(long address, long tried) {
        long candidates = members & ~tried;
        if (candidates == 0) {
            return NONE;
        }
        long sound = candidates & ~suspects;
        candidates = sound == 0 ? candidates : sound;
        long skip = (address >>> SPREAD_SHIFT) % Long.bitCount(candidates);
        while (skip-- > 0) {
            candidates &= candidates - 1;
        }
        return Long.numberOfTrailingZeros(candidates);
    }

    /** The disk in {@code slot}. From any loop. */
    Disk disk(int slot) {
        return slots[slot].device().disk();
    }

    long offsetOf(long address) {
        return geometry.offsetOf(address);
    }

    /** Counts blocks of one read that {@code slot} did not have. From any loop. */
    void countReadErrors(int slot, long blocks) {
        slots[slot].device().countReadErrors(blocks);
    }

    /** Reads avoid {@code slot} from now on; whether it is taken out is decided by the next change. From any loop. */
    void suspect(int slot) {
        SUSPECTS.getAndBitwiseOr(this, 1L << slot);
    }

    /** {@code slot} has ended its part of {@code operation}. */
    void ended(MirrorOperation operation, int slot, DiskOutcome outcome) {
        boolean inUse = (members >>> slot & 1) != 0;
        if (outcome == DiskOutcome.FULL && operation.kind() != Kind.FLUSH) {
            operation.sawFull();
        } else if (outcome != DiskOutcome.OK && inUse && operation.kind() != Kind.DISCARD) {
            takeOut(slot, operation.kind(), outcome);
        }
        if ((members >>> slot & 1) == 0) {
            operation.sawLoss();
        }
        if (operation.memberEnded(slot)) {
            answer(operation);
        }
    }

    private void takeOut(int slot, Kind kind, DiskOutcome outcome) {
        Member member = slots[slot];
        member.device().countWriteError();
        if (members == member.bit()) {
            failed = true;
            return;
        }
        member.reason(kind.name().toLowerCase(Locale.ROOT) + ": " + Gather.words(outcome));
        members &= ~member.bit();
        lostUntold = true;
        Checks.that(members != 0, "the last member is never taken out", slot);
    }

    private void answer(MirrorOperation operation) {
        ArrayOutcome outcome = ArrayOutcome.OK;
        if (operation.kind() == Kind.DISCARD) {
            outcome = ArrayOutcome.OK;
        } else if (failed) {
            outcome = ArrayOutcome.FAILED;
        } else if (operation.isFull()) {
            outcome = ArrayOutcome.NO_SPACE;
        } else if (lostUntold || operation.isOnFewer()) {
            outcome = ArrayOutcome.MEMBER_LOST;
            lostUntold = false;
        }
        free.push(operation);
        operation.tell(outcome);
    }

    private void writeDurable(MirrorOperation operation, long offset, ByteBuffer[] parts, int count, Loop loop) {
        for (long left = members; left != 0; left &= left - 1) {
            int slot = Long.numberOfTrailingZeros(left);
            disk(slot).writeDurable(offset, parts, count, loop, operation, slot);
        }
    }

    private MirrorOperation begin(Kind kind, long on, ArrayDone done, long token) {
        MirrorOperation operation = free.isEmpty() ? new MirrorOperation(this) : free.pop();
        operation.begin(kind, on, done, token);
        return operation;
    }

    /** False if the array takes no change any more; the asker is told in a later turn. */
    private boolean mayChange(Loop loop, ArrayDone done, long token) {
        Checks.that(loop == owner && owner.isCurrent(), "changes come from the array's own loop", token);
        Checks.that(!closed, "changes come before the end", token);
        if (failed) {
            later(loop, done, token, ArrayOutcome.FAILED);
        }
        return !failed;
    }

    private static void later(Loop loop, ArrayDone done, long token, ArrayOutcome outcome) {
        loop.post(() -> done.done(token, outcome));
    }

    private void checkBlocks(long address, long blocks) {
        Checks.that(address > 0 && blocks > 0, "blocks from address 1 on", address, blocks);
        Checks.that(address <= geometry.dataBlocks() - blocks, "inside the data area", address, blocks);
    }

    private void checkLog(long offset, long lengthBytes) {
        Checks.that(offset >= 0 && offset % Disk.BLOCK_BYTES == 0, "an aligned log offset", offset);
        Checks.that(offset <= geometry.logBytes() - lengthBytes, "inside the log region", offset, lengthBytes);
    }

    private static VarHandle suspectsHandle() {
        try {
            return MethodHandles.lookup().findVarHandle(Mirror.class, "suspects", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }
}
