package dev.holdfast.sim;

import dev.holdfast.io.Connection;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Network;
import dev.holdfast.io.Receiver;
import dev.holdfast.sim.random.SimRandom;
import dev.holdfast.sim.world.SimProcess;
import dev.holdfast.sim.world.SimWorld;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/**
 * Who connects at a twin's door and is not its source: who wants something else of that port, and another pool that was
 * told a wrong address. They say one thing each, and none of them is let in.
 */
final class Strangers {
    private static final long HELLO = 48L << 32 | 1 << 24;
    private static final long MAGIC = 0x48465457494E3031L;
    private static final long STAYS_NANOS = 5_000_000_000L;

    private final SimRandom dice;
    private final Network.Address door;
    private final Network network;
    private final Loop loop;

    /** Somebody on a machine of its own, who knows where {@code door} is. */
    Strangers(SimWorld world, Network.Address door, SimRandom dice) {
        SimProcess process = world.newMachine("stranger").start();
        this.dice = dice;
        this.door = door;
        this.network = process.network();
        this.loop = process.newLoop("stranger");
    }

    /** Says something at the door, if somebody is there, and stays a while. */
    void knock() {
        Consumer<Connection> words = dice.oneIn(2) ? this::sayAnything : this::sayHello;
        loop.post(() -> network.connect(door, loop, connection -> spoken(connection, words), reason -> {}));
    }

    private Receiver spoken(Connection connection, Consumer<Connection> words) {
        loop.post(() -> words.accept(connection));
        loop.after(STAYS_NANOS, connection::close);
        return new Deaf();
    }

    private void sayAnything(Connection connection) {
        byte[] bytes = "GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
        connection.reserve(bytes.length).put(bytes);
    }

    /** Of another pool, that has been the pool for longer than any. */
    private void sayHello(Connection connection) {
        ByteBuffer out = connection.reserve(7 * Long.BYTES);
        out.putLong(HELLO).putLong(MAGIC).putLong(dice.nextLong()).putLong(dice.nextLong());
        out.putLong(Long.MAX_VALUE).putLong(1).putLong(1);
    }

    private static final class Deaf implements Receiver {
        @Override
        public void received(ByteBuffer in) {
            in.position(in.limit());
        }

        @Override
        public void drained() {
            // It says one thing.
        }

        @Override
        public void closed(String reason) {
            // It comes again some time.
        }
    }
}
