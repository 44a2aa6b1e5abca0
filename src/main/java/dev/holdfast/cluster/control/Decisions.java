package dev.holdfast.cluster.control;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Loop;
import dev.holdfast.io.OrderedLog.Outcome;
import dev.holdfast.mirror.Authority;
import dev.holdfast.mirror.Decision;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * One process's part in what is decided about mirrored shards: takes proposals into the control log, and shows what
 * arrives to those who asked for it. It judges nothing but what the state says may count. On the control loop.
 */
final class Decisions {
    private final Loop loop;
    private final ControlState state;
    private final BiConsumer<ControlRecord, Consumer<Outcome>> log;
    private final List<Shown> shown = new ArrayList<>();
    private final LinkedHashMap<Long, Boolean> underWay = new LinkedHashMap<>();
    private Optional<ControlRecord.Process> self = Optional.empty();
    private long next;
    private boolean over;

    private record Shown(int shard, ShardDecisions to) {}

    Decisions(Loop loop, ControlState state, BiConsumer<ControlRecord, Consumer<Outcome>> log) {
        this.loop = loop;
        this.state = state;
        this.log = log;
    }

    void started(NodeInfo node) {
        self = Optional.of(new ControlRecord.Process(node.number(), node.incarnation()));
    }

    /** Nothing is proposed any more. */
    void end() {
        over = true;
    }

    Optional<ShardDecisions> open(int shard) {
        Checks.that(loop.isCurrent(), "decisions are asked for on the control loop", shard);
        Optional<Authority> authority = state.authority(shard).map(Authority::copy);
        Optional<ShardDecisions> opened = authority.map(found -> new ShardDecisions(loop, this, shard, found));
        opened.ifPresent(to -> shown.add(new Shown(shard, to)));
        return opened;
    }

    void close(ShardDecisions to) {
        shown.removeIf(one -> one.to() == to);
    }

    void decide(int shard, Decision decision, Consumer<Outcome> done) {
        Checks.that(self.isPresent(), "decisions are proposed by a process that has started", shard);
        long number = next++;
        ControlRecord.Decided decided = new ControlRecord.Decided(shard, self.orElseThrow(), number, decision);
        if (over || !state.mayCount(decided)) {
            done.accept(Outcome.REFUSED);
            return;
        }
        underWay.put(number, false);
        log.accept(decided, outcome -> {
            boolean wasLookedAt = underWay.remove(number);
            done.accept(outcome == Outcome.APPENDED && !wasLookedAt ? Outcome.REFUSED : outcome);
        });
    }

    /** A decision has arrived; {@code mayCount} is what the state said of it then. */
    void arrived(ControlRecord.Decided decided, boolean mayCount) {
        Checks.that(loop.isCurrent(), "decisions arrive on the control loop", decided.shard());
        if (mayCount) {
            if (self.equals(Optional.of(decided.by()))) {
                underWay.computeIfPresent(decided.number(), (number, before) -> true);
            }
            shown.stream()
                    .filter(one -> one.shard() == decided.shard())
                    .forEach(one -> one.to().arrived(decided.decision()));
        }
    }
}
