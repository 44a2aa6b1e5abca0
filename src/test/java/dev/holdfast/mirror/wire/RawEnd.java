package dev.holdfast.mirror.wire;

import dev.holdfast.io.Connection;
import dev.holdfast.io.Receiver;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** One end of a connection that speaks only when a test tells it to, and remembers what came. On one loop. */
final class RawEnd implements Receiver {
    final Queue<Hello> hellos = new ConcurrentLinkedQueue<>();
    volatile Connection connection;
    volatile boolean closed;
    volatile int took;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private boolean greeted;
    private boolean answers;
    private boolean pauses;

    /** It answers a greeting with a welcome from whom was meant. */
    RawEnd answering() {
        answers = true;
        return this;
    }

    /** After the greeting it takes nothing any more. */
    RawEnd pausing() {
        pauses = true;
        return this;
    }

    RawEnd begin(Connection accepted) {
        connection = accepted;
        return this;
    }

    void say(Hello hello) {
        hello.put(connection.reserve(Hello.BYTES));
    }

    void send(byte[] sent) {
        connection.reserve(sent.length).put(sent);
    }

    /** What came after the greeting. */
    ByteBuffer frames() {
        return ByteBuffer.wrap(bytes.toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public void received(ByteBuffer in) {
        if (!greeted && Hello.take(in) instanceof Hello.Greeting.Said said) {
            greeted = true;
            hellos.add(said.hello());
            greet(said.hello());
        }
        if (greeted && !pauses) {
            byte[] taken = new byte[in.remaining()];
            in.get(taken);
            bytes.writeBytes(taken);
            took += taken.length;
        }
    }

    private void greet(Hello hello) {
        if (answers) {
            say(new Hello(
                    hello.cluster(),
                    hello.meant(),
                    hello.node(),
                    1,
                    hello.channel(),
                    hello.channels(),
                    hello.attempt(),
                    Verdict.WELCOME));
        }
        if (pauses) {
            connection.pause();
        }
    }

    /** Takes what comes again. */
    void resume() {
        pauses = false;
        connection.resume();
    }

    @Override
    public void drained() {}

    @Override
    public void closed(String reason) {
        closed = true;
    }
}
