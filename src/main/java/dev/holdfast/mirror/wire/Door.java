package dev.holdfast.mirror.wire;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Connection;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Network;
import dev.holdfast.io.Receiver;
import dev.holdfast.io.WorldException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Where other nodes come in: finds out who it is and what channel is meant, and brings the connection to that one's
 * loop. It carries no message. All calls on its loop.
 */
public final class Door {
    private final LinkIdentity self;
    private final Loop loop;
    private final List<Links> channels;
    private final List<Network.Listener> listeners = new ArrayList<>();
    private final List<Greeted> greeting = new ArrayList<>();
    private boolean closed;

    /** A door that is shut; {@code channels} are all of this node's, in order. */
    public Door(LinkIdentity self, Loop loop, List<Links> channels) {
        Checks.that(channels.size() == self.channels(), "every channel has its links", channels.size());
        for (int i = 0; i < channels.size(); i++) {
            Checks.that(channels.get(i).channel() == i, "channels are in order", i);
        }
        this.self = self;
        this.loop = loop;
        this.channels = List.copyOf(channels);
    }

    /**
     * Listens at {@code address}, of loopback as long as {@code network} does not prove who comes; returns where it
     * really listens.
     *
     * @throws WorldException if the address is taken or not allowed
     */
    public Network.Address listen(Network network, Network.Address address) throws WorldException {
        Checks.that(loop.isCurrent() && !closed, "a door is opened on its loop, and not again");
        Network.Listener listener = network.listen(address, loop, this::accepted);
        listeners.add(listener);
        return listener.address();
    }

    /** Lets nobody in any more. Links that are up stay so. */
    public void close() {
        Checks.that(loop.isCurrent(), "a door is closed on its loop");
        closed = true;
        listeners.forEach(Network.Listener::close);
        List.copyOf(greeting).forEach(Greeted::cut);
    }

    private Receiver accepted(Connection connection) {
        Stream stream = new Stream(connection);
        if (closed || greeting.size() >= LinkTerms.MOST_GREETING) {
            stream.cut();
            return stream;
        }
        Greeted greeted = new Greeted(stream);
        greeting.add(greeted);
        stream.enter(greeted);
        loop.after(LinkTerms.GREETING_NANOS, greeted::cut);
        Checks.that(greeting.size() <= LinkTerms.MOST_GREETING, "not too many are unknown", greeting.size());
        return stream;
    }

    private Verdict verdictOn(Hello hello) {
        if (!hello.cluster().equals(self.cluster())) {
            return Verdict.WRONG_CLUSTER;
        }
        if (hello.channels() != self.channels() || hello.channel() < 0 || hello.channel() >= self.channels()) {
            return Verdict.WRONG_CHANNELS;
        }
        if (hello.meant() != self.node() || hello.node() < 0 || hello.node() >= self.node()) {
            return Verdict.WRONG_NODE;
        }
        return hello.incarnation() > 0 && hello.attempt() > 0 ? Verdict.WELCOME : Verdict.STALE;
    }

    /** A connection that has not said who it is. */
    private final class Greeted implements Stream.Phase {
        private final Stream stream;

        Greeted(Stream stream) {
            this.stream = stream;
        }

        void cut() {
            if (greeting.remove(this)) {
                stream.cut();
            }
        }

        @Override
        public void received(ByteBuffer in) {
            switch (Hello.take(in)) {
                case Hello.Greeting.Said said -> said(said.hello());
                case Hello.Greeting.OtherVersion other -> refuse(Verdict.WRONG_VERSION);
                case Hello.Greeting.Malformed malformed -> cut();
                case Hello.Greeting.Incomplete incomplete -> {}
            }
        }

        @Override
        public void closed(String reason) {
            greeting.remove(this);
        }

        private void said(Hello hello) {
            Verdict verdict = verdictOn(hello);
            if (verdict == Verdict.WELCOME) {
                greeting.remove(this);
                bring(hello);
            } else {
                refuse(verdict);
            }
        }

        private void refuse(Verdict verdict) {
            greeting.remove(this);
            stream.refuse(verdict);
        }

        private void bring(Hello hello) {
            Links links = channels.get(hello.channel());
            stream.enter(new OnItsWay());
            stream.connection().moveTo(links.loop(), () -> links.arrived(stream, hello));
        }
    }

    /** Between two loops: what follows the greeting is shown again there. */
    private static final class OnItsWay implements Stream.Phase {
        @Override
        public void received(ByteBuffer in) {}

        @Override
        public void closed(String reason) {}
    }
}
