package dev.holdfast.store.twin;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Crc32c;
import dev.holdfast.base.Id128;
import dev.holdfast.base.Marks;
import dev.holdfast.io.Connection;
import dev.holdfast.io.Network;
import dev.holdfast.io.Receiver;
import dev.holdfast.io.WorldException;
import dev.holdfast.store.log.RingCopy;
import dev.holdfast.store.root.Root;
import dev.holdfast.store.root.RootIdentity;
import dev.holdfast.store.root.TwinRecord;
import dev.holdfast.store.work.Core;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * The source's way to its twin: connects, again and again, carries what {@link SourceTwin} decides and walks for it. On
 * the committer's loop. It decides nothing about roots.
 */
public final class TwinLink {
    private static final long AGAIN_NANOS = 1_000_000_000L;
    private static final long TICK_NANOS = 5_000_000_000L;
    private static final int MOST_SILENT_TICKS = 6;

    /** What the twin may ask of the committer. */
    public interface Wishes {
        /** A consistency point, soon: its root is to say something new. */
        void checkpoint();

        /** The twin needs less than before: perhaps somebody waits for space. It has a root more. */
        void gotOn();

        /** The twin is to be the pool, and has all but what comes now. */
        void handOver();

        /** The twin is not there any more. */
        void gone();

        /** Another side is the pool, in reign {@code newer}. */
        void superseded(long newer);
    }

    /** Counters, for people and tests. */
    public record Counts(long rootsSent, long blocksSent, long blocksWalked, long unreadable, long connections) {}

    private final Core core;
    private final Id128 pool;
    private final Wishes wishes;
    private final TwinRing ring;
    private final SourceTwin source;
    private final TwinWalk walk;
    private final Crc32c crc = new Crc32c();
    private final Port port = new Port();
    private Optional<Session> session = Optional.empty();
    private Optional<Network> network = Optional.empty();
    private Optional<Network.Listener> door = Optional.empty();
    private Network.Address address = new Network.Address.Unix("");
    private boolean connecting;
    private boolean closed;
    private String trouble = "";
    private long rootsSent;
    private long blocksSent;
    private long connections;

    /** The way to the twin of the pool that {@code newest}, the root of this start, is of. */
    public TwinLink(Core core, Root newest, Wishes wishes) {
        this.core = core;
        this.pool = newest.poolId();
        this.wishes = wishes;
        this.ring = new TwinRing(
                (start, resume) -> new RingCopy(core.array, start, core.loop, resume),
                newest.twin().rpo(),
                port);
        this.source = new SourceTwin(newest, port, ring);
        this.walk = new TwinWalk(core, new Walked());
        if (newest.twin().state() != TwinRecord.State.NONE) {
            core.twin(source);
        }
    }

    /** How it stands with the twin, what that has, and what keeps it from getting on, for people. */
    public TwinStatus status() {
        return new TwinStatus(
                source.kept(),
                source.address(),
                source.state(),
                new TwinStatus.Log(ring.state(), ring.since()),
                source.has().cp(),
                source.isLive(),
                core.freeMap.held().size(),
                trouble);
    }

    /** The pool's log on its way to the twin. */
    public TwinRing ring() {
        return ring;
    }

    /** Nothing is to be lost with this side, if {@code zero}; false, and nothing happens, without a twin. */
    public boolean rpo(boolean zero) {
        boolean exists = source.kept() != TwinRecord.State.NONE && source.kept() != TwinRecord.State.PROMOTED;
        if (exists) {
            ring.ask(zero);
        }
        return exists;
    }

    /** What went out since the start. */
    public Counts counts() {
        return new Counts(rootsSent, blocksSent, walk.blocks(), walk.unreadable(), connections);
    }

    /** The pool is mirrored to {@code to} from now on, until {@link #close}; see {@code PoolTwin.mirrorTo}. */
    public void connect(Root newest, Network over, Network.Address to, long mostQueuedBytes) {
        Checks.that(core.loop.isCurrent(), "on the committer's loop");
        Checks.that(mostQueuedBytes > 0, "something may wait", mostQueuedBytes);
        network = Optional.of(over);
        port.mostQueuedBytes = mostQueuedBytes;
        address = to;
        if (source.kept() == TwinRecord.State.NONE) {
            core.twin(source);
            source.begin(newest);
        }
        source.promotedIsMirrored();
        door.ifPresent(Network.Listener::close);
        door = Optional.empty();
        if (to instanceof Network.Address.Tcp(String host, int tcp)) {
            source.address(host + ":" + tcp);
        }
        session.ifPresent(running -> running.connection.close());
        again();
    }

    /** Goes on to where the pool's roots say that its twin is, if they do. */
    public void resume(Root newest, Network over, long mostQueuedBytes) {
        int colon = source.address().lastIndexOf(':');
        if (source.kept() == TwinRecord.State.NONE || colon <= 0) {
            return;
        }
        String host = source.address().substring(0, colon);
        int tcp = Integer.parseInt(source.address().substring(colon + 1));
        Network.Address.Tcp there = new Network.Address.Tcp(host, tcp);
        if (source.kept() == TwinRecord.State.PROMOTED) {
            openDoor(over, there);
        } else {
            connect(newest, over, there, mostQueuedBytes);
        }
    }

    /** An old source that comes back looks for its twin where that was: it is told. */
    private void openDoor(Network over, Network.Address.Tcp here) {
        try {
            door = Optional.of(PromotedDoor.open(over, here, core.loop, self(), port::superseded));
        } catch (WorldException e) {
            trouble = "an old source can't be told: " + e.getMessage();
        }
    }

    /** What the twin has is given up: it will begin with nothing. The way out when held space is needed, or no side is
     * shown to be the newer one. */
    public void giveUp(Root newest) {
        Checks.that(core.loop.isCurrent(), "on the committer's loop");
        if (source.kept() != TwinRecord.State.NONE) {
            Marks.reached("twin.given-up");
            source.begin(newest);
        }
    }

    /** The newest root that the twin is known to have; none if that is none. */
    public RootIdentity has() {
        return source.has();
    }

    /** {@code root} says, durably, that this side is the pool no more. */
    public void handedOver(Root root) {
        source.handedOver(root);
    }

    /** The twin that wants to be the pool is told why it can't be. */
    public void refuseHandover() {
        port.send(new TwinFrame.Refused(TwinFrames.HAS_MIRRORED));
    }

    /** Ends the connection for good. */
    public void close() {
        closed = true;
        door.ifPresent(Network.Listener::close);
        walk.stop();
        session.ifPresent(running -> running.connection.close());
    }

    private TwinFrame.Hello self() {
        return new TwinFrame.Hello(pool, source.reign(), core.array.dataBlocks(), core.array.logBytes());
    }

    private void again() {
        if (closed || source.isTaken() || connecting || session.isPresent() || network.isEmpty()) {
            return;
        }
        connecting = true;
        network.get().connect(address, core.loop, this::connected, why -> {
            connecting = false;
            trouble = why;
            core.loop.after(AGAIN_NANOS, this::again);
        });
    }

    private Receiver connected(Connection connection) {
        Checks.that(session.isEmpty(), "one connection at a time");
        Checks.that(connecting, "a connection that was asked for", connections);
        connecting = false;
        connections++;
        Session made = new Session(connection);
        session = Optional.of(made);
        if (closed) {
            connection.close();
        } else {
            core.loop.after(TICK_NANOS, made::tick);
            source.connected();
        }
        return made;
    }

    /** What the state machine can do. */
    private final class Port implements TwinPort, TwinRing.Out {
        private long mostQueuedBytes;

        private void send(TwinFrame frame) {
            session.ifPresent(to -> TwinFrames.send(to.connection, frame));
        }

        @Override
        public void hello(long reign) {
            Checks.that(reign == source.reign(), "who speaks has a reign", reign);
            send(self());
        }

        @Override
        public void withdraw(RootIdentity root) {
            send(new TwinFrame.Withdraw(root));
        }

        @Override
        public void begin(long cp) {
            send(new TwinFrame.Begin(cp));
        }

        @Override
        public void blocks(long first, ByteBuffer blocks) {
            Checks.that(session.isPresent(), "blocks go to somebody", first);
            blocksSent += blocks.remaining() / TwinFrames.BLOCK_BYTES;
            TwinFrames.blocks(session.get().connection, first, blocks, crc);
        }

        @Override
        public void log(long position, ByteBuffer[] parts, int count) {
            Checks.that(session.isPresent(), "the log goes to somebody", position);
            TwinFrames.log(session.get().connection, position, parts, count, crc);
        }

        @Override
        public void flush(long cp) {
            Checks.that(session.isPresent(), "a flush goes to somebody", cp);
            send(new TwinFrame.Flush(cp));
        }

        @Override
        public void root(Root root) {
            Checks.that(
                    root.poolId().equals(pool),
                    "a root of this pool",
                    root.number().cp());
            rootsSent++;
            send(new TwinFrame.TheRoot(root));
        }

        @Override
        public boolean hasRoom() {
            return queuedBytes() <= mostQueuedBytes;
        }

        private long queuedBytes() {
            return session.map(to -> to.connection.queuedBytes()).orElse(0L);
        }

        @Override
        public void walk(Root target, long sinceCp) {
            Checks.that(sinceCp < target.number().cp() || sinceCp == 0, "a walk goes onwards", sinceCp);
            walk.start(target, sinceCp);
        }

        @Override
        public void stopWalk() {
            walk.stop();
        }

        @Override
        public void grant(long reign, RootIdentity last) {
            Checks.that(last.isRoot(), "the twin goes on from a root", reign);
            send(new TwinFrame.Grant(reign, last));
        }

        @Override
        public void wanted() {
            wishes.handOver();
        }

        @Override
        public void superseded(long newer) {
            TwinLink.this.close();
            wishes.superseded(newer);
        }

        @Override
        public void close(String why) {
            trouble = why;
            session.ifPresent(running -> running.connection.close());
        }

        @Override
        public void changed() {
            wishes.checkpoint();
        }

        @Override
        public long wallMillis() {
            return core.clock.wallMillis();
        }

        @Override
        public void gotOn() {
            wishes.gotOn();
        }
    }

    /** Where the walk's blocks go. */
    private final class Walked implements TwinWalk.Sink {
        @Override
        public boolean hasRoom() {
            return port.queuedBytes() < TwinWalk.MOST_QUEUED_BYTES;
        }

        @Override
        public void blocks(long first, ByteBuffer blocks) {
            port.blocks(first, blocks);
        }

        @Override
        public void done(long cp) {
            source.walked(cp);
        }
    }

    private final class Session implements Receiver {
        private final Connection connection;
        private int silent;
        private boolean over;

        Session(Connection connection) {
            this.connection = connection;
        }

        @Override
        public void received(ByteBuffer in) {
            silent = 0;
            for (Optional<TwinFrame> frame = next(in); frame.isPresent(); frame = next(in)) {
                take(frame.get());
            }
        }

        private Optional<TwinFrame> next(ByteBuffer in) {
            return over ? Optional.empty() : TwinFrames.read(in);
        }

        private void take(TwinFrame frame) {
            switch (frame) {
                case TwinFrame.State state -> source.found(state.has(), state.before());
                case TwinFrame.Flushed flushed -> source.flushed(flushed.cp());
                case TwinFrame.Logged logged -> ring.logged(logged.position());
                case TwinFrame.Rooted rooted -> {
                    trouble = "";
                    source.rooted(rooted.root());
                }
                case TwinFrame.Refused refused -> port.close("the twin refuses: " + TwinFrames.words(refused.reason()));
                case TwinFrame.Wanted _ -> source.wanted();
                case TwinFrame.Promoted by -> source.promoted(by.reign());
                case TwinFrame.Pong _ -> {}
                case TwinFrame.Hello _,
                        TwinFrame.Withdraw _,
                        TwinFrame.Begin _,
                        TwinFrame.Blocks _,
                        TwinFrame.Log _,
                        TwinFrame.Flush _,
                        TwinFrame.TheRoot _,
                        TwinFrame.Ping _,
                        TwinFrame.Grant _,
                        TwinFrame.Malformed _ -> port.close("what answers is no twin");
            }
        }

        private void tick() {
            if (over) {
                return;
            }
            if (++silent > MOST_SILENT_TICKS) {
                port.close("does not answer");
            } else {
                TwinFrames.send(connection, new TwinFrame.Ping());
                core.loop.after(TICK_NANOS, this::tick);
            }
        }

        @Override
        public void drained() {
            walk.goOn();
            ring.drained();
        }

        @Override
        public void closed(String reason) {
            Checks.that(session.equals(Optional.of(this)), "the connection that is", connections);
            over = true;
            trouble = trouble.isEmpty() ? reason : trouble;
            session = Optional.empty();
            source.closed();
            wishes.gone();
            if (!closed) {
                core.loop.after(AGAIN_NANOS, TwinLink.this::again);
            }
        }
    }
}
