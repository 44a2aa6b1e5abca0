package dev.holdfast.cluster.control;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;
import dev.holdfast.mirror.Authority;
import dev.holdfast.mirror.Decision;
import dev.holdfast.mirror.Member;
import dev.holdfast.mirror.ReplicaSet;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What was decided about each mirrored shard. Whether a decision may count at all is judged here, from who says it and
 * who keeps a copy; whether it comes in time is for {@link Authority} to say.
 *
 * <ol>
 *   <li>A decision is its node's newest process's own: its start, a set that it leads, that it acts.
 *   <li>A set names only nodes that keep a copy; sets begin when all copies are made.
 *   <li>Every node of a set that may hold what nobody else holds keeps a copy.
 * </ol>
 */
final class Mirrors {
    private final TreeMap<Integer, Mirror> byShard = new TreeMap<>();

    /** One shard. */
    private record Mirror(Id128 volume, Authority authority) {}

    void add(int shard, Id128 volume) {
        Mirror before = byShard.put(shard, new Mirror(volume, new Authority()));
        Checks.that(before == null, "a shard number is given once", shard);
    }

    void remove(int shard) {
        byShard.remove(shard);
    }

    boolean has(int shard) {
        return byShard.containsKey(shard);
    }

    Optional<Id128> volume(int shard) {
        return Optional.ofNullable(byShard.get(shard)).map(Mirror::volume);
    }

    Optional<Authority> authority(int shard) {
        return Optional.ofNullable(byShard.get(shard)).map(Mirror::authority);
    }

    /** Nodes of the newest set whose present start is in it. */
    List<Integer> inSync(int shard) {
        Authority authority = authority(shard).orElseThrow();
        return authority.newest().stream()
                .flatMap(set -> set.inSync().stream())
                .filter(authority::isCurrent)
                .map(Member::node)
                .toList();
    }

    /** Nodes of the newest set. */
    List<Integer> newest(int shard) {
        return authority(shard).orElseThrow().newest().stream()
                .flatMap(set -> set.inSync().stream())
                .map(Member::node)
                .toList();
    }

    /** The newest set's primary, if that is its node's present start. */
    Optional<Integer> primary(int shard) {
        Authority authority = authority(shard).orElseThrow();
        return authority
                .newest()
                .map(ReplicaSet::primary)
                .filter(authority::isCurrent)
                .map(Member::node);
    }

    /** True if a decision of {@code by} about a volume in this life, of which {@code nodes} keep copies, may count. */
    static boolean mayCount(Decision decision, ControlRecord.Process by, Life life, List<Integer> nodes) {
        Checks.that(!nodes.isEmpty(), "somebody keeps a copy");
        return nodes.contains(by.node())
                && switch (decision) {
                    case Decision.Started started -> started.node() == by.node() && life != Life.GOING;
                    case Decision.NewSet change -> isOwn(change.set(), by, nodes) && life == Life.LIVE;
                    case Decision.Acts acts -> acts.primary().node() == by.node() && life == Life.LIVE;
                };
    }

    private static boolean isOwn(ReplicaSet set, ControlRecord.Process by, List<Integer> nodes) {
        return set.primary().node() == by.node()
                && set.inSync().stream().map(Member::node).allMatch(nodes::contains);
    }

    /** True if {@code node} may hold what was acknowledged and nobody else holds; also as long as nobody serves. */
    boolean mayHold(int shard, int node) {
        List<ReplicaSet> holders = authority(shard).orElseThrow().mayBeHolders();
        Checks.that(holders.stream().noneMatch(set -> set.inSync().isEmpty()), "a set has members", shard);
        return holders.isEmpty()
                || holders.stream().flatMap(set -> set.inSync().stream()).anyMatch(member -> member.node() == node);
    }

    /** Nodes that may, ascending. */
    List<Integer> mayHold(int shard) {
        return authority(shard).orElseThrow().mayBeHolders().stream()
                .flatMap(set -> set.inSync().stream())
                .map(Member::node)
                .distinct()
                .sorted()
                .toList();
    }

    @Override
    public String toString() {
        return byShard.toString();
    }
}
