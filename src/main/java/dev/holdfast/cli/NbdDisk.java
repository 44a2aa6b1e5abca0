package dev.holdfast.cli;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;

/**
 * A client of one NBD export on this machine: blocking, a window of requests at a time. It is for trying a server out,
 * not for serving.
 */
final class NbdDisk implements AutoCloseable {
    /** Requests under way at once: few enough that neither side ever waits for the other to receive. */
    static final int WINDOW = 16;

    private static final int BUFFER_BYTES = 256 << 10;
    private static final int ANSWER_MILLIS = 30_000;
    private static final long OPTION_MAGIC = 0x49484156454F5054L;
    private static final int EXPORT_NAME = 1;
    private static final int NO_ZEROES = 3;
    private static final int REQUEST_MAGIC = 0x25609513;
    private static final int REPLY_MAGIC = 0x67446698;
    private static final int READ = 0;
    private static final int WRITE = 1;
    private static final int FLUSH = 3;

    private final Socket socket;
    private final DataInputStream in;
    private final DataOutputStream out;
    private final long sizeBytes;

    /** Bytes of a block, made or looked at when its turn comes. */
    @FunctionalInterface
    interface Blocks {
        /** Fills or looks at {@code bytes}, which stand at {@code offset}. */
        void at(long offset, byte[] bytes);
    }

    private NbdDisk(Socket socket, String export) throws IOException {
        this.socket = socket;
        in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), BUFFER_BYTES));
        out = new DataOutputStream(new BufferedOutputStream(socket.getOutputStream(), BUFFER_BYTES));
        in.skipNBytes(2 * Long.BYTES + Short.BYTES);
        byte[] name = export.getBytes(StandardCharsets.UTF_8);
        out.writeInt(NO_ZEROES);
        out.writeLong(OPTION_MAGIC);
        out.writeInt(EXPORT_NAME);
        out.writeInt(name.length);
        out.write(name);
        out.flush();
        sizeBytes = in.readLong();
        in.skipNBytes(Short.BYTES);
    }

    /** Connects to {@code export} at {@code endpoint}, {@code nbd://HOST:PORT}; HOST is this machine. */
    static NbdDisk open(String endpoint, String export) throws IOException {
        Socket socket = new Socket(
                InetAddress.getLoopbackAddress(), URI.create(endpoint).getPort());
        try {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(ANSWER_MILLIS);
            return new NbdDisk(socket, export);
        } catch (IOException failed) {
            socket.close();
            throw failed;
        }
    }

    long sizeBytes() {
        return sizeBytes;
    }

    /** Writes the whole blocks at {@code offsets}, in a window. */
    void write(long[] offsets, int blockBytes, Blocks content) throws IOException {
        byte[] block = new byte[blockBytes];
        for (int from = 0; from < offsets.length; from += WINDOW) {
            int to = Math.min(from + WINDOW, offsets.length);
            for (int i = from; i < to; i++) {
                content.at(offsets[i], block);
                request(WRITE, offsets[i], blockBytes);
                out.write(block);
            }
            out.flush();
            for (int i = from; i < to; i++) {
                reply();
            }
        }
    }

    /** Reads the whole blocks at {@code offsets}, in a window, and shows each. */
    void read(long[] offsets, int blockBytes, Blocks seen) throws IOException {
        byte[] block = new byte[blockBytes];
        for (int from = 0; from < offsets.length; from += WINDOW) {
            int to = Math.min(from + WINDOW, offsets.length);
            for (int i = from; i < to; i++) {
                request(READ, offsets[i], blockBytes);
            }
            out.flush();
            for (int i = from; i < to; i++) {
                long offset = reply();
                in.readFully(block);
                seen.at(offset, block);
            }
        }
    }

    /** Returns when everything answered before is durable. */
    void flush() throws IOException {
        request(FLUSH, 0, 0);
        out.flush();
        reply();
    }

    /** A request's cookie is its offset. */
    private void request(int type, long offset, int lengthBytes) throws IOException {
        out.writeInt(REQUEST_MAGIC);
        out.writeShort(0);
        out.writeShort(type);
        out.writeLong(offset);
        out.writeLong(offset);
        out.writeInt(lengthBytes);
    }

    private long reply() throws IOException {
        if (in.readInt() != REPLY_MAGIC) {
            throw new EOFException("the server's answer is not a reply");
        }
        int error = in.readInt();
        long cookie = in.readLong();
        if (error != 0) {
            throw new IOException("the server answered error " + error);
        }
        return cookie;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
