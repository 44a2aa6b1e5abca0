package dev.holdfast.sim.shard;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;
import dev.holdfast.block.BlockVolume;
import dev.holdfast.follow.FollowTerms;
import dev.holdfast.follow.Followed;
import dev.holdfast.follow.FollowedVolume;
import dev.holdfast.follow.Places;
import dev.holdfast.follow.SessionName;
import dev.holdfast.follow.Sessions;
import dev.holdfast.frontend.nbd.NbdExports;
import dev.holdfast.frontend.nbd.NbdLimits;
import dev.holdfast.frontend.nbd.NbdServer;
import dev.holdfast.io.Network.Address;
import dev.holdfast.io.WorldException;
import dev.holdfast.mirror.Member;
import dev.holdfast.mirror.Message;
import dev.holdfast.sim.oracle.OracleViolation;
import dev.holdfast.sim.random.SimRandom;
import dev.holdfast.sim.world.SimLoop;
import dev.holdfast.sim.world.SimProcess;
import dev.holdfast.sim.world.SimWorld;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The links of a shard's nodes, and what the product puts in front of each: an NBD server that gives sessions, and the
 * volume that follows the primary for clients on the node itself.
 */
final class FrontWire implements Wire {
    private static final int PORT = 10809;
    private static final String VOLUME = "volume";

    private final SimWorld world;
    private final int count;
    private final LinkWire links;
    private final Begun begun;

    /** Told of every process that serves. */
    interface Begun {
        /** Process {@code running} of node {@code number} has {@code volume} for its own clients; on its loop. */
        void begun(int number, Running running, FollowedVolume volume);
    }

    /** The first {@code count} machines of {@code world} are nodes. */
    FrontWire(SimWorld world, int count, Begun begun) {
        this.world = world;
        this.count = count;
        this.links = new LinkWire(world, () -> count);
        this.begun = begun;
    }

    @Override
    public void begin(ShardNode node, Member member, Running running) {
        links.begin(node, member, running);
        if (!(node.store() instanceof PoolStore store)) {
            throw Checks.unreachable("fronts are over pools");
        }
        Sessions sessions = new Sessions(store.volume());
        serve(node.number(), running.process(), sessions);
        begun.begun(
                node.number(),
                running,
                follow(running.process(), running.loop(), Optional.of(sessions), node.number()));
    }

    private void serve(int number, SimProcess process, Sessions sessions) {
        SimLoop control = process.newLoop("control");
        NbdServer server = new NbdServer(control, new SessionExports(sessions), NbdLimits.DEFAULTS);
        control.post(() -> {
            try {
                server.listen(process.network(), address(number));
            } catch (WorldException taken) {
                throw new OracleViolation("nobody serves at " + number + ": " + taken.getMessage());
            }
        });
    }

    /** The volume as a process has it that is on no node. */
    FollowedVolume follow(SimProcess process, SimLoop loop) {
        return follow(process, loop, Optional.empty(), -1);
    }

    private FollowedVolume follow(SimProcess process, SimLoop loop, Optional<Sessions> here, int self) {
        Id128 session =
                new Id128(process.entropy().nextLong(), process.entropy().nextLong());
        Followed what = new Followed(VOLUME, Register.VOLUME_BYTES, session, FollowTerms.DEFAULTS);
        List<Address> others = IntStream.range(0, count)
                .filter(number -> number != self)
                .mapToObj(this::address)
                .toList();
        return new FollowedVolume(what, new Places(() -> here, process.network(), () -> others), loop, process.clock());
    }

    private Address address(int number) {
        return new Address.Tcp(world.machines().get(number).name(), PORT);
    }

    @Override
    public void send(Message message) {
        links.send(message);
    }

    @Override
    public void cutOneWay(int from, int to) {
        links.cutOneWay(from, to);
    }

    @Override
    public void join() {
        links.join();
    }

    @Override
    public void loseAll(boolean all) {
        links.loseAll(all);
    }

    @Override
    public void roughen(SimRandom dice) {
        links.roughen(dice);
    }

    @Override
    public void calm() {
        links.calm();
    }

    /** Paths of sessions, and nothing else. */
    private record SessionExports(Sessions sessions) implements NbdExports {
        @Override
        public Optional<BlockVolume> find(String name) {
            return SessionName.of(name).map(path -> sessions.open(path.session(), path.number()));
        }

        @Override
        public List<String> names() {
            return List.of();
        }
    }
}
