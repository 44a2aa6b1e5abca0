package dev.holdfast.sim.world;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/**
 * The ordered log that all members of one name share: the records themselves, which nothing loses. A member is a
 * {@link SimOrderedLog}.
 *
 * <p>Fault model, and nothing beyond it: appends and deliveries are late; an append is refused; an append ends UNKNOWN
 * and the record comes later, earlier, or never; a process dies or closes the log between its append and the answer,
 * and the first few of what it had proposed get their place; nothing is delivered to a machine for any time.
 */
public final class SimLogGroup {
    /** Appends that are refused. */
    public int refusedPerMillion;

    /** Appends whose proposer is told UNKNOWN. */
    public int unknownPerMillion;

    /** Names of machines that nothing is delivered to until {@link #join}. */
    private final TreeSet<String> cut = new TreeSet<>();

    /** Longest ordinary time from an append to the record's place in the log. */
    public long appendNanos = 3_000_000;

    private final SimWorld world;
    private final List<byte[]> records = new ArrayList<>();
    private final List<SimOrderedLog> members = new ArrayList<>();

    SimLogGroup(SimWorld world) {
        this.world = world;
    }

    /** Records so far. */
    public int size() {
        return records.size();
    }

    /** Nothing is delivered to {@code machine} any more. */
    public void cut(SimMachine machine) {
        cut.add(machine.name());
    }

    /** Everybody is delivered to again. */
    public void join() {
        cut.clear();
        members.forEach(SimOrderedLog::deliverLater);
    }

    boolean isCut(SimMachine machine) {
        return cut.contains(machine.name());
    }

    SimWorld world() {
        return world;
    }

    /** The bytes of record {@code index}. */
    public byte[] record(int index) {
        return records.get(index).clone();
    }

    void join(SimOrderedLog member) {
        members.removeIf(SimOrderedLog::isOver);
        members.add(member);
    }

    void leave(SimOrderedLog member) {
        members.remove(member);
    }

    /** Gives {@code record} its place, which is returned. */
    int add(byte[] record) {
        records.add(record);
        members.forEach(SimOrderedLog::deliverLater);
        return records.size() - 1;
    }
}
