package dev.holdfast.base;

import java.util.TreeMap;

/**
 * Names for rare branches, so that a simulation can show that it walked them: {@code Marks.reached("ring.wrapped")}.
 * They change nothing and count nothing in production, where a mark is one load and one branch.
 *
 * <p>A name is a constant: a test collects all names from the compiled classes. Recording is for one thread at a time.
 */
public final class Marks {
    private static final TreeMap<String, Long> COUNTS = new TreeMap<>();
    private static boolean recording;

    private Marks() {}

    /** The branch that {@code name} stands for was taken. */
    public static void reached(String name) {
        if (recording) {
            COUNTS.merge(name, 1L, Long::sum);
        }
    }

    /** Forgets everything and counts from now on. */
    public static void record() {
        COUNTS.clear();
        recording = true;
    }

    /** Stops counting; what was counted is kept. */
    public static void stop() {
        recording = false;
    }

    /** How often each mark was reached, in order of name; a copy. */
    public static TreeMap<String, Long> counts() {
        return new TreeMap<>(COUNTS);
    }
}
