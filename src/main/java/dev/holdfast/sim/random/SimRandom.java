package dev.holdfast.sim.random;

import dev.holdfast.base.Checks;

/**
 * A stream of pseudo-random numbers that is the same on every Java and every machine (xoshiro256++, seeded by
 * SplitMix64). It is no source of secrets.
 *
 * <p>Source: Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators", 2018.
 */
public final class SimRandom {
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private long state0;
    private long state1;
    private long state2;
    private long state3;

    /** The stream that {@code seed} names. */
    public SimRandom(long seed) {
        long state = seed + GOLDEN;
        state0 = mix(state);
        state += GOLDEN;
        state1 = mix(state);
        state += GOLDEN;
        state2 = mix(state);
        state += GOLDEN;
        state3 = mix(state);
    }

    /** SplitMix64's finalizer: every bit of the result depends on every bit of {@code value}; zero stays zero. */
    public static long mix(long value) {
        long mixed = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
        return mixed ^ (mixed >>> 31);
    }

    /** 64 random bits. */
    public long nextLong() {
        long result = Long.rotateLeft(state0 + state3, 23) + state0;
        long shifted = state1 << 17;
        state2 ^= state0;
        state3 ^= state1;
        state1 ^= state2;
        state0 ^= state3;
        state2 ^= shifted;
        state3 = Long.rotateLeft(state3, 45);
        return result;
    }

    /** A number in [0, bound); the bias is below bound / 2^64. */
    public long below(long bound) {
        Checks.that(bound > 0, "a bound is positive", bound);
        return Math.unsignedMultiplyHigh(nextLong(), bound);
    }

    /** A number in [0, bound). */
    public int below(int bound) {
        return (int) below((long) bound);
    }

    /** A number in [low, high], both included. */
    public long between(long low, long high) {
        return low + below(high - low + 1);
    }

    /** True once in {@code oneIn} calls, on average; never for 0. */
    public boolean oneIn(int oneIn) {
        return oneIn > 0 && below(oneIn) == 0;
    }

    /** True in {@code perMillion} of a million calls, on average. Draws nothing for 0. */
    public boolean perMillion(int perMillion) {
        return perMillion > 0 && below(1_000_000) < perMillion;
    }

    /** A stream of its own, so that one actor's draws do not shift another's. */
    public SimRandom split() {
        return new SimRandom(nextLong());
    }
}
