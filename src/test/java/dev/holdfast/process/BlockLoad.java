package dev.holdfast.process;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Writes and flushes of one client, many under way at once, whose blocks say what they are; and the judge of what is
 * there afterwards.
 */
final class BlockLoad {
    private static final int BLOCK = 4096;
    private static final int BLOCKS = 8192;
    private static final int DEPTH = 32;
    private static final int FLUSH_MARK = 1 << 30;

    private final SplittableRandom random;
    private final KillOracle oracle = new KillOracle(BLOCKS);
    private long acknowledgedWrites;
    private long flushes;
    private long cookie;

    BlockLoad(SplittableRandom random) {
        this.random = random;
    }

    /** Something that ends the server, at once or soon. */
    @FunctionalInterface
    interface End {
        void begin() throws IOException, InterruptedException;
    }

    /** What was acknowledged so far. */
    String counts() {
        return acknowledgedWrites + " writes and " + flushes + " flushes acknowledged";
    }

    /** What is there and must not be, and what is not there and must be; goes on from what is there. */
    List<String> judge(NbdClient client, boolean powerCut) throws IOException {
        return oracle.judge(versions(client), powerCut);
    }

    /**
     * Keeps requests under way until {@code acknowledgements} have come; then begins the end, and goes on until the
     * connection has gone. A request that is answered with an error may have had its effect or not.
     */
    void run(NbdClient client, int acknowledgements, End end) throws IOException {
        Map<Long, int[]> underWay = new LinkedHashMap<>();
        boolean[] busy = new boolean[BLOCKS];
        for (int done = 0; done < acknowledgements; done++) {
            exchange(client, underWay, busy);
        }
        fill(client, underWay, busy);
        try {
            end.begin();
            while (true) {
                exchange(client, underWay, busy);
            }
        } catch (IOException gone) {
            return;
        } catch (InterruptedException hurry) {
            Thread.currentThread().interrupt();
        }
    }

    /** As many writes and flushes as that, all answered. */
    void run(NbdClient client, int count) throws IOException {
        Map<Long, int[]> underWay = new LinkedHashMap<>();
        boolean[] busy = new boolean[BLOCKS];
        for (int done = 0; done < count; done++) {
            exchange(client, underWay, busy);
        }
        while (!underWay.isEmpty()) {
            take(client, underWay, busy);
        }
    }

    private void exchange(NbdClient client, Map<Long, int[]> underWay, boolean[] busy) throws IOException {
        fill(client, underWay, busy);
        take(client, underWay, busy);
    }

    private void fill(NbdClient client, Map<Long, int[]> underWay, boolean[] busy) throws IOException {
        while (underWay.size() < DEPTH) {
            cookie++;
            underWay.put(cookie, send(client, busy));
        }
        client.send();
    }

    private void take(NbdClient client, Map<Long, int[]> underWay, boolean[] busy) throws IOException {
        int[] request = underWay.remove(client.reply());
        if (client.error() == 0) {
            settle(request, busy);
        }
    }

    private int[] send(NbdClient client, boolean[] busy) throws IOException {
        if (random.nextInt(50) == 0) {
            client.request(NbdClient.FLUSH, 0, cookie, 0, 0);
            int[] covered = oracle.atFlush();
            int[] request = Arrays.copyOf(covered, covered.length + 1);
            request[covered.length] = FLUSH_MARK;
            return request;
        }
        int block = random.nextInt(BLOCKS);
        while (busy[block]) {
            block = random.nextInt(BLOCKS);
        }
        busy[block] = true;
        int version = oracle.nextVersion(block);
        int flags = random.nextInt(20) == 0 ? NbdClient.FUA : 0;
        client.write(flags, cookie, (long) block * BLOCK, contents(block, version));
        return new int[] {block, version, flags};
    }

    private void settle(int[] request, boolean[] busy) {
        if (request.length > BLOCKS && request[BLOCKS] == FLUSH_MARK) {
            oracle.flushed(Arrays.copyOf(request, BLOCKS));
            flushes++;
        } else {
            busy[request[0]] = false;
            oracle.acknowledged(request[0], request[1], request[2] != 0);
            acknowledgedWrites++;
        }
    }

    /** What is written into a block: it says which block and version it is, everywhere. */
    static byte[] contents(int block, int version) {
        ByteBuffer bytes = ByteBuffer.allocate(BLOCK);
        while (bytes.hasRemaining()) {
            bytes.putInt(block).putInt(version);
        }
        return bytes.array();
    }

    private int[] versions(NbdClient client) throws IOException {
        int[] versions = new int[BLOCKS];
        int run = 256;
        for (int first = 0; first < BLOCKS; first += run) {
            ByteBuffer bytes = ByteBuffer.wrap(client.read((long) first * BLOCK, run * BLOCK));
            for (int i = 0; i < run; i++) {
                versions[first + i] = version(bytes.slice(i * BLOCK, BLOCK), first + i);
            }
        }
        return versions;
    }

    /** The version that the whole block has; a block of two versions, or of another block, is no version at all. */
    static int version(ByteBuffer bytes, int block) {
        int version = bytes.getInt(4);
        for (int at = 0; at < BLOCK; at += 8) {
            boolean same = bytes.getInt(at + 4) == version && (bytes.getInt(at) == block || version == 0);
            if (!same) {
                return Integer.MAX_VALUE;
            }
        }
        return version;
    }
}
