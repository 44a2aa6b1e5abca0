package dev.holdfast.host.raft;

import dev.holdfast.host.Fatal;
import java.io.IOException;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Who is to be a member no more. Whoever leads takes them out, asking again every second while the configuration has
 * one of them; so it does not matter which member was told, or died, as long as all are told in the end. It has a
 * thread from the first of them on, until it is closed.
 */
final class RaftRemovals {
    private static final long RETRY_NANOS = 1_000_000_000L;

    private final RaftChanges changes;
    private final BooleanSupplier leads;
    private final String name;
    private final Fatal fatal;
    private final TreeSet<String> ids = new TreeSet<>();
    private boolean over;

    RaftRemovals(RaftChanges changes, BooleanSupplier leads, String name, Fatal fatal) {
        this.changes = changes;
        this.leads = leads;
        this.name = name;
        this.fatal = fatal;
    }

    /** Member {@code id} goes; said again, it changes nothing. */
    synchronized void add(String id) {
        boolean isFirst = ids.isEmpty();
        ids.add(id);
        notifyAll();
        if (isFirst) {
            Thread.ofPlatform().name("control-log-removals").daemon(true).start(this::run);
        }
    }

    synchronized void close() {
        over = true;
        notifyAll();
    }

    private void run() {
        try {
            for (Set<String> out = next(0); !out.isEmpty(); out = next(RETRY_NANOS)) {
                if (leads.getAsBoolean()) {
                    changes.takeOut(out);
                }
            }
        } catch (IOException notRunning) {
            return; // Then it leads no more.
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        } catch (Throwable thrown) {
            fatal.ended(name, thrown);
        }
    }

    /** After a while, or when somebody else is to go: all of them; nobody once it is closed. */
    private synchronized Set<String> next(long nanos) throws InterruptedException {
        if (!over && nanos > 0) {
            TimeUnit.NANOSECONDS.timedWait(this, nanos);
        }
        return over ? Set.of() : Set.copyOf(ids);
    }
}
