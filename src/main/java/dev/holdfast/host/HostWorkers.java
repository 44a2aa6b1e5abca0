package dev.holdfast.host;

import dev.holdfast.io.Loop;
import dev.holdfast.io.Workers;

/** One thread per processor for pure computations. */
final class HostWorkers implements Workers, AutoCloseable {
    private final Crew crew;

    HostWorkers(int threads, Fatal fatal) {
        this.crew = new Crew("worker", threads, fatal);
    }

    @Override
    public void run(Runnable work, Loop loop, Runnable done) {
        crew.run(() -> {
            work.run();
            loop.post(done);
        });
    }

    @Override
    public void close() {
        crew.close();
    }
}
