package dev.holdfast.sim;

import dev.holdfast.base.Checks;
import dev.holdfast.block.BlockVolume;
import dev.holdfast.io.Loop;
import dev.holdfast.sim.random.SimRandom;
import dev.holdfast.sim.workload.BlockWorkload;
import dev.holdfast.sim.workload.CrashRounds;
import dev.holdfast.sim.workload.Mix;
import dev.holdfast.sim.world.SimDevice;
import dev.holdfast.sim.world.SimWorld;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;

/**
 * A crash, and then some pages of the log cannot be read any more, on each device other ones. The pool opens and every
 * read is right or an error, before and after more requests; or it is refused, and opens when the loss is accepted:
 * then only its own state is judged.
 *
 * <p>Pages of it do not lie: rot of the last record looks like the torn end of a commit that nobody was told of.
 */
final class DamagedLog {
    private static final int LOG_BLOCK = (1 << 20) / 4096;
    private static final int REQUESTS = 200;
    private static final int MOST_PAGES = 16;

    /** In this time one has ended: the few requests that come then are over lost blocks that a root knows. */
    private static final long CONSISTENCY_POINT_NANOS = 20_000_000_000L;

    private final SimWorld world;
    private final SimRandom random;
    private final StoreSetup setup;
    private final StoreServer server;
    private final BlockWorkload workload;

    private DamagedLog(SimWorld world) {
        this.world = world;
        this.random = world.random().split();
        this.setup = StoreSetup.random(random, 1 + random.below(2));
        this.server = new StoreServer(setup, random.oneIn(2), random);
        this.workload = new BlockWorkload(Mix.SMALL, setup.volumeBytes(), random.split());
    }

    static void run(SimWorld world) {
        new DamagedLog(world).run();
    }

    private void run() {
        new CrashRounds(world, server, workload).run(1, REQUESTS);
        world.machine().devices().forEach(this::damage);
        workload.allowErrors(true);
        workload.prefix().failed();
        server.mayAcceptLoss();
        List<BlockVolume> opened = new ArrayList<>(1);
        server.start(world.machine().start(), opened::add);
        world.runUntil(() -> !opened.isEmpty());
        Loop loop = opened.getFirst().loop();
        if (!server.hasAcceptedLoss()) {
            workload.ignoreWhile(world.machine().process()::isSilent);
            workload.attach(opened.getFirst());
            await(loop, (home, done) -> workload.readAll(false, complete -> done.run()));
            for (int times = 0; times < 20; times++) {
                world.runFor(CONSISTENCY_POINT_NANOS);
                workload.start(1 + random.below(10));
                world.runUntil(workload::isIdle);
            }
            workload.start(REQUESTS);
            world.runUntil(workload::isIdle);
            await(loop, (home, done) -> workload.readAll(false, complete -> done.run()));
        }
        await(loop, server::verify);
        await(loop, server::stop);
        server.crashed(false);
        int[] sound = new int[1];
        server.inspect(world.machine().process(), () -> sound[0]++);
        world.runUntil(() -> sound[0] > 0);
    }

    /** Pages of records, those of earlier laps too; not what was never written since the pool was made. */
    private void damage(SimDevice device) {
        long end = LOG_BLOCK + setup.logBytes() / 4096;
        List<Long> pages = new ArrayList<>();
        for (long block : device.medium().storedBlocks()) {
            if (block >= LOG_BLOCK && block < end && !isZero(device.medium().read(block))) {
                pages.add(block);
            }
        }
        Checks.that(device.lengthBytes() > end * 4096, "the log is before the data", end);
        for (int left = random.below(MOST_PAGES); left > 0 && !pages.isEmpty(); left--) {
            device.medium().spoil(pages.get(random.below(pages.size())));
        }
    }

    private static boolean isZero(byte[] page) {
        for (byte one : page) {
            if (one != 0) {
                return false;
            }
        }
        return true;
    }

    private void await(Loop loop, BiConsumer<Loop, Runnable> call) {
        int[] done = new int[1];
        loop.post(() -> call.accept(loop, () -> done[0]++));
        world.runUntil(() -> done[0] > 0);
    }
}
