package dev.holdfast.array;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Crc32c;
import dev.holdfast.base.Marks;
import dev.holdfast.base.Mutant;
import dev.holdfast.device.Device;
import dev.holdfast.io.Disk;
import dev.holdfast.io.DiskDone;
import dev.holdfast.io.DiskOutcome;
import java.util.Arrays;
import java.util.Optional;

/**
 * The tries of one {@link BlockRead}: one copy at first, then the others for the blocks that were not good, and once
 * more round before a block is given up. It stays with its BlockRead, so that a read allocates nothing; slow paths may.
 *
 * <ol>
 *   <li>A block counts as read only when its checksum was right; good bytes are never read over.
 *   <li>{@code missing} shrinks or stays with every try; every try ends.
 *   <li>A copy counts as wrong only for blocks that another try found good.
 * </ol>
 */
final class MirrorRead implements DiskDone {
    private static final long WHOLE = -1;
    private static final int ROUNDS = 2;

    private final Mirror mirror;
    private final MemberSet members;
    private final BlockRead read;
    private final Crc32c checksum = new Crc32c();
    private final long[] wrong;
    private final long[] unanswered;
    private Optional<Device> device = Optional.empty();
    private int base;
    private long missing;
    private long tried;
    private int round;
    private int slot;
    private int pending;

    MirrorRead(Mirror mirror, BlockRead read) {
        this.mirror = mirror;
        this.members = mirror.memberSet();
        this.read = read;
        this.wrong = new long[members.count()];
        this.unanswered = new long[members.count()];
    }

    boolean belongsTo(Mirror other) {
        return mirror == other;
    }

    void start() {
        Checks.that(pending == 0, "a read ends before it is used again", pending);
        base = read.into.position();
        missing = allBlocks();
        tried = ~read.copies;
        round = 1;
        Arrays.fill(wrong, 0);
        Arrays.fill(unanswered, 0);
        tryNext();
    }

    private void tryNext() {
        slot = nextSlot();
        if (slot == MemberSet.NONE && round < ROUNDS) {
            Marks.reached("array.second-round");
            round++;
            tried = ~read.copies;
            slot = nextSlot();
        }
        if (slot == MemberSet.NONE) {
            finish();
        } else if (missing == allBlocks()) {
            pending = 1;
            disk().read(mirror.offsetOf(read.address), read.into, read.loop, this, WHOLE);
        } else {
            tryPieces();
        }
    }

    /** The next slot to try, whose device is kept: it may leave its slot at any time. */
    private int nextSlot() {
        int next = members.choose(read.address, tried);
        while (next != MemberSet.NONE) {
            device = members.device(next);
            if (device.isPresent()) {
                return next;
            }
            tried |= 1L << next;
            next = members.choose(read.address, tried);
        }
        return next;
    }

    private Disk disk() {
        Checks.that(device.isPresent(), "a try has a device", slot);
        return device.get().disk();
    }

    private void tryPieces() {
        pending = Long.bitCount(missing);
        long offset = mirror.offsetOf(read.address);
        for (long left = missing; left != 0; left &= left - 1) {
            int block = Long.numberOfTrailingZeros(left);
            int at = block * Disk.BLOCK_BYTES;
            disk().read(offset + at, read.into.slice(base + at, Disk.BLOCK_BYTES), read.loop, this, block);
        }
    }

    @Override
    public void done(long token, DiskOutcome outcome) {
        Checks.that(pending > 0, "each try ends once", pending);
        pending--;
        if (token != WHOLE) {
            judge((int) token, outcome);
        } else if (outcome == DiskOutcome.MEDIA_ERROR && read.blocks > 1) {
            tryPieces();
        } else {
            for (int block = 0; block < read.blocks; block++) {
                judge(block, outcome);
            }
        }
        if (outcome == DiskOutcome.GONE) {
            members.suspect(slot);
        }
        if (pending == 0) {
            tryEnded();
        }
    }

    private void judge(int block, DiskOutcome outcome) {
        long bit = 1L << block;
        unanswered[slot] = outcome == DiskOutcome.GONE ? unanswered[slot] | bit : unanswered[slot] & ~bit;
        if (outcome == DiskOutcome.OK && verifies(block)) {
            missing &= ~bit;
            wrong[slot] &= ~bit;
        } else {
            wrong[slot] |= bit;
        }
    }

    private boolean verifies(int block) {
        return checksum.ofBlock(read.into, base + block * Disk.BLOCK_BYTES) == read.checksums[block]
                || Mutant.on("array.skip-checksum");
    }

    private void tryEnded() {
        tried |= 1L << slot;
        if (wrong[slot] != 0) {
            device.ifPresent(it -> it.countReadErrors(Long.bitCount(wrong[slot])));
        }
        if (missing == 0) {
            finish();
        } else {
            Marks.reached("array.other-copy");
            tryNext();
        }
    }

    private void finish() {
        Checks.that((missing & ~allBlocks()) == 0, "only blocks asked for are missing", missing);
        read.bad = missing;
        read.repairable = 0;
        read.wrongCopies = 0;
        read.unanswered = 0;
        for (long left = members.present(); left != 0; left &= left - 1) {
            int member = Long.numberOfTrailingZeros(left);
            long mendable = wrong[member] & ~missing;
            read.repairable |= mendable;
            read.unanswered |= unanswered[member] & missing;
            read.wrongCopies |= mendable == 0 ? 0 : 1L << member;
        }
        read.done.done(read);
    }

    private long allBlocks() {
        return -1L >>> (BlockRead.MAX_BLOCKS - read.blocks);
    }
}
