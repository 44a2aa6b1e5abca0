package dev.holdfast.store.work;

import dev.holdfast.array.Array;
import dev.holdfast.array.ArrayOutcome;
import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.base.Mutant;
import dev.holdfast.io.Loop;
import dev.holdfast.store.root.GenerationKeeper;
import dev.holdfast.store.root.Root;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes roots durable, one at a time, and keeps the newest one true of the array's members. It does not make roots.
 *
 * <ul>
 *   <li><b>N1</b> Root n stands in slots {@code n mod 64} and {@code 64 + n mod 64}; the second is written after
 *       the first is durable, so
 *       a crash leaves at most one of them torn, and both damaged means rot: root n existed.
 *   <li><b>N2</b> The newest root names exactly the members present when it was written; when one was lost since,
 *       it is
 *       written again with generation + 1 before {@link #whenSettled} runs anything.
 *       The generation is kept apart from the devices too before that ({@link GenerationKeeper}).
 *   <li><b>N3</b> A slot is overwritten only by a greater (generation, cp).
 * </ul>
 */
public final class RootWriter {

    private final Array array;
    private final Loop loop;
    private final Trouble trouble;
    private final GenerationKeeper keeper;
    private final ByteBuffer block =
            ByteBuffer.allocateDirect(2 * Root.BYTES).alignedSlice(Root.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private final List<Runnable> settledWaiters = new ArrayList<>();
    private Root newest;
    private long kept;
    private boolean busy;
    private Runnable afterWrite = () -> {};

    public RootWriter(Array array, Loop loop, Trouble trouble, Root newest, GenerationKeeper keeper) {
        this.array = array;
        this.loop = loop;
        this.trouble = trouble;
        this.newest = newest;
        this.keeper = keeper;
        this.kept = keeper.newest();
    }

    /** The newest durable root. */
    public Root newest() {
        return newest;
    }

    /** Generation for a root written with the present members. */
    public long generationNow() {
        long generation = newest.number().generation();
        return array.members() == newest.written().members() ? generation : generation + 1;
    }

    /** Makes {@code root} the newest; {@code then} runs when it is durable on all members (N2). */
    public void write(Root root, Runnable then) {
        if (busy) {
            whenSettled(() -> write(withPresentMembers(root), then));
            return;
        }
        Checks.that(
                root.isNewerThan(newest), "roots only get newer", root.number().cp());
        afterWrite = then;
        start(root);
    }

    /** A member was lost: raises the newest root unless a write that will do so is under way. */
    public void memberLost() {
        Checks.that(loop.isCurrent(), "on the committer's loop");
        if (!busy) {
            settle();
        }
    }

    /** Runs {@code task}, perhaps at once, when the newest root names exactly the present members. */
    public void whenSettled(Runnable task) {
        if (isSettled()) {
            task.run();
        } else {
            settledWaiters.add(task);
            memberLost();
        }
    }

    /** True if the newest root names exactly the present members. */
    public boolean isSettled() {
        return !busy && isTrue() && isKept();
    }

    private boolean isTrue() {
        return newest.written().members() == array.members();
    }

    private boolean isKept() {
        return kept >= newest.number().generation();
    }

    private void keep() {
        long generation = newest.number().generation();
        busy = true;
        keeper.keep(generation, durable -> {
            busy = false;
            kept = generation;
            if (durable) {
                settle();
            } else {
                trouble.failed("generation " + generation + " of the pool can't be recorded beside its devices");
            }
        });
    }

    private Root withPresentMembers(Root root) {
        return array.members() == root.written().members() && root.isNewerThan(newest)
                ? root
                : root.onSurvivors(
                        Math.max(root.number().generation(), newest.number().generation()) + 1, array.members());
    }

    private void start(Root root) {
        Checks.that(
                !busy || root.isNewerThan(newest),
                "one root at a time (N3)",
                root.number().cp());
        busy = true;
        root.encode(block);
        int slot = (int) (root.number().cp() % Root.HALF);
        array.writeRoot(slot, block.slice(0, Root.BYTES), loop, (token, outcome) -> firstDone(root, slot, outcome), 0);
        if (Mutant.on("store.root-slots-together")) {
            array.writeRoot(Root.HALF + slot, block.slice(0, Root.BYTES), loop, (token, outcome) -> {}, 0);
        }
    }

    private void firstDone(Root root, int slot, ArrayOutcome outcome) {
        if (proceeds(root, outcome)) {
            array.writeRoot(
                    Root.HALF + slot, block.slice(0, Root.BYTES), loop, (token, second) -> secondDone(root, second), 0);
        }
    }

    private void secondDone(Root root, ArrayOutcome outcome) {
        Checks.that(busy, "a root was under way", root.number().cp());
        if (proceeds(root, outcome)) {
            newest = root;
            busy = false;
            settle();
        }
    }

    private boolean proceeds(Root root, ArrayOutcome outcome) {
        switch (outcome) {
            case OK -> {
                return true;
            }
            case MEMBER_LOST -> {
                Marks.reached("store.root-lost-member");
                trouble.memberLost();
                return true;
            }
            case NO_SPACE -> {
                trouble.hostFull();
                loop.after(1_000_000_000L, () -> start(root));
                return false;
            }
            case FAILED -> {
                trouble.failed("no device of the pool takes its root");
                return false;
            }
        }
        throw Checks.unreachable("every outcome is handled");
    }

    private void settle() {
        if (array.members() == 0) {
            trouble.failed("no device of the pool is left");
        } else if (!isTrue()) {
            Marks.reached("store.root-again-on-survivors");
            start(newest.onSurvivors(newest.number().generation() + 1, array.members()));
        } else if (!isKept()) {
            keep();
        } else {
            Runnable then = afterWrite;
            afterWrite = () -> {};
            then.run();
            List<Runnable> ready = List.copyOf(settledWaiters);
            settledWaiters.clear();
            ready.forEach(Runnable::run);
        }
    }
}
