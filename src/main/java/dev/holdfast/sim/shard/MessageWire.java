package dev.holdfast.sim.shard;

import dev.holdfast.base.Checks;
import dev.holdfast.mirror.Member;
import dev.holdfast.mirror.Message;
import dev.holdfast.mirror.wire.Frame;
import dev.holdfast.mirror.wire.FrameReader;
import dev.holdfast.mirror.wire.FrameWriter;
import dev.holdfast.sim.random.SimRandom;
import dev.holdfast.sim.world.SimWorld;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Carries each message for itself, as the bytes that go over a real wire.
 *
 * <p>Fault model, and nothing beyond it: what is sent one way arrives in order, but every message is lost, repeated, or
 * late by any time up to many seconds; a direction between two nodes carries nothing until it is joined again. No
 * byte is changed.
 */
final class MessageWire implements Wire {
    private static final int SHARD = 1;
    private static final long DELAY_NANOS = 400_000;

    private final SimWorld world;
    private final SimRandom random;
    private final FrameWriter writer = new FrameWriter();
    private final TreeMap<Integer, ShardNode> nodes = new TreeMap<>();
    private final TreeMap<String, Long> newest = new TreeMap<>();
    private final TreeSet<String> cuts = new TreeSet<>();
    private boolean allLost;
    private int lossPerMillion;
    private int repeatPerMillion;

    /** Messages that come so late that the world may have moved on. */
    private int latePerMillion;

    private long lateNanos;

    MessageWire(SimWorld world) {
        this.world = world;
        this.random = world.random().split();
    }

    @Override
    public void begin(ShardNode node, Member member, Running process) {
        nodes.put(node.number(), node);
    }

    @Override
    public void cutOneWay(int from, int to) {
        cuts.add(from + ">" + to);
    }

    @Override
    public void join() {
        cuts.clear();
    }

    @Override
    public void loseAll(boolean all) {
        allLost = all;
    }

    @Override
    public void roughen(SimRandom dice) {
        lossPerMillion = dice.oneIn(2) ? 0 : dice.below(100_000);
        repeatPerMillion = dice.below(100_000);
        latePerMillion = dice.below(dice.oneIn(3) ? 200_000 : 20_000);
        lateNanos = dice.oneIn(2) ? 20_000_000_000L : 1_000_000_000L;
    }

    @Override
    public void calm() {
        join();
        allLost = false;
        lossPerMillion = 0;
        repeatPerMillion = 0;
        latePerMillion = 0;
    }

    @Override
    public void send(Message message) {
        byte[] frame = new byte[FrameWriter.bytesOf(message)];
        writer.put(ByteBuffer.wrap(frame), SHARD, message);
        send(message.route(), frame);
    }

    private void send(Message.Route route, byte[] frame) {
        if (!random.perMillion(lossPerMillion)) {
            boolean late = random.perMillion(latePerMillion);
            world.at(late ? random.below(lateNanos) : inOrder(route), () -> arrive(route, frame));
        }
        if (random.perMillion(repeatPerMillion)) {
            long nanos = random.oneIn(2) ? random.below(lateNanos) : random.below(10 * DELAY_NANOS);
            world.at(nanos, () -> arrive(route, frame));
        }
    }

    /** The time that a message takes which overtakes none. */
    private long inOrder(Message.Route route) {
        String direction = direction(route);
        long before = newest.getOrDefault(direction, 0L);
        long arrives = Math.max(before + 1, world.nowNanos() + random.below(DELAY_NANOS));
        newest.put(direction, arrives);
        return arrives - world.nowNanos();
    }

    private static String direction(Message.Route route) {
        return route.from().node() + ">" + route.to().node();
    }

    /** What is sent to a former start of the same node goes nowhere. */
    private void arrive(Message.Route route, byte[] frame) {
        ShardNode node = nodes.get(route.to().node());
        boolean elsewhere = route.to().node() != route.from().node();
        if (node != null && elsewhere && !allLost && !cuts.contains(direction(route))) {
            node.arrived(read(route, frame));
        }
    }

    private static Message read(Message.Route route, byte[] frame) {
        FrameReader reader = new FrameReader(route.from().node(), route.to().node());
        ByteBuffer bytes = ByteBuffer.wrap(frame).order(ByteOrder.LITTLE_ENDIAN);
        if (reader.next(bytes) instanceof Frame.Told told && told.shard() == SHARD && !bytes.hasRemaining()) {
            return told.message();
        }
        throw Checks.unreachable("what was sent can be read");
    }
}
