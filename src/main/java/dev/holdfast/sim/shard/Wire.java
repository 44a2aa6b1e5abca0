package dev.holdfast.sim.shard;

import dev.holdfast.mirror.Message;
import dev.holdfast.sim.random.SimRandom;
import dev.holdfast.sim.world.SimWorld;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Carries messages between the nodes of one shard.
 *
 * <p>Fault model, and nothing beyond it: what is sent one way arrives in order, but every message is lost, repeated, or
 * late by any time up to many seconds; a direction between two nodes carries nothing until it is joined again. No
 * message is changed.
 */
final class Wire {

    private static final long DELAY_NANOS = 400_000;

    /** Messages that are lost. */
    int lossPerMillion;

    /** Nothing arrives, whatever its way. */
    boolean allLost;

    /** Messages that come twice. */
    int repeatPerMillion;

    /** Messages that come so late that the world may have moved on. */
    int latePerMillion;

    /** The longest that these take. */
    long lateNanos = 20_000_000_000L;

    private final SimWorld world;
    private final SimRandom random;
    private final TreeMap<Integer, ShardNode> nodes = new TreeMap<>();
    private final TreeMap<String, Long> newest = new TreeMap<>();
    private final TreeSet<String> cuts = new TreeSet<>();

    Wire(SimWorld world) {
        this.world = world;
        this.random = world.random().split();
    }

    void add(ShardNode node) {
        nodes.put(node.number(), node);
    }

    /** Nothing gets from {@code from} to {@code to} any more. */
    void cutOneWay(int from, int to) {
        cuts.add(from + ">" + to);
    }

    /** Ends every cut. */
    void join() {
        cuts.clear();
    }

    /** From now on nothing is lost, late or repeated. */
    void calm() {
        join();
        allLost = false;
        lossPerMillion = 0;
        repeatPerMillion = 0;
        latePerMillion = 0;
    }

    void send(Message message) {
        if (!random.perMillion(lossPerMillion)) {
            boolean late = random.perMillion(latePerMillion);
            world.at(late ? random.below(lateNanos) : inOrder(message), () -> arrive(message));
        }
        if (random.perMillion(repeatPerMillion)) {
            long nanos = random.oneIn(2) ? random.below(lateNanos) : random.below(10 * DELAY_NANOS);
            world.at(nanos, () -> arrive(message));
        }
    }

    /** The time that a message takes which overtakes none. */
    private long inOrder(Message message) {
        String direction = direction(message);
        long before = newest.getOrDefault(direction, 0L);
        long arrives = Math.max(before + 1, world.nowNanos() + random.below(DELAY_NANOS));
        newest.put(direction, arrives);
        return arrives - world.nowNanos();
    }

    private static String direction(Message message) {
        Message.Route route = message.route();
        return route.from().node() + ">" + route.to().node();
    }

    private void arrive(Message message) {
        ShardNode node = nodes.get(message.route().to().node());
        if (node != null && !allLost && !cuts.contains(direction(message))) {
            node.arrived(message);
        }
    }
}
