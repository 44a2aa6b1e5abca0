package dev.holdfast.process;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Just enough of an NBD client (fixed newstyle, simple replies) to keep many requests under way. Blocking. */
final class NbdClient implements AutoCloseable {
    static final int READ = 0;
    static final int WRITE = 1;
    static final int FLUSH = 3;
    static final int FUA = 1;
    static final int ENOSPC = 28;
    static final int ESHUTDOWN = 108;

    private static final long OPTION_MAGIC = 0x49484156454F5054L;
    private static final int EXPORT_NAME = 1;
    private static final int PATIENCE_MILLIS = 60_000;

    final long sizeBytes;
    private final Closeable socket;
    private final DataInputStream in;
    private final DataOutputStream out;
    private int error;

    NbdClient(int port, String export) throws IOException {
        this(dialled(port), export);
    }

    private NbdClient(Socket socket, String export) throws IOException {
        this(socket, socket.getInputStream(), socket.getOutputStream(), export);
    }

    /** A client of a Unix socket, which waits for ever. */
    static NbdClient at(Path path, String export) throws IOException {
        SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(path));
        return new NbdClient(channel, Channels.newInputStream(channel), Channels.newOutputStream(channel), export);
    }

    private NbdClient(Closeable socket, InputStream from, OutputStream to, String export) throws IOException {
        this.socket = socket;
        in = new DataInputStream(new BufferedInputStream(from, 1 << 16));
        out = new DataOutputStream(new BufferedOutputStream(to, 1 << 16));
        in.skipNBytes(16);
        in.readUnsignedShort();
        out.writeInt(3);
        byte[] name = export.getBytes(StandardCharsets.UTF_8);
        out.writeLong(OPTION_MAGIC);
        out.writeInt(EXPORT_NAME);
        out.writeInt(name.length);
        out.write(name);
        out.flush();
        sizeBytes = in.readLong();
        in.readUnsignedShort();
    }

    private static Socket dialled(int port) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(PATIENCE_MILLIS);
        return socket;
    }

    /** Queues a request; {@link #send} sends what is queued. */
    void request(int type, int flags, long cookie, long offset, int length) throws IOException {
        out.writeInt(0x25609513);
        out.writeShort(flags);
        out.writeShort(type);
        out.writeLong(cookie);
        out.writeLong(offset);
        out.writeInt(length);
    }

    void write(int flags, long cookie, long offset, byte[] data) throws IOException {
        request(WRITE, flags, cookie, offset, data.length);
        out.write(data);
    }

    void send() throws IOException {
        out.flush();
    }

    /** The cookie of the next reply without data; {@link #error} says how it went. */
    long reply() throws IOException {
        if (in.readInt() != 0x67446698) {
            throw new IOException("not a reply");
        }
        error = in.readInt();
        return in.readLong();
    }

    /** The data of the newest reply, of a read that went well. */
    byte[] data(int length) throws IOException {
        return in.readNBytes(length);
    }

    /** The error number of the newest reply; 0 for none. */
    int error() {
        return error;
    }

    /** Writes, waits, and returns the error number. */
    int writeNow(int flags, long offset, byte[] data) throws IOException {
        write(flags, 0, offset, data);
        send();
        reply();
        return error;
    }

    /** Flushes, waits, and returns the error number. */
    int flushNow() throws IOException {
        request(FLUSH, 0, 0, 0, 0);
        send();
        reply();
        return error;
    }

    byte[] read(long offset, int length) throws IOException {
        request(READ, 0, 0, offset, length);
        send();
        reply();
        if (error != 0) {
            throw new IOException("the server answered error " + error);
        }
        return data(length);
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
