package dev.holdfast.mirror;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.io.Loop;
import dev.holdfast.io.OrderedLog;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * One process's part in the ordered log of a shard's decisions: tells that the process has started, proposes sets, and
 * replays what was decided into an {@link Authority}. It decides nothing.
 */
public final class DecisionLog {
    private final OrderedLog log;
    private final Loop loop;
    private final Authority authority;
    private final Listener listener;
    private final List<ReplicaSet> underWay = new ArrayList<>();
    private boolean registered;
    private Start start = new Start(0, 0, new Decision.Found(0, Position.START));

    /**
     * The start of a process.
     *
     * @param node where
     * @param nonce that no other start of the node has
     * @param memory what was found
     */
    public record Start(int node, long nonce, Decision.Found memory) {}

    /** Told what was decided, on the loop. */
    public interface Listener {
        /** The start is in the log: from now on this process is {@code member}. */
        void registered(Member member);

        /** Something was decided. */
        void told();

        /** {@code set} is not in the log, or came to nothing, for good. */
        void refused(ReplicaSet set);
    }

    /** A part that replays into {@code authority}; it begins with {@link #start}. */
    public DecisionLog(OrderedLog log, Loop loop, Authority authority, Listener listener) {
        this.log = log;
        this.loop = loop;
        this.authority = authority;
        this.listener = listener;
    }

    /** Replays the log, then registers the start of this process. */
    public void start(Start started) {
        start = started;
        log.start(loop, this::record, this::register);
    }

    /** Proposes {@code set}; it may be proposed again before its outcome is known. */
    public void propose(ReplicaSet set) {
        underWay.add(set);
        append(new Decision.NewSet(set), outcome -> {
            if (outcome == OrderedLog.Outcome.REFUSED && underWay.remove(set) && !underWay.contains(set)) {
                listener.refused(set);
            }
        });
    }

    /** Says that {@code primary}, which is this process, acts in {@code epoch}; to be said again until it is told. */
    public void act(int epoch, Member primary) {
        append(new Decision.Acts(epoch, primary), outcome -> {});
    }

    /** Registers, again and again until it counts: another start may come first, or the log may not answer. */
    private void register() {
        long after =
                authority.start(start.node()).map(Authority.Start::incarnation).orElse(0L);
        append(new Decision.Started(start.node(), start.nonce(), after, start.memory()), outcome -> {
            if (!registered) {
                Marks.reached("mirror.register-again");
                loop.after(Terms.ASK_NANOS, () -> {
                    if (!registered) {
                        register();
                    }
                });
            }
        });
    }

    private void append(Decision decision, OrderedLog.AppendDone done) {
        log.append(DecisionCodec.encode(decision), done);
    }

    private void record(long index, ByteBuffer bytes) {
        DecisionCodec.decode(bytes).ifPresent(this::replay);
    }

    private void replay(Decision decision) {
        boolean counts = authority.replay(decision);
        switch (decision) {
            case Decision.Started started
            when counts && isOwn(started) -> {
                Checks.that(!registered, "a process starts once", started.nonce());
                registered = true;
                long incarnation = authority.start(start.node()).orElseThrow().incarnation();
                listener.registered(new Member(start.node(), incarnation));
            }
            case Decision.NewSet change
            when underWay.removeIf(change.set()::equals) && !counts -> listener.refused(change.set());
            default -> {}
        }
        if (registered) {
            listener.told();
        }
    }

    private boolean isOwn(Decision.Started started) {
        return started.node() == start.node() && started.nonce() == start.nonce();
    }
}
