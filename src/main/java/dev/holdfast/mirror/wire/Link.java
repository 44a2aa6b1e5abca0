package dev.holdfast.mirror.wire;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.io.Connection;
import dev.holdfast.io.Network;
import dev.holdfast.io.Receiver;
import dev.holdfast.mirror.Message;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * One peer on one channel, whatever becomes of connections to it. It reads no frame and knows no shard.
 *
 * <ol>
 *   <li>There is at most one stream, while the state is GREETING or UP; a session, exactly while it is UP.
 *   <li>On the side that is dialled, (incarnation, attempt) of what is taken only grows (W6).
 *   <li>What is not UP sends nothing and hands on nothing.
 * </ol>
 */
final class Link {
    /** What there is of a connection. */
    enum State {
        /** Nothing. */
        DOWN,
        /** A connect is under way. */
        DIALING,
        /** This side has greeted; the answer has not come. */
        GREETING,
        /** Messages go both ways. */
        UP;

        boolean leadsTo(State next) {
            return switch (this) {
                case DOWN -> next == DIALING || next == UP;
                case DIALING -> next == GREETING || next == DOWN;
                case GREETING -> next == UP || next == DOWN;
                case UP -> next == DOWN;
            };
        }
    }

    private final Links links;
    private Peer peer;
    private final boolean dials;
    private State state = State.DOWN;
    private Optional<Stream> stream = Optional.empty();
    private Optional<Session> session = Optional.empty();
    private long sinceNanos;
    private long pauseNanos;

    /** Of who dials: counted by it, or the newest that was taken here. */
    private long attempt;

    /** The newest of the peer that was seen. */
    private long incarnation;

    private long ups;
    private long sent;
    private long dropped;
    private long received;
    private long unclaimed;
    private String lastEnd = "";

    Link(Links links, Peer peer) {
        this.links = links;
        this.peer = peer;
        this.dials = links.self().node() < peer.node();
        Checks.that(links.self().node() != peer.node(), "a node is no peer of itself", peer.node());
    }

    /** The peer's door is there from now on. Whoever had just failed elsewhere does not wait long. */
    void moved(Network.Address address) {
        if (!address.equals(peer.address())) {
            peer = new Peer(peer.node(), address, peer.proof());
            pauseNanos = Math.min(pauseNanos, LinkTerms.PAUSE_NANOS);
            links.lookIn(pauseNanos);
        }
    }

    long nowNanos() {
        return links.nowNanos();
    }

    LinkStatus status() {
        return new LinkStatus(state == State.UP, ups, lastEnd, sent, dropped, received, unclaimed);
    }

    /** Sends a message if there is a connection with room. */
    void send(int shard, Message message) {
        if (session.isPresent() && session.get().send(shard, message, nowNanos())) {
            sent++;
        } else {
            dropped++;
        }
    }

    /** A message has come. */
    void told(Frame.Told told) {
        Checks.that(state == State.UP, "what is handed on came over a link that is up", peer.node());
        received++;
        if (!links.told(told)) {
            unclaimed++;
        }
    }

    /** This process was asleep until now. */
    void forgive(long nowNanos) {
        session.ifPresent(present -> present.forgive(nowNanos));
    }

    /** Looks at the time. */
    void look(long nowNanos) {
        long waited = nowNanos - sinceNanos;
        switch (state) {
            case DOWN -> {
                if (dials && waited >= pauseNanos) {
                    dial();
                }
            }
            case DIALING -> {
                if (waited > LinkTerms.DIAL_NANOS) {
                    Marks.reached("wire.dial-given-up");
                    down("no connection in time");
                }
            }
            case GREETING -> {
                if (waited > LinkTerms.GREETING_NANOS) {
                    end(stream.orElseThrow(), "no answer to the greeting");
                }
            }
            case UP -> {
                if (session.orElseThrow().isSilent(nowNanos)) {
                    Marks.reached("wire.silence");
                    end(stream.orElseThrow(), "silence");
                }
            }
        }
    }

    private void dial() {
        attempt++;
        become(State.DIALING);
        long tried = attempt;
        links.connect(peer.address(), connection -> connected(tried, connection), reason -> {
            if (state == State.DIALING && tried == attempt) {
                down(reason);
            }
        });
    }

    private Receiver connected(long tried, Connection connection) {
        Stream fresh = new Stream(connection);
        if (state != State.DIALING || tried != attempt) {
            fresh.cut();
            return fresh;
        }
        if (!connection.proof().equals(peer.proof())) {
            fresh.cut();
            down("who answers did not prove to be this node");
            return fresh;
        }
        become(State.GREETING);
        stream = Optional.of(fresh);
        fresh.enter(new Answer(fresh));
        greeting().put(connection.reserve(Hello.BYTES));
        return fresh;
    }

    private Hello greeting() {
        LinkIdentity self = links.self();
        return new Hello(
                self.cluster(),
                self.node(),
                peer.node(),
                self.incarnation(),
                links.channel(),
                self.channels(),
                attempt,
                Verdict.WELCOME);
    }

    /** The peer has dialled, and it was found that this link is meant. */
    void arrived(Stream fresh, Hello hello) {
        Checks.that(!dials && hello.node() == peer.node(), "who dials is this link's peer", hello.node(), peer.node());
        if (!fresh.connection().proof().equals(peer.proof())) {
            fresh.refuse(Verdict.WRONG_NODE);
            return;
        }
        boolean same = hello.incarnation() == incarnation;
        boolean newer = same ? hello.attempt() > attempt : hello.incarnation() > incarnation;
        if (!newer) {
            fresh.refuse(Verdict.STALE);
            return;
        }
        if (stream.isPresent()) {
            Marks.reached("wire.replaced");
            end(stream.get(), "replaced by a later connection");
        }
        incarnation = hello.incarnation();
        attempt = hello.attempt();
        greeting().put(fresh.connection().reserve(Hello.BYTES));
        stream = Optional.of(fresh);
        up(fresh);
    }

    private void answered(Stream of, Hello hello) {
        LinkIdentity self = links.self();
        if (hello.verdict() != Verdict.WELCOME) {
            end(of, "refused: " + hello.verdict().text());
            return;
        }
        boolean right = hello.cluster().equals(self.cluster())
                && hello.node() == peer.node()
                && hello.meant() == self.node()
                && hello.channel() == links.channel()
                && hello.channels() == self.channels()
                && hello.attempt() == attempt;
        if (!right || hello.incarnation() <= 0 || hello.incarnation() < incarnation) {
            end(of, "somebody else answered, or an older start");
            return;
        }
        incarnation = hello.incarnation();
        up(of);
    }

    private void up(Stream fresh) {
        Session begun = new Session(
                this, fresh, new FrameReader(peer.node(), links.self().node()), nowNanos());
        session = Optional.of(begun);
        fresh.enter(begun);
        ups++;
        become(State.UP);
    }

    /** {@code ended} is over, or is to be, for a reason. */
    void end(Stream ended, String reason) {
        if (stream.filter(present -> present == ended).isEmpty()) {
            return;
        }
        session.ifPresent(Session::end);
        session = Optional.empty();
        stream = Optional.empty();
        ended.cut();
        down(reason);
    }

    /** Ends what there is, for good. */
    void stop() {
        stream.ifPresent(present -> end(present, "stopped"));
        attempt++; // What a connect under way brings is another's.
    }

    private void down(String reason) {
        boolean steady = state == State.UP && nowNanos() - sinceNanos >= LinkTerms.STEADY_NANOS;
        long doubled = Math.clamp(2 * pauseNanos, LinkTerms.PAUSE_NANOS, LinkTerms.LONGEST_PAUSE_NANOS);
        pauseNanos = steady ? LinkTerms.PAUSE_NANOS : doubled;
        lastEnd = reason;
        become(State.DOWN);
        if (dials) {
            links.lookIn(pauseNanos);
        }
    }

    private void become(State next) {
        Checks.that(state.leadsTo(next), "a link goes on as it may", state.ordinal(), next.ordinal());
        state = next;
        sinceNanos = nowNanos();
        Checks.that(session.isPresent() == (state == State.UP), "a session is a link that is up", state.ordinal());
    }

    /** Waits for the answer to a greeting. */
    private final class Answer implements Stream.Phase {
        private final Stream of;

        Answer(Stream of) {
            this.of = of;
        }

        @Override
        public void received(ByteBuffer in) {
            switch (Hello.take(in)) {
                case Hello.Greeting.Said said -> answered(of, said.hello());
                case Hello.Greeting.OtherVersion other -> end(of, "it speaks version " + other.version());
                case Hello.Greeting.Malformed malformed -> end(of, "no node answered");
                case Hello.Greeting.Incomplete incomplete -> {}
            }
        }

        @Override
        public void closed(String reason) {
            end(of, reason);
        }
    }
}
