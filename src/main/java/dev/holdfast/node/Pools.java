package dev.holdfast.node;

import dev.holdfast.array.ArrayFormat;
import dev.holdfast.array.ArrayUnformat;
import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;
import dev.holdfast.cluster.control.Change;
import dev.holdfast.cluster.control.PoolInfo;
import dev.holdfast.io.Disk;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Network;
import dev.holdfast.io.World;
import dev.holdfast.io.WorldException;
import dev.holdfast.store.OpenPlan;
import dev.holdfast.store.Pool;
import dev.holdfast.store.PoolOpen;
import dev.holdfast.store.PoolOpened;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The pools of one node: makes, opens and stops them. Lives on the control loop; each pool commits on one of its own.
 */
final class Pools {
    private final World world;
    private final PeerNetwork peers;
    private final NodeConfig config;
    private final Loop control;
    private final List<Loop> lanes = new ArrayList<>();
    private final Generations generations;
    private final Consumer<String> events;
    private final LinkedHashMap<Id128, Pool> open = new LinkedHashMap<>();
    private final List<String> notes = new ArrayList<>();

    Pools(
            World world,
            PeerNetwork peers,
            NodeConfig config,
            Loop control,
            Generations generations,
            Consumer<String> events) {
        this.world = world;
        this.peers = peers;
        this.config = config;
        this.control = control;
        this.generations = generations;
        this.events = events;
        Checks.that(config.lanes() >= 1 && config.lanes() <= OpenPlan.MOST_LANES, "a node has lanes", config.lanes());
        for (int i = 0; i < config.lanes(); i++) {
            lanes.add(world.newLoop("lane-" + i));
        }
    }

    /** The loops that volumes live on. */
    List<Loop> lanes() {
        return List.copyOf(lanes);
    }

    /** How pools reach their twins, and are reached by old sources: with proof, if this node has any. */
    Network toTwins() {
        return peers.proves() ? peers.network() : world.network();
    }

    Optional<Pool> get(Id128 id) {
        return Optional.ofNullable(open.get(id));
    }

    /** What opening found, for people. */
    List<String> notes() {
        return List.copyOf(notes);
    }

    /** Opens pools one after another; {@code done} is told why that failed, or the empty text. */
    void openAll(List<PoolInfo> infos, Consumer<String> done) {
        openNext(infos, 0, done);
    }

    private void openNext(List<PoolInfo> infos, int index, Consumer<String> done) {
        if (index == infos.size()) {
            done.accept("");
            return;
        }
        PoolInfo info = infos.get(index);
        open(info.id(), info.name(), info.paths(), infos.size(), opened -> {
            switch (opened) {
                case PoolOpened.Opened ok -> openNext(infos, index + 1, done);
                case PoolOpened.Refused refused -> {
                    if (refused.elsewhere().isEmpty()) {
                        done.accept(refusal(info, refused));
                    } else {
                        isElsewhere(info, refused, refused.elsewhere().get());
                        openNext(infos, index + 1, done);
                    }
                }
            }
        });
    }

    /** Nothing is wrong with the disks: the node goes on without that pool. */
    private void isElsewhere(PoolInfo info, PoolOpened.Refused refused, PoolOpened.Elsewhere elsewhere) {
        notes.add("pool " + info.name() + ": " + refused.why());
        events.accept("pool " + info.name() + " is not served: " + refused.why());
        elsewhere.tell(toTwins(), control);
    }

    private static String refusal(PoolInfo info, PoolOpened.Refused refused) {
        String offer = refused.lossHelps()
                ? "; `holdfast pool accept-loss " + info.name() + " --dir DIR` opens what is left"
                : "";
        return "pool " + info.name() + ": " + refused.why() + offer;
    }

    private void open(Id128 id, String name, List<String> paths, int count, Consumer<PoolOpened> done) {
        Loop committer = world.newLoop("pool-" + name);
        OpenPlan plan = new OpenPlan(
                paths.stream().map(config::pathOf).toList(),
                new OpenPlan.Known(Optional.of(id), generations.of(id, committer)),
                memory(),
                lanes,
                config.cacheBytes() / count,
                config.acceptLossOf().equals(name));
        committer.post(() ->
                PoolOpen.open(world, plan, committer, opened -> control.post(() -> opened(id, name, opened, done))));
    }

    private OpenPlan.Memory memory() {
        NodeConfig.Memory memory = config.memory();
        return new OpenPlan.Memory(
                world.sharedMemory(memory.place()),
                memory.bytesPerLane(),
                memory.former().isEmpty() ? Optional.empty() : Optional.of(world.sharedMemory(memory.former())));
    }

    private void opened(Id128 id, String name, PoolOpened opened, Consumer<PoolOpened> done) {
        if (opened instanceof PoolOpened.Opened found) {
            open.put(id, found.pool());
            found.pool().twin().resume(toTwins());
            found.pool()
                    .twin()
                    .whenElsewhere(control, why -> events.accept("pool " + name + " is not served any more: " + why));
            found.notes().forEach(line -> notes.add("pool " + name + ": " + line));
        }
        done.accept(opened);
    }

    /**
     * Makes files if they are asked for, formats and opens; {@code done} as in {@link #openAll}. Doing again what an
     * earlier process left unfinished is the same: nobody has used a pool whose making did not end.
     */
    void create(Change.CreatePool change, Id128 cluster, Consumer<String> done) {
        List<String> paths = change.paths().stream().map(config::pathOf).toList();
        Optional<String> failure = makeFiles(paths, change.createBytes());
        if (failure.isPresent()) {
            done.accept(failure.get());
            return;
        }
        ArrayFormat.Plan plan = new ArrayFormat.Plan(
                cluster,
                change.pool(),
                change.protection(),
                change.logBytes(),
                world.clock().wallMillis(),
                false,
                change.name());
        ArrayFormat.format(world.disks(), paths, plan, world.entropy(), control, outcome -> {
            switch (outcome) {
                case ArrayFormat.Outcome.Refused refused -> done.accept(refused.reason());
                case ArrayFormat.Outcome.Formatted formatted -> openNew(change, done);
            }
        });
    }

    private void openNew(Change.CreatePool change, Consumer<String> done) {
        open(change.pool(), change.name(), change.paths(), 1, opened -> {
            switch (opened) {
                case PoolOpened.Opened ok -> done.accept("");
                case PoolOpened.Refused refused -> unmake(change, refused.why(), done);
            }
        });
    }

    /** A pool that can't be opened when it is new was never made: its disks are free for the next attempt. */
    private void unmake(Change.CreatePool change, String why, Consumer<String> done) {
        List<String> paths = change.paths().stream().map(config::pathOf).toList();
        ArrayUnformat.unformat(
                world.disks(),
                paths,
                change.pool(),
                control,
                failure -> done.accept(failure.isEmpty() ? why : why + "; " + failure));
    }

    /** Makes files of {@code lengthBytes}, if that is not 0; those of an earlier attempt are there already. */
    private Optional<String> makeFiles(List<String> paths, long lengthBytes) {
        for (String path : lengthBytes == 0 ? List.<String>of() : paths) {
            try (Disk disk = world.disks().exists(path)
                    ? world.disks().open(path)
                    : world.disks().create(path, lengthBytes)) {
                if (disk.lengthBytes() != lengthBytes) {
                    return Optional.of(path + " is there already and has " + disk.lengthBytes() + " bytes, not "
                            + lengthBytes + ": remove it, or say another size");
                }
            } catch (WorldException e) {
                return Optional.of(String.valueOf(e.getMessage()));
            }
        }
        return Optional.empty();
    }

    /** Stops every pool cleanly. */
    void stop(Runnable stopped) {
        if (open.isEmpty()) {
            stopped.run();
            return;
        }
        Pool pool = open.pollFirstEntry().getValue();
        pool.stop(control, () -> stop(stopped));
    }
}
