package dev.holdfast.store;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Mutant;
import dev.holdfast.io.Loop;
import dev.holdfast.store.checkpoint.LaneLink;
import dev.holdfast.store.lane.LanePort;
import dev.holdfast.store.root.Root;
import dev.holdfast.store.twin.TwinRing;
import java.util.ArrayDeque;
import java.util.List;

/**
 * How far each lane's entries are at the pool's twin as well: what {@link TwinRing} says of records and roots, said of
 * entries. It makes nothing durable and keeps nothing from beginning.
 *
 * <ul>
 *   <li><b>B1</b> While both count, a lane is told "logged below e" only when every entry below e is in a root that the
 *       twin has, or in the twin's log from where its newest root reads.
 * </ul>
 */
final class TwinCommit implements TwinRing.Listener {
    private static final int MOST_ROOTS = 64;

    /** Entries of each lane that are there once the twin has come to {@code mark}. */
    private record Until(long mark, long[] to) {}

    private final Loop loop;
    private final List<LaneLink> lanes;
    private final TwinRing ring;
    private final GroupCommit commits;
    private final ArrayDeque<Until> records = new ArrayDeque<>();
    private final ArrayDeque<Until> roots = new ArrayDeque<>();
    private boolean both;
    private long turn;
    private int left;
    private boolean stopping;

    TwinCommit(Loop loop, List<LaneLink> lanes, TwinRing ring, GroupCommit commits) {
        this.loop = loop;
        this.lanes = lanes;
        this.ring = ring;
        this.commits = commits;
    }

    /** Whether lanes are told by this, not by what is durable here. */
    boolean isBoth() {
        return both && !Mutant.on("twin.answered-without-log");
    }

    /** Entries below {@code to} are in records that end at {@code end} or before, which are durable here. */
    void logged(long end, long[] to) {
        Checks.that(to.length == lanes.size(), "a record says how far every lane is", to.length);
        if (ring.isOn()) {
            records.addLast(new Until(end, to));
        }
    }

    /** {@code root}, which covers the entries below {@code release}, is durable here. */
    void covered(Root root, long[] release, boolean gap) {
        Checks.that(release.length == lanes.size(), "every lane has a release", release.length);
        if (!ring.isOn()) {
            records.clear();
            roots.clear();
            return;
        }
        if (roots.size() == MOST_ROOTS) {
            roots.removeFirst();
        }
        roots.addLast(new Until(root.number().cp(), release.clone()));
        ring.covered(root, gap);
    }

    @Override
    public void safe(long position) {
        tell(records, position);
    }

    @Override
    public void rooted(long cp) {
        tell(roots, cp);
        if (commits.trim()) {
            commits.goOn();
        }
    }

    private void tell(ArrayDeque<Until> what, long mark) {
        long[] to = {};
        while (!what.isEmpty() && what.getFirst().mark <= mark) {
            to = what.removeFirst().to;
        }
        if (isBoth()) {
            tell(to);
        }
    }

    private void tell(long[] to) {
        Checks.that(to.length == 0 || to.length == lanes.size(), "every lane is told", to.length);
        for (int lane = 0; lane < to.length; lane++) {
            long logged = to[lane];
            lanes.get(lane).tell(port -> port.logged(logged));
        }
    }

    @Override
    public void both(boolean now) {
        Checks.that(loop.isCurrent(), "on the committer's loop");
        if (both != now) {
            both = now;
            long of = ++turn;
            left = lanes.size();
            if (now) {
                Runnable reached = () -> loop.post(() -> reached(of));
                lanes.forEach(link -> link.tell(lane -> lane.twinned(reached)));
            } else {
                lanes.forEach(link -> link.tell(LanePort::alone));
                tell(commits.logged());
            }
        }
        goOn();
    }

    /** What a lane had answered before it began to wait for the twin is there, too. */
    private void reached(long of) {
        Checks.that(of <= turn, "turns are counted", of, turn);
        if (of == turn && --left == 0) {
            ring.reached();
        }
    }

    @Override
    public void goOn() {
        giveUp();
        commits.goOn();
    }

    /** The pool stops: who waits for a twin that is not there is told so. */
    void stop() {
        stopping = true;
        giveUp();
    }

    private void giveUp() {
        if (stopping && both && !ring.isInStep()) {
            lanes.forEach(link -> link.tell(lane -> lane.stopWaiting()));
        }
    }
}
