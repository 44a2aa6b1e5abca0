package dev.holdfast.frontend.nbd;

import dev.holdfast.base.Checks;
import dev.holdfast.block.BlockVolume;
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
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The NBD front end of one node: listens, keeps the list of connections, stops. It serves nothing itself: each
 * connection is a {@link Client} of its own, and no client can harm another. Every call on the server's loop.
 */
public final class NbdServer {
    /** Time from {@link #stop} until what is still connected is cut. */
    static final long STOP_NANOS = 2_000_000_000L;

    private static final Receiver REFUSED = new Refused();

    private final Loop loop;
    private final NbdExports exports;
    private final NbdLimits limits;
    private final List<Network.Listener> listeners = new ArrayList<>();

    /** Every connection and where it is, or where it is on its way to. */
    private final Map<Client, Place> clients = new LinkedHashMap<>();

    /** One for each loop that ever served a disk; used only there. */
    private final Map<Loop, ReplySpace> replySpaces = new LinkedHashMap<>();

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
     * {@link #STOP_NANOS}. {@code stopped} runs once when the last one has ended.
     */
    public void stop(Runnable stopped) {
        Checks.that(loop.isCurrent(), "the NBD server is used on its loop");
        Checks.that(!stopping, "a server is stopped once");
        stopping = true;
        this.stopped = stopped;
        listeners.forEach(Network.Listener::close);
        forEveryClient(Client::stop);
        loop.after(STOP_NANOS, () -> forEveryClient(Client::cut));
        if (clients.isEmpty()) {
            stopped.run();
        }
    }

    /** Answers what is under way on {@code volume}, tells of the end, and closes its connections; others go on. */
    public void disconnect(BlockVolume volume) {
        Checks.that(loop.isCurrent(), "the NBD server is used on its loop");
        clients.forEach((client, place) -> {
            if (place.serves(volume)) {
                place.loop.post(client::stop);
            }
        });
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

    ReplySpace replySpace(Loop where) {
        return replySpaces.computeIfAbsent(where, its -> new ReplySpace(its, limits.loopReplyBytes()));
    }

    /** {@code client} leaves for {@code volume}, so that is where it must be spoken to. */
    void moves(Client client, BlockVolume volume) {
        Checks.that(loop.isCurrent() && clients.containsKey(client), "a client moves from the server's loop");
        clients.put(client, new Place(volume.loop(), Optional.of(volume)));
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
        clients.forEach((client, place) -> {
            if (place.loop == loop) {
                told.accept(client);
            } else {
                place.loop.post(() -> told.accept(client));
            }
        });
    }

    private Receiver accepted(Connection connection) {
        if (stopping || clients.size() >= limits.connections()) {
            connection.close();
            return REFUSED;
        }
        Client client = new Client(this, connection);
        clients.put(client, new Place(loop, Optional.empty()));
        return client;
    }

    /** The loop a connection is on, and the disk it has chosen. */
    private record Place(Loop loop, Optional<BlockVolume> volume) {
        boolean serves(BlockVolume asked) {
            return volume.isPresent() && volume.get().equals(asked);
        }
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
