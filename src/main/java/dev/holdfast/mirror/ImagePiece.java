package dev.holdfast.mirror;

import dev.holdfast.base.Checks;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * What an image says of some blocks in a row, each of 4096 bytes: those of the runs are replaced, the others between
 * stay as they are.
 *
 * @param first the first block
 * @param end the block after the last; the next piece begins there
 * @param runs ascending, between first and end
 * @param bytes of all runs that have some, in order, between position and limit
 */
public record ImagePiece(long first, long end, List<Run> runs, ByteBuffer bytes) {
    /** Bytes of a block. */
    public static final int BLOCK_BYTES = 4096;

    /** Most blocks with bytes of one piece. */
    public static final int MOST_BLOCKS = 256;

    /** Most runs of one piece. */
    public static final int MOST_RUNS = 512;

    /** What the blocks of a run become. */
    public enum Kind {
        /** Bytes that the piece has. */
        BYTES,
        /** Zero. */
        ZEROES,
        /** Errors until they are written whole: whoever made the image has lost them. */
        ERRORS
    }

    /** So many blocks from {@code first} on. */
    public record Run(Kind kind, long first, long blocks) {
        /** Checks the ranges. */
        public Run {
            Checks.that(first >= 0 && blocks > 0, "a run has blocks", first, blocks);
        }

        long end() {
            return first + blocks;
        }
    }

    /** Checks order and lengths. */
    public ImagePiece {
        runs = List.copyOf(runs);
        Checks.that(first >= 0 && end >= first && runs.size() <= MOST_RUNS, "a piece is a range", first, end);
        long at = first;
        long withBytes = 0;
        for (Run run : runs) {
            Checks.that(run.first >= at && run.end() <= end, "runs ascend in their piece", run.first, at);
            at = run.end();
            withBytes += run.kind == Kind.BYTES ? run.blocks : 0;
        }
        boolean matches = withBytes <= MOST_BLOCKS && withBytes * BLOCK_BYTES == bytes.remaining();
        Checks.that(matches, "a piece has the bytes of its runs", withBytes, bytes.remaining());
    }
}
