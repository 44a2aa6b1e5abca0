package dev.holdfast.sim;

import dev.holdfast.array.RootRing;
import dev.holdfast.base.Id128;
import dev.holdfast.base.Marks;
import dev.holdfast.device.Geometry;
import dev.holdfast.io.Disk;
import dev.holdfast.io.DiskOutcome;
import dev.holdfast.io.Loop;
import dev.holdfast.sim.oracle.OracleViolation;
import dev.holdfast.sim.random.SimRandom;
import dev.holdfast.sim.world.Crash;
import dev.holdfast.sim.world.DeviceListener;
import dev.holdfast.sim.world.DiskOperationKind;
import dev.holdfast.sim.world.SimDevice;
import dev.holdfast.sim.world.SimMachine;
import dev.holdfast.sim.world.SimWorld;
import dev.holdfast.store.PoolCheck;
import dev.holdfast.store.root.Root;
import dev.holdfast.store.root.RootChoice;
import dev.holdfast.store.root.RootIdentity;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * What a pool's twin must be at every instant (T1, T2): whatever a crash leaves of its devices holds, alone, exactly
 * one consistency point that the source had made durable. A root has the same identity at both places only if all its
 * bytes that count are equal, and it names everything beneath it by checksum; so a twin whose newest root the source
 * has made, and of which every block that this reaches verifies, is that consistency point byte for byte.
 */
final class TwinJudge {
    private static final long RING_END = Geometry.ROOT_OFFSET + Geometry.ROOT_BYTES;
    private static final long SECOND_HALF = Geometry.ROOT_OFFSET + (long) Root.HALF * Root.BYTES;
    private static final long RING_START = 1 << 20;
    private static final long LONGEST_RECORD = 256 << 10;
    private static final int ONE_IN_WRITES = 80;
    private static final int ONE_IN_ROOTS = 3;

    private final SimMachine source;
    private final SimMachine twin;
    private final SimRandom random;
    private final TreeMap<String, Root> made = new TreeMap<>();
    private final long logBytes;
    private final int mostChecks;
    private int checks;
    private boolean hadRoot;
    private boolean mayBeEmpty;
    private boolean mayGoBack;
    private long newestSeen;
    private final List<String> lacking = new ArrayList<>();
    private boolean quiet;
    private long neededFrom;
    private long neededBytes;

    /** Judges until {@code mostChecks} copies were judged. */
    TwinJudge(SimMachine source, SimMachine twin, long logBytes, SimRandom random, int mostChecks) {
        this.logBytes = logBytes;
        this.source = source;
        this.twin = twin;
        this.random = random;
        this.mostChecks = mostChecks;
    }

    /** The source's devices are there. */
    void watchSource() {
        source.devices().forEach(device -> device.listen(new SourceListener()));
    }

    /** The twin's devices are there. */
    void watchTwin() {
        twin.devices().forEach(device -> device.listen(new TwinListener()));
    }

    /** What the twin had was given up: it may have nothing until it has a root again. */
    void givenUp() {
        mayBeEmpty = true;
    }

    /** No disk of the source has the blocks at {@code addresses} right any more: the twin need not have them. */
    void lacks(Set<Long> addresses) {
        addresses.forEach(address -> lacking.add("no copy verifies: block " + address + " born "));
    }

    /** Copies judged. */
    int checks() {
        return checks;
    }

    /** {@code root}, with which a promoted twin goes on, stands in the place of one that the source made (T1). */
    void madeBefore(Root root) {
        boolean known = made.values().stream()
                .anyMatch(one -> one.number().cp() == root.number().cp()
                        && one.objects().equals(root.objects())
                        && one.written().wallMillis() == root.written().wallMillis());
        if (!known) {
            throw new OracleViolation("a promoted twin goes on from what its source never made: " + root.number());
        }
        made.put(key(root.identity()), root);
        judge(Crash.powerCut(0), true);
    }

    /** Who judges the old source as the twin of the promoted one, whose newest root it must have. */
    TwinJudge reversed() {
        TwinJudge judge = new TwinJudge(twin, source, logBytes, random.split(), mostChecks);
        Root root = newest(twin).orElseThrow();
        judge.made.put(key(root.identity()), root);
        return judge;
    }

    /** The newest root on the devices of a machine, as they are. */
    static Optional<Root> newest(SimMachine machine) {
        List<RootRing> rings = new ArrayList<>();
        for (SimDevice device : machine.devices()) {
            rings.add(new RootRing(rings.size(), true, ring(device)));
        }
        Id128 pool = pool(rings);
        return RootChoice.choose(pool, rings) instanceof RootChoice.Verdict.Newest newest
                ? Optional.of(newest.root())
                : Optional.empty();
    }

    private static Id128 pool(List<RootRing> rings) {
        for (RootRing ring : rings) {
            for (int slot = 0; slot < Root.SLOTS; slot++) {
                Optional<Root> root = Root.decode(ring.bytes(), slot * Root.BYTES);
                if (root.isPresent()) {
                    return root.get().poolId();
                }
            }
        }
        return new Id128(0, 0);
    }

    private static ByteBuffer ring(SimDevice device) {
        ByteBuffer bytes = ByteBuffer.allocate(Geometry.ROOT_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int slot = 0; slot < Root.SLOTS; slot++) {
            bytes.put(slot * Root.BYTES, device.medium().read(Geometry.ROOT_OFFSET / Disk.BLOCK_BYTES + slot));
        }
        return bytes;
    }

    /**
     * The source's disks lied about its newest root: it starts at the one before. Only if what the log had for that one
     * is still there, and no start lies between the two; for then nothing else is lost by it, if memory was lost too.
     */
    boolean forgetNewestOfSource() {
        Optional<Root> newest = newest(source);
        Optional<Root> there = newest(twin);
        boolean same = quiet
                && newest.isPresent()
                && there.isPresent()
                && there.get().identity().equals(newest.get().identity());
        if (!same) {
            return false;
        }
        Marks.reached("sim.twin-source-forgot-root");
        mayGoBack = true;
        int slot = (int) (newest.get().number().cp() % Root.HALF);
        long first = Geometry.ROOT_OFFSET / Disk.BLOCK_BYTES;
        for (SimDevice device : source.devices()) {
            device.medium().overwrite(first + slot, new byte[Disk.BLOCK_BYTES]);
            device.medium().overwrite(first + Root.HALF + slot, new byte[Disk.BLOCK_BYTES]);
        }
        return true;
    }

    /** The root before one, if both were made in one run and the log is read from there. */
    private Optional<Root> beforeInItsRun(Root newest) {
        return made.values().stream()
                .filter(root -> root.number().cp() == newest.number().previousCp()
                        && root.number().openCounter() == newest.number().openCounter()
                        && !root.log().clean()
                        && !newest.log().clean())
                .findFirst();
    }

    private static String key(RootIdentity identity) {
        return identity.cp() + "/" + identity.openCounter() + "/" + identity.checksum();
    }

    private final class SourceListener implements DeviceListener {
        @Override
        public void issued(SimDevice device, DiskOperationKind kind, long offset) {
            long at = Math.floorMod(offset - RING_START - neededFrom, logBytes);
            boolean isLog = offset >= RING_START && offset < RING_START + logBytes;
            if (kind != DiskOperationKind.READ && isLog && at < neededBytes) {
                quiet = false;
            }
        }

        @Override
        public void completed(SimDevice device, DiskOperationKind kind, long offset, DiskOutcome outcome) {
            boolean isRoot = kind == DiskOperationKind.WRITE_DURABLE && offset >= SECOND_HALF && offset < RING_END;
            if (isRoot) {
                ByteBuffer block = ByteBuffer.wrap(device.medium().read(offset / Disk.BLOCK_BYTES));
                Root.decode(block.order(ByteOrder.LITTLE_ENDIAN), 0).ifPresent(this::made);
            }
        }

        private void made(Root root) {
            made.put(key(root.identity()), root);
            Optional<Root> last = beforeInItsRun(root);
            quiet = last.isPresent();
            last.ifPresent(found -> {
                neededFrom = found.log().position() - LONGEST_RECORD;
                neededBytes = Math.floorMod(root.log().position() - neededFrom, logBytes);
            });
        }
    }

    private final class TwinListener implements DeviceListener {
        @Override
        public void issued(SimDevice device, DiskOperationKind kind, long offset) {
            look(kind);
        }

        @Override
        public void completed(SimDevice device, DiskOperationKind kind, long offset, DiskOutcome outcome) {
            look(kind);
        }

        private void look(DiskOperationKind kind) {
            boolean wanted = switch (kind) {
                case READ, DISCARD -> false;
                case WRITE -> random.oneIn(ONE_IN_WRITES);
                case WRITE_DURABLE, FLUSH -> random.oneIn(ONE_IN_ROOTS);
            };
            if (wanted && checks < mostChecks) {
                judge(Crash.powerCut(0), true);
                judge(Crash.powerCut(random), false);
            }
        }
    }

    /** What is left of the twin by {@code crash}; {@code isCertain} if only what was durable before it. */
    void judge(Crash crash, boolean isCertain) {
        checks++;
        SimWorld copy = new SimWorld(random.nextLong());
        twin.devices().forEach(device -> device.copyAfter(crash, copy.machine()));
        Optional<Root> newest = newest(copy.machine());
        if (newest.isEmpty()) {
            if (isCertain && hadRoot && !mayBeEmpty) {
                throw new OracleViolation("the twin held a consistency point and holds none any more");
            }
            mayBeEmpty &= !isCertain;
            newestSeen = isCertain ? 0 : newestSeen;
            hadRoot &= !isCertain;
            return;
        }
        hadRoot |= isCertain;
        if (isCertain) {
            boolean wentBack = newest.get().identity().cp() < newestSeen;
            if (wentBack && !mayBeEmpty && !mayGoBack) {
                throw new OracleViolation("the twin went back from root " + newestSeen + " to "
                        + newest.get().identity());
            }
            newestSeen = newest.get().identity().cp();
        }
        RootIdentity identity = newest.get().identity();
        if (!made.containsKey(key(identity))) {
            throw new OracleViolation("the twin has a root that was never durable at the source: " + identity);
        }
        List<String> paths = twin.devices().stream().map(SimDevice::path).toList();
        Loop loop = copy.machine().process().newLoop("check");
        List<String> problems = new ArrayList<>();
        boolean[] done = new boolean[1];
        loop.post(() -> PoolCheck.check(copy, paths, loop, (found, blocks) -> {
            problems.addAll(found);
            done[0] = true;
        }));
        copy.runUntil(() -> done[0]);
        problems.removeIf(problem -> problem.endsWith("cannot be read") && problem.startsWith("the root before"));
        problems.removeIf(problem -> lacking.stream().anyMatch(problem::contains));
        if (!problems.isEmpty()) {
            throw new OracleViolation("the twin is not consistency point " + identity + ": " + problems);
        }
    }
}
