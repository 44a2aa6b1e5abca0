package dev.holdfast.array;

import dev.holdfast.io.Loop;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * One read of up to {@link #MAX_BLOCKS} consecutive blocks with the checksum each must have. Reused by its owner.
 *
 * <p>Every copy is tried until one verifies. When it has ended, {@link #bad} has a bit for every block no copy of which
 * verified (its bytes are then not to be used), {@link #unanswered} those of them that nobody knows to be lost, {@link
 * #repairable} a bit for every block that some copy had wrong and
 * another right, and {@link #wrongCopies} the slots that were wrong.
 */
public final class BlockRead {
    /** The longest run of one read, in blocks. */
    public static final int MAX_BLOCKS = 64;

    /** Any copy will do. */
    public static final long ALL_COPIES = -1;

    /** First address. */
    public long address;

    /** Number of blocks. */
    public int blocks;

    /** Slots (bits) whose copies may be tried; all of them unless somebody wants to look at one. */
    public long copies = ALL_COPIES;

    /** CRC32C each block must have. */
    public final int[] checksums = new int[MAX_BLOCKS];

    /** Where the bytes go: direct, {@code blocks * 4096} bytes from its position to its limit. */
    public ByteBuffer into;

    /** Where {@link #done} runs. */
    public final Loop loop;

    /** Bits of blocks that could not be read. */
    public long bad;

    /** Bits of blocks that could not be read, where some device did not answer: they may be good when it does. */
    public long unanswered;

    /** Bits of blocks that were good somewhere and wrong elsewhere. */
    public long repairable;

    /** Slots (bits) that had a repairable block wrong. */
    public long wrongCopies;

    /** For the owner. */
    public long cookie;

    /** Told when it has ended. */
    public final Done done;

    private Optional<MirrorRead> tries = Optional.empty();

    /** A reusable read that ends on {@code loop}. */
    public BlockRead(ByteBuffer into, Loop loop, Done done) {
        this.into = into;
        this.loop = loop;
        this.done = done;
    }

    /** The state of this read's tries in {@code mirror}, made once. */
    MirrorRead triesIn(Mirror mirror) {
        if (tries.isEmpty() || !tries.get().belongsTo(mirror)) {
            tries = Optional.of(new MirrorRead(mirror, this));
        }
        return tries.get();
    }

    /** Told when a read has ended. */
    @FunctionalInterface
    public interface Done {
        /** The results are in {@code read}. */
        void done(BlockRead read);
    }
}
