package dev.holdfast.store.twin;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.base.Mutant;
import dev.holdfast.store.log.RingCopy;
import dev.holdfast.store.log.RingStart;
import dev.holdfast.store.root.Root;
import dev.holdfast.store.root.TwinRecord;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Optional;

/**
 * The source's log on its way to the twin (T9): which records that has, from its newest root on without a gap. It knows
 * no lanes and makes nobody wait; what becomes safe it tells. On the committer's loop.
 *
 * <ol>
 *   <li>Records go out in order from the place that the twin's newest root reads from; so its log can be read from
 *       there to what it has acknowledged.
 *   <li>They go out only behind a root of this run whose every later change is in the ring ({@link #counts}): a root
 *       that covered changes which were never logged, or after which records were let go, makes a new beginning.
 *   <li>The ring is trimmed to the oldest root that the twin may have among those; so what goes there never lies over
 *       what that root still needs.
 * </ol>
 */
public final class TwinRing {
    /** Roots whose places are remembered; a twin that is behind all of them gets the newest one first. */
    private static final int MOST_ROOTS = 64;

    private static final int SMALL_BYTES = 4 << 20;
    private static final long NEVER = Long.MAX_VALUE;

    /** How it stands. */
    public enum State {
        /** Nobody asked for it. */
        OFF,
        /** Not everything is there yet, and nobody waits for it. */
        CATCHING_UP,
        /** Nothing is answered that the twin has not got. */
        SYNCHRONOUS,
        /** The same; but the twin is away or behind, and so whatever changes waits. */
        SUSPENDED
    }

    /** Who makes records and answers for them. */
    public interface Listener {
        /** Records that end at {@code position} or before are at the twin. */
        void safe(long position);

        /** The twin has root {@code cp}. */
        void rooted(long cp);

        /** From now on only what is {@link #safe} counts as durable; or not any more. */
        void both(boolean both);

        /** Records may begin again, if {@link TwinRing#holds} kept them. */
        void goOn();
    }

    /** The source's own devices. */
    interface Reader {
        /** Reads the log from {@code start} on; {@code resume} runs when it has read on. */
        RingCopy from(RingStart start, Runnable resume);
    }

    /** The way to the twin. */
    interface Out {
        /** Sends LOG. */
        void log(long position, ByteBuffer[] parts, int count);

        /** False if so much waits to be sent that no more should. */
        boolean hasRoom();

        /** Ends the connection. */
        void close(String why);

        /** The next root must say something new: it should come soon. */
        void changed();

        /** Wall time, ms. */
        long wallMillis();
    }

    private final Reader reader;
    private final Out out;
    private final ArrayDeque<Root> roots = new ArrayDeque<>();
    private final ByteBuffer[] whole = new ByteBuffer[1];
    private Optional<Listener> listener = Optional.empty();
    private Optional<RingCopy> copy = Optional.empty();
    private TwinRecord.Rpo rpo;
    private TwinRecord.Rpo recorded;
    private boolean open;
    private boolean both;
    private boolean inStep;
    private long hasCp;
    private long counts = NEVER;
    private long sentTo = -1;
    private long hasTo = -1;
    private long durableTo;
    private long copyTo;
    private boolean reading;
    private long since;
    private RingStart next = new RingStart(0, 0, 0, 0, 0);

    TwinRing(Reader reader, TwinRecord.Rpo rpo, Out out) {
        this.reader = reader;
        this.out = out;
        this.rpo = rpo;
        this.recorded = rpo;
        this.since = out.wallMillis();
        this.both = rpo == TwinRecord.Rpo.ZERO;
    }

    /** How it stands. */
    public State state() {
        return switch (rpo) {
            case POINTS -> State.OFF;
            case CATCHING_UP -> State.CATCHING_UP;
            case ZERO ->
                recorded != TwinRecord.Rpo.ZERO ? State.CATCHING_UP : inStep ? State.SYNCHRONOUS : State.SUSPENDED;
        };
    }

    /** Wall time since which it has been so that the twin lacks something, ms. */
    long since() {
        return since;
    }

    /** What the next root says. */
    TwinRecord.Rpo rpo() {
        return rpo;
    }

    /** True if records go to the twin. */
    public boolean isOn() {
        return rpo != TwinRecord.Rpo.POINTS;
    }

    /** True if the twin has everything, but for what is on its way. */
    public boolean isInStep() {
        return inStep;
    }

    /** Records are made from now on, the next one at {@code position} or behind; {@code told} hears of all. */
    public void begin(long position, Listener told) {
        Checks.that(listener.isEmpty(), "records begin once", position);
        listener = Optional.of(told);
        durableTo = position;
        told.both(both);
    }

    /** Nothing is to be lost with the source, as soon as the twin has everything; or something may be again. */
    public void ask(boolean zero) {
        if (zero == isOn()) {
            return;
        }
        rpo = zero ? TwinRecord.Rpo.CATCHING_UP : TwinRecord.Rpo.POINTS;
        counts = NEVER;
        roots.clear();
        stop();
        waitFor(false);
        out.changed();
    }

    /** What the twin has is given up by a person: nobody waits for it until it has everything again. */
    void startOver() {
        hasCp = 0;
        stop();
        if (isOn()) {
            rpo = TwinRecord.Rpo.CATCHING_UP;
            waitFor(false);
        }
    }

    private void waitFor(boolean twin) {
        both = twin;
        listener.ifPresent(told -> told.both(twin));
    }

    /** Everything that was answered before anybody waited for the twin is there, too. */
    public void reached() {
        if (both && rpo == TwinRecord.Rpo.CATCHING_UP) {
            Marks.reached("twin.synchronous");
            rpo = TwinRecord.Rpo.ZERO;
            out.changed();
        }
    }

    /** The twin is there and has root {@code cp}, or none. */
    void opened(long cp) {
        open = true;
        hasCp = cp;
        listener.ifPresent(told -> told.rooted(cp));
        start();
    }

    /** The twin has root {@code cp}. */
    void rooted(long cp) {
        Checks.that(cp > hasCp, "roots get newer", cp, hasCp);
        hasCp = cp;
        while (!roots.isEmpty() && roots.getFirst().number().cp() < cp) {
            roots.removeFirst();
        }
        listener.ifPresent(told -> told.rooted(cp));
        start();
    }

    /** The connection is gone. */
    void closed() {
        open = false;
        stop();
    }

    private void stop() {
        since = inStep ? out.wallMillis() : since;
        inStep = false;
        sentTo = -1;
        hasTo = -1;
        copy = Optional.empty();
        if (both && rpo == TwinRecord.Rpo.CATCHING_UP) {
            waitFor(false);
        }
        listener.ifPresent(Listener::goOn);
    }

    /** {@code root} is durable here: it said that. */
    void recorded(Root root) {
        recorded = root.twin().rpo();
    }

    /**
     * {@code root} is durable here and the ring may be trimmed to it; {@code gap} if it covers changes that no record
     * has.
     */
    public void covered(Root root, boolean gap) {
        long cp = root.number().cp();
        if (!isOn() || root.twin().rpo() == TwinRecord.Rpo.POINTS) {
            return;
        }
        if (counts == NEVER || gap) {
            beginAt(cp);
        }
        if (roots.size() == MOST_ROOTS) {
            roots.removeFirst();
        }
        roots.addLast(root);
        if (hasCp >= cp) {
            listener.ifPresent(told -> told.rooted(cp));
        }
        start();
    }

    private void beginAt(long cp) {
        if (counts != NEVER) {
            Marks.reached("twin.log-begins-anew");
        }
        counts = cp;
        roots.clear();
        stop();
    }

    /** From which position on the ring must be kept, if the newest root needs it from {@code own} on. */
    public long keep(long own) {
        boolean any = !roots.isEmpty() && !Mutant.on("twin.log-trimmed-by-own-root");
        return any ? Math.min(own, roots.getFirst().log().position()) : own;
    }

    /** The ring is full: what only the twin's roots need of it is let go; false if that is nothing. */
    public boolean letGo() {
        if (roots.size() < 2) {
            return false;
        }
        Marks.reached("twin.log-let-go");
        Root newest = roots.getLast();
        beginAt(newest.number().cp());
        roots.addLast(newest);
        start();
        return true;
    }

    /** A record of {@code bytes} at {@code position} goes to the devices. */
    public void wrote(long position, ByteBuffer[] parts, int count, int bytes) {
        if (sentTo >= 0 && sentTo == durableTo && copy.isEmpty() && out.hasRoom()) {
            out.log(position, parts, count);
            sentTo = position + bytes;
        }
    }

    /** All records before {@code after}, where the next one goes, are durable here. */
    public void durable(RingStart after) {
        Checks.that(after.position() >= durableTo, "records follow each other", after.position(), durableTo);
        durableTo = after.position();
        if (sentTo == durableTo && copy.isEmpty()) {
            next = after;
        }
        catchUp();
        arrived();
        if (hasTo >= 0) {
            tellSafe(); // The twin may have been faster than the devices here.
        }
    }

    /** True while no record is to begin, since those before it are still being read for the twin. */
    public boolean holds() {
        return sentTo >= 0 && sentTo < durableTo && (both || durableTo - sentTo <= SMALL_BYTES && out.hasRoom());
    }

    /** The twin has the log up to {@code position}. */
    void logged(long position) {
        if (position <= hasTo || position > sentTo) {
            out.close("log up to " + position + " that nobody sent");
            return;
        }
        hasTo = position;
        tellSafe();
        arrived();
    }

    /** With each record and each answer, so without a lambda. */
    private void tellSafe() {
        if (listener.isPresent()) {
            listener.get().safe(hasTo);
        }
    }

    /** There is room on the way again. */
    void drained() {
        if (copy.isPresent()) {
            read();
        } else {
            catchUp();
        }
    }

    /** If the twin has a root that counts, records follow from where that reads. */
    private void start() {
        if (!open || sentTo >= 0 || hasCp < counts) {
            return;
        }
        for (Root root : roots) {
            if (root.number().cp() == hasCp) {
                Marks.reached("twin.log-follows");
                sentTo = root.log().position();
                hasTo = sentTo;
                next = root.ringStart();
                if (Mutant.on("twin.log-from-wrong-place")) {
                    sentTo = durableTo;
                    hasTo = durableTo;
                }
                catchUp();
                arrived();
                return;
            }
        }
    }

    private void catchUp() {
        if (sentTo < 0 || sentTo >= durableTo || copy.isPresent()) {
            return;
        }
        Marks.reached("twin.log-read-again");
        copyTo = durableTo;
        RingCopy[] made = new RingCopy[1];
        made[0] = reader.from(next, () -> {
            if (copy.isPresent() && copy.get() == made[0]) {
                reading = false;
                read();
            }
        });
        reading = false;
        copy = Optional.of(made[0]);
        read();
    }

    private void read() {
        while (copy.isPresent() && !reading && next.position() < copyTo && out.hasRoom()) {
            RingCopy from = copy.get();
            switch (from.next()) {
                case WAIT -> {
                    reading = true;
                    return;
                }
                case NONE -> {
                    Marks.reached("twin.log-unreadable");
                    counts = NEVER;
                    roots.clear();
                    stop();
                    out.changed();
                    return;
                }
                case RECORD -> {
                    whole[0] = from.bytes();
                    out.log(from.position(), whole, 1);
                    sentTo = from.position() + whole[0].remaining();
                    next = from.expected();
                }
            }
        }
        if (copy.isPresent() && next.position() >= copyTo) {
            copy = Optional.empty();
            catchUp();
            if (copy.isEmpty()) {
                listener.ifPresent(Listener::goOn);
            }
        }
    }

    /** Whether the twin has everything. */
    private void arrived() {
        if (sentTo < durableTo || hasTo < durableTo || sentTo < 0) {
            return;
        }
        inStep = true;
        if (!both && rpo == TwinRecord.Rpo.CATCHING_UP) {
            waitFor(true);
        }
    }
}
