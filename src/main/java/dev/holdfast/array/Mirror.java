package dev.holdfast.array;

import dev.holdfast.array.MirrorOperation.Kind;
import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.base.Mutant;
import dev.holdfast.device.Device;
import dev.holdfast.device.Geometry;
import dev.holdfast.device.Label;
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
import java.util.Optional;

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

    private final ArrayList<MirrorOperation> underWay = new ArrayList<>();
    private Optional<Rebuild> rebuild = Optional.empty();
    private long joining;
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
        MirrorOperation operation = begin(Kind.WRITE, targets(), done, token);
        covers(operation, address, count);
        for (long left = targets(); left != 0; left &= left - 1) {
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
        covers(operation, address, 1);
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
        MirrorOperation operation = begin(Kind.FLUSH, targets(), done, token);
        for (long left = targets(); left != 0; left &= left - 1) {
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
            MirrorOperation operation = begin(Kind.LOG, targets(), done, token);
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
            MirrorOperation operation = begin(Kind.ROOT, targets(), done, token);
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
        MirrorOperation operation = begin(Kind.DISCARD, targets(), done, token);
        covers(operation, address, blocks);
        long lengthBytes = blocks * Disk.BLOCK_BYTES;
        for (long left = targets(); left != 0; left &= left - 1) {
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

    /** The device in {@code slot}, unless it has gone meanwhile. From any loop. */
    Optional<Device> device(int slot) {
        return slots[slot].deviceIfAny();
    }

    /** The disk in {@code slot}. */
    Disk disk(int slot) {
        return slots[slot].device().disk();
    }

    long offsetOf(long address) {
        return geometry.offsetOf(address);
    }

    /** Counts blocks that could not be read from {@code slot}. */
    void countReadErrors(int slot, long blocks) {
        slots[slot].device().countReadErrors(blocks);
    }

    /** Reads avoid {@code slot} from now on; whether it is taken out is decided by the next change. From any loop. */
    void suspect(int slot) {
        SUSPECTS.getAndBitwiseOr(this, 1L << slot);
    }

    /** The label all members agree with, as one of them has it. */
    Label label() {
        return slots[Long.numberOfTrailingZeros(members)].device().label();
    }

    /** Puts {@code device} into a slot that is not in use; it is not a member yet. */
    void attach(Device device) {
        int slot = device.label().place().slot();
        Checks.that(owner.isCurrent(), "changes come from the array's own loop", slot);
        Checks.that((targets() >>> slot & 1) == 0, "a slot that is not in use", slot);
        Checks.that(device.label().agreesWith(label()), "a device of this array", slot);
        detach(slot);
        slots[slot] = Member.with(slot, device, device.disk().path() + ": holds no data yet");
    }

    /** Lets the device in a slot that is not in use go, if there is one, so that its disk may be formatted. */
    void detach(int slot) {
        Checks.that((targets() >>> slot & 1) == 0, "a slot that is not in use", slot);
        Checks.that(rebuild.isEmpty() || rebuild.get().slot() != slot, "a slot that is not being rebuilt", slot);
        if (slots[slot].hasDevice()) {
            slots[slot].device().disk().close();
            slots[slot] = Member.missing(slot, slots[slot].reason());
        }
    }

    /** A rebuild begins; nothing else changes yet. */
    void rebuilds(Rebuild starting) {
        int slot = starting.slot();
        Checks.that(owner.isCurrent(), "changes come from the array's own loop", slot);
        Checks.that(rebuild.isEmpty(), "one rebuild at a time", slot);
        Checks.that((members >>> slot & 1) == 0, "a slot that is not in use", slot);
        rebuild = Optional.of(starting);
        slots[slot].reason("being rebuilt");
    }

    /** From now on changes go to the slot that is being rebuilt too. */
    void joins(int slot) {
        Checks.that(rebuild.isPresent() && rebuild.get().slot() == slot, "the slot being rebuilt", slot);
        joining = 1L << slot;
    }

    /** The slot that is being rebuilt is a member from now on. */
    void joined() {
        Checks.that(joining != 0, "a slot joins");
        SUSPECTS.getAndBitwiseAnd(this, ~joining);
        slots[Long.numberOfTrailingZeros(joining)].reason("");
        members |= joining;
        joining = 0;
        rebuild = Optional.empty();
        Checks.that(members >>> slots.length == 0, "members are slots", members);
    }

    /** The slot that is being rebuilt stays out; what the rebuild has under way may still end. */
    void doesNotJoin(String reason) {
        Checks.that(rebuild.isPresent(), "a rebuild to end");
        int slot = rebuild.get().slot();
        joining = 0;
        slots[slot].reason(reason);
        underWay.forEach(operation -> operation.disregard(slot));
    }

    /** Nothing of {@code ended} is left: another rebuild may begin. */
    void rebuildIsOver(Rebuild ended) {
        Checks.that(ended.isOver(), "a rebuild that is over", ended.slot());
        if (rebuild.isPresent() && rebuild.get() == ended) {
            rebuild = Optional.empty();
        }
    }

    /** Lets {@code waiting} know when operations under way that touch the blocks end; of how many. */
    int awaitOperations(Rebuild waiting, long address, long blocks) {
        int count = 0;
        for (MirrorOperation operation : underWay) {
            if (operation.overlaps(address, blocks)) {
                operation.await(waiting);
                count++;
            }
        }
        return count;
    }

    /** The loop that changes the array. */
    Loop owner() {
        return owner;
    }

    /** {@code slot} has ended its part of {@code operation}. */
    void ended(MirrorOperation operation, int slot, DiskOutcome outcome) {
        if (outcome != DiskOutcome.OK && operation.counts(slot) && operation.kind() != Kind.DISCARD) {
            boolean joins = (joining >>> slot & 1) != 0;
            if (joins && rebuild.isPresent()) {
                rebuild.get().fail(operation.kind() + ": " + Gather.words(outcome));
            } else if (outcome == DiskOutcome.FULL && operation.kind() != Kind.FLUSH) {
                Marks.reached("array.full");
                operation.sawFull();
            } else if (operation.kind() != Kind.FLUSH || !Mutant.on("array.forgive-failed-flush")) {
                takeOut(slot, operation.kind(), outcome);
            }
        }
        if (outcome == DiskOutcome.OK && operation.kind() == Kind.REPAIR) {
            slots[slot].deviceIfAny().ifPresent(Device::countRepaired);
        }
        if (operation.memberEnded(slot)) {
            answer(operation);
        }
    }

    private void takeOut(int slot, Kind kind, DiskOutcome outcome) {
        Member member = slots[slot];
        Checks.that((members & member.bit()) != 0, "only a member is taken out", slot);
        member.device().countWriteError();
        if (members == member.bit()) {
            Marks.reached("array.last-member-failed");
            failed = true;
            return;
        }
        member.reason(kind + ": " + Gather.words(outcome));
        members &= ~member.bit();
        Marks.reached("array.member-lost");
        underWay.forEach(operation -> operation.disregard(slot));
        lostUntold = true;
        Checks.that(members != 0, "the last member is never taken out", slot);
    }

    private void answer(MirrorOperation operation) {
        ArrayOutcome outcome = outcomeOf(operation);
        lostUntold &= outcome != ArrayOutcome.MEMBER_LOST;
        MirrorOperation last = underWay.removeLast();
        if (last != operation) {
            underWay.set(operation.place(), last);
            last.place(operation.place());
        }
        Optional<Rebuild> waiting = operation.awaitedBy();
        free.push(operation);
        operation.tell(outcome);
        waiting.ifPresent(Rebuild::awaitedEnded);
    }

    private ArrayOutcome outcomeOf(MirrorOperation operation) {
        if (operation.kind() == Kind.DISCARD) {
            return ArrayOutcome.OK;
        }
        if (failed) {
            return ArrayOutcome.FAILED;
        }
        if (operation.isFull()) {
            return ArrayOutcome.NO_SPACE;
        }
        boolean lost = lostUntold || operation.isOnFewerThanItBegan();
        return lost && !Mutant.on("array.lose-member-silently") ? ArrayOutcome.MEMBER_LOST : ArrayOutcome.OK;
    }

    private void writeDurable(MirrorOperation operation, long offset, ByteBuffer[] parts, int count, Loop loop) {
        for (long left = targets(); left != 0; left &= left - 1) {
            int slot = Long.numberOfTrailingZeros(left);
            disk(slot).writeDurable(offset, parts, count, loop, operation, slot);
        }
    }

    private MirrorOperation begin(Kind kind, long on, ArrayDone done, long token) {
        MirrorOperation operation = free.isEmpty() ? new MirrorOperation(this) : free.pop();
        operation.begin(kind, on, members, done, token);
        operation.place(underWay.size());
        underWay.add(operation);
        return operation;
    }

    private void covers(MirrorOperation operation, long address, long blocks) {
        operation.covers(address, blocks);
        if (rebuild.isPresent()) {
            rebuild.get().touched(address, blocks);
        }
    }

    /** Where changes go: the members and the one being rebuilt. */
    private long targets() {
        return members | joining;
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
