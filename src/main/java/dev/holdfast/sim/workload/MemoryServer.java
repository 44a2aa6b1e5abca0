package dev.holdfast.sim.workload;

import dev.holdfast.block.BlockVolume;
import dev.holdfast.io.Loop;
import dev.holdfast.sim.world.SimLoop;
import dev.holdfast.sim.world.SimProcess;
import java.util.function.Consumer;

/** Serves a {@link MemoryVolume}: the plainest server, and with a bug the one that must be caught. */
public final class MemoryServer implements Server {
    private final long sizeBytes;
    private final MemoryImage image;

    /** Serves {@code sizeBytes} over what {@code image} holds. */
    public MemoryServer(long sizeBytes, MemoryImage image) {
        this.sizeBytes = sizeBytes;
        this.image = image;
    }

    @Override
    public void start(SimProcess process, Consumer<BlockVolume> ready) {
        SimLoop loop = process.newLoop("volume");
        loop.post(() -> ready.accept(new MemoryVolume(loop, sizeBytes, image)));
    }

    @Override
    public void servedTo(BlockWorkload client) {}

    @Override
    public Server fork() {
        return new MemoryServer(sizeBytes, image.copy());
    }

    @Override
    public void crashed(boolean memoryLost) {
        if (memoryLost) {
            image.powerCut();
        } else {
            image.processDied();
        }
    }

    @Override
    public void verify(Loop loop, Runnable sound) {
        loop.post(sound);
    }

    @Override
    public void inspect(SimProcess process, Runnable sound) {
        sound.run();
    }

    @Override
    public void stop(Loop loop, Runnable stopped) {
        image.flush(image.acknowledged());
        loop.post(stopped);
    }
}
