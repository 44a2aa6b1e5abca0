package dev.holdfast.sim.world;

import dev.holdfast.sim.random.SimRandom;

/**
 * One way in which a crash may treat what a disk was told and had not made durable. It decides, write by write, which
 * 512-byte units survive; it knows nothing of what they hold.
 */
public interface Crash {
    /** Every unit of a block. */
    int ALL_UNITS = 0xFF;

    /** The write stopped in the middle of the first unit that reached the medium: its second half did not. */
    int STOPPED = 0x100;

    /** True if the power went, false if only the process died (what completed then stays, even unflushed). */
    boolean isPowerCut();

    /**
     * Which 512-byte units of one block reach the medium: bit u for unit u, and perhaps {@link #STOPPED}. After process
     * death it must be all or none, the same for every block of a write.
     *
     * @param write number of the write among those that are volatile: completed ones in order, then those under way
     * @param block number of the block within the write
     */
    int units(int write, int block, boolean underWay);

    /** Process death where volatile write {@code write} is done if bit {@code write % 64} of {@code mask} is set. */
    static Crash processDeath(long mask) {
        return new Chosen(false, mask);
    }

    /** Power cut where volatile write {@code write} is there whole if bit {@code write % 64} of {@code mask} is set. */
    static Crash powerCut(long mask) {
        return new Chosen(true, mask);
    }

    /** Process death where each write under way is done or not at random. */
    static Crash processDeath(SimRandom random) {
        return new Chosen(false, random.nextLong());
    }

    /** A power cut in one of several styles, from nothing kept to every unit by itself. */
    static Crash powerCut(SimRandom random) {
        return switch (random.below(6)) {
            case 0 -> new Chosen(true, 0);
            case 1 -> new Chosen(true, -1);
            case 2 -> new Torn(random, random.nextLong(), 0);
            case 3 -> new Torn(random, random.nextLong(), 4);
            case 4 -> new Prefix(random, 1 + random.below(64));
            default -> new Torn(random, -1, 1);
        };
    }

    /** Whole writes, by a mask. */
    record Chosen(boolean isPowerCut, long mask) implements Crash {
        @Override
        public int units(int write, int block, boolean underWay) {
            return (mask >>> (write & 63) & 1) == 0 ? 0 : ALL_UNITS;
        }
    }

    /** Writes by a mask; one in {@code oneInTorn} of their blocks, and every block under way, is a mixture. */
    record Torn(SimRandom random, long mask, int oneInTorn) implements Crash {
        @Override
        public boolean isPowerCut() {
            return true;
        }

        @Override
        public int units(int write, int block, boolean underWay) {
            if ((mask >>> (write & 63) & 1) == 0) {
                return 0;
            }
            if (underWay) {
                return random.below(2 * STOPPED);
            }
            return random.oneIn(oneInTorn) ? random.below(ALL_UNITS + 1) : ALL_UNITS;
        }
    }

    /** The first writes up to a number, the last of them torn after some unit. */
    record Prefix(SimRandom random, int whole) implements Crash {
        @Override
        public boolean isPowerCut() {
            return true;
        }

        @Override
        public int units(int write, int block, boolean underWay) {
            if (write == whole) {
                return (1 << random.below(9)) - 1;
            }
            return write < whole ? ALL_UNITS : 0;
        }
    }
}
