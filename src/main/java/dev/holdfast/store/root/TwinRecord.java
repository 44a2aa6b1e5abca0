package dev.holdfast.store.root;

import dev.holdfast.base.Checks;
import dev.holdfast.store.tree.ObjectRoot;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * What a root says of the pool's twin (pool-mirror.md): which roots that may have, and the space held for them.
 *
 * <pre>
 *   0 48 object: held list      56  2 state                     64  8 reign
 *  48  8 its entries            58  2 recovery point            72 24 identity: acknowledged
 *                               60  2 offered (0..4)
 *                               62  2 1: this one may be there  96 96 identities: offered, 4 x 24
 *                                                              192  2 length of the address
 *                                                              194 94 address, ASCII
 * </pre>
 *
 * @param state what the mirroring is at
 * @param rpo what may be lost with the source
 * @param reign which side speaks: greater after every promotion
 * @param known which roots the twin may have
 * @param address where the twin is, HOST:PORT of at most 94 characters of ASCII; empty if that is not kept
 * @param held addresses and births of blocks that only those reach
 */
public record TwinRecord(State state, Rpo rpo, long reign, Known known, String address, SnapshotRecord.DeadList held) {
    /** Two on their way, the newest one, and that of a run that ended. */
    public static final int MOST_OFFERED = 4;

    /** Bytes of one. */
    public static final int BYTES = 288;

    /** The longest address. */
    public static final int MOST_ADDRESS = 94;

    private static final int HAS = 72;
    private static final int ADDRESS = 192;

    /** What the mirroring of a pool is at. */
    public enum State {
        /** The pool has no twin. */
        NONE,
        /** It has one, and space is held for what that has. */
        MIRRORED,
        /** Neither side can be shown to be the newer one: a person chooses. */
        DIVERGED,
        /** A person gave up what the twin has: it begins with nothing when it is there. */
        GIVEN_UP,
        /** The twin has everything and is the pool, or may be any moment: this side never serves it again. */
        HANDED_OVER,
        /** The twin was promoted without this side, which has heard of it and never serves again. */
        DEMOTED,
        /** This side was the twin and is the pool now. The address is where it was the twin: an old source knows it. */
        PROMOTED
    }

    /** What is lost if the source is. */
    public enum Rpo {
        /** What came after the twin's newest root. */
        POINTS,
        /** The same yet; but the log goes to the twin, too: who goes on from a root with it reads that. */
        CATCHING_UP,
        /** Nothing: what the twin has not got is not answered. */
        ZERO
    }

    /**
     * Roots that the twin may have.
     *
     * @param has the newest one that it has acknowledged
     * @param offered others, which it may have beyond that
     * @param contacted the run that made this root knew by then what the twin had: this root may have gone out
     */
    public record Known(RootIdentity has, List<RootIdentity> offered, boolean contacted) {
        /** None. */
        public static final Known NOTHING = new Known(RootIdentity.NONE, List.of(), false);

        /** Checks the count. */
        public Known {
            Checks.that(offered.size() <= MOST_OFFERED, "no more roots are offered", offered.size());
        }
    }

    /** Of a pool without a twin. */
    public static final TwinRecord NONE =
            new TwinRecord(State.NONE, Rpo.POINTS, 0, Known.NOTHING, "", SnapshotRecord.DeadList.EMPTY);

    /** Checks the counts. */
    public TwinRecord {
        Checks.that(address.length() <= MOST_ADDRESS, "an address fits", address.length());
        Checks.that(held.entries() >= 0, "entries are counted", held.entries());
    }

    void write(ByteBuffer into, int at) {
        held.object().write(into, at);
        into.putLong(at + 48, held.entries()).putShort(at + 56, (short) state.ordinal());
        into.putShort(at + 58, (short) rpo.ordinal());
        into.putShort(at + 60, (short) known.offered.size()).putShort(at + 62, (short) (known.contacted ? 1 : 0));
        into.putLong(at + 64, reign);
        into.putShort(at + ADDRESS, (short) address.length());
        into.put(at + ADDRESS + 2, address.getBytes(StandardCharsets.US_ASCII));
        known.has.write(into, at + HAS);
        for (int i = 0; i < known.offered.size(); i++) {
            known.offered.get(i).write(into, at + HAS + (i + 1) * RootIdentity.BYTES);
        }
    }

    /** True if the bytes at {@code at} can be one. */
    static boolean isValid(ByteBuffer from, int at) {
        int state = from.getShort(at + 56);
        int rpo = from.getShort(at + 58);
        int offered = from.getShort(at + 60);
        boolean counted = state >= 0 && state < State.values().length && offered >= 0 && offered <= MOST_OFFERED;
        counted &= rpo >= 0 && rpo < Rpo.values().length;
        int length = from.getShort(at + ADDRESS);
        boolean placed = length >= 0 && length <= MOST_ADDRESS;
        return counted && placed && from.getLong(at + 48) >= 0 && ObjectRoot.isValid(from, at);
    }

    static TwinRecord read(ByteBuffer from, int at) {
        List<RootIdentity> offered = new ArrayList<>();
        for (int i = 0; i < from.getShort(at + 60); i++) {
            offered.add(RootIdentity.read(from, at + HAS + (i + 1) * RootIdentity.BYTES));
        }
        byte[] address = new byte[from.getShort(at + ADDRESS)];
        from.get(at + ADDRESS + 2, address);
        return new TwinRecord(
                State.values()[from.getShort(at + 56)],
                Rpo.values()[from.getShort(at + 58)],
                from.getLong(at + 64),
                new Known(RootIdentity.read(from, at + HAS), List.copyOf(offered), from.getShort(at + 62) != 0),
                new String(address, StandardCharsets.US_ASCII),
                new SnapshotRecord.DeadList(ObjectRoot.read(from, at), from.getLong(at + 48)));
    }

    /** True if this side is not the pool any more. */
    public boolean isOver() {
        return state == State.HANDED_OVER || state == State.DEMOTED;
    }

    /** The same, with the side that speaks having {@code newReign}. */
    public TwinRecord in(State newState, long newReign) {
        Checks.that(newReign >= reign, "reigns never go back", newReign, reign);
        return new TwinRecord(newState, rpo, newReign, known, address, held);
    }

    /** Of a promoted twin: its source's last root may be there, and the twin was at {@code newAddress}. */
    public TwinRecord promoted(long newReign, RootIdentity source, String newAddress) {
        return new TwinRecord(
                State.PROMOTED, Rpo.POINTS, newReign, new Known(source, List.of(), false), newAddress, held);
    }

    /** The same in another state. */
    public TwinRecord in(State newState) {
        return new TwinRecord(newState, rpo, reign, known, address, held);
    }
}
