package dev.holdfast.host;

import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The load for {@link SkeletonBench}: one blocking thread per connection that keeps a number of requests under way and
 * sends the next ones in one write per read. Prints requests, median and 99th percentile of the time one takes.
 */
public final class SkeletonClient implements Runnable {
    private static final int REQUEST = 28;
    private static final int REPLY = 16;
    private static final int BLOCK = 4096;
    private static final int SAMPLES = 1 << 20;

    private final int port;
    private final int depth;
    private final long endNanos;
    private final boolean writes;
    private final long[] sentAt;
    private final int[] microseconds = new int[SAMPLES];
    private int samples;
    private long count;

    private SkeletonClient(int port, int depth, long endNanos, boolean writes) {
        this.port = port;
        this.depth = depth;
        this.endNanos = endNanos;
        this.writes = writes;
        this.sentAt = new long[depth];
    }

    /** Arguments: port, connections, depth, seconds, whether requests are writes. */
    public static void main(String[] arguments) throws Exception {
        long end = System.nanoTime() + Long.parseLong(arguments[3]) * 1_000_000_000L;
        List<SkeletonClient> clients = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < Integer.parseInt(arguments[1]); i++) {
            SkeletonClient client = new SkeletonClient(
                    Integer.parseInt(arguments[0]),
                    Integer.parseInt(arguments[2]),
                    end,
                    Boolean.parseBoolean(arguments[4]));
            clients.add(client);
            threads.add(Thread.ofPlatform().start(client));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        int[] all = clients.stream()
                .flatMapToInt(c -> Arrays.stream(c.microseconds, 0, c.samples))
                .sorted()
                .toArray();
        long total = clients.stream().mapToLong(c -> c.count).sum();
        System.out.println(total + " " + all[all.length / 2] + " " + all[(int) (all.length * 0.99)]);
    }

    @Override
    public void run() {
        int requestBytes = REQUEST + (writes ? BLOCK : 0);
        int replyBytes = REPLY + (writes ? 0 : BLOCK);
        ByteBuffer out = ByteBuffer.allocateDirect(depth * requestBytes);
        ByteBuffer in = ByteBuffer.allocateDirect(1 << 20);
        try (SocketChannel channel = SocketChannel.open(new InetSocketAddress("127.0.0.1", port))) {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            send(channel, out, depth, requestBytes);
            for (long received = 0; System.nanoTime() < endNanos; ) {
                long bytes = channel.read(in.clear());
                if (bytes < 0) {
                    throw new IllegalStateException("the responder is gone");
                }
                received += bytes;
                int replies = (int) (received / replyBytes);
                received -= (long) replies * replyBytes;
                note(replies);
                send(channel, out, replies, requestBytes);
            }
        } catch (java.io.IOException failed) {
            throw new java.io.UncheckedIOException(failed);
        }
    }

    private void send(SocketChannel channel, ByteBuffer out, int requests, int requestBytes)
            throws java.io.IOException {
        long now = System.nanoTime();
        for (int i = 0; i < requests; i++) {
            sentAt[(int) ((count + depth - requests + i) % depth)] = now;
        }
        out.clear().limit(requests * requestBytes);
        while (out.hasRemaining()) {
            channel.write(out);
        }
    }

    private void note(int replies) {
        long now = System.nanoTime();
        for (int i = 0; i < replies; i++, count++) {
            if (samples < SAMPLES) {
                microseconds[samples++] = (int) ((now - sentAt[(int) (count % depth)]) / 1000);
            }
        }
    }
}
