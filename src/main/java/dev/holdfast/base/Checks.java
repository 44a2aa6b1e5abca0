package dev.holdfast.base;

/**
 * Invariants, stated where they must hold; always on, in production too. Not for input from outside: bad input is an
 * ordinary result and gets an answer, a broken invariant throws a {@link Violation}.
 *
 * <p>Success allocates nothing, so a check may stand on the hot path: pass constant text and numbers, never a
 * concatenation. The text states what must be true ({@code "the ring has room"}).
 */
public final class Checks {
    private Checks() {}

    /** Throws {@link Violation} unless {@code condition} holds. */
    public static void that(boolean condition, String claim) {
        if (!condition) {
            throw new Violation(claim);
        }
    }

    /** Throws {@link Violation} naming {@code value} unless {@code condition} holds. */
    public static void that(boolean condition, String claim, long value) {
        if (!condition) {
            throw new Violation(claim + ": " + value);
        }
    }

    /** Throws {@link Violation} naming both values unless {@code condition} holds. */
    public static void that(boolean condition, String claim, long first, long second) {
        if (!condition) {
            throw new Violation(claim + ": " + first + ", " + second);
        }
    }

    /** Throws {@link Violation} naming all three values unless {@code condition} holds. */
    public static void that(boolean condition, String claim, long first, long second, long third) {
        if (!condition) {
            throw new Violation(claim + ": " + first + ", " + second + ", " + third);
        }
    }

    /** The violation to throw where control flow must never arrive: {@code throw Checks.unreachable("...")}. */
    public static Violation unreachable(String claim) {
        return new Violation(claim);
    }
}
