package dev.holdfast.sim.workload;

import dev.holdfast.block.BlockVolume;
import dev.holdfast.io.Loop;
import dev.holdfast.sim.world.SimProcess;
import java.util.function.Consumer;

/** Something that serves one block volume, dies with its process and serves it again from the next one. */
public interface Server {
    /** Opens the volume in {@code process}; {@code ready} runs on the volume's loop once requests are answered. */
    void start(SimProcess process, Consumer<BlockVolume> ready);

    /** Its client from now on, for a server that asks what it may hold. */
    void servedTo(BlockWorkload client);

    /** The same server, for a machine that is a copy of this one's; asked while this one runs. */
    Server fork();

    /** The machine has crashed: its process is gone, and with {@code memoryLost} what its memory held too. */
    void crashed(boolean memoryLost);

    /** Checks its own state while it serves; {@code sound} runs on {@code loop} when nothing wrong was found. */
    void verify(Loop loop, Runnable sound);

    /** Checks what the disks hold, in a process in which it does not serve; {@code sound} runs if that is sound. */
    void inspect(SimProcess process, Runnable sound);

    /** Makes everything durable and serves no more; {@code stopped} runs on {@code loop}. */
    void stop(Loop loop, Runnable stopped);
}
