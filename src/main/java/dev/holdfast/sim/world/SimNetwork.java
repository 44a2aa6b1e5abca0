package dev.holdfast.sim.world;

import dev.holdfast.io.Loop;
import dev.holdfast.io.Network.Acceptor;
import dev.holdfast.io.Network.Address;
import dev.holdfast.io.Network.ConnectFailed;
import dev.holdfast.io.Network.Listener;
import dev.holdfast.io.WorldException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The network between the machines of one world. A machine's name is its address; {@code localhost} is the machine
 * itself, and Unix-domain addresses lead to it too.
 *
 * <p>Fault model, and nothing beyond it: delay of any length; a stream arrives in pieces of any size, from one byte
 * up; a stream cut at any byte, on both sides at different times; a direction between two machines that carries
 * nothing until it is joined again (what was sent then arrives late); connects that are refused or time out. Within a
 * stream nothing is duplicated, reordered or changed. When a process dies its peers see the streams end; when the power
 * goes they notice up to two minutes later.
 */
public final class SimNetwork {
    /** Connections reset in mid-message: per million pieces sent. */
    public int resetPerMillion;

    /** Longest ordinary delay of a piece. */
    public long delayNanos = 200_000;

    /** One in so many pieces takes up to a hundred times as long; 0 for never. */
    public int oneInLate = 200;

    /** One in so many pieces is cut smaller, 1 for all of them; 0 for never. */
    public int oneInSplit = 8;

    private static final long CONNECT_TIMEOUT_NANOS = 10_000_000_000L;
    private static final long NOTICE_NANOS = 120_000_000_000L;
    private static final int FIRST_FREE_PORT = 20_000;
    private static final Set<String> HERE =
            new TreeSet<>(List.of("localhost", "127.0.0.1", "0.0.0.0", "::", "::1", ""));

    private final SimWorld world;
    private final TreeMap<String, Door> doors = new TreeMap<>();
    private final List<SimConnection> connections = new ArrayList<>();
    private final TreeSet<String> cuts = new TreeSet<>();
    private int nextPort = FIRST_FREE_PORT;

    SimNetwork(SimWorld world) {
        this.world = world;
    }

    /** From now on nothing gets from machine {@code from} to machine {@code to}. */
    public void cutOneWay(String from, String to) {
        world.noteFault(10);
        cuts.add(from + ">" + to);
    }

    /** Cuts both ways. */
    public void cut(String one, String other) {
        cutOneWay(one, other);
        cutOneWay(other, one);
    }

    /** Ends every cut; what waited arrives late. */
    public void join() {
        world.noteFault(11);
        cuts.clear();
        List.copyOf(connections).forEach(SimConnection::pump);
    }

    /** Resets every open connection of {@code machine}, in mid-message where there is one. */
    public void resetAll(SimMachine machine) {
        world.noteFault(12);
        for (SimConnection connection : List.copyOf(connections)) {
            if (connection.process().machine() == machine) {
                connection.reset("reset by the network");
            }
        }
    }

    /** Open connection ends, both sides counted. */
    public int openEnds() {
        return connections.size();
    }

    SimWorld world() {
        return world;
    }

    boolean isCut(SimMachine from, SimMachine to) {
        return !cuts.isEmpty() && cuts.contains(from.name() + ">" + to.name());
    }

    long pieceDelayNanos() {
        long longest = world.random().oneIn(oneInLate) ? delayNanos * 100 : delayNanos;
        return world.random().below(longest + 1);
    }

    Listener listen(SimProcess process, Address address, SimLoop loop, Acceptor acceptor) throws WorldException {
        Address bound = bind(address);
        String key = key(process.machine(), bound);
        if (!key.startsWith(process.machine().name())) {
            throw new WorldException(key + ": no address of this machine");
        }
        Door door = new Door(this, key, bound, process, loop, acceptor);
        if (doors.containsKey(key)) {
            throw new WorldException(key + ": address in use");
        }
        doors.put(key, door);
        return door;
    }

    private Address bind(Address address) {
        if (address instanceof Address.Tcp(String host, int port) && port == 0) {
            return new Address.Tcp(host, nextPort++);
        }
        return address;
    }

    void connect(SimProcess process, Address address, SimLoop loop, Acceptor acceptor, ConnectFailed failed) {
        boolean silent = isSilent(process.machine(), address);
        long delayNanos = silent ? CONNECT_TIMEOUT_NANOS : pieceDelayNanos();
        world.scheduler().after(delayNanos, loop, EventKind.NETWORK, 0, () -> {
            Door door = doors.get(key(process.machine(), address));
            if (silent || door == null || isSilent(process.machine(), address)) {
                String reason = silent ? "timed out" : "connection refused";
                loop.enqueue(SimLoop.UNORDERED, EventKind.NETWORK, 0, () -> failed.failed(address + ": " + reason));
            } else {
                join(process, loop, acceptor, door, address);
            }
        });
    }

    private void join(SimProcess process, SimLoop loop, Acceptor acceptor, Door door, Address address) {
        SimConnection near = new SimConnection(this, process, loop, address.toString());
        SimConnection far = new SimConnection(
                this, door.process, door.loop, process.machine().name());
        near.joinWith(far);
        far.joinWith(near);
        connections.add(near);
        connections.add(far);
        near.openBy(acceptor);
        far.openBy(door.acceptor);
    }

    /** True if nothing comes back from {@code address}, not even a refusal. */
    private boolean isSilent(SimMachine from, Address address) {
        if (!(address instanceof Address.Tcp(String host, int port)) || HERE.contains(host)) {
            return false;
        }
        return world.machines().stream()
                .filter(machine -> machine.name().equals(host))
                .noneMatch(machine -> machine.isRunning() && !isCut(from, machine) && !isCut(machine, from));
    }

    private static String key(SimMachine from, Address address) {
        return switch (address) {
            case Address.Tcp(String host, int port) -> (HERE.contains(host) ? from.name() : host) + ":" + port;
            case Address.Unix(String path) -> from.name() + " " + path;
        };
    }

    void forget(SimConnection connection) {
        connections.remove(connection);
    }

    /** Ends what the process had open; its peers hear of it, after a power cut much later. */
    void processDied(SimProcess process, boolean powerCut) {
        doors.values().removeIf(door -> door.process == process);
        for (SimConnection connection : List.copyOf(connections)) {
            if (connection.process() == process) {
                connection.vanish(powerCut ? world.random().between(1_000_000_000L, NOTICE_NANOS) : 0);
            }
        }
    }

    private record Door(
            SimNetwork net, String key, Address address, SimProcess process, SimLoop loop, Acceptor acceptor)
            implements Listener {
        @Override
        public void close() {
            net.doors.remove(key, this);
        }
    }

    /** The network as one process sees it. */
    record View(SimNetwork net, SimProcess process) implements dev.holdfast.io.Network {
        @Override
        public Listener listen(Address address, Loop loop, Acceptor acceptor) throws WorldException {
            return net.listen(process, address, (SimLoop) loop, acceptor);
        }

        @Override
        public void connect(Address address, Loop loop, Acceptor acceptor, ConnectFailed failed) {
            net.connect(process, address, (SimLoop) loop, acceptor, failed);
        }
    }
}
