package dev.holdfast.sim.oracle;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Disk;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * One block as its clients may see it: the versions from the last durable one to the newest. It does not know whole
 * requests.
 *
 * <ol>
 *   <li>The first version is durable and acknowledged; versions are in order of effect.
 *   <li>Only the newest version can have changes under way; those of one version overlap each other in time.
 *   <li>A version lists every content it may have: one, unless changes overlapped or their outcome is unknown. A read
 *       tells which it is; what it may have been before counts again after a power cut, unless all its changes are
 *       durable.
 * </ol>
 */
final class BlockHistory {
    private static final long NEVER = Long.MAX_VALUE;
    private static final byte[] ZEROES = new byte[Disk.BLOCK_BYTES];

    private final long block;
    private List<Version> versions = new ArrayList<>(2);

    /** One state the block was, is, or will be in. */
    static final class Version {
        private List<byte[]> legal;
        private List<byte[]> unseen;
        private final List<Long> changes = new ArrayList<>(1);
        private long acknowledgedAt = NEVER;
        private long lastAcknowledgedAt;
        private boolean partlyDurable;
        private int underWay;
        private boolean whole = true;
        private Optional<Version> next = Optional.empty();

        private Version(List<byte[]> legal) {
            becomes(legal);
        }

        private void becomes(List<byte[]> contents) {
            legal = contents;
            unseen = contents;
        }
    }

    BlockHistory(long block) {
        this.block = block;
        Version first = new Version(List.of(ZEROES));
        first.acknowledgedAt = 0;
        versions.add(first);
    }

    /** The same history, to go on by itself; contents are shared. */
    BlockHistory copy() {
        BlockHistory copy = new BlockHistory(block);
        copy.versions = new ArrayList<>(versions.size());
        for (Version version : versions) {
            Version twin = new Version(version.legal);
            twin.changes.addAll(version.changes);
            twin.unseen = version.unseen;
            twin.acknowledgedAt = version.acknowledgedAt;
            twin.lastAcknowledgedAt = version.lastAcknowledgedAt;
            twin.partlyDurable = version.partlyDurable;
            twin.underWay = version.underWay;
            twin.whole = version.whole;
            if (!copy.versions.isEmpty()) {
                copy.versions.getLast().next = Optional.of(twin);
            }
            copy.versions.add(twin);
        }
        return copy;
    }

    /** False if a change of this range would overlap changes under way in a way that is not judged. */
    boolean admits(long offset, long lengthBytes) {
        Version newest = versions.getLast();
        boolean whole = offset <= block * ZEROES.length && offset + lengthBytes >= (block + 1) * ZEROES.length;
        return newest.underWay == 0 || (newest.acknowledgedAt == NEVER && newest.whole && whole);
    }

    void begin(Change change) {
        Version newest = versions.getLast();
        boolean joins = newest.underWay > 0;
        Version before = joins ? versions.get(versions.size() - 2) : newest;
        List<byte[]> after = new ArrayList<>(before.legal.size());
        for (byte[] content : before.legal) {
            addOnce(after, change.appliedTo(content, block));
        }
        if (!joins) {
            newest = new Version(after);
            versions.getLast().next = Optional.of(newest);
            versions.add(newest);
        } else {
            List<byte[]> either = new ArrayList<>(newest.legal);
            after.forEach(content -> addOnce(either, content));
            newest.becomes(either);
        }
        newest.whole &= change.coversBlock(block, ZEROES.length);
        newest.underWay++;
        newest.changes.add(change.id());
    }

    /** One change of the newest version was acknowledged at {@code now}, perhaps durably. */
    void acknowledged(long now, boolean durable) {
        Version newest = versions.getLast();
        Checks.that(newest.underWay > 0, "what is acknowledged was under way", block);
        newest.underWay--;
        newest.acknowledgedAt = Math.min(newest.acknowledgedAt, now);
        newest.lastAcknowledgedAt = now;
        if (durable) {
            keepFrom(versions.size() - 1);
            newest.partlyDurable = newest.changes.size() > 1;
        }
    }

    /** One change of the newest version ended and nobody knows how. */
    void unknown(long now) {
        Version newest = versions.getLast();
        Checks.that(newest.underWay > 0, "what failed was under way", block);
        newest.underWay--;
        isOver(newest, now);
    }

    /** What the changes under way in {@code newest} did is not known and will not be. */
    private void isOver(Version newest, long now) {
        if (newest.acknowledgedAt == NEVER) {
            newest.becomes(unionFrom(versions.size() - 2));
        }
        newest.acknowledgedAt = Math.min(newest.acknowledgedAt, now);
        newest.lastAcknowledgedAt = now;
    }

    /** A flush that began at {@code begun} succeeded. */
    void flushed(long begun) {
        int at = versions.size() - 1;
        while (versions.get(at).acknowledgedAt >= begun && at > 0) {
            at--;
        }
        keepFrom(at);
        Version durable = versions.getFirst();
        durable.partlyDurable =
                durable.changes.size() > 1 && (durable.underWay > 0 || durable.lastAcknowledgedAt >= begun);
    }

    /** True if a power cut may change what the block holds. */
    boolean isVolatile() {
        return versions.size() > 1 || versions.getFirst().partlyDurable;
    }

    void processDied(long now) {
        Version newest = versions.getLast();
        if (newest.underWay > 0) {
            newest.underWay = 0;
            isOver(newest, now);
        }
    }

    void powerCut() {
        if (isVolatile()) {
            List<byte[]> contents = new ArrayList<>();
            for (Version version : versions) {
                boolean durable = version == versions.getFirst() && !version.partlyDurable;
                (durable ? version.legal : version.unseen).forEach(content -> addOnce(contents, content));
            }
            Version any = new Version(contents);
            versions.forEach(version -> any.changes.addAll(version.changes));
            any.acknowledgedAt = 0;
            versions = new ArrayList<>(List.of(any));
        }
        versions.getLast().underWay = 0;
    }

    /** The oldest version a read that begins now may see. */
    Version floor() {
        Version newest = versions.getLast();
        return newest.acknowledgedAt == NEVER ? versions.get(versions.size() - 2) : newest;
    }

    /**
     * True if a read that began at {@code floor} may see, from byte {@code from} of the block on, the {@code count}
     * bytes at {@code at} of {@code seen}; remembers what it saw.
     */
    boolean observe(Version floor, byte[] seen, int at, int from, int count) {
        boolean legal = false;
        Optional<Version> version = Optional.of(floor);
        while (version.isPresent() && !legal) {
            for (byte[] content : version.get().legal) {
                legal |= same(content, seen, at, from, count);
            }
            version = version.get().next;
        }
        Version newest = versions.getLast();
        if (newest.underWay == 0 && newest.legal.size() > 1) {
            List<byte[]> matching = newest.legal.stream()
                    .filter(content -> same(content, seen, at, from, count))
                    .toList();
            newest.legal = matching.isEmpty() ? newest.legal : matching;
        }
        return legal;
    }

    /** The changes that made the versions a read may see from {@code floor} on, oldest first. */
    List<List<Long>> changesFrom(Version floor) {
        List<List<Long>> changes = new ArrayList<>();
        for (Optional<Version> at = Optional.of(floor); at.isPresent(); at = at.get().next) {
            changes.add(at.get().changes);
        }
        return changes;
    }

    private static boolean same(byte[] content, byte[] seen, int at, int from, int count) {
        return Arrays.equals(content, from, from + count, seen, at, at + count);
    }

    private void keepFrom(int first) {
        if (first > 0) {
            versions.subList(0, first).clear();
        }
    }

    private List<byte[]> unionFrom(int first) {
        List<byte[]> union = new ArrayList<>();
        for (Version version : versions.subList(Math.max(0, first), versions.size())) {
            version.legal.forEach(content -> addOnce(union, content));
        }
        return union;
    }

    private static void addOnce(List<byte[]> contents, byte[] added) {
        if (contents.stream().noneMatch(content -> Arrays.equals(content, added))) {
            contents.add(added);
        }
    }
}
