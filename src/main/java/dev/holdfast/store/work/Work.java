package dev.holdfast.store.work;

/** A long job on the committer's loop, done in slices so that group commits go on beside it. */
public interface Work {
    /** How a slice ended. */
    enum Progress {
        /** Call again in a later turn. */
        MORE,
        /** Something was started that will call {@link Runner#resume}. */
        WAITING,
        /** Nothing is left. */
        DONE
    }

    /** Does one bounded slice. A slice that answers WAITING has arranged for {@code runner.resume()}. */
    Progress slice(Runner runner);
}
