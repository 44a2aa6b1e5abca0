package dev.holdfast.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.array.ArrayOpen;
import dev.holdfast.array.ArrayOpened;
import dev.holdfast.io.Loop;
import dev.holdfast.sim.world.Crash;
import dev.holdfast.sim.world.SimDevice;
import dev.holdfast.sim.world.SimMachine;
import dev.holdfast.sim.world.SimWorld;
import dev.holdfast.store.root.Root;
import dev.holdfast.store.root.RootChoice;
import dev.holdfast.store.tree.FreeMap;
import dev.holdfast.store.twin.TwinLink;
import dev.holdfast.store.verify.BlockSet;
import dev.holdfast.store.verify.RootVerifier;
import dev.holdfast.store.work.Core;
import dev.holdfast.store.work.Runner;
import dev.holdfast.store.work.Trouble;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** T4: what goes out after an outage, counted by addresses and not by births. */
final class TwinOutageTest {
    private static final int CHECKS = 10;

    @Test
    void afterAnOutageWhatWasBornSinceGoesOutAndOneRoot() {
        SimWorld world = new SimWorld(5);
        TwinStory story = new TwinStory(world, TwinStory.Fault.NONE, CHECKS);
        story.step(1);
        story.step(2);
        story.arrive();
        Root common = TwinJudge.newest(story.twin().machine()).orElseThrow();
        BlockSet before = reach(story.twin().machine(), common);
        story.twin().machine().kill();
        world.runFor(1_000_000_000L);
        TwinLink.Counts counted = story.counts();
        SimMachine source = world.machine();
        for (int step = 3; step < 7; step++) {
            story.stepAlone(step);
        }
        Root target = TwinJudge.newest(source).orElseThrow();
        BlockSet now = reach(source, target);
        assertTrue(target.number().cp() > common.number().cp() + 3, "many consistency points went by");
        story.arrive();
        assertEquals(
                target.identity(),
                TwinJudge.newest(story.twin().machine()).orElseThrow().identity());
        long born = 0;
        for (long address = 1; address < target.space().dataBlocks(); address++) {
            born += now.contains(address) && !before.contains(address) ? 1 : 0;
        }
        assertTrue(born > 50, "something was born: " + born);
        assertEquals(born, story.counts().blocksWalked() - counted.blocksWalked(), "each once, and nothing else");
        assertEquals(born, story.counts().blocksSent() - counted.blocksSent(), "nothing beside the walk");
        assertEquals(1, story.counts().rootsSent() - counted.rootsSent(), "one root");
    }

    @Test
    void aTwinThatKeepsUpGetsARootForEachConsistencyPointAndNoWalk() {
        SimWorld world = new SimWorld(6);
        TwinStory story = new TwinStory(world, TwinStory.Fault.NONE, CHECKS);
        story.step(1);
        story.arrive();
        TwinLink.Counts counted = story.counts();
        long before = TwinJudge.newest(world.machine()).orElseThrow().number().cp();
        for (int step = 2; step < 6; step++) {
            story.step(step);
        }
        story.arrive();
        long now = TwinJudge.newest(world.machine()).orElseThrow().number().cp();
        assertEquals(now - before, story.counts().rootsSent() - counted.rootsSent(), "a root each");
        assertEquals(counted.blocksWalked(), story.counts().blocksWalked(), "nothing is read to be sent");
    }

    /** Every address that {@code root} reaches, found by the verifier in a copy of the devices. */
    private static BlockSet reach(SimMachine machine, Root root) {
        SimWorld copy = new SimWorld(1);
        machine.devices().forEach(device -> device.copyAfter(Crash.powerCut(0), copy.machine()));
        Loop loop = copy.machine().process().newLoop("reach");
        List<String> paths = machine.devices().stream().map(SimDevice::path).toList();
        RootVerifier[] verifier = new RootVerifier[1];
        boolean[] done = new boolean[1];
        loop.post(() -> ArrayOpen.look(copy.disks(), paths, RootChoice::peek, loop, opened -> {
            ArrayOpened.Opened found = (ArrayOpened.Opened) opened;
            FreeMap map = new FreeMap(found.array().dataBlocks());
            Core core = new Core(found.array(), loop, copy.clock(), map, new Nobody());
            verifier[0] = new RootVerifier(core, root, Optional.empty(), problem -> {
                throw new AssertionError(problem);
            });
            Runner runner = new Runner(loop);
            verifier[0].schedule(runner);
            runner.then(() -> done[0] = true);
        }));
        copy.runUntil(() -> done[0]);
        return verifier[0].reach;
    }

    private static final class Nobody implements Trouble {
        @Override
        public void memberLost() {}

        @Override
        public void hostFull() {}

        @Override
        public void blockLost(long address) {}

        @Override
        public void copyWrong(long address, int checksum, long copies) {}

        @Override
        public void failed(String why) {
            throw new AssertionError(why);
        }
    }
}
