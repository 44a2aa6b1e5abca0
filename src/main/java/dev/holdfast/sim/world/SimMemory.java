package dev.holdfast.sim.world;

import dev.holdfast.base.Checks;
import dev.holdfast.io.MemoryRegion;
import dev.holdfast.io.SharedMemory;
import dev.holdfast.io.WorldException;
import dev.holdfast.sim.random.SimRandom;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The named memory of one machine: it outlives processes and is lost with the power.
 *
 * <p>Fault model, and nothing beyond it: lost at a power cut (with a new boot id), lost or unlinked by somebody's hand,
 * foreign contents, a place too small or not writable; a process that dies in mid-turn leaves any subset of that
 * turn's stores.
 */
public final class SimMemory {
    /** Where regions are if nobody says. */
    static final String DEFAULT_PLACE = "/dev/shm";

    private final SimRandom random;
    private final TreeMap<String, Segment> segments = new TreeMap<>();
    private long bootIdHigh;
    private long bootIdLow;
    private long capacityBytes = Long.MAX_VALUE;
    private boolean writable = true;

    SimMemory(SimRandom random) {
        this.random = random;
        newBoot();
    }

    /** The most bytes all regions together may take from now on. */
    public void capacity(long bytes) {
        capacityBytes = bytes;
    }

    /** Whether regions can be opened at all from now on. */
    public void writable(boolean can) {
        writable = can;
    }

    /** Removes every region; a process that has one open keeps it, and the next one will not find it. */
    public void unlinkAll() {
        segments.values().forEach(segment -> segment.linked = false);
        segments.clear();
    }

    /** Overwrites random bytes of every region. */
    public void scribble() {
        for (Segment segment : segments.values()) {
            int damaged = 1 + random.below(20);
            for (int i = 0; i < damaged; i++) {
                int near = random.oneIn(2) ? 64 << 10 : segment.bytes.capacity();
                segment.bytes.put(random.below(Math.min(near, segment.bytes.capacity())), (byte) random.nextLong());
            }
        }
    }

    /** The bytes of the region called {@code name} in {@code place}, for a scenario to damage; empty if it is not. */
    public Optional<ByteBuffer> bytes(String place, String name) {
        return Optional.ofNullable(segments.get(key(place, name))).map(segment -> segment.bytes);
    }

    /** Copies every region, as it is now, into {@code other}, with the boot id. */
    public void copyTo(SimMemory other) {
        other.segments.clear();
        segments.forEach((key, segment) -> {
            Segment copy = new Segment(segment.bytes.capacity());
            copy.bytes.put(0, segment.bytes, 0, segment.bytes.capacity());
            other.segments.put(key, copy);
        });
        other.bootIdHigh = bootIdHigh;
        other.bootIdLow = bootIdLow;
    }

    MemoryRegion open(String place, String name, int lengthBytes) throws WorldException {
        if (!writable) {
            throw new WorldException(place + "/" + name + ": not writable");
        }
        String key = key(place, name);
        Segment found = segments.getOrDefault(key, Segment.NONE);
        if (found.locked) {
            throw new WorldException(place + "/" + name + ": held by another live process");
        }
        boolean isNew = found.bytes.capacity() != lengthBytes;
        if (isNew && !found.isZero()) {
            throw new WorldException(key + ": has another length and holds something");
        }
        if (isNew) {
            segments.remove(key);
            if (usedBytes() + lengthBytes > capacityBytes) {
                throw new WorldException(place + ": too small for " + lengthBytes + " more bytes");
            }
            found = new Segment(lengthBytes);
            segments.put(key, found);
        }
        found.locked = true;
        return new Region(this, key, found, isNew);
    }

    /** Keeps what every region holds now, for {@link #tear}. */
    void remember() {
        segments.values().forEach(segment -> {
            segment.before = new byte[segment.bytes.capacity()];
            segment.bytes.get(0, segment.before);
        });
    }

    /** Takes back a random part of the stores since {@link #remember}, in aligned words of eight bytes. */
    void tear() {
        int oneIn = 1 << random.below(5);
        for (Segment segment : segments.values()) {
            ByteBuffer before = ByteBuffer.wrap(segment.before);
            for (int at = 0; at + 8 <= segment.before.length; at += 8) {
                long old = before.getLong(at);
                if (segment.bytes.getLong(at) != old && random.oneIn(oneIn)) {
                    segment.bytes.putLong(at, old);
                }
            }
        }
    }

    void processDied() {
        segments.values().forEach(segment -> segment.locked = false);
    }

    void powerCut() {
        unlinkAll();
        newBoot();
    }

    private void newBoot() {
        bootIdHigh = random.nextLong();
        bootIdLow = random.nextLong();
    }

    private long usedBytes() {
        return segments.values().stream()
                .mapToLong(segment -> segment.bytes.capacity())
                .sum();
    }

    private static String key(String place, String name) {
        return place + "/" + name;
    }

    /** The memory behind one name. */
    private static final class Segment {
        static final Segment NONE = new Segment(0);

        final ByteBuffer bytes;
        byte[] before = new byte[0];
        boolean linked = true;
        boolean locked;

        boolean isZero() {
            return bytes.duplicate().clear().equals(ByteBuffer.allocate(bytes.capacity()));
        }

        Segment(int lengthBytes) {
            bytes = ByteBuffer.allocateDirect(lengthBytes + 4096)
                    .alignedSlice(4096)
                    .slice(0, lengthBytes);
        }
    }

    /** One place of the machine's memory as a process sees it. */
    record View(SimMemory memory, String place) implements SharedMemory {
        private static final int LENGTH_LIMIT = 1 << 30;

        @Override
        public Optional<MemoryRegion> find(String name) throws WorldException {
            Optional<ByteBuffer> bytes = memory.bytes(place, name);
            return bytes.isEmpty()
                    ? Optional.empty()
                    : Optional.of(open(name, bytes.get().capacity()));
        }

        @Override
        public long bootIdHigh() {
            return memory.bootIdHigh;
        }

        @Override
        public long bootIdLow() {
            return memory.bootIdLow;
        }

        @Override
        public MemoryRegion open(String name, int lengthBytes) throws WorldException {
            boolean whole = lengthBytes > 0 && lengthBytes <= LENGTH_LIMIT && lengthBytes % 4096 == 0;
            Checks.that(whole, "a region of whole pages within its limit", lengthBytes);
            return memory.open(place, name, lengthBytes);
        }
    }

    /** One process's mapping of a region. */
    private static final class Region implements MemoryRegion {
        private final SimMemory memory;
        private final String key;
        private final Segment segment;
        private final ByteBuffer bytes;
        private final boolean isNew;
        private boolean closed;

        Region(SimMemory memory, String key, Segment segment, boolean isNew) {
            this.memory = memory;
            this.key = key;
            this.segment = segment;
            this.isNew = isNew;
            this.bytes = segment.bytes.duplicate().clear().order(ByteOrder.LITTLE_ENDIAN);
        }

        @Override
        public ByteBuffer bytes() {
            return bytes;
        }

        @Override
        public boolean isNew() {
            return isNew;
        }

        @Override
        public boolean isLinked() {
            return segment.linked;
        }

        @Override
        public void remove() {
            if (!closed && memory.segments.get(key) == segment) {
                memory.segments.remove(key);
                segment.linked = false;
            }
            close();
        }

        @Override
        public String setAside() {
            Checks.that(!closed, "an open region is set aside");
            int number = 1;
            while (memory.segments.containsKey(key + ".aside-" + number)) {
                number++;
            }
            memory.segments.remove(key, segment);
            memory.segments.put(key + ".aside-" + number, segment);
            close();
            return key + ".aside-" + number;
        }

        @Override
        public void close() {
            if (!closed) {
                closed = true;
                segment.locked = false;
            }
        }
    }
}
