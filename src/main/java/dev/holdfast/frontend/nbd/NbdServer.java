package dev.holdfast.frontend.nbd;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Connection;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Network;
import dev.holdfast.io.Receiver;
import dev.holdfast.io.WorldException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The NBD front end of one node: listens, keeps the list of connections, stops. It serves nothing itself: each
 * connection is a {@link Client} of its own, and no client can harm another. Every call on the server's loop.
 */
public final class NbdServer {
    private static final Receiver REFUSED = new Refused();

    private final Loop loop;
    private final NbdExports exports;
    private final NbdLimits limits;
    private final List<Network.Listener> listeners = new ArrayList<>();

    /** Every connection and the loop it is on or moves to. */
    private final Map<Client, Loop> clients = new LinkedHashMap<>();

    /** One for each loop that ever served a disk; used only there. */
    private final Map<Loop, GatherSpace> gatherSpaces = new LinkedHashMap<>();

    private boolean stopping;
    private Runnable stopped = () -> {};

    /** A server that listens nowhere yet; handshakes run on {@code loop}. */
    public NbdServer(Loop loop, NbdExports exports, NbdLimits limits) {
        this.loop = loop;
        this.exports = exports;
        this.limits = limits;
    }

    /**
     * Serves at {@code address} too; returns where it really listens.
     *
     * @throws WorldException if the address is taken or not allowed
     */
    public Network.Address listen(Network network, Network.Address address) throws WorldException {
        Checks.that(loop.isCurrent(), "the NBD server is used on its loop");
        Checks.that(!stopping, "a server that stops does not listen again");
        Network.Listener listener = network.listen(address, loop, this::accepted);
        listeners.add(listener);
        return listener.address();
    }

    /**
     * Accepts nothing more, answers what is under way, and closes every connection, by force after
     * {@link NbdLimits#stopNanos}. {@code stopped} runs once when the last one has ended.
     */
    public void stop(Runnable stopped) {
        Checks.that(loop.isCurrent(), "the NBD server is used on its loop");
        Checks.that(!stopping, "a server is stopped once");
        stopping = true;
        this.stopped = stopped;
        listeners.forEach(Network.Listener::close);
        forEveryClient(Client::stop);
        loop.after(limits.stopNanos(), () -> forEveryClient(Client::cut));
        if (clients.isEmpty()) {
            stopped.run();
        }
    }

    /** How many connections there are now. */
    public int connections() {
        return clients.size();
    }

    Loop loop() {
        return loop;
    }

    NbdExports exports() {
        return exports;
    }

    NbdLimits limits() {
        return limits;
    }

    GatherSpace gatherSpace(Loop where) {
        return gatherSpaces.computeIfAbsent(where, GatherSpace::new);
    }

    /** {@code client} leaves for {@code where}, so that is where it must be spoken to. */
    void moves(Client client, Loop where) {
        Checks.that(loop.isCurrent() && clients.containsKey(client), "a client moves from the server's loop");
        clients.put(client, where);
    }

    /** {@code client} has no connection any more. */
    void ended(Client client) {
        Checks.that(loop.isCurrent(), "clients are counted on the server's loop");
        boolean known = clients.remove(client) != null;
        Checks.that(known, "a client ends once");
        if (stopping && clients.isEmpty()) {
            stopped.run();
        }
    }

    /** A client that is here is told at once: a turn later it might have moved. */
    private void forEveryClient(Consumer<Client> told) {
        clients.forEach((client, where) -> {
            if (where == loop) {
                told.accept(client);
            } else {
                where.post(() -> told.accept(client));
            }
        });
    }

    private Receiver accepted(Connection connection) {
        if (stopping || clients.size() >= limits.connections()) {
            connection.close();
            return REFUSED;
        }
        Client client = new Client(this, connection);
        clients.put(client, loop);
        return client;
    }

    /** Takes no notice of a connection that is closed already. */
    private static final class Refused implements Receiver {
        @Override
        public void received(ByteBuffer in) {
            in.position(in.limit());
        }

        @Override
        public void drained() {}

        @Override
        public void closed(String reason) {}
    }
}
