package dev.holdfast.store.root;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Crc32c;
import dev.holdfast.base.Id128;
import dev.holdfast.base.Mutant;
import dev.holdfast.store.log.RingStart;
import dev.holdfast.store.tree.ObjectRoot;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The one block from which everything a pool holds at a consistency point is reached. It says nothing of how the
 * block
 * is made durable ({@link RootWriter}) or which of several roots counts ({@link RootChoice}).
 *
 * <pre>
 *   0  8 magic HFROOT01          64  8 ring: position of the next record   192 48 object: deferred list
 *   8  4 CRC32C, this field 0    72  8 ring: number of that record         240  8 used blocks
 *  12  4 format version          80  8 flags: 1 clean stop, 2 at a twin    248  8 next shard id
 *  16 16 pool id                 88  8 members, a bit per array slot       256  8 data blocks of the array
 *  32  8 cp                      96 48 object: shard table                 264  8 cp of the root before
 *  40  8 open counter           144 48 object: free map                    272  4 lanes of this open counter
 *  48  8 generation
 *  56  8 wall time, ms                                                 280  8 greatest open counter in use
 *                                                                     288  8 counter since which memory is whole
 *                                                                      512  8 of each lane: first entry that counts
 *                                                                     1024 288 twin, {@link TwinRecord}
 * </pre>
 *
 * @param poolId the pool
 * @param number which of the pool's roots it is
 * @param log from where recovery reads
 * @param written by and on what it was written
 * @param objects the three objects
 * @param space counts
 * @param twin the copy of the pool at another place
 */
public record Root(
        Id128 poolId, Number number, LogPoint log, Written written, Objects objects, Space space, TwinRecord twin) {
    public static final int BYTES = 4096;

    /** Slots of the root ring; root n stands in slots n mod HALF and HALF + n mod HALF. */
    public static final int SLOTS = 128;

    public static final int HALF = SLOTS / 2;
    public static final int FORMAT_VERSION = 1;

    /** With a twin. */
    public static final int TWIN_VERSION = 2;

    private static final long MAGIC = 0x3130544F4F524648L;
    private static final int SHARD_TABLE = 96;
    private static final int FREE_MAP = 144;
    private static final int DEFERRED = 192;
    private static final int TWIN = 1024;
    private static final int FIRST_ENTRIES = 512;
    private static final int MOST_LANES = 64;

    /** More starts, and more losses of devices, than an old source has after its twin left it. */
    private static final long PROMOTION_STEP = 1L << 20;

    /**
     * {@code cp} counts consistency points from 1; {@code openCounter} opens; {@code generation} members left
     * behind. Log records may exist of open counters up to {@code usedCounter}. No memory was lost that mattered since
     * the start with {@code wholeSince}, one of them; 0: since the pool was made.
     */
    public record Number(
            long cp, long openCounter, long generation, long previousCp, long usedCounter, long wholeSince) {}

    /**
     * Ring position and record number recovery starts at; for each lane of the run with this open counter the first
     * entry of its memory log that counts, all before it being covered or void; clean: nothing is to be replayed.
     */
    public record LogPoint(long position, long record, List<Long> firstEntries, boolean clean) {
        /** Checks the count. */
        public LogPoint {
            Checks.that(firstEntries.size() <= MOST_LANES, "a pool has so many lanes", firstEntries.size());
        }

        /** How many memory logs there were. */
        public int lanes() {
            return firstEntries.size();
        }
    }

    /**
     * Wall time for people, and the array slots (bits) that hold all this root reaches. {@code atTwin}: this copy of
     * the root stands at the pool's twin, which only takes what its source sends.
     */
    public record Written(long wallMillis, long members, boolean atTwin) {
        /** By the pool itself. */
        public Written(long wallMillis, long members) {
            this(wallMillis, members, false);
        }
    }

    /** The objects of a pool. */
    public record Objects(ObjectRoot shardTable, ObjectRoot freeMap, ObjectRoot deferred) {}

    /** Counts of a pool. */
    public record Space(long usedBlocks, long nextShardId, long dataBlocks) {}

    /** Fills 4096 bytes of {@code into} from its start. */
    public void encode(ByteBuffer into) {
        Checks.that(number.cp > 0, "a root has a number", number.cp);
        Checks.that(number.previousCp < number.cp, "the root before is older", number.previousCp, number.cp);
        for (int at = 0; at < BYTES; at += Long.BYTES) {
            into.putLong(at, 0);
        }
        into.putLong(0, MAGIC).putInt(12, twin.equals(TwinRecord.NONE) ? FORMAT_VERSION : TWIN_VERSION);
        into.putLong(16, poolId.high()).putLong(24, poolId.low());
        into.putLong(32, number.cp).putLong(40, number.openCounter).putLong(48, number.generation);
        into.putLong(56, written.wallMillis).putLong(64, log.position).putLong(72, log.record);
        into.putLong(80, (log.clean ? 1 : 0) | (written.atTwin ? 2 : 0)).putLong(88, written.members);
        objects.shardTable.write(into, SHARD_TABLE);
        objects.freeMap.write(into, FREE_MAP);
        objects.deferred.write(into, DEFERRED);
        into.putLong(240, space.usedBlocks).putLong(248, space.nextShardId).putLong(256, space.dataBlocks);
        into.putLong(264, number.previousCp).putInt(272, log.lanes());
        into.putLong(280, number.usedCounter).putLong(288, number.wholeSince);
        twin.write(into, TWIN);
        for (int lane = 0; lane < log.lanes(); lane++) {
            into.putLong(FIRST_ENTRIES + lane * Long.BYTES, log.firstEntries.get(lane));
        }
        into.putInt(8, new Crc32c().of(into, 0, BYTES));
    }

    /** The root in 4096 bytes at {@code base}, or nothing if they are no whole root. */
    public static Optional<Root> decode(ByteBuffer from, int base) {
        ByteBuffer block = ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN);
        block.put(0, from, base, BYTES);
        int checksum = block.getInt(8);
        block.putInt(8, 0);
        boolean whole = block.getLong(0) == MAGIC && new Crc32c().of(block, 0, BYTES) == checksum;
        boolean laned = block.getInt(272) >= 0 && block.getInt(272) <= MOST_LANES;
        if (!whole || !laned || !isKnown(block.getInt(12)) || !objectsAreValid(block)) {
            return Optional.empty();
        }
        return Optional.of(new Root(
                new Id128(block.getLong(16), block.getLong(24)),
                new Number(
                        block.getLong(32),
                        block.getLong(40),
                        block.getLong(48),
                        block.getLong(264),
                        Math.max(block.getLong(40), block.getLong(280)),
                        block.getLong(288)),
                new LogPoint(block.getLong(64), block.getLong(72), firstEntries(block), (block.getLong(80) & 1) != 0),
                new Written(block.getLong(56), block.getLong(88), (block.getLong(80) & 2) != 0),
                new Objects(
                        ObjectRoot.read(block, SHARD_TABLE),
                        ObjectRoot.read(block, FREE_MAP),
                        ObjectRoot.read(block, DEFERRED)),
                new Space(block.getLong(240), block.getLong(248), block.getLong(256)),
                TwinRecord.read(block, TWIN)));
    }

    private static List<Long> firstEntries(ByteBuffer block) {
        List<Long> entries = new ArrayList<>();
        for (int lane = 0; lane < block.getInt(272); lane++) {
            entries.add(block.getLong(FIRST_ENTRIES + lane * Long.BYTES));
        }
        return List.copyOf(entries);
    }

    private static boolean objectsAreValid(ByteBuffer block) {
        return ObjectRoot.isValid(block, SHARD_TABLE)
                && ObjectRoot.isValid(block, FREE_MAP)
                && ObjectRoot.isValid(block, DEFERRED)
                && TwinRecord.isValid(block, TWIN);
    }

    private static boolean isKnown(int version) {
        return version == FORMAT_VERSION || version == TWIN_VERSION;
    }

    /** Which root it is, whatever array it stands on. */
    public RootIdentity identity() {
        ByteBuffer block = ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN);
        encode(block);
        block.putInt(8, 0).putLong(48, 0).putLong(80, log.clean ? 1 : 0).putLong(88, 0);
        return new RootIdentity(number.cp, number.openCounter, new Crc32c().of(block, 0, BYTES));
    }

    /** The same root on an array of its own: a twin's. */
    public Root atTwin(long generation, long members) {
        return on(generation, new Written(written.wallMillis, members, true), twin);
    }

    private Root on(long generation, Written by, TwinRecord newTwin) {
        Number own = new Number(
                number.cp, number.openCounter, generation, number.previousCp, number.usedCounter, number.wholeSince);
        return new Root(poolId, own, log, by, objects, space, newTwin);
    }

    /** The same root in its place, saying something else of the pool's twin: of a pool that does not go on. */
    public Root ending(TwinRecord newTwin, long members) {
        return on(number.generation + 1, new Written(written.wallMillis, members, written.atTwin), newTwin);
    }

    /**
     * The same root in its place, from which a promoted twin goes on as the pool: numbers above all that the old one
     * may use, so that nothing of its log or memory is ever taken for this one's. But if the old one's log came to the
     * twin too, the start reads that, and only then goes on above it ({@link #readsOldLog}). An old source that goes on
     * after all keeps its log.
     */
    public Root promoted(TwinRecord newTwin, long members) {
        if (!written.atTwin) {
            return on(number.generation + PROMOTION_STEP, new Written(written.wallMillis, members), newTwin);
        }
        long counter = number.usedCounter + PROMOTION_STEP;
        Number own =
                new Number(number.cp, counter, number.generation + PROMOTION_STEP, number.previousCp, counter, counter);
        if (twin.rpo() != TwinRecord.Rpo.POINTS && !Mutant.on("twin.promoted-without-log")) {
            Number reading = new Number(
                    number.cp,
                    number.openCounter,
                    number.generation + PROMOTION_STEP,
                    number.previousCp,
                    counter,
                    counter);
            LogPoint old = new LogPoint(log.position, log.record, log.firstEntries, false);
            return new Root(poolId, reading, old, new Written(written.wallMillis, members), objects, space, newTwin);
        }
        LogPoint fresh = new LogPoint(log.position, log.record, List.of(), false);
        return new Root(poolId, own, fresh, new Written(written.wallMillis, members), objects, space, newTwin);
    }

    /** Of a promoted twin before its first start has ended: the log from here on is what its source sent. */
    public boolean readsOldLog() {
        return twin.state() == TwinRecord.State.PROMOTED && number.usedCounter - number.openCounter >= PROMOTION_STEP;
    }

    /** True if the block was never written. */
    public static boolean isBlank(ByteBuffer from, int base) {
        for (int at = 0; at < BYTES; at += Long.BYTES) {
            if (from.getLong(base + at) != 0) {
                return false;
            }
        }
        return true;
    }

    /** True if this root counts rather than {@code other}. */
    public boolean isNewerThan(Root other) {
        return number.generation != other.number.generation
                ? number.generation > other.number.generation
                : number.cp > other.number.cp;
    }

    /** The same root with another generation and other members. */
    public Root onSurvivors(long generation, long members) {
        Checks.that(generation > number.generation, "generations never go back", generation);
        return on(generation, new Written(written.wallMillis, members, written.atTwin), twin);
    }

    /**
     * This root, as if what came after it, which can't be read or is not here, had never been: numbers above all that
     * were seen, {@code generation} among them.
     */
    public Root passedOver(long generation) {
        long newer = Math.max(number.generation, generation) + 1;
        Number above = new Number(
                number.cp + 1, number.openCounter, newer, number.previousCp, number.usedCounter + 1, number.wholeSince);
        boolean hasTwin = twin.state() != TwinRecord.State.NONE;
        TwinRecord unsure = hasTwin ? twin.in(TwinRecord.State.DIVERGED) : twin;
        return new Root(poolId, above, log, written, objects, space, unsure);
    }

    /** Where recovery reads the log from. */
    public RingStart ringStart() {
        return new RingStart(poolId.high(), poolId.low(), number.openCounter, log.position, log.record);
    }
}
