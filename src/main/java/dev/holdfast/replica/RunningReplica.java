package dev.holdfast.replica;

import dev.holdfast.io.Clock;
import dev.holdfast.mirror.Authority;
import dev.holdfast.mirror.Copies;
import dev.holdfast.mirror.Decision;
import dev.holdfast.mirror.Member;
import dev.holdfast.mirror.Message;
import dev.holdfast.mirror.Replica;
import dev.holdfast.mirror.ReplicaProcess;
import dev.holdfast.mirror.ShardLog;
import dev.holdfast.mirror.wire.Links;
import dev.holdfast.store.Pool;
import dev.holdfast.store.lane.ReplicaShard;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** One start of one replica, put together: the shard in its pool, what is decided about it, the links to the others. */
public final class RunningReplica {
    private final int shard;
    private final Copies copies;
    private final Links links;
    private final ReplicaLog log;
    private final PrimaryVolume volume;
    private final ReplicaProcess process;
    private final CatchUps catchUps;
    private final Story story;
    private final Comparing comparing;
    private final Healing healing;
    private boolean ended;
    private Consumer<ReplicaEvent> listener = event -> {};

    /**
     * Where it is.
     *
     * @param shard the shard's number
     * @param node the number of this node
     * @param nodes all that keep a copy, ascending, this one included
     */
    public record Place(int shard, int node, List<Integer> nodes) {}

    /**
     * What it reaches.
     *
     * @param clock of the node
     * @param links of the shard's channel
     * @param decided what is decided about the shard
     */
    public record World(Clock clock, Links links, ReplicaProcess.Decided decided) {}

    /** A replica that has said nothing yet, of {@code shard} in its pool; {@code volume} is the disk it will be. */
    public RunningReplica(Place place, ReplicaShard shard, Pool pool, World world, PrimaryVolume volume) {
        this.shard = place.shard();
        this.copies = new Copies(place.nodes());
        this.links = world.links();
        this.log = new ReplicaLog(shard, pool);
        this.volume = volume;
        ReplicaProcess.Place own = new ReplicaProcess.Place(place.node(), copies, place.shard() - 1);
        this.process = new ReplicaProcess(own, world.clock(), shard.shard().loop(), world.decided(), new Reach());
        this.catchUps = new CatchUps(
                log, world.clock(), () -> replica().map(Replica::images).orElse(List.of()), this::happened);
        this.comparing = new Comparing(place.shard(), pool, shard.shard().loop(), world.clock(), this::send);
        this.healing = new Healing(
                shard, pool, new Healing.World(world.clock(), this::presentStarts, this::send, this::happened));
        this.story = new Story(place.node(), copies, world.clock(), process.authority(), this::happened);
    }

    /** From now on {@code told} is told what happens, on this loop. */
    public void listen(Consumer<ReplicaEvent> told) {
        listener = told;
    }

    private void happened(ReplicaEvent event) {
        listener.accept(event);
    }

    private void send(Message message) {
        if (!ended) {
            links.send(shard, message);
        }
    }

    private List<Member> presentStarts() {
        return process.authority().presentStarts(copies.nodes());
    }

    /** How it is compared with the others. */
    public Comparing comparing() {
        return comparing;
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
        log.guard();
        process.start(nonce, new Decision.Found(memory, log.history().at(log.held())));
    }

    /** Says and does nothing any more; the others are told if this one led, and go on without it. */
    public void end() {
        if (!ended) {
            process.end();
            ended = true;
            comparing.stop("the copy here has stopped");
            healing.stop();
            links.detach(shard);
        }
    }

    /** See {@link Replica#acceptLoss}. */
    public void acceptLoss(int newest) {
        replica().ifPresent(replica -> replica.acceptLoss(newest));
    }

    /** These nodes keep copies from now on; those of {@code leaving} are to be taken away. */
    public void keptBy(List<Integer> nodes, List<Integer> leaving) {
        process.keptBy(nodes, leaving);
    }

    /** What it is at the moment; empty until its start is in the log. */
    public Optional<Replica> replica() {
        return process.replica();
    }

    /** What is decided. */
    public Authority authority() {
        return process.authority();
    }

    /** Its positions. */
    public ReplicaLog log() {
        return log;
    }

    /** What the protocol reaches of all that. */
    private final class Reach implements ReplicaProcess.Reach {
        @Override
        public ShardLog log() {
            return log;
        }

        @Override
        public void begun(Replica replica) {
            log.attach(replica);
            volume.attach(replica);
            healing.attach(replica);
            links.attach(shard, message -> {
                story.heard(message);
                if (!comparing.received(message, replica()) && !healing.received(message)) {
                    process.received(message);
                }
            });
        }

        @Override
        public void send(Message message) {
            catchUps.sent(message);
            links.send(shard, message);
        }

        @Override
        public void flushed(long seq) {
            log.flushed(seq);
        }

        @Override
        public void looked() {
            volume.look();
        }

        @Override
        public void ticked() {
            catchUps.look();
            comparing.tick(replica());
            healing.tick();
            story.pinsGivenUp(log.pinsGivenUp());
        }

        /** What is decided may be news for people. */
        @Override
        public void decided() {
            boolean leads = replica().filter(present -> present.reign() > 0).isPresent();
            story.decided();
            catchUps.decided(process.authority(), leads);
        }
    }
}
