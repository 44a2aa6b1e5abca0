package dev.holdfast.store;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.base.Mutant;
import dev.holdfast.store.checkpoint.LaneLink;
import dev.holdfast.store.root.Root;
import dev.holdfast.store.root.TwinRecord;
import dev.holdfast.store.work.Core;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * How a pool ends being the pool: its twin is, because it was handed over or was promoted without asking. On the
 * committer's loop; used once, but for handovers that come to nothing.
 *
 * <ol>
 *   <li>Changes wait from the first moment on; consistency points run until everything acknowledged is in a root.
 *   <li>When the twin has that root, this side records that it goes on no more; then its lanes answer nothing any more;
 *       only then the twin is told.
 *   <li>Until that record begins, a twin that goes away ends the attempt, and changes go on.
 *   <li>Whatever the reason, once the record is begun nothing is acknowledged any more.
 * </ol>
 */
final class Handover {
    /** How far it is. */
    private enum Stage {
        /** Nobody wants the pool. */
        NONE,
        /** Changes wait, consistency points take what is held. */
        DRAINING,
        /** The newest root has everything; the twin is to have that. */
        SENDING,
        /** It becomes durable that this side is the pool no more. */
        RECORDING,
        /** It is. */
        OVER
    }

    private static final String WHAT_TO_DO =
            ". Stop this node; then `holdfast pool receive` makes its disks the twin of that";

    private final Committer committer;
    private final List<LaneLink> lanes;
    private Stage stage = Stage.NONE;
    private Optional<String> over = Optional.empty();
    private Consumer<String> told = why -> {};
    private Runnable granted = () -> {};
    private int retiring;

    Handover(Committer committer, List<LaneLink> lanes) {
        this.committer = committer;
        this.lanes = lanes;
    }

    /** True while no consistency point may begin. */
    boolean holdsCheckpoints() {
        return stage == Stage.SENDING || stage == Stage.RECORDING;
    }

    /** Why this side is not the pool any more, for people. */
    Optional<String> over() {
        return over;
    }

    /** {@code listener} is told once why this side is not the pool any more. */
    void whenOver(Consumer<String> listener) {
        told = listener;
        over.ifPresent(listener);
    }

    /** The twin wants to be the pool. */
    void begin() {
        Core core = committer.core();
        Checks.that(core.loop.isCurrent(), "on the committer's loop");
        if (stage != Stage.NONE || committer.isOver() || committer.commits().isEmpty()) {
            return;
        }
        if (core.shards.values().stream().anyMatch(shard -> shard.meta.mirrored())) {
            committer.twin().refuseHandover();
            return;
        }
        Marks.reached("twin.handover-begun");
        stage = Stage.DRAINING;
        if (!Mutant.on("twin.handover-takes-writes")) {
            lanes.forEach(link -> link.tell(lane -> lane.pause(true)));
        }
        drain();
    }

    private void drain() {
        committer.checkpoint("handover", () -> {
            if (stage != Stage.DRAINING) {
                return;
            }
            if (committer.lastCheckpointWasAll()) {
                stage = Stage.SENDING;
                arrived();
            } else {
                drain();
            }
        });
    }

    /** The twin has a root more. */
    void arrived() {
        Root newest = committer.roots().newest();
        Checks.that(committer.loop().isCurrent(), "on the committer's loop", stage.ordinal());
        if (stage == Stage.SENDING
                && committer.twin().has().cp() == newest.number().cp()) {
            stage = Stage.RECORDING;
            TwinRecord record =
                    newest.twin().in(TwinRecord.State.HANDED_OVER, newest.twin().reign() + 1);
            if (Mutant.on("twin.granted-before-record")) {
                committer
                        .twin()
                        .handedOver(newest.ending(record, newest.written().members()));
            }
            record(
                    record,
                    "it was handed over to its twin at " + record.address() + ", which is the pool now" + WHAT_TO_DO,
                    () -> {
                        Marks.reached("twin.handover-recorded");
                        committer.twin().handedOver(committer.roots().newest());
                    });
        }
    }

    /** The twin is not there any more. */
    void gone() {
        Checks.that(committer.loop().isCurrent(), "on the committer's loop");
        if (stage == Stage.DRAINING || stage == Stage.SENDING) {
            Marks.reached("twin.handover-given-up");
            stage = Stage.NONE;
            lanes.forEach(link -> link.tell(lane -> lane.pause(false)));
            committer.checkpointWanted("handover");
        }
    }

    /** Another side is the pool, in reign {@code newer}: on sight, and with what was not sent as it is. */
    void superseded(long newer) {
        Checks.that(newer > 0, "who was promoted reigns", newer);
        if (stage != Stage.RECORDING
                && stage != Stage.OVER
                && committer.failure().isEmpty()) {
            Marks.reached("twin.superseded");
            stage = Stage.RECORDING;
            TwinRecord was = committer.roots().newest().twin();
            stop("its twin at " + was.address()
                    + " was promoted without it and is the pool now; what this side has stays as it is" + WHAT_TO_DO);
            committer.roots().whenSettled(() -> {
                TwinRecord now = committer.roots().newest().twin().in(TwinRecord.State.DEMOTED, newer);
                write(now, () -> {});
            });
        }
    }

    private void record(TwinRecord record, String why, Runnable then) {
        committer
                .roots()
                .whenSettled(() -> write(record, () -> {
                    granted = then;
                    stop(why);
                }));
    }

    private void write(TwinRecord record, Runnable then) {
        Checks.that(stage == Stage.RECORDING && record.isOver(), "what is recorded ends it", record.reign());
        Root root =
                committer.roots().newest().ending(record, committer.core().array.members());
        committer.roots().write(root, () -> {
            stage = Stage.OVER;
            then.run();
        });
    }

    private void stop(String why) {
        Checks.that(
                over.isEmpty() && stage.compareTo(Stage.SENDING) > 0, "it ends once, for the record", stage.ordinal());
        over = Optional.of(why);
        retiring = lanes.size();
        lanes.forEach(link -> link.tell(lane -> {
            lane.retire();
            committer.loop().post(this::laneRetired);
        }));
        committer.failed(why);
        told.accept(why);
    }

    /** Only when no lane answers a read any more may another side answer a write. */
    private void laneRetired() {
        Checks.that(retiring > 0, "each lane retires once", retiring);
        if (--retiring == 0) {
            granted.run();
        }
    }
}
