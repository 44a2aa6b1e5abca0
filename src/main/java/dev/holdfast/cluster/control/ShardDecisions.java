package dev.holdfast.cluster.control;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Loop;
import dev.holdfast.io.OrderedLog;
import dev.holdfast.mirror.Authority;
import dev.holdfast.mirror.Decision;
import dev.holdfast.mirror.DecisionCodec;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The decisions about one mirrored shard as an ordered log of their own, for {@code mirror.DecisionLog}. It begins
 * where {@link #authority} ends, so that nobody reads what has been decided long ago. It is used on the shard's loop,
 * and keeps to the controller's what is the controller's.
 *
 * <ol>
 *   <li>It shows what the control state looked at, in the control log's order; what the state passed over is nowhere.
 *   <li>APPENDED comes after the record itself; REFUSED also for what came to be passed over.
 * </ol>
 */
public final class ShardDecisions implements OrderedLog {
    private final Loop control;
    private final Decisions decisions;
    private final int shard;
    private final Authority authority;
    private final List<byte[]> early = new ArrayList<>();
    private Optional<Loop> readers = Optional.empty();
    private Reader reader = (index, bytes) -> {};
    private long next;

    ShardDecisions(Loop control, Decisions decisions, int shard, Authority authority) {
        this.control = control;
        this.decisions = decisions;
        this.shard = shard;
        this.authority = authority;
    }

    /** What was decided before this log begins; to be gone on with by its one reader. */
    public Authority authority() {
        return authority;
    }

    @Override
    public void start(Loop loop, Reader newReader, Runnable replayed) {
        control.post(() -> {
            Checks.that(readers.isEmpty(), "a log is started once", shard);
            readers = Optional.of(loop);
            reader = newReader;
            early.forEach(this::show);
            early.clear();
            loop.post(replayed);
        });
    }

    /** On the control loop: something has arrived. */
    void arrived(Decision decision) {
        Checks.that(control.isCurrent(), "decisions arrive on the control loop", shard);
        byte[] bytes = DecisionCodec.encode(decision);
        if (readers.isEmpty()) {
            early.add(bytes);
        } else {
            show(bytes);
        }
    }

    private void show(byte[] bytes) {
        long index = next++;
        readers.orElseThrow()
                .post(() -> reader.record(index, ByteBuffer.wrap(bytes).asReadOnlyBuffer()));
    }

    @Override
    public void append(byte[] record, AppendDone done) {
        Decision decision = DecisionCodec.decode(ByteBuffer.wrap(record))
                .orElseThrow(() -> Checks.unreachable("only decisions are appended here"));
        control.post(() -> {
            Loop told = readers.orElseThrow(() -> Checks.unreachable("a log is started before it takes anything"));
            decisions.decide(shard, decision, outcome -> told.post(() -> done.done(outcome)));
        });
    }

    @Override
    public void close() {
        control.post(() -> decisions.close(this));
    }
}
