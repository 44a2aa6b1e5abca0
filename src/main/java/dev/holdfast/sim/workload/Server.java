package dev.holdfast.sim.workload;

import dev.holdfast.block.BlockVolume;
import dev.holdfast.sim.world.SimProcess;
import java.util.function.Consumer;

/** Something that serves one block volume, dies with its process and serves it again from the next one. */
public interface Server {
    /** Opens the volume in {@code process}; {@code ready} runs on the volume's loop once requests are answered. */
    void start(SimProcess process, Consumer<BlockVolume> ready);

    /** The same server, for a machine that is a copy of this one's; asked while this one runs. */
    Server fork();

    /** The machine has crashed: its process is gone, and with {@code powerCut} its memory too. */
    void crashed(boolean powerCut);

    /** Asks the running server to check its own state; {@code done} runs when it found nothing wrong. */
    void verify(Runnable done);
}
