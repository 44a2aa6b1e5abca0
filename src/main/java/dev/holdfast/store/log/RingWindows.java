package dev.holdfast.store.log;

import dev.holdfast.array.Array;
import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.io.DiskOutcome;
import dev.holdfast.io.Loop;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The same stretch of the ring as every member has it, read forwards in pieces of 1 MiB. It understands nothing of what
 * it reads: a page that one member cannot read is filled from another, one that nobody can read is zeroes and known as
 * such. An error may pass, and what a start cannot read is lost for good: so such a page is tried again for a second.
 * What is known of the last record already stands in for what is read of it.
 *
 * <p>Use: {@link #ensure}; when it answers false, come back with the same question when {@code resume} has run.
 */
final class RingWindows {
    private static final int PAGE = Entry.SLOT_BYTES;
    private static final int MAX_PIECE_BYTES = 1 << 20;
    private static final int TRIES = 6;
    private static final long PAUSE_NANOS = 200_000_000L;

    private final Array array;
    private final Loop loop;
    private final Runnable resume;
    private final LastRecord known;
    private final int maxPieceBytes;
    private final int capacityBytes;
    private final boolean[] unreadable;
    private final List<Copy> copies = new ArrayList<>();
    private long base;
    private int have;
    private int pending;
    private int pieceBytes;
    private int tries;

    RingWindows(Array array, LastRecord known, Loop loop, Runnable resume) {
        this.array = array;
        this.known = known;
        this.loop = loop;
        this.resume = resume;
        maxPieceBytes = (int) Math.min(MAX_PIECE_BYTES, array.logBytes());
        capacityBytes = RingRecord.maxRecordBytes(array.logBytes()) + maxPieceBytes;
        unreadable = new boolean[capacityBytes / PAGE];
    }

    /**
     * Whether the bytes at logical position {@code position} are at hand; if not, reading has begun. Whatever is before
     * is forgotten. A range does not cross the end of the region.
     */
    boolean ensure(long position, int lengthBytes) {
        Checks.that(pending == 0, "one question at a time", pending);
        Checks.that(lengthBytes > 0 && lengthBytes <= capacityBytes - maxPieceBytes, "a window holds it", lengthBytes);
        Checks.that(lengthBytes <= toEndOfLap(position), "the range does not cross the end", position, lengthBytes);
        boolean inside = position >= base && position <= base + have;
        if (inside && position + lengthBytes <= base + have) {
            return true;
        }
        if (copies.isEmpty()) {
            openCopies();
        }
        forgetBefore(position, inside);
        readPiece();
        return false;
    }

    /** How many copies there are. */
    int copies() {
        return copies.size();
    }

    /** The bytes of a copy; {@link #at} says where in it a position is. */
    ByteBuffer bytes(int copy) {
        return copies.get(copy).bytes;
    }

    int at(long position) {
        return (int) (position - base);
    }

    /** Whether every page of a range that was ensured could be read from some copy. */
    boolean isReadable(long position, int lengthBytes) {
        Checks.that(at(position) >= 0 && at(position) + lengthBytes <= have, "only what was ensured", position);
        for (int page = at(position) / PAGE; page * PAGE < at(position) + lengthBytes; page++) {
            if (unreadable[page]) {
                return false;
            }
        }
        return true;
    }

    /** Bytes from a position to the end of the region. */
    long toEndOfLap(long position) {
        return array.logBytes() - position % array.logBytes();
    }

    private void openCopies() {
        long members = array.members();
        Checks.that(members != 0, "the array has a member");
        for (int slot = 0; slot < array.slots(); slot++) {
            if ((members >>> slot & 1) != 0) {
                copies.add(new Copy(slot));
            }
        }
    }

    private void forgetBefore(long position, boolean inside) {
        if (!inside) {
            base = position;
            have = 0;
        } else if (capacityBytes - have < maxPieceBytes) {
            int shift = at(position);
            Checks.that(shift >= 0 && shift <= have, "what is forgotten was there", shift, have);
            copies.forEach(copy -> copy.bytes.put(0, copy.bytes, shift, have - shift));
            System.arraycopy(unreadable, shift / PAGE, unreadable, 0, (have - shift) / PAGE);
            base = position;
            have -= shift;
        }
    }

    private void readPiece() {
        long from = base + have;
        pieceBytes = (int) Math.min(maxPieceBytes, toEndOfLap(from));
        Checks.that(have + pieceBytes <= capacityBytes, "the piece fits", have, pieceBytes);
        tries = 1;
        pending = copies.size();
        copies.forEach(copy -> copy.read(from % array.logBytes()));
    }

    private void readAgain() {
        Checks.that(pending == 0 && tries < TRIES, "tried again after a try", tries);
        tries++;
        pending = copies.size();
        copies.forEach(copy -> copy.readAgain(0));
    }

    private void copyEnded() {
        Checks.that(pending > 0, "a read was under way");
        pending--;
        if (pending > 0) {
            return;
        }
        boolean some = false;
        for (int at = have; at < have + pieceBytes; at += PAGE) {
            unreadable[at / PAGE] = !fill(at);
            some |= unreadable[at / PAGE];
        }
        if (some && tries < TRIES && !copies.stream().allMatch(copy -> copy.gone)) {
            Marks.reached("log.ring-tried-again");
            loop.after(PAUSE_NANOS, this::readAgain);
            return;
        }
        have += pieceBytes;
        resume.run();
    }

    /** Copies that could not read a page take it from one that could. False when there is none. */
    private boolean fill(int at) {
        if (known.has(base + at)) {
            copies.forEach(copy -> known.copyPage(base + at, copy.bytes, at));
            return true;
        }
        Copy source = copies.getFirst();
        for (Copy copy : copies) {
            source = copy.failed[at / PAGE] ? source : copy;
        }
        if (source.failed[at / PAGE]) {
            return false;
        }
        for (Copy copy : copies) {
            if (copy.failed[at / PAGE]) {
                Marks.reached("log.ring-filled-from-other");
                copy.bytes.put(at, source.bytes, at, PAGE);
            }
        }
        return true;
    }

    /** One member's bytes, and which of their pages could not be read. */
    private final class Copy {
        private final int slot;
        private final ByteBuffer bytes = RingWriter.alignedDirect(capacityBytes);
        private final boolean[] failed = new boolean[capacityBytes / PAGE];
        private boolean gone;
        private long pieceOffset;

        Copy(int slot) {
            this.slot = slot;
        }

        void read(long offset) {
            pieceOffset = offset;
            Arrays.fill(failed, have / PAGE, (have + pieceBytes) / PAGE, false);
            if (gone) {
                loop.post(() -> lose(0));
            } else {
                array.readLog(slot, offset, range(0, pieceBytes), loop, this::pieceEnded, 0);
            }
        }

        private void pieceEnded(long token, DiskOutcome outcome) {
            switch (outcome) {
                case OK -> copyEnded();
                case MEDIA_ERROR -> readPage(0);
                case FULL, GONE -> lose(0);
            }
        }

        /** After a piece failed, page by page: one bad place does not hide its neighbours. */
        private void readPage(int at) {
            Marks.reached("log.ring-read-by-page");
            array.readLog(slot, pieceOffset + at, range(at, PAGE), loop, this::pageEnded, at);
        }

        private void pageEnded(long at, DiskOutcome outcome) {
            if (outcome == DiskOutcome.FULL || outcome == DiskOutcome.GONE) {
                lose((int) at);
                return;
            }
            failed[(have + (int) at) / PAGE] = outcome == DiskOutcome.MEDIA_ERROR;
            if (outcome == DiskOutcome.MEDIA_ERROR) {
                blank((int) at);
            }
            if (tries == 1 && at + PAGE < pieceBytes) {
                readPage((int) at + PAGE);
            } else if (tries > 1) {
                readAgain((int) at + PAGE);
            } else {
                copyEnded();
            }
        }

        /** The next page from {@code from} on that no copy could read. */
        void readAgain(int from) {
            int at = from;
            while (at < pieceBytes && !unreadable[(have + at) / PAGE]) {
                at += PAGE;
            }
            if (gone || at >= pieceBytes) {
                loop.post(RingWindows.this::copyEnded);
            } else {
                readPage(at);
            }
        }

        private void lose(int from) {
            gone = true;
            for (int at = from; at < pieceBytes; at += PAGE) {
                blank(at);
            }
            copyEnded();
        }

        private void blank(int at) {
            failed[(have + at) / PAGE] = true;
            for (int i = 0; i < PAGE; i += Long.BYTES) {
                bytes.putLong(have + at + i, 0);
            }
        }

        private ByteBuffer range(int at, int length) {
            return bytes.duplicate().limit(have + at + length).position(have + at);
        }
    }
}
