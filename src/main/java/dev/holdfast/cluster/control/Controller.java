package dev.holdfast.cluster.control;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;
import dev.holdfast.io.Entropy;
import dev.holdfast.io.Loop;
import dev.holdfast.io.OrderedLog;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * One member's controller: proposes records, applies those that arrive, has changes carried out. It does no I/O.
 *
 * <ol>
 *   <li>The state changes only by records, here as on every other member.
 *   <li>A change is carried out only after its intent is in the log, and answered only after its outcome is.
 *   <li>One record is proposed at a time, so that what was planned still holds when it arrives unless another
 *       member came first; the rules are asked again then.
 *   <li>An operation id is carried out once; whoever repeats it gets the first answer.
 * </ol>
 */
public final class Controller {
    private static final int MOST_WAITING = 1024;

    private final Loop loop;
    private final OrderedLog log;
    private final Entropy entropy;
    private final Execution execution;
    private final ControlState state = new ControlState();
    private final ArrayDeque<Asked> queue = new ArrayDeque<>();
    private final LinkedHashMap<Id128, List<Consumer<Result>>> waiters = new LinkedHashMap<>();
    private boolean proposing;
    private boolean live;
    private boolean stopped;
    private String damage = "";

    private record Asked(Id128 id, Operation operation) {}

    /** A controller that has not read its log yet. */
    public Controller(Loop loop, OrderedLog log, Entropy entropy, Execution execution) {
        this.loop = loop;
        this.log = log;
        this.entropy = entropy;
        this.execution = execution;
    }

    /**
     * Reads the log and notes that a process of node {@code name} starts, before anything is served. {@code ready} is
     * told why that failed, or the empty text.
     */
    public void start(String name, Consumer<String> ready) {
        Checks.that(loop.isCurrent(), "a controller is used on its loop");
        if (!Names.isValid(name)) {
            ready.accept("a node can't be called '" + name + "': " + Names.RULE);
            return;
        }
        log.start(loop, this::arrived, () -> replayed(name, ready));
    }

    private void replayed(String name, Consumer<String> ready) {
        if (!damage.isEmpty()) {
            ready.accept(damage);
        } else if (state.cluster().isEmpty()) {
            Id128 cluster = new Id128(entropy.nextLong(), entropy.nextLong());
            append(new ControlRecord.ClusterCreated(cluster), () -> replayed(name, ready), ready);
        } else {
            long next = state.incarnation(name) + 1;
            append(
                    new ControlRecord.MemberStarted(name, next),
                    () -> {
                        Checks.that(state.incarnation(name) >= next, "a start is recorded before it serves", next);
                        live = true;
                        ready.accept("");
                    },
                    ready);
        }
    }

    private void append(ControlRecord record, Runnable then, Consumer<String> failed) {
        log.append(ControlCodec.encode(record), outcome -> {
            switch (outcome) {
                case APPENDED -> then.run();
                case REFUSED -> failed.accept("the control log takes no records: look for a full or broken disk");
                case UNKNOWN -> failed.accept("the control log does not say whether it kept a record: start again");
            }
        });
    }

    /** Keeps that a root of {@code pool} has {@code generation}; {@code kept} is told whether the log has it. */
    public void poolWentOn(Id128 pool, long generation, Consumer<Boolean> kept) {
        Checks.that(loop.isCurrent() && live, "generations are kept on the loop of a controller that is ready");
        append(new ControlRecord.PoolWentOn(pool, generation), () -> kept.accept(true), why -> kept.accept(false));
    }

    /** Ends every change an earlier process left open; {@code then} runs when all have ended. */
    public void recover(Runnable then) {
        Checks.that(live, "a controller recovers after it has read its log");
        recoverNext(new ArrayDeque<>(state.intents().entrySet()), then);
    }

    private void recoverNext(ArrayDeque<Map.Entry<Id128, Change>> left, Runnable then) {
        Map.Entry<Id128, Change> next = left.poll();
        if (next == null) {
            then.run();
            return;
        }
        execution.recover(next.getValue(), failure -> {
            Runnable more = () -> recoverNext(left, then);
            append(new ControlRecord.Ended(next.getKey(), failure), more, why -> more.run());
        });
    }

    /** What the log says so far; not to be kept beyond this turn. */
    public ControlState state() {
        Checks.that(loop.isCurrent(), "control state is read on its loop");
        return state;
    }

    /** Does an operation; {@code answer} is told once, in this turn or a later one. */
    public void submit(Id128 id, Operation operation, Consumer<Result> answer) {
        Checks.that(loop.isCurrent() && live, "operations arrive on the loop of a controller that is ready");
        if (state.result(id).isPresent()) {
            answer.accept(state.result(id).get());
            return;
        }
        if (stopped || waiters.size() >= MOST_WAITING) {
            answer.accept(Result.failed(stopped ? "the node is stopping" : "too many operations wait: try again"));
            return;
        }
        boolean isNew = !waiters.containsKey(id);
        waiters.computeIfAbsent(id, first -> new ArrayList<>()).add(answer);
        if (isNew && !state.intents().containsKey(id)) {
            queue.add(new Asked(id, operation));
            proposeNext();
        }
    }

    /** What {@link #submit} would do now, in lines for people; or why nothing. */
    public DryRun dryRun(Operation operation) {
        Checks.that(loop.isCurrent() && live, "operations arrive on the loop of a controller that is ready");
        return switch (new Planner(state, entropy).plan(operation)) {
            case Planner.Plan.Propose propose ->
                new DryRun(new Result.Done(propose.change()), new Words(state).records(propose.change()));
            case Planner.Plan.End end -> new DryRun(end.result(), List.of());
        };
    }

    /** What would happen: the result if all goes well, and the records with what they touch. */
    public record DryRun(Result result, List<String> lines) {}

    /** Takes no more operations; what was begun goes on. */
    public void stop() {
        Checks.that(loop.isCurrent(), "a controller is stopped on its loop");
        stopped = true;
        Result.Refused refusal = Result.failed("the node is stopping");
        while (!queue.isEmpty()) {
            answer(queue.remove().id(), refusal);
        }
    }

    private void proposeNext() {
        while (!proposing && !queue.isEmpty()) {
            Asked asked = queue.remove();
            switch (new Planner(state, entropy).plan(asked.operation())) {
                case Planner.Plan.End end -> answer(asked.id(), end.result());
                case Planner.Plan.Propose propose -> propose(asked.id(), propose.change());
            }
        }
    }

    private void propose(Id128 id, Change change) {
        Checks.that(!proposing, "one record is proposed at a time");
        proposing = true;
        ControlRecord record =
                change.isImmediate() ? new ControlRecord.Applied(id, change) : new ControlRecord.Intended(id, change);
        append(record, this::proposed, why -> {
            answer(id, Result.failed(why));
            proposed();
        });
    }

    private void proposed() {
        Checks.that(proposing, "a proposal ends once");
        proposing = false;
        proposeNext();
    }

    private void arrived(long index, ByteBuffer bytes) {
        if (!damage.isEmpty()) {
            return;
        }
        switch (ControlCodec.decode(bytes)) {
            case ControlCodec.Decoded.Bad bad ->
                damage = "record " + index + " of the control log can't be used: " + bad.why();
            case ControlCodec.Decoded.Found found -> {
                boolean changed = state.apply(found.record());
                if (live) {
                    react(found.record(), changed);
                }
            }
        }
    }

    private void react(ControlRecord record, boolean changed) {
        if (changed) {
            execution.changed();
        }
        switch (record) {
            case ControlRecord.Intended intended
            when changed -> execution.carryOut(intended.change(), failure -> ended(intended.operation(), failure));
            case ControlRecord.Intended intended -> answerIfEnded(intended.operation());
            case ControlRecord.Applied applied -> answerIfEnded(applied.operation());
            case ControlRecord.Ended ended -> answerIfEnded(ended.operation());
            case ControlRecord.PoolWentOn wentOn -> Checks.that(!changed, "who keeps it is told by the append");
            case ControlRecord.ClusterCreated created -> Checks.that(!changed, "a cluster begins once");
            case ControlRecord.MemberStarted started -> Checks.that(live, "others may start at any time");
        }
    }

    private void ended(Id128 operation, String failure) {
        Checks.that(loop.isCurrent(), "a change ends on the controller's loop");
        append(new ControlRecord.Ended(operation, failure), () -> {}, why -> answer(operation, Result.failed(why)));
    }

    private void answerIfEnded(Id128 operation) {
        Checks.that(live, "answers follow the replay");
        state.result(operation).ifPresent(result -> answer(operation, result));
    }

    private void answer(Id128 operation, Result result) {
        List<Consumer<Result>> told = waiters.remove(operation);
        if (told != null) {
            told.forEach(answer -> answer.accept(result));
        }
    }
}
