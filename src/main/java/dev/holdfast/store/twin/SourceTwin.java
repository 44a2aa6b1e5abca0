package dev.holdfast.store.twin;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.base.Mutant;
import dev.holdfast.store.root.Root;
import dev.holdfast.store.root.RootIdentity;
import dev.holdfast.store.root.SnapshotRecord;
import dev.holdfast.store.root.TwinRecord;
import dev.holdfast.store.work.Twin;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The source's side of a pool's twin: which roots that may have, what is sent to it and when its next root may go out.
 * It knows no bytes and no connection, and makes nobody wait.
 *
 * <ol>
 *   <li>Roots are offered in order; the first in line goes out when it is durable here (T2) and its flush was answered.
 *   <li>Every root that the twin may have is among {@link #roots} until it is known not to be its newest any more (T3).
 *   <li>At most two are offered and not acknowledged, and none before a root is durable that this run made after it
 *       learnt what the twin has: so the newest root always says all that the twin may have.
 *   <li>A walk begins with nothing on its way: of what it sends the twin has the root before, or none.
 *   <li>Blocks are sent only in state {@link State#OPEN}: it is known from which root on.
 * </ol>
 */
public final class SourceTwin implements Twin {
    private static final int LINE = 2;

    /** How it stands with the twin. */
    public enum State {
        /** There is no connection. */
        AWAY,
        /** HELLO was sent, the twin will say what it has. */
        GREETING,
        /** The twin goes back to the root before its newest, or to none. */
        WITHDRAWING,
        /** What the twin has is known; blocks and roots follow. */
        OPEN,
        /** It has what nobody here knows: a person chooses. */
        DIVERGED
    }

    /** How far a root on its way to the twin is. */
    private enum Stage {
        /** Its blocks go out, as they are written or by a walk. */
        SENDING,
        /** All have gone. */
        SENT,
        /** All are durable there. */
        FLUSHED,
        /** The root has gone. */
        ROOTING
    }

    private static final class Offer {
        final long cp;
        Stage stage = Stage.SENDING;
        Optional<Root> root;

        Offer(long cp, Optional<Root> root) {
            this.cp = cp;
            this.root = root;
        }
    }

    private final TwinPort port;
    private final TwinRing ring;
    private final ArrayDeque<Offer> line = new ArrayDeque<>();
    private final List<RootIdentity> offered = new ArrayList<>();
    private TwinRecord.State kept;
    private long reign;
    private String address;
    private RootIdentity has;
    private RootIdentity atStart;
    private Root newest;
    private State state = State.AWAY;
    private Optional<Offer> live = Optional.empty();
    private boolean walking;
    private long running;
    private boolean contacted;
    private boolean recording;
    private boolean recorded;
    private boolean wanted;
    private boolean taken;

    /** The twin as {@code newest}, the root of the start, has it. */
    SourceTwin(Root newest, TwinPort port, TwinRing ring) {
        this.port = port;
        this.ring = ring;
        this.newest = newest;
        this.kept = newest.twin().state();
        this.reign = newest.twin().reign();
        this.address = newest.twin().address();
        this.has = newest.twin().known().has();
        this.offered.addAll(newest.twin().known().offered());
        this.atStart = newest.twin().known().contacted() ? newest.identity() : RootIdentity.NONE;
    }

    /** How it stands. */
    public State state() {
        return state;
    }

    /** The newest root that the twin is known to have; none if that is none. */
    RootIdentity has() {
        return has;
    }

    /** True if blocks go out as they are written. */
    boolean isLive() {
        return live.isPresent() || covered() == newest.number().cp() && state == State.OPEN;
    }

    TwinRecord.State kept() {
        return kept;
    }

    /** Where the twin is, as the pool's roots say. */
    String address() {
        return address;
    }

    /** The twin is there from now on. */
    void address(String there) {
        Checks.that(there.length() <= TwinRecord.MOST_ADDRESS, "an address fits", there.length());
        if (!there.equals(address)) {
            address = there;
            port.changed();
        }
    }

    /** The pool, whose newest root is {@code now}, gets a twin, or gives up what that has: the next root says so. */
    void begin(Root now) {
        Checks.that(line.size() <= LINE, "a line of two", line.size());
        boolean first = kept == TwinRecord.State.NONE;
        newest = first ? now : newest;
        kept = first ? TwinRecord.State.MIRRORED : TwinRecord.State.GIVEN_UP;
        has = RootIdentity.NONE;
        atStart = RootIdentity.NONE;
        offered.clear();
        recording = false;
        recorded = false;
        contacted = false;
        ring.startOver();
        if (!first && Mutant.on("twin.pin-given-up-silently")) {
            has = newest.identity();
            kept = TwinRecord.State.MIRRORED;
        }
        if (state != State.AWAY) {
            state = State.AWAY;
            empty();
            port.close("what the twin has was given up");
        }
        port.changed();
    }

    /** The pool goes on in a reign of its own; its twin is somewhere again. */
    void promotedIsMirrored() {
        if (kept == TwinRecord.State.PROMOTED) {
            kept = TwinRecord.State.MIRRORED;
            port.changed();
        }
    }

    /** The twin is to be the pool. */
    void wanted() {
        wanted = true;
        goOn();
    }

    /** {@code root} says, durably, that this side is the pool no more: now the twin may be. */
    void handedOver(Root root) {
        Checks.that(
                root.twin().state() == TwinRecord.State.HANDED_OVER,
                "what was recorded",
                root.number().cp());
        kept = root.twin().state();
        reign = root.twin().reign();
        newest = root;
        grant();
    }

    private void grant() {
        if (kept == TwinRecord.State.HANDED_OVER && state == State.OPEN) {
            Checks.that(has.cp() == newest.number().cp(), "the twin has everything", has.cp());
            port.grant(reign, newest.identity());
        }
    }

    /** Who answers is the pool, in {@code theirs}. */
    void promoted(long theirs) {
        if (theirs > reign && !Mutant.on("twin.goes-on-beside-newer")) {
            port.superseded(theirs);
        } else {
            taken = kept == TwinRecord.State.HANDED_OVER && theirs == reign;
            port.close("the twin is the pool");
        }
    }

    /** True once the twin has said that it is the pool, as it was granted. */
    boolean isTaken() {
        return taken;
    }

    /** The reign of this side. */
    long reign() {
        return reign;
    }

    /** There is a connection. */
    void connected() {
        Checks.that(state == State.AWAY || state == State.DIVERGED, "one connection at a time", state.ordinal());
        Checks.that(line.isEmpty() && !walking, "the connection before left nothing", line.size());
        state = State.GREETING;
        port.hello(reign);
        check();
    }

    /** The connection is gone. What was on its way may have arrived. */
    void closed() {
        if (state != State.DIVERGED) {
            state = State.AWAY;
        }
        empty();
        check();
    }

    private void empty() {
        ring.closed();
        wanted = false;
        line.clear();
        live = Optional.empty();
        if (walking) {
            walking = false;
            port.stopWalk();
        }
    }

    /** The twin has {@code found}, and could go back to {@code before}; either may be none. */
    void found(RootIdentity found, RootIdentity before) {
        if (state != State.GREETING && state != State.WITHDRAWING) {
            port.close("an answer that nobody asked for");
            return;
        }
        if (kept == TwinRecord.State.GIVEN_UP && found.isRoot()) {
            Marks.reached("twin.withdraw-all");
            state = State.WITHDRAWING;
            port.withdraw(RootIdentity.NONE);
        } else if (kept != TwinRecord.State.DIVERGED && (!found.isRoot() || isKnown(found))) {
            open(found);
        } else if (kept == TwinRecord.State.MIRRORED && isKnown(before) && before.cp() + 1 == found.cp()) {
            withdraw(found);
        } else {
            Marks.reached("twin.diverged");
            state = State.DIVERGED;
            port.close(
                    kept == TwinRecord.State.DIVERGED
                            ? "a loss was accepted here: the twin may be the better copy"
                            : "the twin has root " + found.cp() + ", which this pool does not know");
        }
        check();
    }

    /** T6. */
    private void withdraw(RootIdentity found) {
        Checks.that(found.isRoot() && line.isEmpty(), "nothing is on its way to who goes back", found.cp());
        if (Mutant.on("twin.withdraw-skipped")) {
            open(found);
            return;
        }
        Marks.reached("twin.withdraw-one");
        state = State.WITHDRAWING;
        port.withdraw(found);
    }

    private boolean isKnown(RootIdentity root) {
        if (Mutant.on("twin.open-counter-ignored")) {
            return root.isRoot() && root.cp() <= newest.number().cp();
        }
        return root.isRoot() && (root.equals(has) || root.equals(atStart) || offered.contains(root));
    }

    private void open(RootIdentity found) {
        if (found.isRoot() && !found.equals(has)) {
            Marks.reached("twin.had-more-than-acknowledged");
        }
        boolean tells = !contacted || !found.equals(has) || kept == TwinRecord.State.GIVEN_UP;
        contacted = true;
        Checks.that(line.isEmpty() && live.isEmpty(), "a connection begins with nothing on its way", found.cp());
        kept = kept == TwinRecord.State.GIVEN_UP ? TwinRecord.State.MIRRORED : kept;
        has = found;
        offered.clear();
        atStart = RootIdentity.NONE;
        state = State.OPEN;
        if (tells) {
            port.changed();
        }
        ring.opened(found.cp());
        grant();
        goOn();
    }

    /** The newest consistency point of which all blocks went, or go, to the twin. */
    private long covered() {
        return line.isEmpty() ? has.cp() : line.getLast().cp;
    }

    @Override
    public void begins(long cp) {
        Checks.that(live.isEmpty(), "one consistency point at a time", cp);
        running = cp;
        boolean follows = covered() == cp - 1 && cp > 1;
        if (state == State.OPEN && follows && line.size() < LINE) {
            Offer offer = new Offer(cp, Optional.empty());
            line.addLast(offer);
            live = Optional.of(offer);
            port.begin(cp);
        }
    }

    @Override
    public long[] roots() {
        if (Mutant.on("twin.reuse-before-root")) {
            return Twin.NONE.roots();
        }
        long[] all = new long[2 + offered.size() + line.size()];
        int count = 0;
        all[count++] = has.cp();
        all[count++] = atStart.cp();
        for (RootIdentity one : offered) {
            all[count++] = one.cp();
        }
        for (Offer offer : line) {
            all[count++] = offer.cp;
        }
        return all;
    }

    @Override
    public void wrote(long address, ByteBuffer blocks) {
        if (live.isEmpty()) {
            return;
        }
        Checks.that(state == State.OPEN && address > 0, "blocks go to who is known", address);
        if (port.hasRoom()) {
            port.blocks(address, blocks);
            return;
        }
        Marks.reached("twin.too-slow");
        if (!Mutant.on("twin.partial-counts")) {
            line.remove(live.get());
            live = Optional.empty();
        }
    }

    @Override
    public void sent(long cp) {
        if (live.isPresent()) {
            Checks.that(live.get().cp == cp, "the consistency point that runs", cp);
            live.get().stage = Stage.SENT;
            port.flush(cp);
        }
    }

    @Override
    public TwinRecord record(SnapshotRecord.DeadList held) {
        List<RootIdentity> mayHave = new ArrayList<>(offered);
        for (Offer offer : line) {
            offer.root.map(Root::identity).ifPresent(root -> addNew(mayHave, root));
        }
        if (contacted) {
            addNew(mayHave, newest.identity());
        }
        if (atStart.isRoot()) {
            addNew(mayHave, atStart);
        }
        recording = contacted;
        TwinRecord.Known known = new TwinRecord.Known(has, List.copyOf(mayHave), contacted);
        return new TwinRecord(kept, ring.rpo(), reign, known, address, held);
    }

    private static void addNew(List<RootIdentity> roots, RootIdentity root) {
        if (!roots.contains(root)) {
            roots.add(root);
        }
    }

    @Override
    public void durable(Root root) {
        newest = root;
        ring.recorded(root);
        running = 0;
        recorded = recording;
        live.ifPresent(offer -> {
            Checks.that(offer.cp == root.number().cp(), "the root of what was sent", offer.cp);
            offer.root = Optional.of(root);
        });
        live = Optional.empty();
        goOn();
        check();
    }

    /** The twin has made durable what was sent before. */
    void flushed(long cp) {
        Optional<Offer> flushed =
                line.stream().filter(offer -> offer.cp == cp).findFirst().filter(offer -> offer.stage == Stage.SENT);
        if (flushed.isEmpty()) {
            port.close("a flush of " + cp + " that nobody asked for");
            return;
        }
        flushed.get().stage = Stage.FLUSHED;
        goOn();
        check();
    }

    /** The twin's newest root is {@code root}. */
    void rooted(RootIdentity root) {
        Offer first = line.peekFirst();
        if (first == null
                || first.stage != Stage.ROOTING
                || !first.root.orElseThrow().identity().equals(root)) {
            port.close("a root that nobody sent");
            return;
        }
        line.removeFirst();
        offered.remove(root);
        has = root;
        ring.rooted(root.cp());
        port.gotOn();
        goOn();
        check();
    }

    /** Everything that the walk's target reaches went out. */
    void walked(long cp) {
        Checks.that(walking, "a walk runs", cp);
        walking = false;
        for (Offer offer : line) {
            if (offer.cp == cp) {
                offer.stage = Stage.SENT;
                port.flush(cp);
            }
        }
        goOn();
    }

    private void goOn() {
        Offer first = line.peekFirst();
        if (first != null && first.stage == Stage.FLUSHED && first.root.isPresent() && recorded) {
            Root root = first.root.get();
            Checks.that(root.number().cp() == first.cp, "the root of its blocks", first.cp);
            first.stage = Stage.ROOTING;
            offered.add(root.identity());
            port.root(root);
        }
        if (wanted && has.isRoot() && isLive() && kept == TwinRecord.State.MIRRORED) {
            wanted = false;
            port.wanted();
        }
        boolean behind = covered() < newest.number().cp() && live.isEmpty();
        if (state == State.OPEN && behind && !walking && line.isEmpty()) {
            if (has.isRoot()) {
                Marks.reached("twin.walk");
            } else {
                Marks.reached("twin.baseline");
            }
            Checks.that(newest.number().cp() > has.cp(), "a walk goes onwards", has.cp());
            long since = covered() + (Mutant.on("twin.born-since-off-by-one") ? 1 : 0);
            line.addLast(new Offer(newest.number().cp(), Optional.of(newest)));
            walking = true;
            port.begin(newest.number().cp());
            port.walk(newest, since);
        }
    }

    private void check() {
        Checks.that(offered.size() <= TwinRecord.MOST_OFFERED, "no more roots are offered", offered.size());
        Checks.that(line.isEmpty() || state == State.OPEN, "blocks go out only to who is known", line.size());
        Checks.that(line.size() <= LINE, "a line of two", line.size());
        Checks.that(running == 0 || running == newest.number().cp() + 1, "the next one runs", running);
        long before = has.cp();
        for (Offer offer : line) {
            Checks.that(offer.cp > before, "roots are offered in order", offer.cp, before);
            before = offer.cp;
        }
    }
}
