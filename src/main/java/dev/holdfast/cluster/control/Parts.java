package dev.holdfast.cluster.control;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;
import dev.holdfast.base.Mutant;
import dev.holdfast.io.Loop;
import dev.holdfast.io.OrderedLog.Outcome;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * What one process has to carry out of the changes that are open: its node's parts, each once, and that each has ended.
 * It plans nothing.
 *
 * <ol>
 *   <li>What was open when the process started is recovered, not begun; what comes while that goes on waits.
 *   <li>A part is begun once by a process.
 *   <li>How a part ended is appended until the log has it, or does not ask for it any more.
 * </ol>
 */
final class Parts {
    private static final long RETRY_NANOS = 1_000_000_000L;

    private final Loop loop;
    private final ControlState state;
    private final Execution execution;
    private final BiConsumer<ControlRecord, Consumer<Outcome>> log;
    private final LinkedHashMap<Id128, Open.Part> begun = new LinkedHashMap<>();

    /** What was open when this process started. */
    private final LinkedHashMap<Id128, Open.Part> left = new LinkedHashMap<>();

    /** What came since then, until that had ended. */
    private final LinkedHashSet<Id128> early = new LinkedHashSet<>();

    private Optional<NodeInfo> self = Optional.empty();
    private boolean ready;
    private boolean over;

    Parts(Loop loop, ControlState state, Execution execution, BiConsumer<ControlRecord, Consumer<Outcome>> log) {
        this.loop = loop;
        this.state = state;
        this.execution = execution;
        this.log = log;
    }

    /** This process is {@code started} from now on; what is open now was an earlier one's. */
    void started(NodeInfo started) {
        Checks.that(self.isEmpty(), "a process starts once", started.number());
        self = Optional.of(started);
        if (Mutant.on("control.parts-forgotten")) {
            return;
        }
        for (Id128 operation : state.intents().keySet()) {
            part(operation).ifPresent(part -> left.put(operation, part));
        }
    }

    /** Nothing more is begun, and nothing more is said of what was. */
    void end() {
        over = true;
    }

    /** Ends what earlier processes of this node left open; {@code then} runs when each has been tried. */
    void recover(Runnable then) {
        Checks.that(self.isPresent() && !ready, "a process recovers once, after its start");
        recoverNext(new ArrayDeque<>(left.keySet()), then);
    }

    private void recoverNext(ArrayDeque<Id128> more, Runnable then) {
        Checks.that(!ready, "nothing is begun before everything is recovered", more.size());
        Id128 next = more.poll();
        if (next == null) {
            ready = true;
            then.run();
            left.keySet().stream().filter(state::isLed).forEach(this::come);
            List.copyOf(early).forEach(this::come);
            early.clear();
            return;
        }
        Optional<Open.Part> part = part(next).filter(open -> open.equals(left.get(next)));
        if (part.isEmpty()) {
            recoverNext(more, then);
        } else if (state.isLed(next)) {
            recoverNext(more, then); // Begun once this node is ready: nobody leads before.
        } else {
            begun.put(next, part.get());
            Runnable goOn = () -> recoverNext(more, then);
            execution.recover(todo(part.get()), failure -> tell(next, part.get(), failure, outcome -> goOn.run()));
        }
    }

    /** Something of {@code operation} has arrived: begins this node's part, if it has one that was not begun. */
    void come(Id128 operation) {
        Checks.that(loop.isCurrent(), "parts are begun on the controller's loop");
        Optional<Open.Part> part = part(operation);
        if (over || part.isEmpty() || part.get().equals(begun.get(operation))) {
            return;
        }
        if (!ready) {
            if (!part.get().equals(left.get(operation))) {
                early.add(operation);
            }
            return;
        }
        begun.put(operation, part.get());
        execution.carryOut(todo(part.get()), failure -> tell(operation, part.get(), failure, outcome -> {}));
    }

    /** The log has an outcome of {@code operation}. */
    void forgetEnded(Id128 operation) {
        if (part(operation).isEmpty()) {
            begun.remove(operation);
        }
    }

    private Optional<Open.Part> part(Id128 operation) {
        return self.flatMap(found -> state.part(operation, found.number()));
    }

    private static Change todo(Open.Part part) {
        if (part.undo() && part.change() instanceof Change.CreateMirrored made) {
            return new Change.DeleteVolume(made.volume());
        }
        Checks.that(!part.undo(), "only what several nodes make is taken back");
        return part.change();
    }

    private void tell(Id128 operation, Open.Part part, String failure, Consumer<Outcome> first) {
        Checks.that(loop.isCurrent(), "a change ends on the controller's loop");
        NodeInfo me = self.orElseThrow();
        ControlRecord.By by = new ControlRecord.By(me.number(), me.incarnation(), part.undo());
        log.accept(new ControlRecord.Ended(operation, by, failure), outcome -> {
            first.accept(outcome);
            if (!over && part(operation).equals(Optional.of(part))) {
                loop.after(RETRY_NANOS, () -> {
                    if (!over && part(operation).equals(Optional.of(part))) {
                        tell(operation, part, failure, again -> {});
                    }
                });
            }
        });
    }
}
