package dev.holdfast.sim;

import dev.holdfast.block.BlockVolume;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.io.Disk;
import dev.holdfast.sim.oracle.OracleViolation;
import dev.holdfast.sim.random.SimRandom;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;

/**
 * Writes single blocks, each with a stamp of its own, a few at a time and never two to one block, until it is told that
 * something failed; and knows which stamps each block may have: the newest one acknowledged, or one sent after that of
 * which nobody said how it ended. It goes from one volume to the next.
 */
final class StampClient {
    private static final int BLOCKS = 60;
    private static final int DEPTH = 4;
    private static final int PAUSE_NANOS = 300_000_000;

    private final SimRandom random;
    private final boolean forced;
    private final List<TreeSet<Long>> allowed = new ArrayList<>();
    private final boolean[] busy = new boolean[BLOCKS];
    private Runnable acknowledged = () -> {};
    private int session;
    private int underWay;
    private long stamps;
    private long acks;

    /** With forced unit access, if {@code forced}, always, else now and then. */
    StampClient(SimRandom random, boolean forced) {
        this.random = random;
        this.forced = forced;
        for (int block = 0; block < BLOCKS; block++) {
            allowed.add(new TreeSet<>(List.of(0L)));
        }
    }

    /** Writes acknowledged so far. */
    long acks() {
        return acks;
    }

    /** Goes on with {@code volume}; what it waited for elsewhere may or may not have happened. */
    void attach(BlockVolume volume, Runnable whenAcknowledged) {
        detach();
        int now = session;
        volume.loop().post(() -> {
            if (now == session) {
                acknowledged = whenAcknowledged;
                more(volume, now);
            }
        });
    }

    /** Sends nothing any more, and hears nothing. */
    void detach() {
        session++;
        underWay = 0;
        Arrays.fill(busy, false);
    }

    private void more(BlockVolume volume, int of) {
        while (of == session && underWay < DEPTH) {
            if (!volume.hasRoom(Disk.BLOCK_BYTES)) {
                volume.whenRoom(() -> more(volume, of));
                return;
            }
            int block = random.below(BLOCKS);
            if (!busy[block]) {
                write(volume, block, of);
            }
        }
    }

    private void write(BlockVolume volume, int block, int of) {
        long stamp = ++stamps;
        busy[block] = true;
        underWay++;
        allowed.get(block).add(stamp);
        Request request = new Request(new Ended(status -> {
            if (of != session) {
                return;
            }
            busy[block] = false;
            underWay--;
            if (status == Status.OK) {
                acks++;
                allowed.get(block).headSet(stamp).clear();
                acknowledged.run();
                volume.loop().after(1 + random.below(PAUSE_NANOS), () -> more(volume, of));
            } else {
                session++;
            }
        }));
        request.kind = Request.Kind.WRITE;
        request.forceUnitAccess = forced || random.oneIn(3);
        request.offset = (long) block * Disk.BLOCK_BYTES;
        request.lengthBytes = Disk.BLOCK_BYTES;
        ByteBuffer bytes = ByteBuffer.allocateDirect(Disk.BLOCK_BYTES);
        for (int at = 0; at < Disk.BLOCK_BYTES; at += Long.BYTES) {
            bytes.putLong(at, stamp);
        }
        volume.submitWrite(request, bytes);
    }

    /**
     * Reads every block; {@code loses} if what was acknowledged may be missing, but then a block has some stamp that it
     * once had. {@code done} runs on the volume's loop; what is read is what counts from then on.
     */
    void judge(BlockVolume volume, boolean loses, Runnable done) {
        detach();
        volume.loop().post(() -> read(volume, 0, loses, done));
    }

    private void read(BlockVolume volume, int block, boolean loses, Runnable done) {
        if (block == BLOCKS) {
            done.run();
            return;
        }
        ByteBuffer bytes = ByteBuffer.allocateDirect(Disk.BLOCK_BYTES);
        Request request = new Request(new Read(bytes, status -> {
            long stamp = bytes.getLong(0);
            boolean right =
                    loses ? stamp >= 0 && stamp <= stamps : allowed.get(block).contains(stamp);
            if (status != Status.OK || !right || stamp != bytes.getLong(Disk.BLOCK_BYTES - Long.BYTES)) {
                throw new OracleViolation("block " + block + " has stamp " + stamp + " (" + status + "), and may have "
                        + allowed.get(block));
            }
            allowed.get(block).clear();
            allowed.get(block).add(stamp);
            volume.loop().post(() -> read(volume, block + 1, loses, done));
        }));
        request.kind = Request.Kind.READ;
        request.offset = (long) block * Disk.BLOCK_BYTES;
        request.lengthBytes = Disk.BLOCK_BYTES;
        volume.submit(request);
    }

    /** Told how a request ended. */
    @FunctionalInterface
    private interface Told {
        void told(Status status);
    }

    private record Ended(Told told) implements Request.Completion {
        @Override
        public ByteBuffer readSpace(Request request) {
            return ByteBuffer.allocate(0);
        }

        @Override
        public void extent(Request request, long lengthBytes, boolean allocated) {}

        @Override
        public void completed(Request request, Status status) {
            told.told(status);
        }
    }

    private record Read(ByteBuffer bytes, Told told) implements Request.Completion {
        @Override
        public ByteBuffer readSpace(Request request) {
            return bytes.duplicate().clear();
        }

        @Override
        public void extent(Request request, long lengthBytes, boolean allocated) {}

        @Override
        public void completed(Request request, Status status) {
            told.told(status);
        }
    }
}
