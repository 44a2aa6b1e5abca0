package dev.holdfast.store.root;

import dev.holdfast.base.Checks;
import dev.holdfast.store.tree.ObjectRoot;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;

/**
 * The snapshots and pins of one shard, oldest first, and the object they are kept in. It decides nothing about
 * blocks;
 * {@link ShardCheckpoint} frees and keeps them.
 *
 * <p>Invariants: T1 records are ordered by cp, strictly; T2 each has its own place in the object; T3 ids only grow.
 */
public final class SnapshotTable {
    public static final int PER_BLOCK = 4096 / SnapshotRecord.BYTES;

    private final List<SnapshotRecord> records = new ArrayList<>();
    private final List<Integer> places = new ArrayList<>();
    private final TreeSet<Integer> freePlaces = new TreeSet<>();
    private final TreeSet<Long> changedBlocks = new TreeSet<>();
    private int placesInUse;
    private ObjectRoot object;
    private long nextId;

    public SnapshotTable(ObjectRoot object, long nextId) {
        this.object = object;
        this.nextId = nextId;
    }

    /** Takes one block of the stored table. Blocks come in order; {@link #loaded} follows. */
    public void load(long block, ByteBuffer bytes, int base) {
        for (int i = 0; i < PER_BLOCK; i++) {
            int place = Math.toIntExact(block * PER_BLOCK + i);
            SnapshotRecord record = SnapshotRecord.decode(bytes, base + i * SnapshotRecord.BYTES);
            placesInUse = Math.max(placesInUse, place + 1);
            if (record.id() == 0) {
                freePlaces.add(place);
            } else {
                insertLoaded(record, place);
            }
        }
    }

    private void insertLoaded(SnapshotRecord record, int place) {
        int at = records.size();
        while (at > 0 && records.get(at - 1).taken().cp() > record.taken().cp()) {
            at--;
        }
        records.add(at, record);
        places.add(at, place);
    }

    /** Ends loading and checks the whole. */
    public void loaded() {
        for (int i = 1; i < records.size(); i++) {
            Checks.that(
                    records.get(i - 1).taken().cp() < records.get(i).taken().cp(), "snapshots have cps of their own");
        }
        for (SnapshotRecord record : records) {
            Checks.that(record.id() < nextId, "a snapshot id was given out", record.id());
        }
    }

    public List<SnapshotRecord> records() {
        return records;
    }

    public int size() {
        return records.size();
    }

    public long nextId() {
        return nextId;
    }

    /** The cp at or below which the newest snapshot may reach a block; 0 if there is none. */
    public long newestCp() {
        return records.isEmpty() ? 0 : records.getLast().taken().cp();
    }

    /** Index of the record with {@code id}, or -1. */
    public int indexOf(long id) {
        for (int i = 0; i < records.size(); i++) {
            if (records.get(i).id() == id) {
                return i;
            }
        }
        return -1;
    }

    /** Pins that this pool alone has, oldest first. */
    public List<SnapshotRecord> local() {
        return records.stream().filter(SnapshotRecord::isLocal).toList();
    }

    /** The record named {@code name}, if there is one. */
    public Optional<SnapshotRecord> named(String name) {
        return records.stream().filter(record -> record.name().equals(name)).findFirst();
    }

    /** Adds the newest record. */
    public void add(SnapshotRecord record) {
        Checks.that(
                record.taken().cp() > newestCp(),
                "a snapshot is newer than those before it",
                record.taken().cp());
        boolean isNew = record.isLocal() || record.id() >= nextId;
        Checks.that(isNew, "snapshot ids are never reused", record.id(), nextId);
        int place = freePlaces.isEmpty() ? placesInUse : Objects.requireNonNull(freePlaces.pollFirst());
        placesInUse = Math.max(placesInUse, place + 1);
        records.add(record);
        places.add(place);
        nextId = Math.max(nextId, record.id() + 1);
        changedBlocks.add((long) place / PER_BLOCK);
    }

    /** The record whose tree is that of root {@code cp}. */
    public Optional<SnapshotRecord> ofRoot(long cp) {
        return records.stream().filter(record -> record.taken().cp() == cp).findFirst();
    }

    /** The record at {@code index} is a pin of this pool alone from now on. */
    public void makeLocal(int index) {
        Checks.that(
                !records.get(index).isLocal(),
                "a snapshot becomes a pin",
                records.get(index).id());
        records.set(index, records.get(index).local());
        changedBlocks.add((long) places.get(index) / PER_BLOCK);
    }

    /** Puts another dead list into the record at {@code index}. */
    public void replace(int index, SnapshotRecord record) {
        Checks.that(records.get(index).id() == record.id(), "a record is replaced by itself", record.id());
        records.set(index, record);
        changedBlocks.add((long) places.get(index) / PER_BLOCK);
    }

    /** Removes the record at {@code index}; its dead list is the caller's business. */
    public SnapshotRecord remove(int index) {
        int place = places.remove(index);
        freePlaces.add(place);
        changedBlocks.add((long) place / PER_BLOCK);
        return records.remove(index);
    }

    /** The blocks of the object that must be written, ascending. */
    public TreeSet<Long> changedBlocks() {
        return changedBlocks;
    }

    /** Fills one block of the object. */
    public void encode(long block, ByteBuffer into) {
        for (int at = 0; at < 4096; at += Long.BYTES) {
            into.putLong(at, 0);
        }
        for (int i = 0; i < records.size(); i++) {
            int place = places.get(i);
            if (place / PER_BLOCK == block) {
                records.get(i).encode(into, place % PER_BLOCK * SnapshotRecord.BYTES);
            }
        }
    }

    public ObjectRoot object() {
        return object;
    }

    /** The changed blocks are written, in {@code written}. */
    public void written(ObjectRoot written) {
        object = written;
        changedBlocks.clear();
    }
}
