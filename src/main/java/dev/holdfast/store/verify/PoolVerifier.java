package dev.holdfast.store.verify;

import dev.holdfast.base.Checks;
import dev.holdfast.store.root.Root;
import dev.holdfast.store.tree.FreeMap;
import dev.holdfast.store.work.Core;
import dev.holdfast.store.work.Runner;
import dev.holdfast.store.work.Work;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Verifies a pool that nobody changes: S3 and S4 of the newest root and the one before it. It repairs nothing;
 * PoolCheck opens the devices for it.
 */
public final class PoolVerifier {
    /** Told what was found: one line per problem, at most 100, and how many blocks were looked at. */
    @FunctionalInterface
    public interface Verified {
        /** The outcome; no problems means sound. */
        void verified(List<String> problems, long checkedBlocks);
    }

    private static final int MOST_PROBLEMS = 100;
    private static final int COMPARE_SLICE = 1 << 20;

    private final Core core;
    private final RootVerifier newest;
    private final Optional<RootVerifier> before;
    private final Verified verified;
    private final List<String> problems = new ArrayList<>();
    private long compared;
    private long wrongBits;

    public PoolVerifier(Core core, Root root, Optional<Root> previous, Verified verified) {
        this.core = core;
        this.verified = verified;
        this.newest = new RootVerifier(core, root, Optional.empty(), this::problem);
        this.before = previous.map(found ->
                new RootVerifier(core, found, Optional.of(newest.reach), line -> problem("root before: " + line)));
        if (previous.isEmpty() && root.number().previousCp() > 0) {
            problem("the root before, " + root.number().previousCp() + ", cannot be read");
        }
    }

    /** Puts the whole of it behind what the runner has to do; {@code map} is the free map of the newest root. */
    public void schedule(Runner runner, FreeMap map) {
        newest.schedule(runner);
        runner.then(() -> before.ifPresent(verifier -> verifier.schedule(runner)));
        runner.add(inner -> compare(map));
        runner.then(() -> verified.verified(List.copyOf(problems), newest.checked));
    }

    /** S4: used exactly where one of the two roots reaches, or what is held for the twin lies. */
    private Work.Progress compare(FreeMap map) {
        Checks.that(map.dataBlocks() == core.dataBlocks(), "the map is of this pool", map.dataBlocks());
        long end = Math.min(core.dataBlocks(), compared + COMPARE_SLICE);
        compared = Math.max(1, compared);
        for (; compared < end; compared++) {
            boolean reached = newest.reach.contains(compared)
                    || before.isPresent() && before.get().reach.contains(compared);
            boolean isHeld = newest.held.contains(compared);
            if (isHeld && newest.reach.contains(compared)) {
                problem("free map: block " + compared + " is held for the twin and in use");
            }
            if (map.isTaken(compared) != (reached || isHeld) && (reached || isHeld || before.isPresent())) {
                if (wrongBits++ < 10) {
                    problem("free map: block " + compared
                            + (reached || isHeld ? " is in use and marked free" : " is leaked"));
                }
            }
        }
        if (compared < core.dataBlocks()) {
            return Work.Progress.MORE;
        }
        if (wrongBits > 10) {
            problem("free map: " + wrongBits + " wrong bits in all");
        }
        return Work.Progress.DONE;
    }

    private void problem(String line) {
        Checks.that(!line.isEmpty(), "a problem says something");
        if (problems.size() < MOST_PROBLEMS) {
            problems.add(line);
        }
    }
}
