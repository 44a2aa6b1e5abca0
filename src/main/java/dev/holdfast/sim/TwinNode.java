package dev.holdfast.sim;

import dev.holdfast.array.ArrayFormat;
import dev.holdfast.base.Id128;
import dev.holdfast.base.Marks;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Network;
import dev.holdfast.io.WorldException;
import dev.holdfast.sim.oracle.OracleViolation;
import dev.holdfast.sim.world.SimMachine;
import dev.holdfast.sim.world.SimProcess;
import dev.holdfast.store.twin.TwinCopy;
import dev.holdfast.store.twin.TwinDoor;
import dev.holdfast.store.twin.TwinOpen;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A pool's twin on a machine of its own: formatted once, opened by every process of that machine. */
final class TwinNode {
    static final Network.Address ADDRESS = new Network.Address.Tcp("b", 7000);

    private final SimMachine machine;
    private final StoreSetup setup;
    private final CutStreams streams;
    private final List<String> paths = new ArrayList<>();
    private Optional<Id128> pool = Optional.empty();
    private Optional<TwinCopy> copy = Optional.empty();

    TwinNode(SimMachine machine, StoreSetup setup, CutStreams streams) {
        this.machine = machine;
        this.setup = setup;
        this.streams = streams;
        for (int slot = 0; slot < setup.copies(); slot++) {
            paths.add("/disk" + slot);
        }
    }

    SimMachine machine() {
        return machine;
    }

    /** What serves, while something does. */
    Optional<TwinCopy> copy() {
        return machine.isRunning() ? copy : Optional.empty();
    }

    boolean exists() {
        return pool.isPresent();
    }

    /** Formats the devices for {@code id}, if that was not done, and lets the machine serve. */
    void prepare(Id128 id, Runnable formatted) {
        if (pool.isPresent()) {
            return;
        }
        pool = Optional.of(id);
        SimProcess process = machine.start();
        Loop loop = process.newLoop("twin");
        paths.forEach(path -> machine.plug(path, setup.deviceBytes()));
        Id128 cluster = new Id128(7, 7);
        ArrayFormat.Plan plan = new ArrayFormat.Plan(cluster, id, setup.protection(), setup.logBytes(), 0, true);
        loop.post(() -> ArrayFormat.format(process.disks(), paths, plan, process.entropy(), loop, outcome -> {
            if (outcome instanceof ArrayFormat.Outcome.Refused refused) {
                throw new OracleViolation(refused.reason());
            }
            formatted.run();
            open(process, loop);
        }));
    }

    /** A new process serves. */
    void start() {
        SimProcess process = machine.start();
        Loop loop = process.newLoop("twin");
        loop.post(() -> open(process, loop));
    }

    private void open(SimProcess process, Loop loop) {
        TwinOpen.open(process, paths, loop, opened -> {
            switch (opened) {
                case TwinOpen.Opened.Refused refused -> throw new OracleViolation("twin refused: " + refused.why());
                case TwinOpen.Opened.Twin twin -> {
                    copy = Optional.of(twin.copy());
                    twin.copy().newest().ifPresent(root -> Marks.reached("sim.twin-opened-with-root"));
                    try {
                        TwinDoor.open(streams.over(process.network()), ADDRESS, twin.copy(), loop);
                    } catch (WorldException e) {
                        throw new OracleViolation("the twin has no door: " + e.getMessage());
                    }
                }
            }
        });
    }
}
