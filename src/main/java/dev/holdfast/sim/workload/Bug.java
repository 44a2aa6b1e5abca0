package dev.holdfast.sim.workload;

/** What a {@link MemoryVolume} does wrong, so that an oracle can show that it notices. */
public enum Bug {
    /** Nothing. */
    NONE,
    /** Process death loses the last acknowledged changes. */
    FORGETS_AT_DEATH,
    /** A flush is acknowledged and does nothing. */
    FLUSH_DOES_NOTHING,
    /** A forced write is acknowledged before it is durable. */
    FORCE_IGNORED,
    /** After process death, what was acknowledged before it is not covered by a flush. */
    FLUSH_FORGETS_BEFORE_DEATH,
    /** A power cut leaves half of a block's newest version. */
    TEARS_BLOCKS,
    /** A power cut keeps newer changes and loses older ones, each block by itself in order. */
    LOSES_OUT_OF_ORDER,
    /** A power cut brings back a version from before the last flush. */
    REVIVES_OLD_VERSION,
    /** A read sometimes returns what a block held before. */
    STALE_READ,
    /** Trims are acknowledged and nothing reads as zeroes. */
    TRIM_KEEPS,
    /** A zeroing forgets its last block. */
    ZERO_STOPS_SHORT,
    /** A write sometimes lands one block further. */
    MISPLACES,
    /** A sub-block write zeroes the rest of its block. */
    PADS_WITH_ZEROES,
    /** A write is acknowledged some time before reads see it. */
    ACKNOWLEDGES_EARLY,
    /** What was in doubt at process death is seen once and is gone later. */
    TAKES_BACK_WHAT_WAS_SEEN,
    /** Extents report allocated blocks as holes. */
    EXTENTS_LIE
}
