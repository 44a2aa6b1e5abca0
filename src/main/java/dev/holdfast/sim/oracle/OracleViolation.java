package dev.holdfast.sim.oracle;

/** The product broke a promise to its clients; the message says which, where, and what was allowed. */
public final class OracleViolation extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** A broken promise. */
    public OracleViolation(String claim) {
        super(claim);
    }
}
