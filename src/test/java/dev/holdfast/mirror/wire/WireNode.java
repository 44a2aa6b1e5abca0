package dev.holdfast.mirror.wire;

import dev.holdfast.base.Id128;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Network.Address;
import dev.holdfast.io.World;
import dev.holdfast.io.WorldException;
import dev.holdfast.mirror.Member;
import dev.holdfast.mirror.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/** One start of a node that has links and nothing else; remembers what came. */
final class WireNode {
    static final Id128 CLUSTER = new Id128(0x1234, 0x5678);
    static final int SHARDS = 12;
    static final Address NOWHERE = new Address.Tcp("127.0.0.1", 1);

    final LinkIdentity self;
    final List<Links> channels = new ArrayList<>();
    final Loop doorLoop;
    final Door door;

    /** What came, by channel, in order. */
    final List<Queue<String>> arrived = new ArrayList<>();

    /** Channel c is on loop c mod {@code loops}; {@code peers} are the other nodes and where they are. */
    WireNode(World world, LinkIdentity self, int loops, String proof, TreeMap<Integer, Address> peers) {
        this.self = self;
        List<Loop> all = new ArrayList<>();
        for (int i = 0; i < loops; i++) {
            all.add(world.newLoop("node-" + self.node() + "-" + i));
        }
        List<Peer> list = new ArrayList<>();
        peers.forEach((node, address) -> list.add(new Peer(node, address, proof)));
        for (int channel = 0; channel < self.channels(); channel++) {
            channels.add(new Links(self, channel, all.get(channel % loops), world.clock(), world.network(), list));
            arrived.add(new ConcurrentLinkedQueue<>());
        }
        doorLoop = all.getFirst();
        door = new Door(self, doorLoop, channels);
    }

    static TreeMap<Integer, Address> peers(int node, Address address) {
        TreeMap<Integer, Address> peers = new TreeMap<>();
        peers.put(node, address);
        return peers;
    }

    /** Starts the links, with a receiver for each shard; they run from a later turn on. */
    WireNode start() {
        for (Links links : channels) {
            links.loop().post(() -> {
                for (int shard = links.channel(); shard < SHARDS; shard += self.channels()) {
                    int number = shard;
                    links.attach(shard, message -> took(number, message));
                }
                links.start();
            });
        }
        return this;
    }

    /** Opens the door; on its loop. */
    Address listen(World world, Address address) {
        try {
            return door.listen(world.network(), address);
        } catch (WorldException failed) {
            throw new AssertionError(failed);
        }
    }

    private void took(int shard, Message message) {
        arrived.get(shard % self.channels()).add(say(shard, message));
    }

    static String say(int shard, Message message) {
        return shard + " " + RandomMessages.describe(message);
    }

    /** Messages from here to {@code node}. */
    RandomMessages messagesTo(int node, long seed) {
        return new RandomMessages(seed, self.node(), node);
    }

    Links channelOf(int shard) {
        return channels.get(shard % self.channels());
    }

    Member member() {
        return new Member(self.node(), self.incarnation());
    }
}
