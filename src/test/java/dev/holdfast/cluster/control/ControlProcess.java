package dev.holdfast.cluster.control;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Id128;
import dev.holdfast.io.Loop;
import dev.holdfast.sim.random.SimRandom;
import dev.holdfast.sim.world.SimMachine;
import dev.holdfast.sim.world.SimProcess;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * One node of a simulated cluster: a machine, and the process that runs its controller now and then. What is to be
 * carried out takes a while and fails now and then; that it is this node's is checked.
 */
final class ControlProcess {
    /** Changes that were begun anywhere, apart from what was recovered. */
    static final class Begun {
        final List<Change> changes = new ArrayList<>();
        int recovered;
    }

    final SimMachine machine;
    final String name;
    final Id128 id;
    final List<String> told = new ArrayList<>();
    final Map<Id128, List<Result>> answers = new LinkedHashMap<>();
    int asked;
    boolean mute;
    boolean over;
    boolean fails;
    boolean recoversLater;
    private final Begun begun;
    private final SimRandom random;
    private Optional<Controller> controller = Optional.empty();
    private Loop loop;

    ControlProcess(SimMachine machine, String name, Id128 id, Begun begun) {
        this.machine = machine;
        this.name = name;
        this.id = id;
        this.begun = begun;
        this.random = machine.world().random().split();
        this.loop = machine.isRunning()
                ? machine.process().newLoop("none")
                : machine.start().newLoop("none");
    }

    void start() {
        SimProcess process = machine.isRunning() ? machine.process() : machine.start();
        loop = process.newLoop("control");
        told.clear();
        answers.clear();
        asked = 0;
        Controller fresh = new Controller(loop, process.orderedLog("control"), process.entropy(), new Carrying());
        controller = Optional.of(fresh);
        loop.post(() -> fresh.start(new Controller.Starting(name, name + ":1", Optional.of(id)), why -> {
            if (why.isEmpty() && recoversLater) {
                told.add("not recovered");
            } else if (why.isEmpty()) {
                fresh.recover(() -> told.add(""));
            } else {
                told.add(why);
            }
        }));
    }

    /** What {@link #start} left out. */
    void recover() {
        told.clear();
        loop.post(() -> controller().recover(() -> told.add("")));
    }

    void kill() {
        machine.kill();
    }

    boolean isReady() {
        return machine.isRunning() && told.equals(List.of(""));
    }

    /** Asks for something; the answer comes into {@link #answers}. */
    void submit(Id128 operationId, Operation operation) {
        asked++;
        loop.post(() -> controller
                .orElseThrow()
                .submit(
                        operationId,
                        operation,
                        result -> answers.computeIfAbsent(operationId, none -> new ArrayList<>())
                                .add(result)));
    }

    /** Has the process say where it is reached. */
    void reachable(String links, String disks) {
        loop.post(() -> controller().reachable(links, disks));
    }

    /** Answers so far, to whoever asked this process. */
    int answered() {
        return answers.values().stream().mapToInt(List::size).sum();
    }

    Controller controller() {
        return controller.orElseThrow();
    }

    Loop loop() {
        return loop;
    }

    String state() {
        return machine.world().call(loop, () -> controller().state().toString());
    }

    private final class Carrying implements Execution {
        @Override
        public void carryOut(Change change, Consumer<String> ended) {
            assertTrue(owners(change).contains(controller().self().number()), "only owners carry out");
            begun.changes.add(change);
            end(ended, fails || random.oneIn(8) ? "it did not work" : "");
        }

        @Override
        public void recover(Change change, Consumer<String> ended) {
            assertTrue(owners(change).contains(controller().self().number()), "only owners recover");
            begun.recovered++;
            end(ended, "");
        }

        private void end(Consumer<String> ended, String failure) {
            if (!mute) {
                loop.after(random.below(2_000_000_000), () -> ended.accept(failure));
            }
        }

        private List<Integer> owners(Change change) {
            ControlState state = controller().state();
            List<Id128> pools = switch (change) {
                case Change.CreatePool c -> List.of(c.pool());
                case Change.AddCopy c -> List.of(c.pool());
                default -> state.volume(volume(change)).orElseThrow().pools();
            };
            return pools.stream()
                    .map(pool -> state.pool(pool).orElseThrow().node())
                    .toList();
        }

        private static Id128 volume(Change change) {
            return switch (change) {
                case Change.CreateVolume c -> c.volume();
                case Change.CreateMirrored c -> c.volume();
                case Change.ResizeVolume c -> c.volume();
                case Change.DeleteVolume c -> c.volume();
                case Change.CreateSnapshot c -> c.volume();
                case Change.DeleteSnapshot c -> c.volume();
                default -> throw new AssertionError("nobody carries out " + change);
            };
        }

        @Override
        public void changed() {
            assertTrue(loop.isCurrent());
        }

        @Override
        public void over() {
            over = true;
        }
    }
}
