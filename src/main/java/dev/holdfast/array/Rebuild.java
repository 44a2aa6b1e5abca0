package dev.holdfast.array;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Mutant;
import dev.holdfast.device.BlockBuffer;
import dev.holdfast.device.Geometry;
import dev.holdfast.io.Disk;
import dev.holdfast.io.DiskOutcome;
import dev.holdfast.io.Loop;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Brings one device of a mirror up to date while the array serves. Its owner, the pool's committer, says which blocks
 * are in use; this does not know. Every step tells what is wrong, if something is; then the rebuild is over and the
 * array is as it was.
 *
 * <ol>
 *   <li>The device's root ring is emptied first: until a root names the device, nothing on it is taken for current.
 *   <li>When {@code ready} is told, every change goes to the device too, and all that was under way before has ended: a
 *       block in use then either can be copied or will be written to the device.
 *   <li>A copy never ends over a newer write: if one touched the range meanwhile, the range is copied again.
 *   <li>The device is a member when {@code finished} is told. The first root that names it has a higher generation and
 *       belongs to a consistency point that froze after {@code ready}, so that the log it continues is on it.
 * </ol>
 *
 * Copies are not verified, as the array has no checksums: what was rotten stays so until a read or a scrub finds it.
 */
public final class Rebuild {
    /** Most blocks of one {@link #copy}. */
    public static final int COPY_BLOCKS = 256;

    private static final Consumer<Optional<String>> NOBODY = problem -> {};

    private final Mirror mirror;
    private final MemberSet members;
    private final Loop loop;
    private final int slot;
    private final ByteBuffer buffer = BlockBuffer.allocate(COPY_BLOCKS * Disk.BLOCK_BYTES);
    private State state = State.EMPTYING;
    private Consumer<Optional<String>> told;
    private Optional<String> problem = Optional.empty();
    private int underWay;
    private int awaited;
    private boolean touched;
    private long address;
    private int blocks;
    private int copied;
    private int unreadable;
    private int piece;
    private long tried;
    private long copiedBlocks;
    private long unreadableBlocks;

    private enum State {
        /** The root ring is being overwritten. */
        EMPTYING,
        /** What was under way when changes began to go to the device is waited for. */
        SETTLING,
        /** Nothing to do; the owner may ask for the next step. */
        READY,
        /** Writes to the range asked for are waited for. */
        WAITING,
        /** A range is being read and written. */
        COPYING,
        /** What was written is being made durable. */
        FLUSHING,
        /** It is a member, or it failed. */
        OVER
    }

    private Rebuild(Mirror mirror, int slot, Consumer<Optional<String>> ready) {
        this.mirror = mirror;
        this.members = mirror.memberSet();
        this.loop = mirror.owner();
        this.slot = slot;
        this.told = ready;
    }

    /**
     * Begins to rebuild the device in {@code slot}, which is there and is not a member; whatever it holds is lost. On
     * the array's loop; {@code ready} comes there later.
     */
    public static Rebuild begin(Mirror mirror, int slot, Consumer<Optional<String>> ready) {
        Rebuild rebuild = new Rebuild(mirror, slot, ready);
        Checks.that(mirror.owner().isCurrent(), "changes come from the array's own loop", slot);
        rebuild.members.begins(rebuild);
        ByteBuffer[] zeroes = {BlockBuffer.allocate(Geometry.ROOT_BYTES)};
        rebuild.underWay++;
        rebuild.disk(slot)
                .writeDurable(
                        Geometry.ROOT_OFFSET, zeroes, 1, rebuild.loop, (token, outcome) -> rebuild.emptied(outcome), 0);
        return rebuild;
    }

    /** Copies blocks in use, at most {@link #COPY_BLOCKS}; one step at a time. */
    public void copy(long firstBlock, int count, Consumer<Optional<String>> done) {
        Checks.that(count > 0 && count <= COPY_BLOCKS, "a bounded copy", count);
        Checks.that(firstBlock > 0 && firstBlock <= mirror.dataBlocks() - count, "inside the data area", firstBlock);
        if (isNextStep(done)) {
            address = firstBlock;
            blocks = count;
            waitForWrites();
        }
    }

    /** Makes everything durable and the device a member; when all blocks in use were copied. */
    public void finish(Consumer<Optional<String>> finished) {
        if (isNextStep(finished)) {
            state = State.FLUSHING;
            underWay++;
            disk(slot).flush(loop, (token, outcome) -> flushed(outcome), 0);
        }
    }

    /** Gives up. The step under way, if there is one, is told {@code why}; {@link #isOver} says when it is done. */
    public void abandon(String why) {
        if (state != State.OVER) {
            fail(why);
        }
    }

    /** True when nothing of it is left and another rebuild may begin. */
    public boolean isOver() {
        return state == State.OVER && underWay == 0;
    }

    /** The slot. */
    public int slot() {
        return slot;
    }

    /** Blocks copied so far. */
    public long copiedBlocks() {
        return copiedBlocks;
    }

    /** Blocks no member could read: they are as bad here as there. */
    public long unreadableBlocks() {
        return unreadableBlocks;
    }

    /** A change to these blocks begins. */
    void touched(long firstBlock, long count) {
        touched |= address < firstBlock + count && firstBlock < address + blocks;
    }

    /** One of the operations waited for has ended. */
    void awaitedEnded() {
        Checks.that(awaited > 0, "something is waited for", awaited);
        awaited--;
        settle();
    }

    /** The device failed, or its owner gave up. */
    void fail(String why) {
        Checks.that(state != State.OVER, "a rebuild ends once");
        state = State.OVER;
        problem = Optional.of("rebuild of place " + slot + " failed: " + why);
        mirror.doesNotJoin(slot, "rebuild failed: " + why);
        underWay++;
        loop.post(() -> stepEnded(DiskOutcome.OK));
    }

    private Disk disk(int of) {
        return members.deviceOf(of).disk();
    }

    private boolean isNextStep(Consumer<Optional<String>> step) {
        Checks.that(told == NOBODY, "one step at a time");
        Checks.that(state == State.READY || problem.isPresent(), "a step follows a step that ended");
        told = step;
        if (state == State.OVER) {
            underWay++;
            loop.post(() -> stepEnded(DiskOutcome.OK));
        }
        return state != State.OVER;
    }

    /** Counts an operation of this rebuild that ended; true if the rebuild goes on. */
    private boolean stepEnded(DiskOutcome outcome) {
        Checks.that(underWay > 0, "each operation ends once", underWay);
        underWay--;
        if (outcome != DiskOutcome.OK && state != State.OVER) {
            fail(Gather.words(outcome));
        }
        if (isOver()) {
            members.isOver(this);
            tell();
        }
        return state != State.OVER;
    }

    private void tell() {
        Consumer<Optional<String>> whom = told;
        told = NOBODY;
        whom.accept(problem);
    }

    private void ready() {
        state = State.READY;
        tell();
    }

    private void emptied(DiskOutcome outcome) {
        if (stepEnded(outcome)) {
            members.joins(slot);
            awaited = mirror.awaitOperations(this, 1, mirror.dataBlocks());
            state = State.SETTLING;
            settle();
        }
    }

    private void settle() {
        if (awaited > 0) {
            return;
        }
        switch (state) {
            case SETTLING -> ready();
            case WAITING -> waitForWrites();
            case EMPTYING, READY, COPYING, FLUSHING, OVER -> {}
        }
    }

    /** More may have begun while others were waited for: a copy starts when there is none. */
    private void waitForWrites() {
        state = State.WAITING;
        awaited = mirror.awaitOperations(this, address, blocks);
        if (awaited == 0 || Mutant.on("array.copy-over-newer")) {
            startCopy();
        }
    }

    private void startCopy() {
        state = State.COPYING;
        touched = false;
        copied = 0;
        unreadable = 0;
        piece = blocks;
        tried = 0;
        readPiece();
    }

    /** Reads the next piece, the whole range at first, from a member not tried yet. */
    private void readPiece() {
        int source = members.choose(address, tried);
        while (source == MemberSet.NONE) {
            tried = 0;
            if (piece > 1) {
                piece = 1;
            } else {
                copied++;
                unreadable++;
            }
            if (copied == blocks) {
                copyEnded();
                return;
            }
            source = members.choose(address, tried);
        }
        tried |= 1L << source;
        underWay++;
        int from = source;
        buffer.clear().limit(piece * Disk.BLOCK_BYTES);
        disk(source).read(mirror.offsetOf(address + copied), buffer, loop, (token, how) -> pieceWasRead(from, how), 0);
    }

    private void pieceWasRead(int source, DiskOutcome outcome) {
        if (!stepEnded(DiskOutcome.OK)) {
            return;
        }
        if (outcome != DiskOutcome.OK) {
            members.deviceOf(source).countReadErrors(1);
            readPiece();
            return;
        }
        underWay++;
        disk(slot).write(mirror.offsetOf(address + copied), buffer, loop, (token, how) -> pieceWasWritten(how), 0);
    }

    private void pieceWasWritten(DiskOutcome outcome) {
        if (!stepEnded(outcome)) {
            return;
        }
        copied += piece;
        tried = 0;
        if (copied < blocks) {
            readPiece();
        } else {
            copyEnded();
        }
    }

    private void copyEnded() {
        Checks.that(copied == blocks, "every block of the range was tried", copied, blocks);
        if (touched && !Mutant.on("array.copy-over-newer")) {
            waitForWrites();
            return;
        }
        copiedBlocks += blocks - unreadable;
        unreadableBlocks += unreadable;
        blocks = 0;
        ready();
    }

    private void flushed(DiskOutcome outcome) {
        if (stepEnded(outcome)) {
            state = State.OVER;
            members.joined();
            tell();
        }
    }
}
