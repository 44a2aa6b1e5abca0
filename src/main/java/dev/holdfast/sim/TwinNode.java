package dev.holdfast.sim;

import dev.holdfast.array.ArrayFormat;
import dev.holdfast.base.Id128;
import dev.holdfast.base.Marks;
import dev.holdfast.device.Label;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Network;
import dev.holdfast.io.WorldException;
import dev.holdfast.sim.oracle.OracleViolation;
import dev.holdfast.sim.world.SimMachine;
import dev.holdfast.sim.world.SimProcess;
import dev.holdfast.store.root.Root;
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
    private final Network.Address address;
    private final List<String> paths = new ArrayList<>();
    private Optional<Id128> pool = Optional.empty();
    private Optional<TwinCopy> copy = Optional.empty();
    private boolean promotes;
    private boolean forces;
    private boolean isPool;

    TwinNode(SimMachine machine, StoreSetup setup, CutStreams streams, Network.Address address) {
        this.address = address;
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
        Id128 cluster = Label.TWIN;
        ArrayFormat.Plan plan = new ArrayFormat.Plan(cluster, id, setup.protection(), setup.logBytes(), 0, true);
        loop.post(() -> ArrayFormat.format(process.disks(), paths, plan, process.entropy(), loop, outcome -> {
            if (outcome instanceof ArrayFormat.Outcome.Refused refused) {
                throw new OracleViolation(refused.reason());
            }
            formatted.run();
            open(process, loop);
        }));
    }

    /** From the next process on it is to be the pool, by force or by handover; that process starts now. */
    void promote(boolean force) {
        promotes = true;
        forces = force;
        start();
    }

    /** True if it is the pool. */
    boolean isPool() {
        return isPool;
    }

    /** A twin on the machine and the devices of an old source, at {@code place}. */
    TwinNode reversed(SimMachine old, Network.Address place) {
        TwinNode node = new TwinNode(old, setup, streams, place);
        node.pool = pool;
        return node;
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
                case TwinOpen.Opened.Refused refused -> {
                    if (!promotes) {
                        throw new OracleViolation("twin refused: " + refused.why());
                    }
                    isPool = true;
                }
                case TwinOpen.Opened.Twin twin -> {
                    copy = Optional.of(twin.copy());
                    twin.copy().newest().ifPresent(root -> Marks.reached("sim.twin-opened-with-root"));
                    if (promotes && forces) {
                        twin.copy().force(new Wish());
                        return;
                    }
                    try {
                        twin.copy().tell(new Wish(), promotes);
                        TwinDoor.open(streams.over(process.network()), address, twin.copy(), loop);
                    } catch (WorldException e) {
                        throw new OracleViolation("the twin has no door: " + e.getMessage());
                    }
                }
            }
        });
    }

    private final class Wish implements TwinCopy.Wish {
        @Override
        public void promoted(Root root) {
            isPool = true;
        }

        @Override
        public void refused(String why) {
            throw new OracleViolation("the source does not hand over: " + why);
        }
    }
}
