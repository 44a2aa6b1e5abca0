package dev.holdfast.host;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * What carries a connection's bytes over its socket: the socket as it is, or something that hides the bytes and proves
 * who is there. It never blocks, and is used by one loop at a time, but for {@link #compute}.
 */
public interface Transport {
    /** What the greeting of two ends goes on with. */
    enum Step {
        /** The socket has to be readable. */
        READ,
        /** The socket has to be writable. */
        WRITE,
        /** {@link Transport#compute} has to run, anywhere; nothing else may be called meanwhile. */
        COMPUTE,
        /** Nothing: bytes may go both ways. */
        DONE
    }

    /** Makes transports. */
    @FunctionalInterface
    interface Maker {
        /** Over a connected socket; {@code dialled} at the end that made the connection. */
        Transport over(SocketChannel socket, boolean dialled) throws IOException;
    }

    /** The socket, for a selector. */
    SocketChannel socket();

    /** Goes on with what comes before the first byte of either end; an exception ends it. */
    Step greet() throws IOException;

    /** Computes what the greeting waits for. */
    void compute();

    /** Who the other end has proved to be; empty where nothing is proved. After the greeting. */
    String proof();

    /** Puts what has come behind the position of {@code into}; how many bytes, or -1 at the end of the stream. */
    int read(ByteBuffer into) throws IOException;

    /** True if a read may bring something although the socket does not say so. */
    boolean holdsInput();

    /** Takes bytes of the first {@code count} buffers, and sends what it can; how many it has taken. */
    long write(ByteBuffer[] from, int count) throws IOException;

    /** Sends what was taken and is not sent; true if there is no such thing any more. */
    boolean flush() throws IOException;

    /** Says that nothing more comes. */
    void endOutput() throws IOException;

    /** Ends it. */
    void close() throws IOException;

    /** The socket as it is. */
    record Plain(SocketChannel socket) implements Transport {
        @Override
        public Step greet() {
            return Step.DONE;
        }

        @Override
        public void compute() {}

        @Override
        public String proof() {
            return "";
        }

        @Override
        public int read(ByteBuffer into) throws IOException {
            return socket.read(into);
        }

        @Override
        public boolean holdsInput() {
            return false;
        }

        @Override
        public long write(ByteBuffer[] from, int count) throws IOException {
            return count == 1 ? socket.write(from[0]) : socket.write(from, 0, count);
        }

        @Override
        public boolean flush() {
            return true;
        }

        @Override
        public void endOutput() throws IOException {
            socket.shutdownOutput();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
