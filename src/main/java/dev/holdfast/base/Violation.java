package dev.holdfast.base;

/**
 * A broken invariant of Holdfast itself: the state in memory is no longer what the code believes. It is not an error of
 * the outside world (bad input, a failing disk, a lost peer): those are ordinary results and never a violation.
 *
 * <p>Whoever owns the state must stop using it. Nothing catches a violation in order to go on.
 */
public final class Violation extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** A violation of the invariant that {@code claim} states. */
    public Violation(String claim) {
        super(claim);
    }
}
