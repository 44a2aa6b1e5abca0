package dev.holdfast.array;

import dev.holdfast.array.MirrorOperation.Kind;
import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.base.Mutant;
import dev.holdfast.device.Device;
import dev.holdfast.device.Geometry;
import dev.holdfast.io.Disk;
import dev.holdfast.io.DiskDone;
import dev.holdfast.io.DiskOutcome;
import dev.holdfast.io.Loop;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The same bytes at the same place of one, two or three devices ({@code single} is a mirror of one). It decides who
 * is still a member; it does not know which members the newest root names, and writes no label.
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
    private static final String SILENT = "does not answer";

    private final Loop owner;
    private final Geometry geometry;
    private final MemberSet members;
    private final ArrayDeque<MirrorOperation> free = new ArrayDeque<>();
    private final ArrayList<MirrorOperation> underWay = new ArrayList<>();
    private boolean lostUntold;
    private boolean closed;

    /** A mirror over {@code members}, which only {@code owner} changes. */
    Mirror(Loop owner, Geometry geometry, MemberSet members) {
        this.owner = owner;
        this.geometry = geometry;
        this.members = members;
        Checks.that(geometry.equals(members.label().geometry()), "the layout of the labels", members.present());
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
        return members.present();
    }

    @Override
    public int slots() {
        return members.count();
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
        MirrorOperation operation = begin(Kind.WRITE, members.targets(), done, token);
        covers(operation, address, count);
        for (long left = members.targets(); left != 0; left &= left - 1) {
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
        long wrong = copies & members.present();
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
        MirrorOperation operation = begin(Kind.FLUSH, members.targets(), done, token);
        for (long left = members.targets(); left != 0; left &= left - 1) {
            int slot = Long.numberOfTrailingZeros(left);
            if (Mutant.on("array.flush-one-member") && left != members.targets()) {
                loop.post(() -> operation.done(slot, DiskOutcome.OK));
                continue;
            }
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
            MirrorOperation operation = begin(Kind.LOG, members.targets(), done, token);
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
            MirrorOperation operation = begin(Kind.ROOT, members.targets(), done, token);
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
        MirrorOperation operation = begin(Kind.DISCARD, members.targets(), done, token);
        covers(operation, address, blocks);
        long lengthBytes = blocks * Disk.BLOCK_BYTES;
        for (long left = members.targets(); left != 0; left &= left - 1) {
            int slot = Long.numberOfTrailingZeros(left);
            disk(slot).discard(geometry.offsetOf(address), lengthBytes, loop, operation, slot);
        }
    }

    @Override
    public List<MemberHealth> health() {
        return members.health();
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            members.close();
        }
    }

    /** Slots (bits) with a device that is no member and could be brought up to date by a {@link Rebuild}. */
    public long behind() {
        return members.behind();
    }

    /** Slots (bits) without a device: a {@link Replacement} may take one. */
    public long missing() {
        return members.missing();
    }

    /** The slots; what is changed there follows from what is done here. */
    MemberSet memberSet() {
        return members;
    }

    long offsetOf(long address) {
        return geometry.offsetOf(address);
    }

    /** The slot that was being rebuilt stays out. */
    void doesNotJoin(int slot, String reason) {
        members.doesNotJoin(slot, reason);
        underWay.forEach(operation -> operation.disregard(slot));
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
            wentWrong(operation, slot, outcome);
        }
        if (outcome == DiskOutcome.OK && operation.kind() == Kind.REPAIR) {
            members.device(slot).ifPresent(Device::countRepaired);
        }
        if (operation.memberEnded(slot)) {
            answer(operation);
        }
    }

    /** A device that was given up has answered after all; its owner was told long ago. */
    void lateAnswer(MirrorOperation operation) {
        if (operation.isFree()) {
            operation.onePart[0] = null;
            free.push(operation);
        }
    }

    /**
     * Called every few seconds: takes out who has not answered a change for {@code mostTicks} calls, and goes on
     * without its answer. The last member is waited for however long it takes.
     *
     * @return slots (bits) that have not answered for so long and are waited for
     */
    public long tick(int mostTicks) {
        Checks.that(owner.isCurrent() && mostTicks > 0, "time passes on the array's own loop", mostTicks);
        long late = 0;
        for (MirrorOperation operation : underWay) {
            late |= operation.grow() > mostTicks ? operation.pending() : 0;
        }
        for (long left = late; left != 0; left &= left - 1) {
            int slot = Long.numberOfTrailingZeros(left);
            if (members.isJoining(slot)) {
                members.rebuild().ifPresent(joining -> joining.fail(SILENT));
            } else if (members.isOneOfSeveral(slot) && members.takeOut(slot, SILENT)) {
                underWay.forEach(other -> other.disregard(slot));
                lostUntold = true;
            }
        }
        long gone = late & ~members.targets();
        for (MirrorOperation operation : List.copyOf(underWay)) {
            for (long left = operation.pending() & gone; left != 0; left &= left - 1) {
                if (operation.giveUp(Long.numberOfTrailingZeros(left))) {
                    answer(operation);
                }
            }
        }
        return late & members.targets();
    }

    private void wentWrong(MirrorOperation operation, int slot, DiskOutcome outcome) {
        Kind kind = operation.kind();
        String reason = kind + ": " + Gather.words(outcome);
        if (members.isJoining(slot)) {
            members.rebuild().ifPresent(joining -> joining.fail(reason));
        } else if (outcome == DiskOutcome.FULL && kind != Kind.FLUSH) {
            Marks.reached("array.full");
            operation.sawFull();
        } else if (kind == Kind.FLUSH && Mutant.on("array.forgive-failed-flush")) {
            Checks.that(operation.counts(slot), "only what counts is forgiven", slot);
        } else if (members.takeOut(slot, reason)) {
            underWay.forEach(other -> other.disregard(slot));
            lostUntold = true;
        }
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
        if (operation.isFree()) {
            free.push(operation);
        }
        operation.tell(outcome);
        waiting.ifPresent(Rebuild::awaitedEnded);
    }

    private ArrayOutcome outcomeOf(MirrorOperation operation) {
        if (operation.kind() == Kind.DISCARD) {
            return ArrayOutcome.OK;
        }
        if (members.hasFailed()) {
            return ArrayOutcome.FAILED;
        }
        if (operation.isFull()) {
            return ArrayOutcome.NO_SPACE;
        }
        boolean lost = lostUntold || operation.isOnFewerThanItBegan();
        return lost && !Mutant.on("array.lose-member-silently") ? ArrayOutcome.MEMBER_LOST : ArrayOutcome.OK;
    }

    private void writeDurable(MirrorOperation operation, long offset, ByteBuffer[] parts, int count, Loop loop) {
        for (long left = members.targets(); left != 0; left &= left - 1) {
            int slot = Long.numberOfTrailingZeros(left);
            disk(slot).writeDurable(offset, parts, count, loop, operation, slot);
        }
    }

    private MirrorOperation begin(Kind kind, long on, ArrayDone done, long token) {
        MirrorOperation operation = free.isEmpty() ? new MirrorOperation(this) : free.pop();
        operation.begin(kind, on, members.present(), done, token);
        operation.place(underWay.size());
        underWay.add(operation);
        return operation;
    }

    private void covers(MirrorOperation operation, long address, long blocks) {
        operation.covers(address, blocks);
        Optional<Rebuild> rebuild = members.rebuild();
        if (rebuild.isPresent()) {
            rebuild.get().touched(address, blocks);
        }
    }

    private Disk disk(int slot) {
        return members.deviceOf(slot).disk();
    }

    /** False if the array takes no change any more; the asker is told in a later turn. */
    private boolean mayChange(Loop loop, ArrayDone done, long token) {
        Checks.that(loop == owner && owner.isCurrent(), "changes come from the array's own loop", token);
        Checks.that(!closed, "changes come before the end", token);
        if (members.hasFailed()) {
            later(loop, done, token, ArrayOutcome.FAILED);
        }
        return !members.hasFailed();
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
}
