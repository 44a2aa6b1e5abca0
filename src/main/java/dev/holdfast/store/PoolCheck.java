package dev.holdfast.store;

import dev.holdfast.array.ArrayOpen;
import dev.holdfast.array.ArrayOpened;
import dev.holdfast.array.Mirror;
import dev.holdfast.array.RootRing;
import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;
import dev.holdfast.io.Loop;
import dev.holdfast.io.World;
import dev.holdfast.store.root.Root;
import dev.holdfast.store.root.RootChoice;
import dev.holdfast.store.tree.FreeMap;
import dev.holdfast.store.verify.PoolVerifier;
import dev.holdfast.store.work.Core;
import dev.holdfast.store.work.FreeMapRead;
import dev.holdfast.store.work.Runner;
import dev.holdfast.store.work.Trouble;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Verifies the devices of a pool that no node serves; what the log holds beyond the newest root is not applied. */
public final class PoolCheck implements Trouble {
    private final World world;
    private final Loop loop;
    private final Pool.Verified verified;
    private Optional<Mirror> array = Optional.empty();
    private long wrongCopies;
    private boolean ended;

    private PoolCheck(World world, Loop loop, Pool.Verified verified) {
        this.world = world;
        this.loop = loop;
        this.verified = verified;
    }

    /**
     * Verifies the pool whose devices are at {@code paths}; {@code verified} is told once, on {@code loop}, the
     * caller's.
     */
    public static void check(World world, List<String> paths, Loop loop, Pool.Verified verified) {
        Checks.that(loop.isCurrent(), "a check starts on its own loop");
        PoolCheck check = new PoolCheck(world, loop, verified);
        ArrayOpen.look(world.disks(), paths, RootChoice::peek, loop, check::opened);
    }

    private void opened(ArrayOpened result) {
        switch (result) {
            case ArrayOpened.Refused refused -> end(List.of(refused.reason()), 0);
            case ArrayOpened.Opened found -> {
                array = Optional.of(found.array());
                switch (RootChoice.choose(found.pool(), found.rings())) {
                    case RootChoice.Verdict.Newest newest ->
                        verify(newest.root(), previous(newest.root(), found.pool(), found.rings()));
                    case RootChoice.Verdict.Blank blank -> end(List.of(), 0);
                    case RootChoice.Verdict.Lost lost -> end(List.of(lost.why()), 0);
                }
            }
        }
    }

    private static Optional<Root> previous(Root newest, Id128 pool, List<RootRing> rings) {
        Checks.that(newest.number().cp() > 0, "a root has a number");
        long cp = newest.number().previousCp();
        if (cp <= 0) {
            return Optional.empty();
        }
        Optional<Root> best = Optional.empty();
        for (RootRing ring : rings) {
            for (int slot = (int) (cp % Root.HALF); slot < Root.SLOTS; slot += Root.HALF) {
                Optional<Root> found = Root.decode(ring.bytes(), slot * Root.BYTES)
                        .filter(root ->
                                root.poolId().equals(pool) && root.number().cp() == cp);
                if (ring.present()
                        && found.isPresent()
                        && (best.isEmpty() || found.get().isNewerThan(best.get()))) {
                    best = found;
                }
            }
        }
        return best;
    }

    private void verify(Root newest, Optional<Root> previous) {
        Checks.that(previous.isEmpty() || newest.isNewerThan(previous.get()), "the root before is older");
        Mirror devices = array.orElseThrow();
        Core core = new Core(devices, loop, world.clock(), new FreeMap(devices.dataBlocks()), this);
        core.loader.everyCopy(true);
        Runner runner = new Runner(loop);
        runner.add(new FreeMapRead(core, newest.objects(), map -> core.freeMap = map));
        runner.then(() -> new PoolVerifier(core, newest, previous, this::end).schedule(runner, core.freeMap));
    }

    private void end(List<String> problems, long checked) {
        if (!ended) {
            ended = true;
            array.ifPresent(Mirror::close);
            List<String> lines = new ArrayList<>(problems);
            if (wrongCopies > 0) {
                lines.add(wrongCopies + " blocks have a wrong copy and a good one: repaired when the pool serves");
            }
            verified.verified(lines, checked);
        }
    }

    @Override
    public void memberLost() {
        // Nothing is written, so nothing needs a newer root.
    }

    @Override
    public void hostFull() {
        // Nothing is written.
    }

    @Override
    public void blockLost(long address) {
        // The walk that needed it names it.
    }

    @Override
    public void copyWrong(long address, int checksum, long copies) {
        wrongCopies++;
    }

    @Override
    public void failed(String why) {
        end(List.of(why), 0);
    }
}
