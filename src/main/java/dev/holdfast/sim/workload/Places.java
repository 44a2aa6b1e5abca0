package dev.holdfast.sim.workload;

import dev.holdfast.base.Checks;
import dev.holdfast.block.BlockVolume;
import dev.holdfast.io.Disk;
import dev.holdfast.sim.random.SimRandom;

/** Picks where requests go: a few spots, the volume's beginning and end among them; ranges of every alignment. */
final class Places {
    private static final int BLOCK_BYTES = Disk.BLOCK_BYTES;

    private final SimRandom random;
    private final long[] spots;
    private final long spotBytes;
    private final int longestBlocks;
    private final long sizeBytes;
    private long offset;
    private long lengthBytes;

    Places(Mix.Shape shape, long sizeBytes, SimRandom random) {
        this.random = random;
        this.sizeBytes = sizeBytes;
        this.spotBytes = Math.min(sizeBytes, (long) shape.spotBlocks() * BLOCK_BYTES);
        this.longestBlocks = shape.longestBlocks();
        this.spots = new long[shape.spots()];
        Checks.that(sizeBytes >= BLOCK_BYTES, "a volume has a block", sizeBytes);
        long lastBlock = (sizeBytes - spotBytes) / BLOCK_BYTES;
        for (int i = 0; i < spots.length; i++) {
            spots[i] = random.below(lastBlock + 1) * BLOCK_BYTES;
        }
        spots[0] = 0;
        spots[spots.length - 1] = lastBlock * BLOCK_BYTES;
    }

    private Places(Places other, SimRandom random) {
        this.random = random;
        this.sizeBytes = other.sizeBytes;
        this.spots = other.spots;
        this.spotBytes = other.spotBytes;
        this.longestBlocks = other.longestBlocks;
    }

    /** The same places, picked by {@code other}. */
    Places copy(SimRandom other) {
        return new Places(this, other);
    }

    long offset() {
        return offset;
    }

    long lengthBytes() {
        return lengthBytes;
    }

    /** Picks the next range. */
    void pick() {
        long spot = spots[random.below(spots.length)];
        int blocks = (int) (spotBytes / BLOCK_BYTES);
        int block = random.below(blocks);
        int left = (blocks - block) * BLOCK_BYTES;
        offset = spot + (long) block * BLOCK_BYTES;
        switch (random.below(20)) {
            case 0, 1, 2 -> pickWithinBlock(512);
            case 3, 4 -> pickWithinBlock(1);
            case 5, 6 -> {
                int skipped = random.below(BLOCK_BYTES);
                offset += skipped;
                lengthBytes = 1 + random.below(Math.min(left, 3 * BLOCK_BYTES) - skipped);
            }
            case 7, 8, 9, 10 -> lengthBytes = Math.min(left, (1 + random.below(4)) * BLOCK_BYTES);
            case 11 -> lengthBytes = Math.min(left, (1 + random.below(longestBlocks)) * BLOCK_BYTES);
            default -> lengthBytes = BLOCK_BYTES;
        }
    }

    /** Makes the range just picked as long as one transfer, or the spot, allows. */
    void makeLong() {
        offset -= offset % BLOCK_BYTES;
        lengthBytes = Math.min(BlockVolume.MAX_TRANSFER_BYTES, sizeBytes - offset);
    }

    /** Picks a range that may be as long as the volume, with some spot in it. */
    void pickWide() {
        long spot = spots[random.below(spots.length)];
        long before = random.below(Math.min(spot, 1L << random.between(12, 44)) + 1);
        long after = random.below(Math.min(sizeBytes - spot, 1L << random.between(12, 44)) + 1);
        boolean aligned = random.oneIn(2);
        offset = aligned ? (spot - before) / BLOCK_BYTES * BLOCK_BYTES : spot - before;
        lengthBytes = Math.max(1, spot + after - offset);
    }

    private void pickWithinBlock(int unitBytes) {
        int units = BLOCK_BYTES / unitBytes;
        int first = random.below(units);
        offset += (long) first * unitBytes;
        lengthBytes = (1L + random.below(units - first)) * unitBytes;
    }
}
