package dev.holdfast.node;

import dev.holdfast.base.Id128;
import dev.holdfast.cluster.control.ControlState;
import dev.holdfast.cluster.control.Operation;
import dev.holdfast.cluster.control.Protocol;
import dev.holdfast.cluster.control.Result;
import dev.holdfast.device.Protection;
import dev.holdfast.io.Entropy;
import java.util.ArrayDeque;
import java.util.List;
import java.util.function.Consumer;

/** Sees to it that a node has a pool and, if asked for, an exported volume: what is there already is left alone. */
public final class FirstVolume {
    private static final long WAIT_NANOS = 100_000_000L;
    private static final int MOST_WAITS = 300;

    private final Node node;
    private final Entropy entropy;
    private final ArrayDeque<Operation> steps = new ArrayDeque<>();
    private int waits;

    /** Nothing to be done yet. */
    public FirstVolume(Node node, Entropy entropy) {
        this.node = node;
        this.entropy = entropy;
    }

    /** What to have. An empty volume name means only the pool. */
    public record Wanted(
            String pool, List<String> disks, Protection protection, long logBytes, long createBytes, Thin volume) {
        /** Nothing. */
        public static final Wanted NOTHING = new Wanted("", List.of(), Protection.SINGLE, 0, 0, Thin.NONE);

        /** The same in a pool of another name. */
        public Wanted withPool(String name) {
            return new Wanted(name, disks, protection, logBytes, createBytes, volume);
        }
    }

    /** A volume, of which one node or several keep a copy. */
    public record Thin(String name, long sizeBytes, int copies) {
        /** None. */
        public static final Thin NONE = new Thin("", 0);

        /** A volume that is not mirrored. */
        public Thin(String name, long sizeBytes) {
            this(name, sizeBytes, 1);
        }
    }

    /** {@code done} is told on the control loop why it failed, or the empty text. */
    public void ensure(Wanted wanted, Consumer<String> done) {
        node.control().post(() -> {
            ControlState state = node.state();
            boolean isBeingMade = state.volumes().stream().anyMatch(volume -> state.isBeingChanged(volume.id()));
            if (isBeingMade && waits++ < MOST_WAITS) {
                // An earlier process had begun; that it is made, or is not, has not come into the log yet.
                node.control().after(WAIT_NANOS, () -> ensure(wanted, done));
                return;
            }
            boolean hasPool = state.pools().stream().anyMatch(pool -> pool.node() == node.number());
            if (!hasPool && !wanted.disks().isEmpty()) {
                steps.add(new Operation.CreatePool(
                        wanted.pool(),
                        "",
                        wanted.disks(),
                        wanted.protection(),
                        wanted.logBytes(),
                        wanted.createBytes()));
            }
            String name = wanted.volume().name();
            if (!name.isEmpty() && state.volumes().isEmpty()) {
                steps.add(create(wanted));
                steps.add(new Operation.AddExport(name, Protocol.NBD));
            } else if (!name.isEmpty()
                    && state.exported().isEmpty()
                    && state.volume(name).isPresent()) {
                steps.add(new Operation.AddExport(name, Protocol.NBD));
            }
            next(done);
        });
    }

    private static Operation create(Wanted wanted) {
        Thin volume = wanted.volume();
        return volume.copies() == 1
                ? new Operation.CreateVolume(volume.name(), wanted.pool(), volume.sizeBytes())
                : new Operation.CreateMirrored(volume.name(), List.of(), volume.copies(), volume.sizeBytes());
    }

    private void next(Consumer<String> done) {
        Operation step = steps.poll();
        if (step == null) {
            done.accept("");
            return;
        }
        node.submit(new Id128(entropy.nextLong(), entropy.nextLong()), step, result -> {
            if (result instanceof Result.Refused refused) {
                done.accept(refused.why());
            } else {
                next(done);
            }
        });
    }
}
