package dev.holdfast.store.twin;

import dev.holdfast.array.ArrayOutcome;
import dev.holdfast.array.Mirror;
import dev.holdfast.base.Checks;
import dev.holdfast.base.Crc32c;
import dev.holdfast.base.Id128;
import dev.holdfast.base.Marks;
import dev.holdfast.base.Mutant;
import dev.holdfast.device.BlockBuffer;
import dev.holdfast.io.Loop;
import dev.holdfast.store.root.GenerationKeeper;
import dev.holdfast.store.root.Root;
import dev.holdfast.store.root.RootIdentity;
import dev.holdfast.store.work.RootWriter;
import dev.holdfast.store.work.Trouble;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The twin of a pool: takes blocks and roots from whoever speaks for the source and writes them where the source has
 * them. It knows nothing of what blocks mean. Messages are done one after another; while one takes time, it {@link
 * #isBusy} and the connection waits.
 *
 * <ol>
 *   <li>A root becomes durable only after a flush of all blocks that came before the flush was asked for (T2).
 *   <li>Its newest root is whole at every instant (T1); the one just before it, if it stands in the ring.
 *   <li>What a connection sent is on no device's way any more when the next one is told what is here.
 * </ol>
 */
public final class TwinCopy implements Trouble {
    private static final int BUFFERS = 32;
    private static final long RETRY_NANOS = 1_000_000_000L;

    /** What it does. */
    public enum State {
        /** Nobody speaks for the source. */
        IDLE,
        /** Somebody does; writes of the connection before end. */
        SETTLING,
        /** Blocks are taken. */
        OPEN,
        /** No buffer is free until a write ends. */
        FULL,
        /** Blocks become durable. */
        FLUSHING,
        /** A root becomes durable. */
        ROOTING,
        /** Log bytes become durable. */
        LOGGING,
        /** Roots are erased. */
        WITHDRAWING,
        /** It is the pool, and nobody's twin any more. */
        PROMOTED,
        /** The devices take no changes any more. */
        FAILED
    }

    /** Who wants it to be the pool. On the loop of the twin, each at most once. */
    public interface Wish {
        /** It is, durably; {@code root} is where it goes on. */
        void promoted(Root root);

        /** The source does not hand over; one line for people. */
        void refused(String why);
    }

    private record Write(ByteBuffer buffer, long address) {}

    private final Mirror array;
    private final Loop loop;
    private final Id128 pool;
    private final Root none;
    private final ArrayDeque<ByteBuffer> free = new ArrayDeque<>();
    private final List<Write> writes = new ArrayList<>();
    private final ArrayDeque<Integer> freeTokens = new ArrayDeque<>();
    private final Crc32c crc = new Crc32c();
    private final TwinSlots slots;
    private final TwinLog log;
    private RootWriter roots;
    private Optional<Root> before;
    private State state = State.IDLE;
    private Optional<TwinSession> session = Optional.empty();
    private Runnable whenWritten = () -> {};
    private int underWay;
    private boolean operating;
    private long turn;
    private long logTurn;
    private long flushed;
    private long received;
    private String failure = "";
    private String address = "";
    private Optional<Wish> wish = Optional.empty();
    private boolean asks;

    private static final int BLOCK = TwinFrames.BLOCK_BYTES;

    /**
     * A twin over an array that was opened.
     *
     * @param ring roots by slot of the ring, as found
     * @param none stands for no root
     */
    TwinCopy(Mirror array, Loop loop, Root none, List<Optional<Root>> ring) {
        this.array = array;
        this.loop = loop;
        this.pool = none.poolId();
        this.none = none;
        this.slots = new TwinSlots(array, loop, this, ring);
        this.log = new TwinLog(array, loop, this, this::logged);
        Optional<Root> newest = Optional.empty();
        for (int slot = 0; slot < Root.SLOTS; slot++) {
            Optional<Root> found = ring.get(slot);
            if (found.isPresent() && (newest.isEmpty() || found.get().isNewerThan(newest.get()))) {
                newest = found;
            }
        }
        Root top = newest.orElse(none);
        this.before = ring.stream()
                .flatMap(Optional::stream)
                .filter(root -> root.number().cp() == top.number().previousCp()
                        && root.number().cp() > 0)
                .findFirst();
        this.roots = writer(top);
        for (int i = 0; i < BUFFERS; i++) {
            free.addLast(BlockBuffer.allocate(TwinFrames.MOST_BLOCKS * BLOCK));
        }
    }

    private RootWriter writer(Root top) {
        return new RootWriter(array, loop, this, top, GenerationKeeper.NONE);
    }

    /** What it does. */
    public State state() {
        return state;
    }

    /** Why it does nothing any more; empty while it works. */
    public String failure() {
        return failure;
    }

    /** Where its source finds it. */
    void isAt(String there) {
        address = there;
    }

    /** {@code told} hears when it becomes the pool; if {@code asks}, the source is asked for that when it comes. */
    public void tell(Wish told, boolean asks) {
        Checks.that(loop.isCurrent() && wish.isEmpty(), "one listens, on the loop of the twin");
        wish = Optional.of(told);
        this.asks = asks;
    }

    /**
     * Makes it the pool though nobody hands over: in a reign above all that its newest root knows of. Nobody may speak
     * for the source, and it must hold something.
     */
    public void force(Wish wanted) {
        Checks.that(state == State.IDLE && session.isEmpty(), "nobody speaks for the source", state.ordinal());
        Checks.that(newest().isPresent() && wish.isEmpty(), "there is something to go on from");
        wish = Optional.of(wanted);
        long reign = roots.newest().twin().reign() + 1;
        Marks.reached("twin.promoted-by-force");
        promote(Mutant.on("twin.reign-not-raised") ? reign - 1 : reign, RootIdentity.NONE);
    }

    /** The newest root that it holds whole, if any. */
    public Optional<Root> newest() {
        return roots.newest().number().cp() > 0 ? Optional.of(roots.newest()) : Optional.empty();
    }

    /** Blocks taken since it was opened. */
    public long receivedBlocks() {
        return received;
    }

    /** True while no message is taken. */
    boolean isBusy() {
        return state != State.OPEN && state != State.IDLE;
    }

    /** Somebody else speaks from now on. */
    void connected(TwinSession from) {
        session.ifPresent(TwinSession::end);
        session = Optional.of(from);
        flushed = 0;
        turn++;
        if (state == State.PROMOTED) {
            isPromoted();
        } else if (state != State.FAILED) {
            state = State.SETTLING;
            rest();
        }
    }

    private void rest() {
        if (underWay == 0 && !operating && state == State.SETTLING) {
            state = State.IDLE;
            goOn();
        }
    }

    /** Something longer than a block begins; what is given to the result runs if the same connection waits for it. */
    private Consumer<Runnable> operation(State next) {
        Checks.that(!operating, "one thing at a time", state.ordinal());
        state = next;
        operating = true;
        long begun = turn;
        return answer -> {
            operating = false;
            if (state == State.FAILED) {
                return;
            }
            if (turn == begun) {
                state = State.OPEN;
                answer.run();
                goOn();
            } else {
                Marks.reached("twin.answer-for-nobody");
                rest();
            }
        };
    }

    /** The connection is gone. */
    void closed(TwinSession from) {
        if (session.equals(Optional.of(from))) {
            session = Optional.empty();
        }
    }

    /** Takes one message of {@code from}; {@link #isBusy} was false. */
    void take(TwinSession from, TwinFrame frame) {
        Checks.that(!isBusy() && session.equals(Optional.of(from)), "one speaks at a time", state.ordinal());
        switch (frame) {
            case TwinFrame.Hello hello -> hello(hello);
            case TwinFrame.Ping ping -> from.send(new TwinFrame.Pong());
            case TwinFrame.Withdraw withdraw -> onlyOpen(() -> withdraw(withdraw.root()));
            case TwinFrame.Begin begin -> onlyOpen(() -> begin(begin.cp()));
            case TwinFrame.Blocks blocks -> onlyOpen(() -> blocks(blocks));
            case TwinFrame.Log bytes -> onlyOpen(() -> log(bytes));
            case TwinFrame.Flush flush -> onlyOpen(() -> flush(flush.cp()));
            case TwinFrame.TheRoot root -> onlyOpen(() -> root(root.root()));
            case TwinFrame.Grant grant -> onlyOpen(() -> granted(grant));
            case TwinFrame.Refused refused -> {
                wish.ifPresent(who -> who.refused(TwinFrames.words(refused.reason())));
                refuse(TwinFrames.BREACH);
            }
            case TwinFrame.State _,
                    TwinFrame.Flushed _,
                    TwinFrame.Rooted _,
                    TwinFrame.Wanted _,
                    TwinFrame.Promoted _,
                    TwinFrame.Logged _,
                    TwinFrame.Pong _,
                    TwinFrame.Malformed _ -> refuse(TwinFrames.BREACH);
        }
    }

    private void onlyOpen(Runnable message) {
        if (state == State.OPEN) {
            message.run();
        } else {
            refuse(TwinFrames.BREACH);
        }
    }

    private void refuse(long reason) {
        Marks.reached("twin.refused");
        session.ifPresent(to -> {
            to.send(new TwinFrame.Refused(reason));
            to.end();
        });
        session = Optional.empty();
        state = isOver() ? state : State.IDLE;
        turn++;
    }

    private boolean isOver() {
        return state == State.FAILED || state == State.PROMOTED;
    }

    /** T8. The source has recorded it: whatever happens here now, it never goes on. */
    private void granted(TwinFrame.Grant grant) {
        Root top = roots.newest();
        boolean isLast = top.number().cp() == grant.last().cp()
                && top.number().openCounter() == grant.last().openCounter()
                && grant.reign() > top.twin().reign();
        if (isLast) {
            Marks.reached("twin.handed-over");
            promote(grant.reign(), grant.last());
        } else {
            refuse(TwinFrames.BREACH);
        }
    }

    private void promote(long reign, RootIdentity source) {
        Checks.that(newest().isPresent() && underWay == 0, "what is whole goes on", reign);
        Consumer<Runnable> done = operation(State.ROOTING);
        roots.whenSettled(() -> {
            Root top = roots.newest();
            Root root = top.promoted(top.twin().promoted(reign, source, oldPlace(top)), array.members());
            roots.write(root, () -> {
                done.accept(() -> {});
                state = State.PROMOTED;
                isPromoted();
                wish.ifPresent(who -> who.promoted(root));
            });
        });
    }

    /** Where an old source will look for it. */
    private String oldPlace(Root top) {
        return address.isEmpty() && top.written().atTwin() ? top.twin().address() : address;
    }

    /** Whoever speaks for an old source is told. */
    private void isPromoted() {
        Root root = roots.newest();
        session.ifPresent(to -> {
            to.send(new TwinFrame.Promoted(root.twin().reign()));
            to.end();
        });
        session = Optional.empty();
    }

    /** T5. */
    private void hello(TwinFrame.Hello hello) {
        Checks.that(!operating && session.isPresent(), "somebody speaks", hello.reign());
        if (!hello.pool().equals(pool)) {
            refuse(TwinFrames.OTHER_POOL);
        } else if (hello.dataBlocks() != array.dataBlocks() || hello.logBytes() != array.logBytes()) {
            refuse(TwinFrames.OTHER_SHAPE);
        } else if (hello.reign() < roots.newest().twin().reign()) {
            refuse(TwinFrames.OLDER_REIGN);
        } else if (state == State.FAILED) {
            refuse(TwinFrames.NOT_WORKING);
        } else {
            Consumer<Runnable> done = operation(State.SETTLING);
            roots.whenSettled(() -> done.accept(this::tell));
        }
    }

    private void tell() {
        RootIdentity has = newest().map(Root::identity).orElse(RootIdentity.NONE);
        RootIdentity old = before.map(Root::identity).orElse(RootIdentity.NONE);
        session.ifPresent(to -> {
            to.send(new TwinFrame.State(has, old));
            if (asks) {
                to.send(new TwinFrame.Wanted());
            }
        });
    }

    /** What comes may lie where the root before has something, if it is of a later one than the next but one. */
    private void begin(long cp) {
        Checks.that(!operating, "one thing at a time", cp);
        boolean harmless = before.isEmpty() || cp <= before.get().number().cp() + 2;
        if (harmless || Mutant.on("twin.keep-what-is-written-over")) {
            return;
        }
        Marks.reached("twin.root-before-erased");
        long gone = before.get().number().cp();
        before = Optional.empty();
        Consumer<Runnable> done = operation(State.WITHDRAWING);
        slots.erase(gone, () -> done.accept(() -> {}));
    }

    private void blocks(TwinFrame.Blocks blocks) {
        boolean placed = blocks.address() > 0 && blocks.address() <= array.dataBlocks() - blocks.count();
        for (int i = 0; i < blocks.count() && placed; i++) {
            int sum = crc.ofBlock(blocks.in(), blocks.bytesAt() + i * BLOCK);
            placed = sum == blocks.in().getInt(blocks.sumsAt() + i * Integer.BYTES);
        }
        if (!placed) {
            refuse(TwinFrames.BREACH);
            return;
        }
        Checks.that(!free.isEmpty(), "who is not full has a buffer", underWay);
        ByteBuffer buffer = free.removeFirst();
        buffer.clear().limit(blocks.count() * BLOCK);
        buffer.put(0, blocks.in(), blocks.bytesAt(), blocks.count() * BLOCK);
        received += blocks.count();
        start(new Write(buffer, blocks.address()));
        state = free.isEmpty() ? State.FULL : State.OPEN;
    }

    private void start(Write write) {
        Checks.that(write.address > 0 && write.buffer.hasRemaining(), "blocks at an address", write.address);
        underWay++;
        Integer token = freeTokens.pollFirst();
        if (token == null) {
            token = writes.size();
            writes.add(write);
        } else {
            writes.set(token, write);
        }
        array.write(write.address, write.buffer, loop, this::written, token);
    }

    private void written(long token, ArrayOutcome outcome) {
        Write write = writes.get((int) token);
        Checks.that(underWay > 0, "a write was under way", token);
        switch (outcome) {
            case OK -> {}
            case MEMBER_LOST -> memberLost();
            case NO_SPACE -> {
                hostFull();
                loop.after(RETRY_NANOS, () -> array.write(write.address, write.buffer, loop, this::written, token));
                return;
            }
            case FAILED -> failed("no device of the twin takes writes");
        }
        underWay--;
        freeTokens.addLast((int) token);
        free.addLast(write.buffer);
        if (state == State.FULL) {
            state = State.OPEN;
            goOn();
        }
        if (underWay == 0) {
            Runnable next = whenWritten;
            whenWritten = () -> {};
            next.run();
            rest();
        }
    }

    private void flush(long cp) {
        Consumer<Runnable> done = operation(State.FLUSHING);
        if (Mutant.on("twin.root-before-blocks")) {
            done.accept(() -> flushed(cp));
            return;
        }
        Runnable flush = () -> array.flush(
                loop,
                (token, outcome) -> {
                    switch (outcome) {
                        case OK -> done.accept(() -> flushed(cp));
                        case MEMBER_LOST -> {
                            memberLost();
                            done.accept(() -> flushed(cp));
                        }
                        case NO_SPACE, FAILED -> failed("a flush failed on the last device of the twin");
                    }
                },
                0);
        Checks.that(operating, "a flush is under way", cp);
        if (underWay == 0) {
            flush.run();
        } else {
            whenWritten = flush;
        }
    }

    /** T9. Only behind a root: without one nobody could read it. */
    private void log(TwinFrame.Log bytes) {
        if (newest().isEmpty() || !log.take(bytes)) {
            refuse(TwinFrames.BREACH);
            return;
        }
        Checks.that(!operating && state == State.OPEN, "one thing at a time", bytes.position());
        state = State.LOGGING;
        operating = true;
        logTurn = turn;
    }

    private void logged(long position) {
        Checks.that(operating, "log bytes were on their way", position);
        if (roots.isSettled()) {
            answerLogged(position);
        } else {
            roots.whenSettled(() -> answerLogged(position));
        }
    }

    private void answerLogged(long position) {
        operating = false;
        if (state == State.FAILED) {
            return;
        }
        if (turn != logTurn) {
            rest();
            return;
        }
        state = State.OPEN;
        session.ifPresent(to -> to.send(new TwinFrame.Logged(position)));
        goOn();
    }

    private void flushed(long cp) {
        flushed = Math.max(flushed, cp);
        session.ifPresent(to -> to.send(new TwinFrame.Flushed(cp)));
    }

    private void goOn() {
        session.ifPresent(TwinSession::goOn);
    }

    /** N1, by the same writer as a pool's own. */
    private void root(Root root) {
        Root top = roots.newest();
        boolean follows = root.number().cp() > top.number().cp()
                && root.number().cp() <= flushed
                && root.poolId().equals(pool)
                && root.space().dataBlocks() == array.dataBlocks();
        if (!follows) {
            refuse(TwinFrames.BREACH);
            return;
        }
        Consumer<Runnable> done = operation(State.ROOTING);
        RootIdentity identity = root.identity();
        Checks.that(identity.cp() > top.number().cp(), "roots only get newer (T2)", identity.cp());
        roots.whenSettled(() -> roots.write(root.atTwin(roots.generationNow(), array.members()), () -> {
            slots.written(root.number().cp());
            boolean whole = top.number().cp() > 0
                    && root.number().previousCp() == top.number().cp();
            before = whole ? Optional.of(top) : Optional.empty();
            done.accept(() -> session.ifPresent(to -> to.send(new TwinFrame.Rooted(identity))));
        }));
    }

    /**
     * T6. Older roots in the ring are not whole any more, so they go first: whatever a crash leaves, the newest one
     * that stands is.
     */
    private void withdraw(RootIdentity gone) {
        boolean all = !gone.isRoot();
        boolean known = all
                || before.isPresent()
                        && newest().map(root -> root.identity().equals(gone)).orElse(false);
        if (!known) {
            refuse(TwinFrames.BREACH);
            return;
        }
        long kept = all ? -1 : before.orElseThrow().number().cp();
        Root top = all ? none : before.orElseThrow();
        Checks.that(!operating && top.number().cp() <= kept || all, "it goes back", kept);
        before = Optional.empty();
        Consumer<Runnable> done = operation(State.WITHDRAWING);
        roots.whenSettled(() -> slots.eraseAllBut(kept, () -> {
            roots = writer(top);
            done.accept(this::tell);
        }));
    }

    @Override
    public void memberLost() {
        if (newest().isPresent()) {
            roots.memberLost();
        } else {
            failed("a device of the twin was lost before it held anything");
        }
    }

    @Override
    public void hostFull() {
        Marks.reached("twin.host-full");
    }

    @Override
    public void blockLost(long address) {
        // Nothing is read here.
    }

    @Override
    public void copyWrong(long address, int checksum, long copies) {
        // Nothing is read here.
    }

    @Override
    public void failed(String why) {
        Checks.that(!why.isEmpty(), "a failure has words");
        if (state != State.FAILED) {
            state = State.FAILED;
            failure = why;
            refuse(TwinFrames.NOT_WORKING);
        }
    }
}
