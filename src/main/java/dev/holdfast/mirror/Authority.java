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
 *   <li>Sets have epochs 2, 3, 4, ...; of several for one epoch the first in the log counts.
 *   <li>A set names only the newest start of each of its nodes.
 *   <li>That a primary acts counts only while its set is the newest and its start the newest of its node.
 *   <li>A set is void if its primary started again before it acted: nothing was acknowledged in it, nor will be.
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
     * @param memory the number of its memory
     * @param memorySince the first incarnation whose memory this one still has; itself if it found none
     * @param logged what it found on stable storage
     */
    public record Start(long incarnation, long nonce, long memory, long memorySince, Position logged) {}

    /** The newest set of which all who held everything before had lost their memory, or 0. */
    private int lossEpoch;

    private record Known(ReplicaSet set, boolean acted, boolean isVoid) {}

    /** The same, to be gone on with apart from this one. */
    public Authority copy() {
        Authority copy = new Authority();
        copy.starts.putAll(starts);
        copy.sets.addAll(sets);
        copy.lossEpoch = lossEpoch;
        return copy;
    }

    /** Everything in one text; equal authorities have equal texts. */
    @Override
    public String toString() {
        return "starts " + starts + " sets " + sets + " loss " + lossEpoch;
    }

    /** Takes the next record; false if it does not count. */
    public boolean replay(Decision decision) {
        return switch (decision) {
            case Decision.Started started -> started(started);
            case Decision.NewSet change -> newSet(change.set());
            case Decision.Acts acts -> acts(acts);
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

    /**
     * The sets that are {@link #holders}, or may come to be when later ones turn out to be void: the newest in which
     * anybody acted, and all after it.
     */
    public List<ReplicaSet> mayBeHolders() {
        List<ReplicaSet> found = new ArrayList<>();
        boolean goesOn = true;
        for (int i = sets.size() - 1; i >= 0 && goesOn; i--) {
            found.add(sets.get(i).set);
            goesOn = !sets.get(i).acted && !Mutant.on("mirror.removed-before-acts");
        }
        return found;
    }

    /** The newest epoch; before the first set that in which the shard was made. */
    public int epoch() {
        return newest().map(ReplicaSet::epoch).orElse(ReplicaSet.FIRST_EPOCH - 1);
    }

    /** Whether the primary of the newest set has said that it acts. */
    public boolean isActedIn() {
        return !sets.isEmpty() && sets.getLast().acted;
    }

    /** The newest starts of {@code nodes}, of those that have started. */
    public List<Member> presentStarts(List<Integer> nodes) {
        return nodes.stream()
                .flatMap(node -> start(node).map(start -> new Member(node, start.incarnation())).stream())
                .toList();
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

    /**
     * Whether every process that the newest set names has ended: each has started again. Then no process speaks for the
     * shard. Not the primary of that set; nor that of an earlier one, since a set that another proposed came into the
     * log only when no lease of those before it ran any more.
     */
    public boolean isNobodyLeft() {
        return newest().isPresent()
                && newest().get().inSync().stream()
                        .filter(member -> !Mutant.on("mirror.start-beside-primary")
                                || !member.equals(newest().get().primary()))
                        .noneMatch(this::isCurrent);
    }

    /**
     * The newest epoch that began when no holder of what was acknowledged remembered it any more, 0 if none did: of
     * what was acknowledged in earlier ones only what was logged is sure to be there.
     */
    public int lossEpoch() {
        return lossEpoch;
    }

    /** Whether some member of {@code set} still has the memory that it had then. */
    private boolean isRemembered(ReplicaSet set) {
        return set.inSync().stream().anyMatch(member -> {
            Start start = starts.get(member.node());
            return start != null && start.memorySince <= member.incarnation();
        });
    }

    /**
     * Whether a node is in some set that holds what was acknowledged, and has the memory that it had then. Who opens an
     * epoch is, unless none remembers, or a person has accepted that what others have is lost.
     */
    private boolean isHeldBy(int node) {
        Start start = starts.get(node);
        return start != null
                && holders().stream()
                        .flatMap(set -> set.inSync().stream())
                        .anyMatch(member -> member.node() == node && start.memorySince <= member.incarnation());
    }

    private boolean started(Decision.Started started) {
        Start before = starts.getOrDefault(started.node(), new Start(0, 0, 0, 0, Position.START));
        if (before.incarnation != started.after()) {
            return false;
        }
        boolean same = before.incarnation > 0 && Mutant.on("mirror.restart-under-old-incarnation");
        long incarnation = same ? before.incarnation : before.incarnation + 1;
        Decision.Found found = started.memory();
        boolean unbroken = before.incarnation > 0 && before.memory == found.memory();
        long since = unbroken ? before.memorySince : incarnation;
        starts.put(started.node(), new Start(incarnation, started.nonce(), found.memory(), since, found.logged()));
        for (int i = 0; i < sets.size(); i++) {
            Known known = sets.get(i);
            if (known.set.primary().node() == started.node() && !known.acted) {
                sets.set(i, new Known(known.set, false, true));
            }
        }
        return true;
    }

    private boolean acts(Decision.Acts acts) {
        boolean counts = acts.epoch() == epoch()
                && newest().orElseThrow().primary().equals(acts.primary())
                && isCurrent(acts.primary());
        if (counts) {
            sets.set(sets.size() - 1, new Known(sets.getLast().set, true, false));
        }
        return counts;
    }

    private boolean newSet(ReplicaSet set) {
        boolean current = set.inSync().stream().allMatch(this::isCurrent) || Mutant.on("mirror.set-names-the-dead");
        if (set.epoch() != epoch() + 1 || !current) {
            return false;
        }
        boolean accepted = !sets.isEmpty() && !isHeldBy(set.primary().node());
        if (accepted || !sets.isEmpty() && holders().stream().noneMatch(this::isRemembered)) {
            lossEpoch = set.epoch();
        }
        sets.add(new Known(set, false, false));
        while (sets.stream().filter(known -> !known.isVoid).count() > SETS_KEPT) {
            sets.removeFirst();
        }
        return true;
    }
}
