package dev.holdfast.sim.world;

/** One thing that will happen at a virtual time, unless it is cancelled. */
final class Event {
    private static final Runnable NOTHING = () -> {};

    /** Stands for no event. */
    static final Event NONE = new Event(0, 0, new Nobody(), EventKind.SCENARIO, 0, NOTHING);

    final long dueNanos;
    final long tieBreak;
    final Owner owner;
    final EventKind kind;
    final long detail;
    private Runnable task;

    Event(long dueNanos, long tieBreak, Owner owner, EventKind kind, long detail, Runnable task) {
        this.dueNanos = dueNanos;
        this.tieBreak = tieBreak;
        this.owner = owner;
        this.kind = kind;
        this.detail = detail;
        this.task = task;
    }

    void cancel() {
        task = NOTHING;
    }

    boolean isLive() {
        return task != NOTHING && !owner.isDead();
    }

    void run() {
        Runnable once = task;
        task = NOTHING;
        once.run();
    }

    boolean isBefore(Event other) {
        return dueNanos < other.dueNanos || (dueNanos == other.dueNanos && tieBreak < other.tieBreak);
    }

    private record Nobody() implements Owner {
        @Override
        public boolean isDead() {
            return true;
        }

        @Override
        public String label() {
            return "nobody";
        }

        @Override
        public int id() {
            return -1;
        }
    }
}
