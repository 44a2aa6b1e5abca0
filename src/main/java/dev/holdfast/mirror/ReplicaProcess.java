package dev.holdfast.mirror;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Clock;
import dev.holdfast.io.Loop;
import dev.holdfast.io.OrderedLog;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * One process's replica of a shard, from its start on: registers it, makes the {@link Replica} once that counts, tells
 * it what is decided and what time it is, and takes what it proposes to the ordered log. All calls on the shard's loop.
 *
 * <ol>
 *   <li>Before its start counts nothing that comes is looked at, and after its end nothing is said.
 *   <li>It proposes the first set of a shard that has none.
 * </ol>
 */
public final class ReplicaProcess {
    private static final long TICK_NANOS = 20_000_000L;

    /** Who is not first in turn proposes the first set this much later, for each before it. */
    private static final long TURN_NANOS = 2_000_000_000L;

    /** The first set does not wait longer than this for those that have never started. */
    private static final long FIRST_NANOS = 5_000_000_000L;

    private final Place place;
    private final Clock clock;
    private final Loop loop;
    private final Decided decided;
    private final Reach reach;
    private final DecisionLog decisions;
    private Optional<Replica> replica = Optional.empty();
    private long firstAskedNanos;
    private boolean ended;

    /**
     * Where it is.
     *
     * @param node its number
     * @param copies who keeps a copy; it may change
     * @param turn which of them is first in turn to lead a new shard: any number that all have
     */
    public record Place(int node, Copies copies, int turn) {}

    /**
     * What is decided about the shard.
     *
     * @param log where, from here on
     * @param authority what was decided before that log begins
     */
    public record Decided(OrderedLog log, Authority authority) {}

    /** What the replica reaches beside the ordered log. */
    public interface Reach {
        /** Its log, once it is to be used. */
        ShardLog log();

        /** Its start counts. */
        void begun(Replica replica);

        /** A message for another one, which may get lost. */
        void send(Message message);

        /** Flushes up to {@code seq} may be answered. */
        void flushed(long seq);

        /** Something has happened to it. */
        void looked();

        /** It was told the time. */
        default void ticked() {}

        /** Something was decided, and it was told. */
        default void decided() {}
    }

    /** A replica that has said nothing yet. */
    public ReplicaProcess(Place place, Clock clock, Loop loop, Decided decided, Reach reach) {
        this.place = place;
        this.clock = clock;
        this.loop = loop;
        this.decided = decided;
        this.reach = reach;
        this.decisions = new DecisionLog(decided.log(), loop, decided.authority(), new Listening());
    }

    /**
     * Starts, once.
     *
     * @param nonce that no other start of the node has
     * @param found what was found
     */
    public void start(long nonce, Decision.Found found) {
        Checks.that(loop.isCurrent() && !ended, "a replica starts once, on its loop", place.node());
        decisions.start(new DecisionLog.Start(place.node(), nonce, found));
        firstAskedNanos = clock.nanos();
        tick();
    }

    /** Says and does nothing any more; the others are told if this one led, and go on without it. */
    public void end() {
        Checks.that(loop.isCurrent(), "a replica ends on its loop", place.node());
        if (!ended) {
            replica.ifPresent(Replica::resign);
            ended = true;
            reach.looked();
            decided.log().close();
        }
    }

    /** Other nodes keep copies from now on: these, ascending; the copies of {@code leaving} are to be taken away. */
    public void keptBy(List<Integer> nodes, List<Integer> leaving) {
        Checks.that(loop.isCurrent(), "copies change on the shard's loop", place.node());
        place.copies().become(nodes, leaving);
        ifPresent(Replica::copiesChanged);
    }

    /** What it is at the moment; empty until its start counts. */
    public Optional<Replica> replica() {
        return replica;
    }

    /** What is decided. */
    public Authority authority() {
        return decided.authority();
    }

    /** A message has come. */
    public void received(Message message) {
        Checks.that(loop.isCurrent(), "messages come on the shard's loop", place.node());
        ifPresent(present -> present.received(message));
    }

    private void tick() {
        if (ended) {
            return;
        }
        ifPresent(Replica::tick);
        reach.ticked();
        if (replica.isPresent() && authority().newest().isEmpty()) {
            proposeFirst();
        }
        loop.after(TICK_NANOS, this::tick);
    }

    /** The shard is new: nobody holds anything, so any set will do; one with all of them is best. */
    private void proposeFirst() {
        List<Integer> nodes = place.copies().nodes();
        Checks.that(nodes.contains(place.node()), "who keeps a copy proposes", place.node());
        List<Member> members = new ArrayList<>();
        for (int node : nodes) {
            authority().start(node).ifPresent(start -> members.add(new Member(node, start.incarnation())));
        }
        int turn = Math.floorMod(nodes.indexOf(place.node()) - place.turn(), nodes.size());
        long patience = turn * TURN_NANOS + (members.size() == nodes.size() ? 0 : FIRST_NANOS);
        if (clock.nanos() - firstAskedNanos >= patience) {
            firstAskedNanos = clock.nanos() + TURN_NANOS;
            decisions.propose(
                    new ReplicaSet(ReplicaSet.FIRST_EPOCH, replica.orElseThrow().member(), members));
        }
    }

    private void ifPresent(Consumer<Replica> event) {
        if (!ended && replica.isPresent()) {
            event.accept(replica.get());
            reach.looked();
        }
    }

    /** Told what was decided. */
    private final class Listening implements DecisionLog.Listener {
        @Override
        public void registered(Member member) {
            if (ended) {
                return;
            }
            Self self = new Self(member, place.copies(), reach.log(), authority(), clock, new Saying());
            Replica begun = new Replica(self);
            replica = Optional.of(begun);
            reach.begun(begun);
            begun.told();
            reach.looked();
            reach.decided();
        }

        @Override
        public void told() {
            ifPresent(Replica::told);
            reach.decided();
        }

        @Override
        public void refused(ReplicaSet set) {
            ifPresent(present -> present.refused(set));
        }
    }

    /** What the replica says. */
    private final class Saying implements Outbox {
        @Override
        public void send(Message message) {
            if (!ended) {
                reach.send(message);
            }
        }

        @Override
        public void propose(ReplicaSet set) {
            if (!ended) {
                decisions.propose(set);
            }
        }

        @Override
        public void act(int epoch) {
            if (!ended) {
                decisions.act(epoch, replica.orElseThrow().member());
            }
        }

        @Override
        public void flushed(long seq) {
            reach.flushed(seq);
        }
    }
}
