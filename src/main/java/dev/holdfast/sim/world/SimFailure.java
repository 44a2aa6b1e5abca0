package dev.holdfast.sim.world;

/** A simulated world came to an end it should not have: what failed, the seed, and the last events. */
public final class SimFailure extends AssertionError {
    private static final long serialVersionUID = 1L;
    private static final int LINES = 40;

    SimFailure(SimWorld world, String claim) {
        super(text(world, claim));
    }

    /** {@code cause} ended {@code world}. */
    public SimFailure(SimWorld world, Throwable cause) {
        super(text(world, cause.toString()), cause);
    }

    private static String text(SimWorld world, String claim) {
        return claim + System.lineSeparator()
                + "seed " + world.seed() + ", event " + world.log().count() + ", " + world.nowNanos() + " virtual ns"
                + System.lineSeparator() + world.log().tail(LINES);
    }
}
