package dev.holdfast.mirror.wire;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Clock;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Network;
import dev.holdfast.io.World;
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
     * @param peers all other nodes
     */
    public Links(LinkIdentity self, int channel, Loop loop, World world, List<Peer> peers) {
        Checks.that(channel >= 0 && channel < self.channels(), "the channel exists", channel, self.channels());
        this.self = self;
        this.channel = channel;
        this.loop = loop;
        this.clock = world.clock();
        this.network = world.network();
        for (Peer peer : peers) {
            Link before = links.put(peer.node(), new Link(this, peer));
            Checks.that(before == null, "a peer is named once", peer.node());
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
     * Sends {@code message}, which may get lost, to a peer. One to a former start of this node goes nowhere: that is
     * over. The batch is not looked at after this returns.
     */
    public void send(int shard, Message message) {
        checkShard(shard);
        int from = message.route().from().node();
        int to = message.route().to().node();
        Checks.that(from == self.node(), "a node speaks for itself", from);
        Link link = links.get(to);
        Checks.that(link != null || to == from, "who is spoken to is a peer", to);
        if (link != null) {
            link.send(shard, message);
        }
    }

    /** What became of the link to {@code node}, which is a peer. */
    public LinkStatus status(int node) {
        Link link = links.get(node);
        if (link == null) {
            throw Checks.unreachable("who is asked about is a peer");
        }
        return link.status();
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

    Loop loop() {
        return loop;
    }

    long nowNanos() {
        return clock.nanos();
    }

    void connect(Network.Address address, Network.Acceptor acceptor, Network.ConnectFailed failed) {
        network.connect(address, loop, acceptor, failed);
    }

    /** Whether {@code node} is one that dials here. May be called from anywhere. */
    boolean isDialledBy(int node) {
        Link link = links.get(node);
        return link != null && !link.dials();
    }

    /** A connection of which {@code hello} was found right has come to this loop. */
    void arrived(Stream stream, Hello hello) {
        Checks.that(loop.isCurrent() && hello.channel() == channel, "a connection comes to its channel", channel);
        Link link = links.get(hello.node());
        if (!started || stopped || link == null) {
            stream.cut();
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

    private void look() {
        if (stopped) {
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
        loop.after(LinkTerms.LOOK_NANOS, this::look);
    }
}
