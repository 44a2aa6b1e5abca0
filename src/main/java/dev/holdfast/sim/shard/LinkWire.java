package dev.holdfast.sim.shard;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;
import dev.holdfast.io.Network;
import dev.holdfast.io.WorldException;
import dev.holdfast.mirror.Member;
import dev.holdfast.mirror.Message;
import dev.holdfast.mirror.wire.Door;
import dev.holdfast.mirror.wire.LinkIdentity;
import dev.holdfast.mirror.wire.Links;
import dev.holdfast.mirror.wire.Peer;
import dev.holdfast.sim.oracle.OracleViolation;
import dev.holdfast.sim.random.SimRandom;
import dev.holdfast.sim.world.SimMachine;
import dev.holdfast.sim.world.SimWorld;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.function.IntSupplier;

/** Carries messages over the links of the product; the faults are those of the simulated network under them. */
final class LinkWire implements Wire {
    private static final int SHARD = 1;
    private static final int PORT = 7000;
    private static final Id128 CLUSTER = new Id128(1, 1);

    private final SimWorld world;
    private final IntSupplier count;
    private final TreeMap<Integer, Links> running = new TreeMap<>();

    /** All machines are nodes. */
    LinkWire(SimWorld world) {
        this(world, () -> world.machines().size());
    }

    /** The first {@code count} machines are nodes. */
    LinkWire(SimWorld world, IntSupplier count) {
        this.world = world;
        this.count = count;
    }

    @Override
    public void begin(ShardNode node, Member member, Running process) {
        LinkIdentity self = new LinkIdentity(CLUSTER, node.number(), member.incarnation(), 1);
        Links links = new Links(
                self,
                0,
                process.loop(),
                process.process().clock(),
                process.process().network(),
                peers(node.number()));
        links.attach(SHARD, node::received);
        links.start();
        running.put(node.number(), links);
        Door door = new Door(self, process.loop(), List.of(links));
        try {
            door.listen(process.process().network(), address(node.number()));
        } catch (WorldException taken) {
            throw new OracleViolation("nobody listens at " + node.number() + ": " + taken.getMessage());
        }
    }

    private List<Peer> peers(int self) {
        List<Peer> peers = new ArrayList<>();
        for (int node = 0; node < count.getAsInt(); node++) {
            if (node != self) {
                peers.add(new Peer(node, address(node), ""));
            }
        }
        return peers;
    }

    private Network.Address address(int node) {
        return new Network.Address.Tcp(machine(node).name(), PORT);
    }

    private SimMachine machine(int node) {
        return world.machines().get(node);
    }

    @Override
    public void send(Message message) {
        Links links = running.get(message.route().from().node());
        if (links == null) {
            throw Checks.unreachable("who speaks has begun");
        }
        links.send(SHARD, message);
    }

    @Override
    public void cutOneWay(int from, int to) {
        world.net().cutOneWay(machine(from).name(), machine(to).name());
    }

    @Override
    public void join() {
        world.net().join();
    }

    @Override
    public void loseAll(boolean all) {
        if (all) {
            world.machines().forEach(world.net()::resetAll);
        }
    }

    @Override
    public void roughen(SimRandom dice) {
        world.net().resetPerMillion = dice.oneIn(2) ? 0 : dice.below(2_000);
        world.net().oneInSplit = 1 + dice.below(8);
        world.net().oneInLate = dice.oneIn(2) ? 200 : 20;
    }

    @Override
    public void calm() {
        join();
        world.net().resetPerMillion = 0;
        world.net().oneInLate = 200;
    }
}
