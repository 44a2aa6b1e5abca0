package dev.holdfast.replica;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Clock;
import dev.holdfast.io.Loop;
import dev.holdfast.io.OrderedLog;
import dev.holdfast.mirror.Authority;
import dev.holdfast.mirror.Decision;
import dev.holdfast.mirror.DecisionLog;
import dev.holdfast.mirror.Member;
import dev.holdfast.mirror.Message;
import dev.holdfast.mirror.Outbox;
import dev.holdfast.mirror.Replica;
import dev.holdfast.mirror.ReplicaSet;
import dev.holdfast.mirror.Self;
import dev.holdfast.mirror.wire.Links;
import dev.holdfast.store.Pool;
import dev.holdfast.store.lane.ReplicaShard;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * One start of one replica, put together: the shard in its pool, what is decided about it, and the links to the others.
 * It tells the replica of everything that happens and of the time. All calls on the shard's loop.
 *
 * <ol>
 *   <li>The replica exists once its start is in the log of decisions; before, nothing that comes is looked at.
 *   <li>It proposes the first set of a shard that has none.
 * </ol>
 */
public final class RunningReplica implements DecisionLog.Listener, Outbox {
    private static final long TICK_NANOS = 20_000_000L;

    /** Who is not first in turn proposes the first set this much later, for each before it. */
    private static final long TURN_NANOS = 2_000_000_000L;

    /** The first set does not wait longer than this for those that have never started. */
    private static final long FIRST_NANOS = 5_000_000_000L;

    private final Place place;
    private final World world;
    private final Loop loop;
    private final ReplicaLog log;
    private final PrimaryVolume volume;
    private final DecisionLog decisions;
    private final CatchUps catchUps;
    private final Story story;
    private Optional<Replica> replica = Optional.empty();
    private long firstAskedNanos;
    private boolean ended;
    private Consumer<ReplicaEvent> listener = event -> {};

    /**
     * Where it is.
     *
     * @param shard the shard's number
     * @param node the number of this node
     * @param nodes all that keep a copy, ascending, this one included
     */
    public record Place(int shard, int node, List<Integer> nodes) {
        /** Copies the list. */
        public Place {
            nodes = List.copyOf(nodes);
            Checks.that(nodes.contains(node), "a replica is on one of its nodes", node);
        }
    }

    /**
     * What it reaches.
     *
     * @param clock of the node
     * @param links of the shard's channel
     * @param decisions the log of what is decided about the shard
     * @param authority what was decided before that log begins
     */
    public record World(Clock clock, Links links, OrderedLog decisions, Authority authority) {}

    /** A replica that has said nothing yet, of {@code shard} in its pool; {@code volume} is the disk it will be. */
    public RunningReplica(Place place, ReplicaShard shard, Pool pool, World world, PrimaryVolume volume) {
        this.place = place;
        this.world = world;
        this.loop = shard.shard().loop();
        this.log = new ReplicaLog(shard, pool);
        this.volume = volume;
        this.decisions = new DecisionLog(world.decisions(), loop, world.authority(), this);
        this.catchUps = new CatchUps(
                log, world.clock(), () -> replica.map(Replica::images).orElse(List.of()), this::happened);
        this.story = new Story(place, world.clock(), world.authority(), this::happened);
    }

    /** From now on {@code told} is told what happens, on this loop. */
    public void listen(Consumer<ReplicaEvent> told) {
        listener = told;
    }

    private void happened(ReplicaEvent event) {
        listener.accept(event);
    }

    /** As primary: whom it brings up to date at the moment. */
    public List<CatchUp> catchUps() {
        return catchUps.status();
    }

    /**
     * Starts, once.
     *
     * @param memory a number that two starts have in common only if no memory of the pool was lost between them
     * @param nonce that no other start has
     */
    public void start(long memory, long nonce) {
        Checks.that(loop.isCurrent() && !ended, "a replica starts once, on its loop", place.shard());
        log.guard();
        Decision.Found found = new Decision.Found(memory, log.history().at(log.held()));
        decisions.start(new DecisionLog.Start(place.node(), nonce, found));
        firstAskedNanos = world.clock().nanos();
        tick();
    }

    /** Says and does nothing any more; the others are told if this one led, and go on without it. */
    public void end() {
        Checks.that(loop.isCurrent(), "a replica ends on its loop", place.shard());
        if (!ended) {
            replica.ifPresent(Replica::resign);
            ended = true;
            volume.look();
            world.links().detach(place.shard());
            world.decisions().close();
        }
    }

    /** What it is at the moment; empty until its start is in the log. */
    public Optional<Replica> replica() {
        return replica;
    }

    /** What is decided. */
    public Authority authority() {
        return world.authority();
    }

    /** Its positions. */
    public ReplicaLog log() {
        return log;
    }

    private void tick() {
        if (ended) {
            return;
        }
        ifPresent(Replica::tick);
        catchUps.look();
        story.pinsGivenUp(log.pinsGivenUp());
        if (replica.isPresent() && world.authority().newest().isEmpty()) {
            proposeFirst();
        }
        loop.after(TICK_NANOS, this::tick);
    }

    /** The shard is new: nobody holds anything, so any set will do; one with all of them is best. */
    private void proposeFirst() {
        List<Member> members = new ArrayList<>();
        for (int node : place.nodes()) {
            world.authority().start(node).ifPresent(start -> members.add(new Member(node, start.incarnation())));
        }
        int count = place.nodes().size();
        int turn = Math.floorMod(place.nodes().indexOf(place.node()) - place.shard() + 1, count);
        long patience = turn * TURN_NANOS + (members.size() == count ? 0 : FIRST_NANOS);
        if (world.clock().nanos() - firstAskedNanos >= patience) {
            firstAskedNanos = world.clock().nanos() + TURN_NANOS;
            propose(new ReplicaSet(ReplicaSet.FIRST_EPOCH, replica.orElseThrow().member(), members));
        }
    }

    @Override
    public void registered(Member member) {
        if (ended) {
            return;
        }
        Self self = new Self(member, place.nodes(), log, world.authority(), world.clock(), this);
        Replica started = new Replica(self);
        replica = Optional.of(started);
        log.attach(started);
        volume.attach(started);
        world.links().attach(place.shard(), this::received);
        started.told();
        volume.look();
        decided();
    }

    /** What is decided may be news for people. */
    private void decided() {
        boolean leads = replica.filter(present -> present.reign() > 0).isPresent();
        story.decided();
        catchUps.decided(world.authority(), leads);
    }

    private void received(Message message) {
        story.heard(message);
        ifPresent(present -> present.received(message));
    }

    private void ifPresent(Consumer<Replica> event) {
        if (!ended && replica.isPresent()) {
            event.accept(replica.get());
            volume.look();
        }
    }

    @Override
    public void told() {
        ifPresent(Replica::told);
        decided();
    }

    @Override
    public void refused(ReplicaSet set) {
        ifPresent(present -> present.refused(set));
    }

    @Override
    public void send(Message message) {
        if (!ended) {
            catchUps.sent(message);
            world.links().send(place.shard(), message);
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
        log.flushed(seq);
    }
}
