package dev.holdfast.host;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Clock;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Timer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayDeque;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * One thread that waits for sockets, tasks and timers and runs what belongs to them. It is not where work is shared
 * out: everything given to a loop stays on it.
 *
 * <p>A turn is: take in ready channels, then the tasks posted before the turn began, then due timers, then the tasks
 * for the end of the turn, then one send per connection that has something to send, then at most one call that blocks.
 * Tasks posted during a turn wait for the next one.
 */
public final class HostLoop implements Loop {
    private static final long NANOS_PER_MILLI = 1_000_000L;
    private static final long LONGEST_DELAY_NANOS = Long.MAX_VALUE / 4;

    private final String name;
    private final Clock clock;
    private final Fatal fatal;
    private final Selector selector;
    private final Thread thread;
    private final TaskQueue queue = new TaskQueue();
    private final HostTimers timers = new HostTimers();
    private final ArrayDeque<Runnable> endOfTurn = new ArrayDeque<>();
    private final ArrayDeque<Runnable> sends = new ArrayDeque<>();
    private final ArrayDeque<Blocking> blocking = new ArrayDeque<>();
    private final BufferPool buffers = new BufferPool();
    private final Consumer<SelectionKey> onReady = this::onReady;
    private boolean sleepsParked;
    private boolean batchTaken;
    private boolean stopping;

    /** A channel on this loop's selector: the attachment of its key. */
    @FunctionalInterface
    interface Ready {
        /** The channel can do what its key says. */
        void ready(SelectionKey key);
    }

    /** A call that blocks for a moment, and can be made by this loop or by another thread. */
    interface Blocking {
        /** Makes it on this loop. */
        void makeHere();

        /** Has it made by another thread. */
        void handOver();
    }

    private HostLoop(String name, Clock clock, Fatal fatal, Selector selector) {
        this.name = name;
        this.clock = clock;
        this.fatal = fatal;
        this.selector = selector;
        this.thread = Thread.ofPlatform().name(name).daemon(true).unstarted(this::run);
    }

    /** Makes a loop and starts its thread. */
    static HostLoop start(String name, Clock clock, Fatal fatal) {
        try {
            HostLoop loop = new HostLoop(name, clock, fatal, Selector.open());
            loop.thread.start();
            return loop;
        } catch (IOException failed) {
            throw new UncheckedIOException("no loop can be made: " + failed.getMessage(), failed);
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public boolean isCurrent() {
        return Thread.currentThread() == thread;
    }

    @Override
    public void post(Runnable task) {
        if (queue.add(task)) {
            wake();
        }
    }

    @Override
    public void atEndOfTurn(Runnable task) {
        Checks.that(isCurrent(), "the end of a turn is asked for on its own loop");
        endOfTurn.add(task);
    }

    @Override
    public Timer after(long delayNanos, Runnable task) {
        Checks.that(isCurrent(), "a timer is made on its own loop");
        long delay = Math.clamp(delayNanos, 0, LONGEST_DELAY_NANOS);
        return timers.add(this, clock.nanos() + delay, task);
    }

    /** Runs {@code send} after the tasks at the end of this turn, or of the present one if that is under way. */
    void sendAtEndOfTurn(Runnable send) {
        sends.add(send);
    }

    /** True for a loop that nobody waits for but who gave it tasks: it has no sockets, and may block for a moment. */
    boolean mayBlock() {
        return isCurrent() && selector.keys().isEmpty();
    }

    /**
     * Makes {@code call} at the very end of this turn. If the turn asks for several, other threads make them, all at
     * once. Only on this loop.
     */
    void blockAtEndOfTurn(Blocking call) {
        Checks.that(isCurrent(), "only a loop itself can be blocked");
        blocking.add(call);
    }

    /** Has what was to be done at the very end of this turn done by other threads now. Only on this loop. */
    void handOverBlocking() {
        for (Blocking call = blocking.poll(); call != null; call = blocking.poll()) {
            call.handOver();
        }
    }

    /** Buffers for the connections of this loop. */
    BufferPool buffers() {
        return buffers;
    }

    HostTimers timers() {
        return timers;
    }

    /** Puts a channel on this loop's selector. Only on this loop. */
    SelectionKey register(SelectableChannel channel, int operations, Ready ready) throws IOException {
        Checks.that(isCurrent(), "a channel is registered on its own loop");
        return channel.register(selector, operations, ready);
    }

    /** Ends the thread after the tasks already posted, and closes every channel on the loop; later tasks never run. */
    void stop() {
        post(() -> stopping = true);
    }

    /** Waits for the thread to end; false if it did not in time. */
    boolean awaitEnd(long timeoutMillis) throws InterruptedException {
        Checks.that(!isCurrent(), "a loop does not wait for itself");
        return thread.join(java.time.Duration.ofMillis(timeoutMillis));
    }

    private void run() {
        try (selector) {
            while (!stopping) {
                turn();
            }
            for (SelectionKey key : selector.keys()) {
                key.channel().close();
            }
            selector.selectNow();
        } catch (Throwable thrown) {
            fatal.ended("loop " + name, thrown);
        }
    }

    private void turn() throws IOException {
        batchTaken = false;
        select();
        takeBatch();
        queue.runBatch();
        if (!timers.isEmpty()) {
            timers.runDue(clock.nanos());
        }
        runAll(endOfTurn);
        runAll(sends);
        Checks.that(endOfTurn.isEmpty(), "sending asks for nothing at the end of a turn that is over");
        if (blocking.size() == 1) {
            blocking.remove().makeHere();
        } else {
            handOverBlocking();
        }
    }

    /** Sleeps until there is something to do, and runs what is ready. */
    private void select() throws IOException {
        long waitNanos = waitNanos();
        sleepsParked = selector.keys().isEmpty();
        boolean sleeps = waitNanos != 0 && queue.sleepIfEmpty();
        if (sleepsParked) {
            if (sleeps) {
                LockSupport.parkNanos(this, waitNanos);
            }
        } else if (sleeps) {
            selector.select(onReady, (waitNanos + NANOS_PER_MILLI - 1) / NANOS_PER_MILLI);
        } else {
            selector.selectNow(onReady);
        }
    }

    /** Called by a poster that the queue told to; what the loop wrote before it slept is visible to it. */
    private void wake() {
        if (sleepsParked) {
            LockSupport.unpark(thread);
        } else {
            selector.wakeup();
        }
    }

    /** How long the loop may sleep; 0 for not at all. */
    private long waitNanos() {
        if (timers.isEmpty()) {
            return LONGEST_DELAY_NANOS;
        }
        return Math.max(0, timers.nextDeadlineNanos() - clock.nanos());
    }

    private void onReady(SelectionKey key) {
        takeBatch();
        if (key.isValid() && key.attachment() instanceof Ready ready) {
            ready.ready(key);
        }
    }

    /** The batch is what was posted before the first event of the turn ran. */
    private void takeBatch() {
        if (!batchTaken) {
            batchTaken = true;
            queue.take();
        }
    }

    private static void runAll(ArrayDeque<Runnable> tasks) {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
    }
}
