package dev.holdfast.host;

import dev.holdfast.io.Timer;
import dev.holdfast.io.Workers;
import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.util.function.Consumer;

/**
 * A socket whose two ends are greeting each other, until it can be a connection or is closed: on its loop, in bounded
 * time. It carries nothing.
 *
 * <ol>
 *   <li>Exactly one of {@code done} and {@code failed} is told, once.
 *   <li>While workers compute, nothing else touches the transport; if time is over meanwhile, it is closed afterwards.
 * </ol>
 */
final class HostGreeting implements HostLoop.Ready {
    /** How many may greet at once on one listener. */
    static final int MOST = 64;

    private static final long PATIENCE_NANOS = 5_000_000_000L;

    private final Transport transport;
    private final HostLoop loop;
    private final Workers workers;
    private final Runnable done;
    private final Consumer<String> failed;
    private final Timer patience;
    private boolean computing;
    private boolean over;
    private String overReason = "";

    private HostGreeting(Transport transport, HostLoop loop, Workers workers, Runnable done, Consumer<String> failed) {
        this.transport = transport;
        this.loop = loop;
        this.workers = workers;
        this.done = done;
        this.failed = failed;
        this.patience = loop.after(PATIENCE_NANOS, () -> end("no greeting in time"));
    }

    /** Begins; on {@code loop}, where one of the two is told. */
    static void begin(Transport transport, HostLoop loop, Workers workers, Runnable done, Consumer<String> failed) {
        HostGreeting greeting = new HostGreeting(transport, loop, workers, done, failed);
        try {
            loop.register(transport.socket(), 0, greeting);
        } catch (IOException gone) {
            greeting.end(String.valueOf(gone.getMessage()));
        }
        greeting.goOn();
    }

    @Override
    public void ready(SelectionKey key) {
        goOn();
    }

    private void goOn() {
        if (over || computing) {
            return;
        }
        try {
            switch (transport.greet()) {
                case READ -> await(SelectionKey.OP_READ);
                case WRITE -> await(SelectionKey.OP_WRITE);
                case COMPUTE -> {
                    await(0);
                    computing = true;
                    workers.run(transport::compute, loop, this::computed);
                }
                case DONE -> {
                    await(0);
                    over = true;
                    patience.cancel();
                    done.run();
                }
            }
        } catch (IOException refused) {
            end(String.valueOf(refused.getMessage()));
        }
    }

    private void await(int operations) throws IOException {
        loop.register(transport.socket(), operations, this);
    }

    private void computed() {
        computing = false;
        if (over) {
            close(overReason);
        } else {
            goOn();
        }
    }

    private void end(String reason) {
        if (over) {
            return;
        }
        over = true;
        overReason = reason;
        patience.cancel();
        if (!computing) {
            close(reason);
        }
    }

    private void close(String reason) {
        try {
            transport.close();
        } catch (IOException failing) {
            overReason = reason + "; " + failing.getMessage();
        }
        failed.accept(overReason);
    }
}
