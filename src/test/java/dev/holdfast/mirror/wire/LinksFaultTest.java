package dev.holdfast.mirror.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Seeds;
import dev.holdfast.io.Network.Address;
import dev.holdfast.mirror.Member;
import dev.holdfast.mirror.Message;
import dev.holdfast.sim.random.SimRandom;
import dev.holdfast.sim.world.SimMachine;
import dev.holdfast.sim.world.SimWorld;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * Links between three machines under every fault of the simulated network, deaths and pauses. Whatever arrives was
 * sent by that start of its sender, whole, once, and nothing overtakes; once all is mended everything arrives.
 */
final class LinksFaultTest {
    private static final int NODES = 3;
    private static final int CHANNELS = 2;
    private static final int PORT = 7000;
    private static final long MENDED_NANOS = 8_000_000_000L;

    @Test
    void whatArrivesWasSentAndMendedLinksComeBack() {
        Seeds.each(8, seed -> new Cluster(seed).run());
    }

    @Test
    void connectionsThatSayNothingAreBoundedAndGo() {
        Cluster cluster = new Cluster(1);
        cluster.start(2);
        List<RawEnd> crowd = new ArrayList<>();
        SimMachine far = cluster.machines.getFirst();
        var loop = far.process().newLoop("crowd");
        for (int i = 0; i < LinkTerms.MOST_GREETING + 20; i++) {
            RawEnd end = new RawEnd();
            crowd.add(end);
            loop.post(() -> far.process().network().connect(cluster.address(2), loop, end::begin, reason -> {}));
        }
        cluster.world.runFor(1_000_000_000L);
        assertEquals(20, crowd.stream().filter(end -> end.closed).count());
        cluster.world.runFor(LinkTerms.GREETING_NANOS);
        assertTrue(crowd.stream().allMatch(end -> end.closed));
        cluster.start(0);
        cluster.world.runUntil(() -> cluster.isUp(0, 2), MENDED_NANOS);
    }

    @Test
    void whoWereAsleepTogetherAccuseNobody() {
        Seeds.each(5, seed -> {
            Cluster cluster = new Cluster(seed);
            for (int node = 0; node < NODES; node++) {
                cluster.start(node);
            }
            cluster.world.runUntil(cluster::isAllUp, MENDED_NANOS);
            long[] ups = {
                cluster.status(0, 1).ups(),
                cluster.status(1, 2).ups(),
                cluster.status(2, 0).ups()
            };
            cluster.machines.forEach(machine -> machine.process().pause(10_000_000_000L));
            cluster.world.runFor(20_000_000_000L);
            assertTrue(cluster.isAllUp());
            long[] after = {
                cluster.status(0, 1).ups(),
                cluster.status(1, 2).ups(),
                cluster.status(2, 0).ups()
            };
            assertArrayEquals(ups, after);
        });
    }

    private static final class Cluster {
        final SimWorld world;
        final SimRandom random;
        final List<SimMachine> machines = new ArrayList<>();
        final TreeMap<Integer, WireNode> running = new TreeMap<>();
        final TreeMap<Integer, Long> incarnations = new TreeMap<>();

        /** By sender and receiver and shard: what was sent, in order, and how much of it may still arrive. */
        final TreeMap<String, List<String>> sent = new TreeMap<>();

        final TreeMap<String, Integer> next = new TreeMap<>();
        int arrived;
        boolean calm;

        Cluster(long seed) {
            world = new SimWorld(seed);
            random = world.random().split();
            machines.add(world.machine());
            for (int node = 1; node < NODES; node++) {
                machines.add(world.newMachine("node-" + node));
            }
        }

        Address address(int node) {
            return new Address.Tcp(machines.get(node).name(), PORT);
        }

        void start(int node) {
            SimMachine machine = machines.get(node);
            if (!machine.isRunning()) {
                machine.start();
            }
            long incarnation = incarnations.merge(node, 1L, Long::sum);
            TreeMap<Integer, Address> peers = new TreeMap<>();
            for (int peer = 0; peer < NODES; peer++) {
                if (peer != node) {
                    peers.put(peer, address(peer));
                }
            }
            LinkIdentity self = new LinkIdentity(WireNode.CLUSTER, node, incarnation, CHANNELS);
            WireNode wire = new WireNode(machine.process(), self, 2, "", peers);
            wire.start();
            for (Links links : wire.channels) {
                links.loop().post(() -> {
                    for (int shard = links.channel(); shard < WireNode.SHARDS; shard += CHANNELS) {
                        int number = shard;
                        links.attach(shard, message -> took(number, message));
                    }
                });
            }
            wire.doorLoop.post(() -> wire.listen(machine.process(), address(node)));
            running.put(node, wire);
        }

        /** What arrives is the next, or one after it, of what was sent on its way. */
        void took(int shard, Message message) {
            String way = way(shard, message);
            String said = RandomMessages.describe(message);
            List<String> all = sent.getOrDefault(way, List.of());
            int from = next.getOrDefault(way, 0);
            int at = all.subList(from, all.size()).indexOf(said);
            assertFalse(at < 0, () -> "never sent, or again, or overtaken: " + way + " " + said);
            next.put(way, from + at + 1);
            arrived++;
        }

        static String way(int shard, Message message) {
            return message.route().from() + ">" + message.route().to() + " " + shard;
        }

        void send(int from, int to, int shard) {
            WireNode wire = running.get(from);
            Links links = wire.channelOf(shard);
            long seed = random.below(Long.MAX_VALUE);
            links.loop().post(() -> {
                Message message = addressed(wire.messagesTo(to, seed).next(), wire.member(), to);
                sent.computeIfAbsent(way(shard, message), way -> new ArrayList<>())
                        .add(RandomMessages.describe(message));
                links.send(shard, message);
            });
        }

        /** The same, between the present starts. */
        private Message addressed(Message message, Member from, int to) {
            Member receiver = new Member(to, incarnations.getOrDefault(to, 1L));
            Message.Route route =
                    new Message.Route(from, receiver, message.route().epoch());
            return switch (message) {
                case Message.Past past ->
                    new Message.Past(route, past.history(), past.held(), past.rooted(), past.mixture());
                case Message.Image image ->
                    new Message.Image(route, image.base(), image.to(), image.sizeBytes(), image.piece());
                case Message.ImageEnd end ->
                    new Message.ImageEnd(route, end.base(), end.to(), end.history(), end.kept());
                case Message.Laid laid -> new Message.Laid(route, laid.to(), laid.blocks(), laid.hasRoom());
                case Message.Resign resign -> new Message.Resign(route);
                case Message.Compare ask -> new Message.Compare(route, ask.ranges());
                case Message.Digests answer ->
                    new Message.Digests(route, answer.ranges(), answer.at(), answer.sizeBytes(), answer.digests());
                case Message.Want want -> new Message.Want(route, want.block(), want.checksum());
                case Message.Block block -> new Message.Block(route, block.block(), block.checksum(), block.bytes());
                case Message.Rewind rewind -> new Message.Rewind(route, rewind.head(), rewind.fork());
                case Message.Have have ->
                    new Message.Have(route, have.held(), have.logged(), have.rooted(), have.sentNanos());
                case Message.Append append ->
                    new Message.Append(
                            route,
                            append.previous(),
                            append.batch(),
                            append.shard(),
                            append.logUpTo(),
                            append.sentNanos());
            };
        }

        LinkStatus status(int from, int to) {
            return running.get(from).channels.getFirst().status(to);
        }

        boolean isUp(int from, int to) {
            return running.get(from).channels.stream()
                    .allMatch(links -> links.status(to).up());
        }

        boolean isAllUp() {
            for (int from = 0; from < NODES; from++) {
                for (int to = 0; to < NODES; to++) {
                    if (from != to && !isUp(from, to)) {
                        return false;
                    }
                }
            }
            return true;
        }

        void talk() {
            int from = random.below(NODES);
            int to = (from + 1 + random.below(NODES - 1)) % NODES;
            if (machines.get(from).isRunning()) {
                for (int i = random.below(6); i >= 0; i--) {
                    send(from, to, random.below(WireNode.SHARDS));
                }
            }
            if (!calm) {
                world.at(random.below(4_000_000L), this::talk);
            }
        }

        void strike() {
            if (calm) {
                return;
            }
            int node = random.below(NODES);
            SimMachine machine = machines.get(node);
            SimMachine other = machines.get(random.below(NODES));
            switch (random.below(6)) {
                case 0 -> kill(node);
                case 1 -> world.net().resetAll(machine);
                case 2 -> world.net().cutOneWay(machine.name(), other.name());
                case 3 -> world.net().join();
                case 4 -> pause(machine);
                default -> world.net().resetPerMillion = random.below(3000);
            }
            world.at(random.below(1_000_000_000L), this::strike);
        }

        private void pause(SimMachine machine) {
            if (machine.isRunning()) {
                machine.process().pause(random.below(5_000_000_000L));
            }
        }

        private void kill(int node) {
            SimMachine machine = machines.get(node);
            if (machine.isRunning()) {
                if (random.oneIn(2)) {
                    machine.kill();
                } else {
                    machine.powerCut();
                }
                world.at(random.below(3_000_000_000L), () -> start(node));
            }
        }

        void run() {
            for (int node = 0; node < NODES; node++) {
                start(node);
            }
            world.net().oneInSplit = 1 + random.below(8);
            talk();
            strike();
            world.runFor(30_000_000_000L);
            calm = true;
            world.net().join();
            world.net().resetPerMillion = 0;
            world.runFor(3_000_000_000L); // Whoever was killed is back.
            world.runUntil(this::isAllUp, MENDED_NANOS);
            assertTrue(arrived > 500, "much arrived meanwhile: " + arrived);
            judgeMended();
        }

        private void judgeMended() {
            world.runFor(1_000_000_000L);
            int before = arrived;
            for (int from = 0; from < NODES; from++) {
                for (int to = 0; to < NODES; to++) {
                    for (int shard = 0; from != to && shard < WireNode.SHARDS; shard++) {
                        send(from, to, shard);
                    }
                }
            }
            world.runUntil(() -> arrived == before + NODES * (NODES - 1) * WireNode.SHARDS, 5_000_000_000L);
        }
    }
}
