package dev.holdfast.store;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Network;
import dev.holdfast.store.root.Root;
import dev.holdfast.store.twin.TwinLink;
import dev.holdfast.store.twin.TwinStatus;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** The copy of an open pool at another place (pool-mirror.md). Calls from any loop; it decides nothing. */
public final class PoolTwin {
    /** What may wait to be sent, unless somebody says so. */
    public static final long MOST_QUEUED_BYTES = 64L << 20;

    private final Committer committer;
    private Consumer<String> told = why -> {};

    /** {@code elsewhere} runs on the committer's loop when this side is not the pool any more. */
    PoolTwin(Committer committer, Runnable elsewhere) {
        this.committer = committer;
        committer.handover().whenOver(why -> {
            elsewhere.run();
            told.accept(why);
        });
    }

    /** {@code listener} is told on {@code loop}, at most once, why this side is not the pool any more. */
    public void whenElsewhere(Loop loop, Consumer<String> listener) {
        committer.loop().post(() -> {
            Checks.that(committer.loop().isCurrent(), "on the committer's loop");
            told = why -> loop.post(() -> listener.accept(why));
            committer.handover().over().ifPresent(told);
        });
    }

    /**
     * The pool's blocks and roots go to the twin at {@code to} from now on. What that has is kept after a start too,
     * but only who calls this again brings it more. While more than {@code mostQueuedBytes} wait to be sent, blocks
     * are not sent as they are written.
     */
    public void mirrorTo(Network network, Network.Address to, long mostQueuedBytes) {
        committer.loop().post(() -> committer.twin().connect(newest(), network, to, mostQueuedBytes));
    }

    /** After a start: to where the pool's roots say that its twin is, if they do. */
    public void resume(Network network) {
        committer.loop().post(() -> committer.twin().resume(newest(), network, MOST_QUEUED_BYTES));
    }

    /** What the twin has is not kept any more: it begins with nothing, and holds nothing until that has ended. */
    public void giveUp() {
        committer.loop().post(() -> committer.twin().giveUp(newest()));
    }

    /**
     * Nothing that was answered is to be lost with this side, if {@code zero}: as soon as the twin has everything,
     * whatever changes is answered when both have it, and waits while the twin is away. Tells false, on {@code loop},
     * if the pool has no twin: then nothing has happened.
     */
    public void rpo(boolean zero, Loop loop, Consumer<Boolean> known) {
        committer.loop().post(() -> {
            boolean exists = committer.twin().rpo(zero);
            loop.post(() -> known.accept(exists));
        });
    }

    /** Tells on {@code loop} whether the pool has a twin. */
    public void exists(Loop loop, Consumer<Boolean> told) {
        status(loop, (status, counts) -> told.accept(status.exists()));
    }

    /** How it stands. */
    public void status(Loop loop, BiConsumer<TwinStatus, TwinLink.Counts> told) {
        committer.loop().post(() -> {
            Checks.that(committer.loop().isCurrent(), "on the committer's loop");
            TwinStatus status = committer.twin().status();
            TwinLink.Counts counts = committer.twin().counts();
            loop.post(() -> told.accept(status, counts));
        });
    }

    private Root newest() {
        return committer.roots().newest();
    }
}
