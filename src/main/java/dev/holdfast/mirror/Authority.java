package dev.holdfast.mirror;

import dev.holdfast.base.Mutant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What the ordered log has decided about one shard so far: the sets, and the starts of each node. The same records in
 * the same order make the same authority everywhere; it proposes nothing.
 *
 * <ol>
 *   <li>Sets have epochs 1, 2, 3, ...; of several for one epoch the first in the log counts.
 *   <li>A set names only the newest start of each of its nodes.
 *   <li>A set is void if its primary started again without ever having acted in it: nothing was acknowledged in it.
 * </ol>
 */
public final class Authority {
    /**
     * Sets kept that are not void, and the void ones between them. Of these many one was acted in: a row of sets in
     * which nobody acts shrinks with every set, or somebody starts again, which makes one void.
     */
    private static final int SETS_KEPT = 32;

    private final TreeMap<Integer, Start> starts = new TreeMap<>();
    private final List<Known> sets = new ArrayList<>();

    /**
     * The newest start of a node.
     *
     * @param incarnation its number
     * @param nonce what it called itself
     * @param memorySince the first incarnation whose memory this one still has; itself if it found none
     * @param logged what it found on stable storage
     */
    public record Start(long incarnation, long nonce, long memorySince, Position logged) {}

    private record Known(ReplicaSet set, boolean isVoid) {}

    /** Takes the next record; false if it does not count. */
    public boolean replay(Decision decision) {
        return switch (decision) {
            case Decision.Started started -> started(started);
            case Decision.NewSet change -> newSet(change.set());
        };
    }

    /** The newest set, if there is one. */
    public Optional<ReplicaSet> newest() {
        return sets.isEmpty() ? Optional.empty() : Optional.of(sets.getLast().set);
    }

    /**
     * The newest set, and those before it as long as every one after them is void. Whatever was acknowledged is held by
     * every member of each of them: only the oldest can have acknowledged anything without the others, and what the
     * others were proposed for was acknowledged only when they held it too.
     */
    public List<ReplicaSet> holders() {
        List<ReplicaSet> holders = new ArrayList<>();
        boolean goesOn = true;
        for (int i = sets.size() - 1; i >= 0 && goesOn; i--) {
            holders.add(sets.get(i).set);
            goesOn = sets.get(i).isVoid && !Mutant.on("mirror.void-sets-count");
        }
        return holders;
    }

    /** The newest epoch; 0 before the first. */
    public int epoch() {
        return newest().map(ReplicaSet::epoch).orElse(0);
    }

    /** The newest start of {@code node}, if it ever started. */
    public Optional<Start> start(int node) {
        return Optional.ofNullable(starts.get(node));
    }

    /** Whether nothing newer than this start of its node is known. */
    public boolean isCurrent(Member member) {
        Start start = starts.get(member.node());
        return start != null && start.incarnation == member.incarnation();
    }

    private boolean started(Decision.Started started) {
        Start before = starts.getOrDefault(started.node(), new Start(0, 0, 0, Position.START));
        if (before.incarnation != started.after() || started.memory().memorySince() > before.incarnation) {
            return false;
        }
        boolean same = before.incarnation > 0 && Mutant.on("mirror.restart-under-old-incarnation");
        long incarnation = same ? before.incarnation : before.incarnation + 1;
        Decision.Found memory = started.memory();
        long since = memory.memorySince() == 0 ? incarnation : memory.memorySince();
        starts.put(started.node(), new Start(incarnation, started.nonce(), since, memory.logged()));
        for (int i = 0; i < sets.size(); i++) {
            ReplicaSet set = sets.get(i).set;
            if (set.primary().node() == started.node() && set.epoch() > memory.acted()) {
                sets.set(i, new Known(set, true));
            }
        }
        return true;
    }

    private boolean newSet(ReplicaSet set) {
        boolean current = set.inSync().stream().allMatch(this::isCurrent) || Mutant.on("mirror.set-names-the-dead");
        if (set.epoch() != epoch() + 1 || !current) {
            return false;
        }
        sets.add(new Known(set, false));
        while (sets.stream().filter(known -> !known.isVoid).count() > SETS_KEPT) {
            sets.removeFirst();
        }
        return true;
    }
}
