package dev.holdfast.store.twin;

import dev.holdfast.array.ArrayOpen;
import dev.holdfast.array.ArrayOpened;
import dev.holdfast.array.Mirror;
import dev.holdfast.array.RootRing;
import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;
import dev.holdfast.io.Loop;
import dev.holdfast.io.World;
import dev.holdfast.store.root.Root;
import dev.holdfast.store.root.RootChoice;
import dev.holdfast.store.root.TwinRecord;
import dev.holdfast.store.tree.ObjectRoot;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Opens the devices of a pool's twin: they were formatted with the pool's own id and shape. It reads no tree. */
public final class TwinOpen {
    /** How it ended. */
    public sealed interface Opened {
        /** It takes what comes. */
        record Twin(TwinCopy copy, Mirror array) implements Opened {}

        /** It does not, and every disk is closed; one line for people. */
        record Refused(String why) implements Opened {}
    }

    private TwinOpen() {}

    /** Opens the twin on the devices at {@code paths}; {@code done} runs on {@code loop}, the caller's. */
    public static void open(World world, List<String> paths, Loop loop, Consumer<Opened> done) {
        Checks.that(loop.isCurrent(), "a twin is opened on its own loop");
        ArrayOpen.open(world.disks(), paths, Optional.empty(), RootChoice::peek, loop, opened -> {
            switch (opened) {
                case ArrayOpened.Refused refused -> done.accept(new Opened.Refused(refused.reason()));
                case ArrayOpened.Opened found -> choose(found, loop, done);
            }
        });
    }

    /** Says on {@code loop}, the caller's, whether {@link #open} would find a twin there; writes nothing. */
    public static void look(World world, List<String> paths, Loop loop, Consumer<Boolean> told) {
        Checks.that(loop.isCurrent(), "a twin is looked at on its own loop");
        ArrayOpen.look(world.disks(), paths, RootChoice::peek, loop, opened -> {
            boolean isTwin = false;
            if (opened instanceof ArrayOpened.Opened found) {
                isTwin = refusal(found).isEmpty();
                found.array().close();
            }
            told.accept(isTwin);
        });
    }

    private static void choose(ArrayOpened.Opened found, Loop loop, Consumer<Opened> done) {
        String refusal = refusal(found);
        if (refusal.isEmpty()) {
            Root none = none(found.pool(), found.array());
            TwinCopy copy = new TwinCopy(found.array(), loop, none, merged(found.pool(), found.rings()));
            done.accept(new Opened.Twin(copy, found.array()));
        } else {
            found.array().close();
            done.accept(new Opened.Refused(refusal));
        }
    }

    /** T8: what is a pool takes nothing from anybody. Empty if it is none. */
    private static String refusal(ArrayOpened.Opened found) {
        return switch (RootChoice.choose(found.pool(), found.rings())) {
            case RootChoice.Verdict.Newest newest -> {
                Root root = newest.root();
                boolean isTwin = root.written().atTwin() || root.twin().isOver();
                yield isTwin ? "" : "the disks are those of pool " + found.pool() + " itself, not of a twin";
            }
            case RootChoice.Verdict.Blank _ ->
                found.isTwin() ? "" : "the disks are those of a pool that was just made, not of a twin";
            case RootChoice.Verdict.Lost lost ->
                found.isTwin() && RootChoice.isInOneSlot(found.rings()) ? "" : lost.why();
        };
    }

    private static Root none(Id128 pool, Mirror array) {
        return new Root(
                pool,
                new Root.Number(0, 0, 1, -1, 0, 0),
                new Root.LogPoint(0, 0, List.of(), true),
                new Root.Written(0, array.members()),
                new Root.Objects(ObjectRoot.EMPTY, ObjectRoot.EMPTY, ObjectRoot.EMPTY),
                new Root.Space(0, 1, array.dataBlocks()),
                TwinRecord.NONE);
    }

    /** The newest root in each slot, on whichever device. */
    private static List<Optional<Root>> merged(Id128 pool, List<RootRing> rings) {
        Checks.that(!rings.isEmpty(), "an array has devices");
        List<Optional<Root>> merged = new ArrayList<>();
        for (int slot = 0; slot < Root.SLOTS; slot++) {
            Optional<Root> newest = Optional.empty();
            for (RootRing ring : rings) {
                Optional<Root> root = ring.present() ? Root.decode(ring.bytes(), slot * Root.BYTES) : Optional.empty();
                boolean ours = root.isPresent() && root.get().poolId().equals(pool);
                if (ours && (newest.isEmpty() || root.get().isNewerThan(newest.get()))) {
                    newest = root;
                }
            }
            merged.add(newest);
        }
        return merged;
    }
}
