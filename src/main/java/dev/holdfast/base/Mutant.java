package dev.holdfast.base;

/**
 * Planted bugs, by which tests prove that an oracle or a check notices: {@code if (Mutant.on("store.skip-flush"))}.
 * At most one is active; in production none ever is, and asking costs one load and one branch.
 *
 * <p>Every name stands with a sentence in {@code src/test/resources/mutants.txt}, which a test compares with the
 * compiled classes. A mutant is planted before the code that asks for it starts, by the thread that starts it.
 */
public final class Mutant {
    private static String active = "";

    private Mutant() {}

    /** True if the bug called {@code name} is planted; {@code name} is a constant. */
    public static boolean on(String name) {
        return !active.isEmpty() && active.equals(name);
    }

    /** Plants the bug called {@code name} in place of any other. */
    public static void plant(String name) {
        Checks.that(!name.isEmpty(), "a mutant has a name");
        active = name;
    }

    /** Takes the planted bug out again. */
    public static void remove() {
        active = "";
    }
}
