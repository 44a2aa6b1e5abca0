package dev.holdfast.sim.shard;

import dev.holdfast.base.Marks;
import dev.holdfast.io.Loop;
import dev.holdfast.io.OrderedLog;
import dev.holdfast.mirror.Authority;
import dev.holdfast.mirror.Decision;
import dev.holdfast.mirror.DecisionCodec;
import dev.holdfast.mirror.Member;
import dev.holdfast.mirror.ReplicaSet;
import dev.holdfast.sim.world.SimLogGroup;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Who keeps a copy, as the control state would have it at each place of the log: which copy is to be taken away, when
 * the rule of the last copy lets it go, and which decisions are passed over from there on. It stands for
 * {@code cluster.control}, with the rule itself, which is {@link Authority#mayBeHolders}.
 */
final class Keepers {
    private final SimLogGroup log;
    private final Authority truth = new Authority();
    private final List<Boolean> lookedAt = new ArrayList<>();
    private final TreeSet<Integer> keep = new TreeSet<>();
    private final List<Integer> ended = new ArrayList<>();
    private Optional<Integer> leaving = Optional.empty();

    Keepers(SimLogGroup log) {
        this.log = log;
    }

    /** Node {@code number} keeps a copy from the log's present end on. */
    void add(int number) {
        catchUp();
        keep.add(number);
    }

    /** Takes the copy of {@code number} away, if another one that keeps it is in sync. */
    void takeAway(int number) {
        catchUp();
        Optional<ReplicaSet> set = truth.newest();
        boolean othersAreInSync = set.isPresent()
                && set.get().inSync().stream().anyMatch(member -> member.node() != number && truth.isCurrent(member));
        if (leaving.isEmpty() && keep.contains(number) && othersAreInSync) {
            leaving = Optional.of(number);
            settle();
        }
    }

    /** Nodes that keep a copy, ascending. */
    List<Integer> nodes() {
        catchUp();
        return List.copyOf(keep);
    }

    /** The node whose copy is to be taken away, if there is one. */
    Optional<Integer> leaving() {
        catchUp();
        return leaving;
    }

    /** Nodes whose copies have gone, or have to stay, since this was asked last. */
    List<Integer> ended() {
        catchUp();
        List<Integer> all = List.copyOf(ended);
        ended.clear();
        return all;
    }

    /** Whether the decision at {@code index} of the log is shown to anybody. */
    boolean isLookedAt(int index) {
        catchUp();
        return lookedAt.get(index);
    }

    private void catchUp() {
        while (lookedAt.size() < log.size()) {
            Decision decision = DecisionCodec.decode(ByteBuffer.wrap(log.record(lookedAt.size())))
                    .orElseThrow();
            boolean counts = mayCount(decision);
            lookedAt.add(counts);
            if (counts) {
                truth.replay(decision);
                settle();
            }
        }
    }

    private boolean mayCount(Decision decision) {
        return switch (decision) {
            case Decision.Started started -> keep.contains(started.node());
            case Decision.NewSet change ->
                change.set().inSync().stream().map(Member::node).allMatch(keep::contains);
            case Decision.Acts acts -> keep.contains(acts.primary().node());
        };
    }

    /** A copy goes when no set that may hold what nobody else holds has it; it stays if it is all there is. */
    private void settle() {
        if (leaving.isEmpty() || truth.newest().isEmpty()) {
            return;
        }
        int number = leaving.get();
        boolean mayHold = truth.mayBeHolders().stream()
                .flatMap(set -> set.inSync().stream())
                .anyMatch(member -> member.node() == number);
        boolean isAlone = truth.newest().get().inSync().stream().allMatch(member -> member.node() == number);
        if (!mayHold) {
            Marks.reached("sim.copy-taken-away");
            keep.remove(number);
        } else if (isAlone) {
            Marks.reached("sim.copy-has-to-stay");
        }
        if (!mayHold || isAlone) {
            leaving = Optional.empty();
            ended.add(number);
        }
    }

    @Override
    public String toString() {
        return keep
                + leaving.map(number -> ", of which " + number + " is to leave").orElse("");
    }

    /** {@code from} as a process sees it: what is passed over is nowhere. */
    OrderedLog seen(OrderedLog from) {
        return new Seen(from);
    }

    private final class Seen implements OrderedLog {
        private final OrderedLog from;

        Seen(OrderedLog from) {
            this.from = from;
        }

        @Override
        public void start(Loop loop, Reader reader, Runnable replayed) {
            from.start(
                    loop,
                    (index, bytes) -> {
                        if (isLookedAt((int) index)) {
                            reader.record(index, bytes);
                        }
                    },
                    replayed);
        }

        @Override
        public void append(byte[] record, AppendDone done) {
            from.append(record, outcome -> {
                boolean nowhere = outcome == Outcome.APPENDED && isPassedOver(record);
                done.done(nowhere ? Outcome.REFUSED : outcome);
            });
        }

        /** No decision is proposed again under the same numbers by who may propose it then. */
        private boolean isPassedOver(byte[] record) {
            catchUp();
            boolean shown = false;
            for (int i = 0; i < log.size(); i++) {
                shown |= lookedAt.get(i) && Arrays.equals(log.record(i), record);
            }
            return !shown;
        }

        @Override
        public void close() {
            from.close();
        }
    }
}
