package dev.holdfast.cluster.control;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;
import dev.holdfast.base.Mutant;
import dev.holdfast.io.Entropy;
import dev.holdfast.io.Loop;
import dev.holdfast.io.OrderedLog;
import dev.holdfast.io.OrderedLog.Outcome;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * One process's controller: proposes records, applies those that arrive, has changes carried out. It does no I/O.
 *
 * <ol>
 *   <li>The state changes only by records, here as in every other process.
 *   <li>A change is carried out only after its intent is in the log, by the node that has the pool, and answered only
 *       after its outcome is.
 *   <li>One record is proposed at a time, so that what was planned still holds when it arrives unless another
 *       process came first; the rules are asked again then.
 *   <li>An operation id is carried out once; whoever repeats it gets the first answer.
 *   <li>Where there are other nodes, nothing is refused before everything that they had acknowledged has arrived.
 * </ol>
 */
public final class Controller {
    private static final int MOST_WAITING = 1024;

    /** How long one waits for another node's outcome. */
    private static final long PATIENCE_NANOS = 30_000_000_000L;

    /** What the log of several nodes did not take is tried again after this long, at a start. */
    private static final long RETRY_NANOS = 1_000_000_000L;

    private static final String NO_RECORDS = "the control log takes no records: look for a full or broken disk";
    private static final String NO_MAJORITY = "the control log takes no records: a majority of its nodes must run";
    private static final String NOT_SAID = "the control log does not say whether it kept a record: start again";
    private static final String NO_ANSWER =
            "the control log does not say whether it kept a record: it may still be done";

    private final Loop loop;
    private final OrderedLog log;
    private final Entropy entropy;
    private final Execution execution;
    private final ControlState state = new ControlState();
    private final Parts parts;
    private final Decisions decisions;
    private final Reach reach;
    private final ArrayDeque<Asked> queue = new ArrayDeque<>();
    private final LinkedHashMap<Id128, List<Consumer<Result>>> waiters = new LinkedHashMap<>();
    private final long nonce;
    private Optional<NodeInfo> self = Optional.empty();
    private boolean alone;
    private boolean proposing;
    private boolean stopped;
    private boolean over;
    private String damage = "";

    private record Asked(Id128 id, Operation operation, boolean stateIsFresh) {}

    /**
     * Who starts.
     *
     * @param name of the node
     * @param address where other nodes reach it, or empty
     * @param id of the node; empty if the log is its own, so that nobody else can have written it
     * @param domain its failure domain from now on; empty: what it was
     */
    public record Starting(String name, String address, Optional<Id128> id, String domain) {
        /** A node that says no failure domain. */
        public Starting(String name, String address, Optional<Id128> id) {
            this(name, address, id, "");
        }

        /** The same in {@code other}. */
        public Starting in(String other) {
            return new Starting(name, address, id, other);
        }

        /** A node that keeps its log alone. */
        public static Starting alone(String name) {
            return new Starting(name, "", Optional.empty());
        }
    }

    /** A controller that has not read its log yet. */
    public Controller(Loop loop, OrderedLog log, Entropy entropy, Execution execution) {
        this.loop = loop;
        this.log = log;
        this.entropy = entropy;
        this.execution = execution;
        this.nonce = entropy.nextLong();
        this.parts = new Parts(loop, state, execution, this::append);
        this.decisions = new Decisions(loop, state, this::append);
        this.reach = new Reach(loop, state, this::append);
    }

    /**
     * Reads the log and notes that a process of a node starts, before anything is served. {@code ready} is told why
     * that failed, or the empty text. If others keep the log too, it may take as long as their majority is away.
     */
    public void start(Starting starting, Consumer<String> ready) {
        Checks.that(loop.isCurrent(), "a controller is used on its loop");
        if (!Names.isValid(starting.name())) {
            ready.accept("a node can't be called '" + starting.name() + "': " + Names.RULE);
            return;
        }
        if (!starting.domain().isEmpty() && !Names.isValid(starting.domain())) {
            ready.accept("a failure domain can't be called '" + starting.domain() + "': " + Names.RULE);
            return;
        }
        alone = starting.id().isEmpty();
        log.start(loop, this::arrived, () -> register(starting, ready));
    }

    private void register(Starting starting, Consumer<String> ready) {
        Checks.that(loop.isCurrent(), "a start goes on on the controller's loop");
        Runnable again = () -> register(starting, ready);
        if (!damage.isEmpty()) {
            ready.accept(damage);
        } else if (self.isPresent()) {
            ready.accept("");
        } else if (state.cluster().isEmpty()) {
            Id128 cluster = new Id128(entropy.nextLong(), entropy.nextLong());
            appendToStart(new ControlRecord.ClusterCreated(cluster), again, ready);
        } else {
            Optional<NodeInfo> known = known(starting);
            String objection = objection(starting, known);
            if (!objection.isEmpty()) {
                ready.accept(objection);
                return;
            }
            Id128 id = known.map(NodeInfo::id)
                    .or(starting::id)
                    .orElseGet(() -> new Id128(entropy.nextLong(), entropy.nextLong()));
            int number = known.map(NodeInfo::number).orElse(state.nextNode());
            long after = known.map(NodeInfo::incarnation).orElse(0L);
            appendToStart(
                    new ControlRecord.NodeStarted(
                            number, id, starting.name(), starting.address(), after, nonce, starting.domain()),
                    again,
                    ready);
        }
    }

    /** The node that starts, as the log knows it from before. */
    private Optional<NodeInfo> known(Starting starting) {
        return starting.id().isEmpty()
                ? state.nodes().stream().findFirst()
                : state.nodes().stream()
                        .filter(node -> node.id().equals(starting.id().get()))
                        .findFirst();
    }

    /** Why the node can't start, or the empty text. */
    private String objection(Starting starting, Optional<NodeInfo> known) {
        if (starting.id().isEmpty() && state.nodes().size() > 1) {
            return "this control log is that of several nodes";
        }
        boolean wasRemoved =
                state.removedNodes().stream().anyMatch(gone -> starting.id().equals(Optional.of(gone.id())));
        if (wasRemoved) {
            return "this node was removed from its cluster: start another one, with another --dir";
        }
        boolean taken = state.node(starting.name()).isPresent()
                && !state.node(starting.name()).equals(known);
        if (taken) {
            return "there is a node " + starting.name() + " with another directory: a node that lost its directory"
                    + " starts under a new name";
        }
        return known.isEmpty() && state.nodes().size() >= Nodes.MOST ? "there are too many nodes" : "";
    }

    private void appendToStart(ControlRecord record, Runnable then, Consumer<String> failed) {
        append(record, outcome -> {
            if (outcome == Outcome.APPENDED) {
                then.run();
            } else if (!alone) {
                loop.after(RETRY_NANOS, then);
            } else {
                failed.accept(outcome == Outcome.REFUSED ? NO_RECORDS : NOT_SAID);
            }
        });
    }

    private String refusal() {
        return alone ? NO_RECORDS : NO_MAJORITY;
    }

    private void append(ControlRecord record, Consumer<Outcome> done) {
        log.append(ControlCodec.encode(record), done::accept);
    }

    /** Keeps that a root of {@code pool} has {@code generation}; {@code kept} is told whether the log has it. */
    public void poolWentOn(Id128 pool, long generation, Consumer<Boolean> kept) {
        Checks.that(isLive(), "generations are kept on the loop of a controller that has started");
        append(new ControlRecord.PoolWentOn(pool, generation), outcome -> kept.accept(outcome == Outcome.APPENDED));
    }

    /**
     * Has every node know where this process is reached, each place as HOST:PORT: the door of its links, and its NBD
     * listener. What the log does not take is said again every second; what it knows already is not.
     */
    public void reachable(String links, String disks) {
        Checks.that(isLive(), "where it is reached says a process that has started");
        if (!stopped) {
            reach.say(links, disks);
        }
    }

    /** Ends every change that earlier processes of this node left open; {@code then} runs when each has been tried. */
    public void recover(Runnable then) {
        Checks.that(isLive(), "a controller recovers after it has read its log");
        parts.recover(then);
    }

    private boolean isLive() {
        return loop.isCurrent() && self.isPresent();
    }

    /** What is decided about a mirrored shard from now on, and what was before; empty if there is no such shard. */
    public Optional<ShardDecisions> decisions(int shard) {
        Checks.that(isLive(), "a shard's decisions are asked for by a process that has started", shard);
        return decisions.open(shard);
    }

    /** What the log says so far; not to be kept beyond this turn. */
    public ControlState state() {
        Checks.that(loop.isCurrent(), "control state is read on its loop");
        return state;
    }

    /** Who this process is; only after the start. */
    public NodeInfo self() {
        Checks.that(isLive(), "a process is somebody once its start is in the log");
        return self.orElseThrow();
    }

    /** Does an operation; {@code answer} is told once, in this turn or a later one. */
    public void submit(Id128 id, Operation operation, Consumer<Result> answer) {
        Checks.that(isLive(), "operations arrive on the loop of a controller that has started");
        if (state.result(id).isPresent() && !Mutant.on("control.order-done-anew")) {
            answer.accept(state.result(id).get());
            return;
        }
        if (stopped || waiters.size() >= MOST_WAITING) {
            answer.accept(Result.failed(stopped ? "the node is stopping" : "too many operations wait: try again"));
            return;
        }
        boolean isNew = !waiters.containsKey(id);
        waiters.computeIfAbsent(id, first -> new ArrayList<>()).add(answer);
        if (isNew) {
            loop.after(PATIENCE_NANOS, () -> giveUp(id));
        }
        if (isNew && !state.intents().containsKey(id)) {
            queue.add(new Asked(id, operation, alone));
            proposeNext();
        }
    }

    /** Who waits for other nodes does not wait for ever. */
    private void giveUp(Id128 id) {
        if (state.isLeaving(id)) {
            answer(id, Result.undecided("the others do not go on without this copy yet: it is removed when they do"));
        }
        List<String> others = state.waitedFor(id).stream()
                .filter(name -> !name.equals(self.orElseThrow().name()))
                .toList();
        if (!others.isEmpty() && waiters.containsKey(id)) {
            answer(
                    id,
                    Result.undecided("node " + String.join(", ", others)
                            + " has not said yet how it ended; it will, or at its next start"));
        } else if (waiters.containsKey(id)) {
            loop.after(PATIENCE_NANOS, () -> giveUp(id));
        }
    }

    /** What {@link #submit} would do now, in lines for people; or why nothing. */
    public DryRun dryRun(Operation operation) {
        return switch (planner().plan(operation)) {
            case Planner.Plan.Propose propose ->
                new DryRun(new Result.Done(propose.change()), new Words(state).records(propose.change()));
            case Planner.Plan.End end -> new DryRun(end.result(), List.of());
        };
    }

    private Planner planner() {
        Checks.that(isLive(), "operations are planned by a controller that has started");
        return new Planner(state, entropy, self.orElseThrow().number());
    }

    /** What would happen: the result if all goes well, and the records with what they touch. */
    public record DryRun(Result result, List<String> lines) {}

    /** Takes no more operations; what was begun goes on. */
    public void stop() {
        Checks.that(loop.isCurrent(), "a controller is stopped on its loop");
        stopped = true;
        parts.end();
        reach.end();
        Result.Refused refusal = Result.failed("the node is stopping");
        while (!queue.isEmpty()) {
            answer(queue.remove().id(), refusal);
        }
    }

    private void proposeNext() {
        while (!proposing && !queue.isEmpty()) {
            Asked asked = queue.remove();
            switch (planner().plan(asked.operation())) {
                case Planner.Plan.End end when asked.stateIsFresh() -> answer(asked.id(), end.result());
                case Planner.Plan.End end -> askAgain(asked);
                case Planner.Plan.Propose propose -> propose(asked.id(), propose.change());
            }
        }
    }

    /** Plans once more when everything has arrived that was in the log when this was asked. */
    private void askAgain(Asked asked) {
        Checks.that(!alone, "who keeps the log alone knows all of it");
        propose(new ControlRecord.Asked(), outcome -> {
            if (outcome == Outcome.APPENDED) {
                queue.addFirst(new Asked(asked.id(), asked.operation(), true));
            } else {
                answer(asked.id(), Result.failed(refusal()));
            }
        });
    }

    private void propose(Id128 id, Change change) {
        ControlRecord record =
                change.isImmediate() ? new ControlRecord.Applied(id, change) : new ControlRecord.Intended(id, change);
        if (Mutant.on("control.answered-before-recorded")) {
            answer(id, new Result.Done(change));
        }
        propose(record, outcome -> {
            if (outcome == Outcome.APPENDED) {
                answerIfEnded(id);
            } else if (!state.intents().containsKey(id)) {
                boolean isUnknown = outcome == Outcome.UNKNOWN;
                answer(id, isUnknown ? Result.undecided(NO_ANSWER) : Result.failed(refusal()));
            }
        });
    }

    private void propose(ControlRecord record, Consumer<Outcome> then) {
        Checks.that(!proposing, "one record is proposed at a time");
        proposing = true;
        append(record, outcome -> {
            Checks.that(proposing, "a proposal ends once");
            proposing = false;
            then.accept(outcome);
            proposeNext();
        });
    }

    private void arrived(long index, ByteBuffer bytes) {
        if (!damage.isEmpty()) {
            return;
        }
        switch (ControlCodec.decode(bytes)) {
            case ControlCodec.Decoded.Bad bad ->
                damaged("record " + index + " of the control log can't be used: " + bad.why());
            case ControlCodec.Decoded.Found found -> {
                if (found.record() instanceof ControlRecord.Decided decided) {
                    decisions.arrived(decided, state.mayCount(decided));
                }
                boolean changed = state.apply(found.record());
                if (found.record() instanceof ControlRecord.NodeStarted started && changed) {
                    started(started);
                }
                if (self.isPresent()) {
                    react(found.record(), changed);
                }
            }
        }
    }

    /** A later version of the program wrote it: whatever follows can't be judged here. */
    private void damaged(String why) {
        damage = why;
        if (self.isPresent()) {
            goOver();
        }
    }

    private void started(ControlRecord.NodeStarted started) {
        NodeInfo node = state.node(started.node()).orElseThrow();
        Checks.that(node.incarnation() == started.after() + 1, "a start that counts is the newest", node.number());
        if (started.nonce() == nonce) {
            self = Optional.of(node);
            parts.started(node);
            decisions.started(node);
            reach.started(node);
        } else if (self.isPresent() && self.get().number() == node.number()) {
            goOver();
        }
    }

    private void goOver() {
        over = true;
        decisions.end();
        stop();
        execution.over();
    }

    /** True if this process has no say any more: its node has started again, or the log is of a later version. */
    public boolean isOver() {
        return over;
    }

    private void react(ControlRecord record, boolean changed) {
        if (changed) {
            execution.changed();
        }
        switch (record) {
            case ControlRecord.Intended intended -> come(intended.operation());
            case ControlRecord.Applied applied
            when changed && applied.change() instanceof Change.RemoveNode gone -> left(gone);
            case ControlRecord.Applied applied -> answerIfEnded(applied.operation());
            case ControlRecord.Ended ended -> {
                parts.forgetEnded(ended.operation());
                come(ended.operation());
            }
            case ControlRecord.PoolWentOn wentOn -> Checks.that(!changed, "who keeps it is told by the append");
            case ControlRecord.ClusterCreated created -> Checks.that(!changed, "a cluster begins once");
            case ControlRecord.MemberStarted started -> Checks.that(!changed, "nodes start with numbers now");
            case ControlRecord.NodeStarted started -> Checks.that(self.isPresent(), "others may start at any time");
            case ControlRecord.NodeReachable reachable -> Checks.that(self.isPresent(), "others may move at any time");
            case ControlRecord.Decided decided
            when changed -> List.copyOf(waiters.keySet()).forEach(this::answerIfEnded);
            case ControlRecord.Decided decided -> Checks.that(self.isPresent(), "shards are told by their own logs");
            case ControlRecord.Asked asked -> Checks.that(!changed, "who asked is told by the append");
        }
    }

    /** A node was removed: what waited for it goes on without it. */
    private void left(Change.RemoveNode gone) {
        List.copyOf(state.intents().keySet()).forEach(parts::come);
        List.copyOf(waiters.keySet()).forEach(this::answerIfEnded);
        if (self.orElseThrow().number() == gone.node()) {
            goOver();
        }
    }

    private void come(Id128 operation) {
        parts.come(operation);
        answerIfEnded(operation);
    }

    private void answerIfEnded(Id128 operation) {
        Checks.that(self.isPresent(), "answers follow the replay");
        state.result(operation).ifPresent(result -> answer(operation, result));
    }

    private void answer(Id128 operation, Result result) {
        List<Consumer<Result>> told = waiters.remove(operation);
        if (told != null) {
            told.forEach(answer -> answer.accept(result));
        }
    }
}
