package dev.holdfast.cluster.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Id128;
import dev.holdfast.device.Protection;
import dev.holdfast.io.Loop;
import dev.holdfast.sim.world.SimWorld;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** The controller over the simulated log: deaths between intent and outcome, repeats, replay. */
final class ControllerTest {
    private final List<Change> carriedOut = new ArrayList<>();
    private boolean mute;
    private SimWorld world;
    private Loop loop;
    private Controller controller;

    private final class Recording implements Execution {
        @Override
        public void carryOut(Change change, Consumer<String> ended) {
            carriedOut.add(change);
            if (!mute) {
                ended.accept(carriedOut.size() % 7 == 0 ? "it did not work" : "");
            }
        }

        @Override
        public void recover(Change change, Consumer<String> ended) {
            ended.accept("");
        }

        @Override
        public void changed() {
            assertTrue(loop.isCurrent());
        }

        @Override
        public void over() {
            throw new AssertionError("there is no other process");
        }
    }

    private void start() {
        loop = world.newLoop("control");
        controller = new Controller(loop, world.orderedLog("control"), world.entropy(), new Recording());
        List<String> told = new ArrayList<>();
        world.run(
                loop,
                () -> controller.start(Controller.Starting.alone("a"), why -> {
                    if (why.isEmpty()) {
                        controller.recover(() -> told.add(""));
                    } else {
                        told.add(why);
                    }
                }));
        world.runUntil(() -> !told.isEmpty());
        assertEquals(List.of(""), told);
    }

    private void restart() {
        world.machine().kill();
        world.machine().start();
        start();
    }

    private Result submit(Id128 id, Operation operation) {
        List<Result> results = new ArrayList<>();
        world.run(loop, () -> controller.submit(id, operation, results::add));
        world.runUntil(() -> !results.isEmpty());
        return results.getFirst();
    }

    private String state() {
        return world.call(loop, () -> controller.state().toString());
    }

    private static Operation.CreatePool pool() {
        return new Operation.CreatePool("main", "", List.of("/d"), Protection.SINGLE, 8 << 20, 0);
    }

    @Test
    void aRepeatedOperationIsDoneOnceAndGetsTheFirstAnswer() {
        world = new SimWorld(1);
        start();
        Id128 id = new Id128(9, 9);
        Result first = submit(id, pool());
        assertInstanceOf(Result.Done.class, first);
        assertEquals(first, submit(id, pool()));
        restart();
        assertEquals(first, submit(id, pool()));
        assertEquals(1, carriedOut.size());
        assertInstanceOf(Result.Refused.class, submit(new Id128(9, 10), pool()));
    }

    @Test
    void anIntentThatADeathLeftOpenHasEndedBeforeTheNextStartIsOver() {
        world = new SimWorld(2);
        start();
        mute = true;
        world.run(loop, () -> controller.submit(new Id128(1, 1), pool(), result -> {}));
        world.runUntil(() -> !carriedOut.isEmpty());
        restart();
        assertTrue(world.call(loop, () -> controller.state().intents().isEmpty()));
        assertEquals(
                Life.LIVE,
                world.call(loop, () -> controller.state().pools().getFirst().life()));
    }

    @Test
    void randomOperationsAndDeathsLeaveAStateThatReplaysToItself() {
        for (long seed = 1; seed <= 20; seed++) {
            world = new SimWorld(seed);
            carriedOut.clear();
            start();
            submit(new Id128(0, 1), pool());
            SplittableRandom random = new SplittableRandom(seed);
            for (int i = 0; i < 120; i++) {
                Result result = submit(new Id128(seed, i), operation(random));
                assertTrue(result != null, "seed " + seed);
                if (random.nextInt(15) == 0) {
                    String before = state();
                    restart();
                    String after = state();
                    assertEquals(
                            withoutIncarnations(before), withoutIncarnations(after), "seed " + seed + ", step " + i);
                }
            }
            TreeSet<Integer> shards = new TreeSet<>();
            for (Change change : carriedOut) {
                if (change instanceof Change.CreateVolume created) {
                    assertTrue(shards.add(created.shard()), "seed " + seed + ": a shard number was given twice");
                }
            }
        }
    }

    private static String withoutIncarnations(String state) {
        return state.replaceAll("incarnation=[0-9]+", "");
    }

    private static Operation operation(SplittableRandom random) {
        String volume = "v" + random.nextInt(4);
        return switch (random.nextInt(7)) {
            case 0, 1 -> new Operation.CreateVolume(volume, "", 4096L * (1 + random.nextInt(100)));
            case 2 -> new Operation.ResizeVolume(volume, 4096L * (1 + random.nextInt(100)), random.nextBoolean());
            case 3 -> new Operation.DeleteVolume(volume);
            case 4 -> new Operation.CreateSnapshot(volume, "s" + random.nextInt(3));
            case 5 -> new Operation.DeleteSnapshot(volume, "s" + random.nextInt(3));
            default ->
                random.nextBoolean()
                        ? new Operation.AddExport(volume, Protocol.NBD)
                        : new Operation.RemoveExport(volume, Protocol.NBD);
        };
    }

    @Test
    void aDryRunSaysTheRecordsAndAppendsNothing() {
        world = new SimWorld(3);
        start();
        String before = state();
        Controller.DryRun plan = world.call(loop, () -> controller.dryRun(pool()));
        assertInstanceOf(Result.Done.class, plan.result());
        assertTrue(
                plan.lines().getLast().startsWith("touches: everything on /d"),
                plan.lines().toString());
        world.runFor(10_000_000_000L);
        assertEquals(before, state());
        assertEquals(Optional.empty(), world.call(loop, () -> controller.state().pool("main")));
    }
}
