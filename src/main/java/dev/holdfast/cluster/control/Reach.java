package dev.holdfast.cluster.control;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Loop;
import dev.holdfast.io.OrderedLog.Outcome;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Has the log know where this process is reached: appends that until it is there, and nothing if it was there before.
 * On the control loop.
 */
final class Reach {
    private static final long RETRY_NANOS = 1_000_000_000L;

    private final Loop loop;
    private final ControlState state;
    private final BiConsumer<ControlRecord, Consumer<Outcome>> log;
    private Optional<ControlRecord.Process> self = Optional.empty();
    private Optional<ControlRecord.NodeReachable> wanted = Optional.empty();
    private boolean underWay;

    Reach(Loop loop, ControlState state, BiConsumer<ControlRecord, Consumer<Outcome>> log) {
        this.loop = loop;
        this.state = state;
        this.log = log;
    }

    void started(NodeInfo node) {
        self = Optional.of(new ControlRecord.Process(node.number(), node.incarnation()));
    }

    /** Nothing is said any more. */
    void end() {
        wanted = Optional.empty();
    }

    /** This process is reached there from now on, and nowhere that was said before. */
    void say(String links, String disks) {
        Checks.that(self.isPresent(), "where it is reached says a process that has started");
        wanted = Optional.of(new ControlRecord.NodeReachable(self.orElseThrow(), links, disks));
        sayUntilKnown();
    }

    private void sayUntilKnown() {
        Checks.that(loop.isCurrent(), "where a process is reached is said on the control loop");
        if (underWay || wanted.isEmpty() || isKnown(wanted.get())) {
            return;
        }
        underWay = true;
        log.accept(
                wanted.get(),
                outcome -> loop.after(RETRY_NANOS, () -> {
                    underWay = false;
                    sayUntilKnown();
                }));
    }

    private boolean isKnown(ControlRecord.NodeReachable what) {
        return state.node(what.by().node())
                .filter(node -> node.incarnation() == what.by().incarnation())
                .filter(node ->
                        node.links().equals(what.links()) && node.disks().equals(what.disks()))
                .isPresent();
    }
}
