package dev.holdfast.frontend.nbd;

import dev.holdfast.io.Connection;
import dev.holdfast.io.Receiver;
import java.nio.ByteBuffer;

/**
 * One connection from its accept to its end: passes what happens to its present {@link Phase}, and takes it from the
 * server's loop to its disk's loop in between. It knows no protocol.
 */
final class Client implements Receiver {
    private final NbdServer server;
    private final Connection connection;
    private Phase phase;

    Client(NbdServer server, Connection connection) {
        this.server = server;
        this.connection = connection;
        Handshake handshake = new Handshake(this, connection, server.loop(), server.exports(), server.limits());
        this.phase = handshake;
        handshake.start();
    }

    /** The handshake has succeeded: from here on every byte is taken on the disk's loop. */
    void begin(Session session) {
        Transmission transmission = new Transmission(
                connection,
                session,
                server.limits(),
                server.replySpace(session.volume().loop()));
        phase = transmission;
        server.moves(this, session.volume());
        connection.moveTo(session.volume().loop(), transmission::arrived);
    }

    /** The server stops gently; on the connection's loop. */
    void stop() {
        phase.stop();
    }

    /** The server stops now; on the connection's loop. */
    void cut() {
        phase.cut();
    }

    @Override
    public void received(ByteBuffer in) {
        phase.received(in);
    }

    @Override
    public void drained() {
        phase.drained();
    }

    @Override
    public void closed(String reason) {
        phase.closed();
        server.loop().post(() -> server.ended(this));
    }
}
