package dev.holdfast.io;

/**
 * Byte streams between processes. A stream may be cut at any byte, at any time, on one side only; bytes queued before a
 * cut may or may not have arrived; nothing arrives twice or out of order within one stream. Delay is unbounded.
 */
public interface Network {
    /**
     * Listens on {@code address}; {@code acceptor} is called on {@code loop} for every connection.
     *
     * @throws WorldException if the address is taken or not allowed
     */
    Listener listen(Address address, Loop loop, Acceptor acceptor) throws WorldException;

    /** Connects; the acceptor is called on {@code loop} once connected, or {@code failed} with a reason. */
    void connect(Address address, Loop loop, Acceptor acceptor, ConnectFailed failed);

    /** Where a stream begins or ends. */
    sealed interface Address {
        /** A TCP endpoint; port 0 asks for a free one. */
        record Tcp(String host, int port) implements Address {}

        /** A Unix-domain socket at a path. */
        record Unix(String path) implements Address {}
    }

    /** An open door. */
    interface Listener extends AutoCloseable {
        /** The address really bound, with the port that was picked. */
        Address address();

        /** Stops accepting; connections already accepted go on. */
        @Override
        void close();
    }

    /** Gives every new connection its receiver. */
    @FunctionalInterface
    interface Acceptor {
        /** Called on the loop the connection starts on; return what shall get its bytes. */
        Receiver accepted(Connection connection);
    }

    /** Told when a connect did not succeed. */
    @FunctionalInterface
    interface ConnectFailed {
        /** One line for people. */
        void failed(String reason);
    }
}
