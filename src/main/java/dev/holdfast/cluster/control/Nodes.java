package dev.holdfast.cluster.control;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Who has ever started, and where it is reached. It changes by records of processes about themselves, and by those of
 * removals.
 *
 * <ol>
 *   <li>Numbers are given 1, 2, 3, ... and never twice; a number keeps its id.
 *   <li>No two nodes have one name or one id. Who was removed leaves its name, and never starts again.
 *   <li>A start counts only if it follows the node's newest one, and then only that process says where it is reached.
 * </ol>
 */
final class Nodes {
    static final int MOST = 64;

    private static final Id128 BEFORE_IDS = new Id128(0, 0);

    private final TreeMap<Integer, NodeInfo> byNumber = new TreeMap<>();
    private final TreeMap<Integer, NodeInfo> removed = new TreeMap<>();
    private final TreeMap<Integer, NodeInfo.Drain> drains = new TreeMap<>();

    /** True if it counts. */
    boolean start(ControlRecord.NodeStarted started) {
        NodeInfo next = following(started);
        boolean isNew = !byNumber.containsKey(next.number());
        boolean follows = isNew
                ? next.number() == nextNumber() && started.after() == 0 && byNumber.size() < MOST
                : incarnation(next.number()) == started.after();
        boolean isOther = byNumber.values().stream()
                .anyMatch(known -> known.number() == next.number()
                        ? !known.id().equals(next.id())
                        : known.id().equals(next.id()) || known.name().equals(next.name()));
        if (!follows || isOther || isRemoved(next.id())) {
            return false;
        }
        byNumber.put(next.number(), next);
        Checks.that(byNumber.size() + removed.size() == nextNumber() - 1, "each number is given once", next.number());
        return true;
    }

    /** The node is one no more, and never again. */
    void remove(int number) {
        NodeInfo gone = byNumber.remove(number);
        Checks.that(gone != null && !byNumber.isEmpty(), "who goes was there, and others stay", number);
        removed.put(number, gone);
        drains.remove(number);
    }

    /** Nothing new goes to it from now on. */
    void drain(int number, NodeInfo.Drain drain) {
        Checks.that(byNumber.containsKey(number), "a node is drained", number);
        drains.merge(number, drain, NodeInfo.Drain::again);
    }

    void endDrain(int number) {
        Checks.that(byNumber.containsKey(number), "a node is drained no more", number);
        drains.remove(number);
    }

    Optional<NodeInfo.Drain> drain(int number) {
        return Optional.ofNullable(drains.get(number));
    }

    boolean isRemoved(Id128 id) {
        return removed.values().stream().anyMatch(gone -> gone.id().equals(id));
    }

    /** Who was removed, by number. */
    List<NodeInfo> removed() {
        return List.copyOf(removed.values());
    }

    private NodeInfo following(ControlRecord.NodeStarted started) {
        String links = get(started.node()).map(NodeInfo::links).orElse("");
        String disks = get(started.node()).map(NodeInfo::disks).orElse("");
        String before = get(started.node()).map(NodeInfo::saidDomain).orElse("");
        return new NodeInfo(
                started.node(),
                started.id(),
                started.name(),
                started.address(),
                started.after() + 1,
                links,
                disks,
                started.domain().isEmpty() ? before : started.domain());
    }

    /** True if it says something new. */
    boolean reached(ControlRecord.NodeReachable reachable) {
        ControlRecord.Process by = reachable.by();
        Optional<NodeInfo> before = get(by.node()).filter(node -> node.incarnation() == by.incarnation());
        Optional<NodeInfo> after = before.map(node -> node.at(reachable.links(), reachable.disks()));
        after.ifPresent(node -> byNumber.put(node.number(), node));
        Checks.that(byNumber.size() <= MOST, "there are not too many nodes", byNumber.size());
        return !after.equals(before);
    }

    /** A start in a log that one process kept, before nodes had numbers. */
    boolean start(ControlRecord.MemberStarted started) {
        NodeInfo next = new NodeInfo(1, BEFORE_IDS, started.name(), "", incarnation(1) + 1, "", "", "");
        boolean isOwn = byNumber.size() <= 1
                && removed.isEmpty()
                && byNumber.values().stream().allMatch(known -> known.id().equals(BEFORE_IDS));
        Checks.that(!isOwn || nextNumber() <= 2, "who kept its log alone is node 1", nextNumber());
        if (isOwn) {
            byNumber.put(1, next);
        }
        return isOwn;
    }

    int nextNumber() {
        int last = byNumber.isEmpty() ? 0 : byNumber.lastKey();
        return Math.max(last, removed.isEmpty() ? 0 : removed.lastKey()) + 1;
    }

    /** Of the newest process; 0 if there never was one. */
    long incarnation(int number) {
        Checks.that(number > 0, "nodes are counted from 1", number);
        NodeInfo known = byNumber.get(number);
        return known == null ? 0 : known.incarnation();
    }

    Optional<NodeInfo> get(int number) {
        return Optional.ofNullable(byNumber.get(number));
    }

    List<NodeInfo> all() {
        return List.copyOf(byNumber.values());
    }

    @Override
    public String toString() {
        return byNumber.values() + " removed " + removed.keySet() + " drains " + drains;
    }
}
