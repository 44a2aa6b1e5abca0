package dev.holdfast.process;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * Writes, reads and flushes of one client on blocks of its own, many under way at once, until it is told to stop. Every
 * read is judged when it comes; an error is a complaint unless it came after the time for which {@code attach} promises
 * none, and so is the end of the connection. It notes how soon after an
 * instant a write was sent and acknowledged, and can be held to a number of requests.
 */
final class SteadyLoad {
    static final int BLOCKS = 2048;

    private static final int BLOCK = 4096;
    private static final int DEPTH = 16;

    /** So long {@code attach} tries. */
    static final long PROMISED_NANOS = 30_000_000_000L;

    private final NbdClient client;
    private final long firstBlock;
    private final SplittableRandom random;
    private final KillOracle oracle = new KillOracle(BLOCKS);
    private final Map<Long, Request> underWay = new LinkedHashMap<>();
    private final boolean[] busy = new boolean[BLOCKS];
    private final List<String> complaints = new ArrayList<>();
    private final Thread thread;
    private long cookie;
    private long givenUp;

    // Shared with whoever kills, under the lock of this.
    private boolean stopping;
    private boolean ended;
    private long sent;
    private long most = Long.MAX_VALUE;
    private long answered;
    private long markNanos = Long.MAX_VALUE;
    private OptionalLong afterMark = OptionalLong.empty();

    /** @param covered versions that a flush covers; empty for another request */
    private record Request(int type, int block, int version, boolean durable, long sentNanos, int[] covered) {}

    /** A load of blocks from {@code firstBlock} on, which goes on from now. */
    SteadyLoad(String name, NbdClient client, long firstBlock, SplittableRandom random) {
        this.client = client;
        this.firstBlock = firstBlock;
        this.random = random;
        this.thread = Thread.ofPlatform().daemon().name(name).start(this::run);
    }

    private void run() {
        try {
            while (goesOn()) {
                if (!isStopping()) {
                    fill();
                }
                if (!underWay.isEmpty()) {
                    take();
                }
            }
        } catch (IOException gone) {
            complaints.add(thread.getName() + ": the connection ended: " + gone);
        }
        synchronized (this) {
            ended = true;
            notifyAll();
        }
    }

    private boolean goesOn() {
        return !isStopping() || !underWay.isEmpty();
    }

    private synchronized boolean isStopping() {
        return stopping;
    }

    private void fill() throws IOException {
        while (underWay.size() < DEPTH && maySend()) {
            cookie++;
            underWay.put(cookie, send());
        }
        client.send();
    }

    /** Whether one more may be sent now; waits for it if nothing is under way. */
    private synchronized boolean maySend() {
        while (sent >= most && underWay.isEmpty() && !stopping) {
            try {
                wait();
            } catch (InterruptedException hurry) {
                Thread.currentThread().interrupt();
                stopping = true;
            }
        }
        boolean may = sent < most && !stopping;
        sent += may ? 1 : 0;
        return may;
    }

    /** It may send so many more requests; {@code Long.MAX_VALUE}: as many as it can. */
    synchronized void hold(long more) {
        most = more == Long.MAX_VALUE ? more : sent + more;
        notifyAll();
    }

    private Request send() throws IOException {
        long now = System.nanoTime();
        int dice = random.nextInt(100);
        if (dice < 2) {
            client.request(NbdClient.FLUSH, 0, cookie, 0, 0);
            return new Request(NbdClient.FLUSH, 0, 0, true, now, oracle.atFlush());
        }
        int block = random.nextInt(BLOCKS);
        while (busy[block]) {
            block = random.nextInt(BLOCKS);
        }
        busy[block] = true;
        long offset = (firstBlock + block) * BLOCK;
        if (dice < 30) {
            client.request(NbdClient.READ, 0, cookie, offset, BLOCK);
            return new Request(NbdClient.READ, block, 0, false, now, new int[0]);
        }
        int version = oracle.nextVersion(block);
        boolean durable = random.nextInt(20) == 0;
        client.write(durable ? NbdClient.FUA : 0, cookie, offset, contents(block, version));
        return new Request(NbdClient.WRITE, block, version, durable, now, new int[0]);
    }

    private byte[] contents(int block, int version) {
        return BlockLoad.contents((int) firstBlock + block, version);
    }

    private void take() throws IOException {
        Request request = underWay.remove(client.reply());
        if (client.error() != 0) {
            // A write that failed may have had its effect, or have it later: its block is let alone from now on.
            boolean isPromised = System.nanoTime() - request.sentNanos() < PROMISED_NANOS;
            givenUp += isPromised ? 0 : 1;
            if (isPromised) {
                complaints.add(thread.getName() + ": error " + client.error() + " for " + request);
            }
            answered(request, false);
            return;
        }
        switch (request.type()) {
            case NbdClient.FLUSH -> oracle.flushed(request.covered());
            case NbdClient.READ -> judge(request.block(), version(client.data(BLOCK), 0, request.block()));
            default -> oracle.acknowledged(request.block(), request.version(), request.durable());
        }
        if (request.type() != NbdClient.FLUSH) {
            busy[request.block()] = false;
        }
        answered(request, true);
    }

    private void judge(int block, int version) {
        if (!oracle.allows(block, version)) {
            complaints.add(thread.getName() + ": a read of block " + block + " found version " + version);
        }
    }

    private int version(byte[] bytes, int at, int block) {
        return BlockLoad.version(ByteBuffer.wrap(bytes, at, BLOCK).slice(), (int) firstBlock + block);
    }

    private synchronized void answered(Request request, boolean done) {
        answered++;
        if (done && request.type() == NbdClient.WRITE && request.sentNanos() > markNanos && afterMark.isEmpty()) {
            afterMark = OptionalLong.of(System.nanoTime() - markNanos);
        }
        notifyAll();
    }

    /** From now on it is noted how soon a write that is sent after this is acknowledged. */
    synchronized void mark() {
        markNanos = System.nanoTime();
        afterMark = OptionalLong.empty();
    }

    /** Nanoseconds from the mark until a write sent after it was acknowledged; empty if not within {@code patience}. */
    synchronized OptionalLong awaitAfterMark(long patienceNanos) throws InterruptedException {
        long end = System.nanoTime() + patienceNanos;
        while (afterMark.isEmpty() && !ended && System.nanoTime() < end) {
            TimeUnit.MILLISECONDS.timedWait(this, 100);
        }
        return afterMark;
    }

    /** Waits until so many more requests were answered, or all that may be sent. */
    synchronized void awaitMore(int count) throws InterruptedException {
        long wanted = answered + count;
        while (answered < wanted && answered < most && !ended) {
            wait();
        }
    }

    /** Sends nothing more, and waits until all is answered. */
    void stop() throws InterruptedException {
        synchronized (this) {
            stopping = true;
            notifyAll();
        }
        thread.join();
    }

    /** After the stop: requests that failed when nobody had served for longer than promised. */
    long givenUp() {
        return givenUp;
    }

    /** Requests answered so far. */
    synchronized long answered() {
        return answered;
    }

    /** After the stop: what went wrong, also in what {@code other} finds in the blocks now. */
    List<String> judge(NbdClient other) throws IOException {
        int[] found = new int[BLOCKS];
        int run = 256;
        for (int first = 0; first < BLOCKS; first += run) {
            byte[] bytes = other.read((firstBlock + first) * BLOCK, run * BLOCK);
            for (int i = 0; i < run; i++) {
                found[first + i] = version(bytes, i * BLOCK, first + i);
            }
        }
        List<String> all = new ArrayList<>(complaints);
        oracle.judge(found, false).forEach(line -> all.add(thread.getName() + ", in the end: " + line));
        return all;
    }
}
