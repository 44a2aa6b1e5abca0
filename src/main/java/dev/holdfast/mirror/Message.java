package dev.holdfast.mirror;

import dev.holdfast.base.Checks;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * What replicas of a shard say to each other. The network may lose, delay, repeat and reorder every one of them: what a
 * message says must be true, or without effect, whenever it arrives.
 */
public sealed interface Message {
    /** Who speaks to whom, in which epoch. */
    Route route();

    /**
     * @param from the start of the sender's process that speaks
     * @param to the start of the receiver's process that is meant
     * @param epoch of the set that the sender goes by
     */
    record Route(Member from, Member to, int epoch) {
        /** Checks the ranges. */
        public Route {
            Checks.that(epoch > 0 && !from.equals(to), "a message goes to somebody else", epoch, from.node());
        }

        Route back() {
            return new Route(to, from, epoch);
        }
    }

    /**
     * From the primary: hold these, which follow {@code previous}; without entries it renews the lease and says how far
     * the shard is.
     *
     * @param previous the entry before the batch; the receiver must have it
     * @param batch entries, maybe none
     * @param shard positions of the shard
     * @param logUpTo somebody waits until this is on stable storage everywhere
     * @param sentNanos the primary's clock, from which its lease counts
     */
    record Append(Route route, Position previous, Batch batch, Shard shard, long logUpTo, long sentNanos)
            implements Message {
        /** Checks that the batch follows. */
        public Append {
            Checks.that(batch.first() == previous.seq() + 1, "a batch follows what it says", batch.first());
        }
    }

    /**
     * Positions of a shard.
     *
     * @param commit held by all in-sync replicas: may be applied
     * @param stable logged by all in-sync replicas: a root may cover it
     * @param durable logged or rooted by all replicas, absent ones too: nobody will ever ask for it again
     */
    record Shard(long commit, long stable, long durable) {
        /** Checks the ranges. */
        public Shard {
            Checks.that(commit >= 0 && stable >= 0 && durable >= 0, "positions count from 0", commit, stable, durable);
        }
    }

    /**
     * To the primary: my log is yours up to {@code held}; never over a hole.
     *
     * @param held the last entry that is known to be the primary's, and everything before it is
     * @param logged as much of that as is on stable storage
     * @param rooted as much of that as is in the newest durable root
     * @param sentNanos of the newest append that this answers
     */
    record Have(Route route, long held, long logged, long rooted, long sentNanos) implements Message {
        /** Checks the order of positions. */
        public Have {
            Checks.that(logged >= 0 && logged <= held, "what is logged is held", logged, held);
            Checks.that(rooted >= 0 && rooted <= held, "what a root covers is held", rooted, held);
        }
    }

    /**
     * To the primary: this is my log, where do we fork? Asked when an epoch begins, until the primary speaks.
     *
     * @param history of it
     * @param held its end
     * @param rooted up to here a root covers it: that was stable, so every log that can ever lead has it
     * @param mixture of which position a part of an image was laid over it; {@link Position#START} if of none
     */
    record Past(Route route, History history, long held, long rooted, Position mixture) implements Message {
        /** So many runs a history has here at most; a frame with these is shorter than one with most entries. */
        public static final int MOST_RUNS = 1024;

        /** Of whose contents no root has anything. */
        public Past(Route route, History history, long held) {
            this(route, history, held, 0, Position.START);
        }

        /** Checks the ranges. */
        public Past {
            Checks.that(rooted >= 0 && rooted <= held, "what a root covers is held", rooted, held);
        }

        Position head() {
            return history.at(held);
        }
    }

    /**
     * From the primary: forget what is after {@code fork}, if you still stand at {@code head}. What stands at another
     * position was asked again since.
     */
    record Rewind(Route route, Position head, long fork) implements Message {
        /** Checks that something is to be forgotten. */
        public Rewind {
            Checks.that(fork >= 0 && fork < head.seq(), "a fork is before the head", fork, head.seq());
        }
    }

    /**
     * From the primary, to a replica that lacks entries that nobody keeps: these blocks are to be laid over what you
     * are, if you still stand at {@code base}.
     *
     * @param base seq up to which the receiver's log is the primary's
     * @param to the position that the image is of
     * @param sizeBytes of the shard there
     * @param piece of the image
     */
    record Image(Route route, long base, Position to, long sizeBytes, ImagePiece piece) implements Message {
        /** Checks the ranges. */
        public Image {
            Checks.that(base >= 0 && base < to.seq() && to.epoch() > 0, "an image is newer than its base", base);
            Checks.that(sizeBytes >= 0, "a shard has a length", sizeBytes);
        }
    }

    /**
     * From the primary: the image of {@code to} has no more pieces.
     *
     * @param base as of an {@link Image}
     * @param to the position that it is of
     * @param history of the primary's log up to there, its newest runs
     * @param kept snapshots of the shard there
     */
    record ImageEnd(Route route, long base, Position to, History history, KeptSnapshots kept) implements Message {
        /** No longer history is sent. */
        public static final int MOST_RUNS = 64;

        /** Checks that the history ends there. */
        public ImageEnd {
            Checks.that(history.runs().size() <= MOST_RUNS, "a history is cut to its newest runs");
            Checks.that(base >= 0 && base < to.seq(), "an image is newer than its base", base);
            Checks.that(history.at(to.seq()).equals(to), "the history has the position", to.epoch(), to.seq());
        }
    }

    /**
     * To the primary: of the image of {@code to} everything before {@code blocks} is laid here, in memory; {@link
     * Position#START} if none is under way.
     *
     * @param hasRoom whether another piece can be laid now; if not, this is said again when it can
     */
    record Laid(Route route, Position to, long blocks, boolean hasRoom) implements Message {
        /** Checks the range. */
        public Laid {
            Checks.that(blocks >= 0, "blocks count from 0", blocks);
        }
    }

    /**
     * From the primary, to the members of its set: it serves no more in this epoch, and nobody has to wait until a
     * lease is over.
     */
    record Resign(Route route) implements Message {}

    /**
     * Between any two members of a set: what do these ranges of a snapshot say with you? Asked again until it is
     * answered: no replica has it before its root does.
     */
    record Compare(Route route, Ranges ranges) implements Message {}

    /**
     * Ranges of a snapshot, which follow one another.
     *
     * @param snapshot that all members have at the same position
     * @param first block of the first range
     * @param unitBlocks length of each
     * @param units how many
     * @param reads whether every block is to be read too
     */
    record Ranges(long snapshot, long first, int unitBlocks, int units, boolean reads) {
        /** No more in one message. */
        public static final int MOST_UNITS = 512;

        /** No range is longer. */
        public static final int MOST_UNIT_BLOCKS = 4096;

        /** Checks the bounds. */
        public Ranges {
            Checks.that(snapshot > 0 && first >= 0, "ranges of a snapshot", snapshot, first);
            Checks.that(unitBlocks > 0 && unitBlocks <= MOST_UNIT_BLOCKS, "a range has a length", unitBlocks);
            Checks.that(units > 0 && units <= MOST_UNITS, "not too many", units);
        }
    }

    /** What a range says: equal for equal bytes. {@code blocks} are neither holes nor zeroes. */
    record Digest(long digest, int blocks) {}

    /**
     * To who asked: that is what they say here.
     *
     * @param at where the snapshot was made
     * @param sizeBytes of the shard there
     * @param digests of the first so many of {@code ranges}
     */
    record Digests(Route route, Ranges ranges, Position at, long sizeBytes, List<Digest> digests) implements Message {
        /** Checks that nothing is answered that was not asked. */
        public Digests {
            Checks.that(digests.size() <= ranges.units(), "what was asked is answered", digests.size());
            Checks.that(sizeBytes >= 0, "a shard has a length", sizeBytes);
        }
    }

    /**
     * Between any two that keep a copy: no disk here has {@code block} right; who has the bytes with {@code checksum}?
     * Asked again until it is answered, and true whenever it comes.
     */
    record Want(Route route, long block, int checksum) implements Message {
        /** Checks the range. */
        public Want {
            Checks.that(block >= 0, "blocks count from 0", block);
        }
    }

    /**
     * To who wanted {@code block} with {@code checksum}: maybe these bytes, which he proves before he uses them; or
     * none.
     *
     * @param bytes a block's, or nothing, between position and limit; of who received it only during that call
     */
    record Block(Route route, long block, int checksum, ByteBuffer bytes) implements Message {
        /** Checks the length. */
        public Block {
            Checks.that(block >= 0, "blocks count from 0", block);
            int given = bytes.remaining();
            Checks.that(given == 0 || given == ImagePiece.BLOCK_BYTES, "a block's bytes, or none", given);
        }
    }
}
