package dev.holdfast.mirror.wire;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Clock;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Network;
import dev.holdfast.mirror.Message;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * One channel of a node: a link to each peer, which comes back by itself as often as it ends, and a receiver for each
 * shard. A process makes one for each channel, once. All calls on its loop, which is the loop of its shards.
 *
 * <p>Messages may be lost; none is changed, repeated or overtaken (W1, W2).
 */
public final class Links {
    private final LinkIdentity self;
    private final int channel;
    private final Loop loop;
    private final Clock clock;
    private final Network network;
    private final TreeMap<Integer, Link> links = new TreeMap<>();
    private final TreeMap<Integer, Consumer<Message>> receivers = new TreeMap<>();
    private long lookedNanos;
    private boolean started;
    private boolean stopped;

    /**
     * Links that are down.
     *
     * @param channel from 0, below the number of channels
     * @param peers the other nodes that are known; {@link #meet} adds more
     */
    public Links(LinkIdentity self, int channel, Loop loop, Clock clock, Network network, List<Peer> peers) {
        Checks.that(channel >= 0 && channel < self.channels(), "the channel exists", channel, self.channels());
        this.self = self;
        this.channel = channel;
        this.loop = loop;
        this.clock = clock;
        this.network = network;
        for (Peer peer : peers) {
            Link before = links.put(peer.node(), new Link(this, peer));
            Checks.that(before == null, "a peer is named once", peer.node());
        }
    }

    /**
     * Another node is there, or its door is somewhere else. A link that is up stays up; the next dial goes to the
     * address given last.
     */
    public void meet(Peer peer) {
        Checks.that(loop.isCurrent(), "links are used on their loop");
        Link known = links.get(peer.node());
        if (known != null) {
            known.moved(peer.address());
        } else if (!stopped) {
            links.put(peer.node(), new Link(this, peer));
            lookIn(0);
        }
    }

    /** Dials whom this node dials, and takes who dials here. */
    public void start() {
        Checks.that(loop.isCurrent() && !started, "links are started once, on their loop");
        started = true;
        lookedNanos = nowNanos();
        look();
    }

    /** Ends all connections, for good. */
    public void stop() {
        Checks.that(loop.isCurrent(), "links are used on their loop");
        stopped = true;
        links.values().forEach(Link::stop);
    }

    /** From now on {@code receiver} gets what comes for {@code shard}, in place of any other. */
    public void attach(int shard, Consumer<Message> receiver) {
        checkShard(shard);
        receivers.put(shard, receiver);
    }

    /** Nobody receives for {@code shard} any more. */
    public void detach(int shard) {
        checkShard(shard);
        receivers.remove(shard);
    }

    /**
     * Sends {@code message}, which may get lost. One to a former start of this node, or to a node that was not met
     * yet, goes nowhere. The batch is not looked at after this returns.
     */
    public void send(int shard, Message message) {
        checkShard(shard);
        int from = message.route().from().node();
        Checks.that(from == self.node(), "a node speaks for itself", from);
        Link link = links.get(message.route().to().node());
        if (link != null) {
            link.send(shard, message);
        }
    }

    /** What became of the link to {@code node}; nothing yet, if it was not met. */
    public LinkStatus status(int node) {
        Link link = links.get(node);
        return link == null ? LinkStatus.NONE : link.status();
    }

    private void checkShard(int shard) {
        Checks.that(loop.isCurrent(), "links are used on their loop");
        Checks.that(shard >= 0 && shard % self.channels() == channel, "the shard is of this channel", shard, channel);
    }

    LinkIdentity self() {
        return self;
    }

    int channel() {
        return channel;
    }

    /** The loop of its shards. */
    public Loop loop() {
        return loop;
    }

    long nowNanos() {
        return clock.nanos();
    }

    void connect(Network.Address address, Network.Acceptor acceptor, Network.ConnectFailed failed) {
        network.connect(address, loop, acceptor, failed);
    }

    /** A connection with a {@code hello} that was found right has come to this loop; perhaps of a node not met. */
    void arrived(Stream stream, Hello hello) {
        Checks.that(loop.isCurrent() && hello.channel() == channel, "a connection comes to its channel", channel);
        Link link = links.get(hello.node());
        if (!started || stopped) {
            stream.cut();
        } else if (link == null) {
            stream.refuse(Verdict.WRONG_NODE);
        } else {
            link.arrived(stream, hello);
        }
    }

    /** Hands a message to its receiver; false if there is none. */
    boolean told(Frame.Told told) {
        Consumer<Message> receiver = receivers.get(told.shard());
        if (receiver == null) {
            return false;
        }
        receiver.accept(told.message());
        return true;
    }

    /** Looks again after {@code nanos}: a link is to be dialled then. */
    void lookIn(long nanos) {
        loop.after(nanos, this::lookOnce);
    }

    private void look() {
        if (!stopped) {
            lookOnce();
            loop.after(LinkTerms.LOOK_NANOS, this::look);
        }
    }

    private void lookOnce() {
        if (stopped || !started) {
            return;
        }
        long now = nowNanos();
        boolean late = now - lookedNanos > LinkTerms.LATE_NANOS;
        lookedNanos = now;
        for (Link link : links.values()) {
            if (late) {
                link.forgive(now);
            }
            link.look(now);
        }
    }
}
