package dev.holdfast.host.raft;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.RaftConfigurationProto;
import org.apache.ratis.proto.RaftProtos.RoleInfoProto;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.exceptions.StateMachineException;
import org.apache.ratis.statemachine.TransactionContext;
import org.apache.ratis.statemachine.impl.BaseStateMachine;
import org.apache.ratis.util.ProtoUtils;

/**
 * Where Ratis hands over what is committed, entry by entry, on a thread of its own. It keeps nothing and takes no
 * snapshots, and therefore is shown everything again after a restart.
 */
final class RaftEntries extends BaseStateMachine {
    private final Consumer<RaftBatch> committed;
    private final Consumer<List<RaftPeer>> configured;
    private final Runnable broken;

    /**
     * {@code committed} may block; {@code configured} is told of other members; {@code broken} that Ratis gave up, or
     * was closed.
     */
    RaftEntries(Consumer<RaftBatch> committed, Consumer<List<RaftPeer>> configured, Runnable broken) {
        this.committed = committed;
        this.configured = configured;
        this.broken = broken;
    }

    /** On the leader: what is no batch never gets into the log. */
    @Override
    public TransactionContext startTransaction(RaftClientRequest request) {
        TransactionContext transaction = TransactionContext.newBuilder()
                .setStateMachine(this)
                .setClientRequest(request)
                .build();
        if (RaftBatch.decode(request.getMessage().getContent().asReadOnlyByteBuffer())
                .isEmpty()) {
            transaction.setException(new StateMachineException("not a batch of records"));
        }
        return transaction;
    }

    @Override
    public CompletableFuture<Message> applyTransaction(TransactionContext transaction) {
        LogEntryProto entry = transaction.getLogEntry();
        Optional<RaftBatch> batch =
                RaftBatch.decode(entry.getStateMachineLogEntry().getLogData().asReadOnlyByteBuffer());
        if (batch.isEmpty()) {
            broken.run(); // Written by a later version: to skip it would make this member's order another one.
            return CompletableFuture.failedFuture(new StateMachineException("an entry that is not known here"));
        }
        committed.accept(batch.get());
        updateLastAppliedTermIndex(entry.getTerm(), entry.getIndex());
        return CompletableFuture.completedFuture(Message.EMPTY);
    }

    @Override
    public void notifyConfigurationChanged(long term, long index, RaftConfigurationProto members) {
        configured.accept(ProtoUtils.toRaftPeers(members.getPeersList()));
    }

    @Override
    public void notifyLogFailed(Throwable cause, LogEntryProto failedEntry) {
        broken.run();
    }

    @Override
    public void notifyServerShutdown(RoleInfoProto roleInfo, boolean allServers) {
        broken.run();
    }
}
