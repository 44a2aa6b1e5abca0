package dev.holdfast.sim.world;

import dev.holdfast.io.Loop;
import dev.holdfast.io.Workers;
import dev.holdfast.sim.random.SimRandom;

/**
 * Simulated helpers. The work runs at a random moment between the call and the result, so that work that is not on
 * frozen data shows; results come in any order.
 */
final class SimWorkers implements Workers {
    private final SimProcess process;
    private final SimRandom random;

    SimWorkers(SimProcess process, SimRandom random) {
        this.process = process;
        this.random = random;
    }

    @Override
    public void run(Runnable work, Loop loop, Runnable done) {
        if (process.isSilent()) {
            return;
        }
        SimLoop home = (SimLoop) loop;
        boolean early = random.oneIn(2);
        if (early) {
            work.run();
        }
        long delayNanos = random.below(random.oneIn(16) ? 5_000_000L : 100_000L);
        process.scheduler().after(delayNanos, home, EventKind.WORKER, 0, () -> {
            if (!early) {
                work.run();
            }
            home.enqueue(SimLoop.UNORDERED, EventKind.WORKER, 0, done);
        });
    }
}
