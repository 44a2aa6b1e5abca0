package dev.holdfast.base;

import java.util.function.LongConsumer;

/** Runs a random test for some seeds, and says with which one it failed and how to repeat it. */
public final class Seeds {
    private static final String PROPERTY = "holdfast.seed";

    private Seeds() {}

    /** Seeds 1 .. {@code count}, or only the one given with {@code -Dholdfast.seed=N}. */
    public static void each(int count, LongConsumer test) {
        Long only = Long.getLong(PROPERTY);
        if (only != null) {
            one(only, test);
            return;
        }
        for (long seed = 1; seed <= count; seed++) {
            one(seed, test);
        }
    }

    private static void one(long seed, LongConsumer test) {
        try {
            test.accept(seed);
        } catch (RuntimeException | AssertionError failure) {
            throw new AssertionError("seed " + seed + "; repeat with -D" + PROPERTY + "=" + seed, failure);
        }
    }
}
