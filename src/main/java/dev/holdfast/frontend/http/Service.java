package dev.holdfast.frontend.http;

import dev.holdfast.base.Id128;
import dev.holdfast.cluster.control.Controller;
import dev.holdfast.cluster.control.Operation;
import dev.holdfast.cluster.control.Result;
import dev.holdfast.store.Pool;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** What the API asks of a node. Every call may come from any thread; answers come on the node's control loop. */
public interface Service {
    /** Does an operation once per {@code id}. */
    void submit(Id128 id, Operation operation, Consumer<Result> answer);

    /** What {@link #submit} would do. */
    void dryRun(Operation operation, Consumer<Controller.DryRun> answer);

    /** How the node is. */
    void status(Consumer<NodeStatus> answer);

    /** Verifies a pool; {@code answer} is told {@code found} false if there is none of that name. */
    void verify(String pool, Pool.VerifyProgress progress, Verified answer);

    /** Begins to compare the copies of a mirrored volume; {@code begun} is told why not, if it does not. */
    void compare(String volume, boolean reads, Consumer<Optional<Result.Refused>> begun);

    /** How the newest comparison of a volume is that was begun here; none since the process started. */
    void comparison(String volume, Consumer<Optional<VolumeCheck>> told);

    /** Ends the comparison that is under way here, if one is; {@code done} when that is under way. */
    void endComparison(String volume, Runnable done);

    /** What is to become of a pool's twin at another place. */
    sealed interface Twinned {
        /** It is there, from now on. */
        record At(String host, int port) implements Twinned {}

        /** Nothing that was answered is to be lost with the pool's own side, or what the twin has not got may be. */
        record Rpo(boolean zero) implements Twinned {}

        /** What it has is given up; it begins with nothing. */
        record StartOver() implements Twinned {}
    }

    /**
     * How the node took what it was told of a twin.
     *
     * @param refused why not, for people; empty if it was taken
     * @param proves the twin must have a certificate of this cluster
     */
    record TwinTold(String refused, boolean proves) {}

    /** Tells a pool of its twin; with {@code dryRun} only whether it would take that. */
    void twin(String pool, Twinned twinned, boolean dryRun, Consumer<TwinTold> done);

    /** What changed in a volume since one of its snapshots. */
    void changes(String volume, String snapshot, int limit, Pool.Changes answer);

    /**
     * What happened lately, oldest first.
     *
     * @param after the number of the newest event that is known; 0 for all
     * @param volume only events of this one; empty for all
     */
    void events(long after, String volume, Consumer<List<Event>> answer);

    /** Told how a verification ended. */
    @FunctionalInterface
    interface Verified {
        /** One line per problem. */
        void verified(boolean found, List<String> problems, long checkedBlocks);
    }
}
