package dev.holdfast.cluster.control;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A node as the control plane knows it.
 *
 * @param number 1, 2, 3, ... in the order of first starts, never given twice
 * @param id what its directory is called for ever; all zero if its log was written before nodes had ids
 * @param name for people, no other node's
 * @param address where other nodes reach it; empty if its log is its own
 * @param incarnation of its newest process
 * @param links HOST:PORT where links of other nodes come in; empty until a process said so, and of an earlier one until
 *     the newest has
 * @param disks HOST:PORT of its NBD listener; as {@code links}
 * @param saidDomain the failure domain that its newest start with one said; empty if none did
 */
public record NodeInfo(
        int number,
        Id128 id,
        String name,
        String address,
        long incarnation,
        String links,
        String disks,
        String saidDomain) {
    /**
     * How a node is drained.
     *
     * @param sameDomain whether copies may share a failure domain, if there are not enough
     * @param copies how many each mirrored volume had that kept one there when that began
     */
    public record Drain(boolean sameDomain, Map<Id128, Integer> copies) {
        /** The same, asked for again: who was counted stays counted. */
        Drain again(Drain next) {
            Checks.that(copies.values().stream().allMatch(count -> count > 0), "copies are counted from 1");
            LinkedHashMap<Id128, Integer> all = new LinkedHashMap<>(next.copies());
            all.putAll(copies);
            return new Drain(next.sameDomain(), all);
        }
    }

    /** What is lost together with it: a rack, a room; called as the node itself if no start said one. */
    public String domain() {
        return saidDomain.isEmpty() ? name : saidDomain;
    }

    /** The same node when {@code incarnation} has said where it is reached. */
    NodeInfo at(String nextLinks, String nextDisks) {
        return new NodeInfo(number, id, name, address, incarnation, nextLinks, nextDisks, saidDomain);
    }
}
