package dev.holdfast.sim.world;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Timer;
import dev.holdfast.sim.random.SimRandom;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.PriorityQueue;

/**
 * One simulated loop: a queue of tasks that is worked off in turns. It is no thread; a turn takes no virtual time, but
 * the next one begins a random while later.
 *
 * <p>What may happen, and nothing else: a turn takes any number of the waiting tasks; what different posters posted is
 * interleaved at random, what one poster posted stays in order; wake-ups and timers are late, now and then by
 * milliseconds, timers of one loop in order of their deadlines.
 */
public final class SimLoop implements Loop, Owner {
    /** The poster of tasks that keep no order, not even among themselves. */
    static final int UNORDERED = -1;

    private static final int ONE_IN_SLOW = 64;
    private static final int ONE_IN_PAUSE = 4096;

    private final SimProcess process;
    private final String name;
    private final String label;
    private final int id;
    private final ArrayDeque<Runnable> endOfTurn = new ArrayDeque<>();
    private final PriorityQueue<SimTimer> timers = new PriorityQueue<>();
    private Task[] queue = new Task[16];
    private int head;
    private int tail;
    private long timersMade;
    private boolean timersQueued;
    private boolean turnDue;
    private boolean inTurn;

    SimLoop(SimProcess process, String name) {
        this.process = process;
        this.name = name;
        this.label = process.machine().name() + "/" + name;
        this.id = process.scheduler().nextOwnerId();
        Arrays.fill(queue, Task.NONE);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public boolean isCurrent() {
        return inTurn;
    }

    @Override
    public void post(Runnable task) {
        enqueue(process.world().posterId(), EventKind.POST, 0, task);
    }

    @Override
    public void atEndOfTurn(Runnable task) {
        Checks.that(inTurn, "atEndOfTurn is called on its loop");
        endOfTurn.add(task);
    }

    /** Runs {@code look} as if in a turn, for who judges from outside; it changes nothing. */
    public void look(Runnable look) {
        Checks.that(!inTurn, "nobody judges within a turn");
        inTurn = true;
        look.run();
        inTurn = false;
    }

    @Override
    public Timer after(long delayNanos, Runnable task) {
        Checks.that(inTurn, "after is called on its loop");
        long virtualNanos = process.machine().clock().virtualNanosFor(Math.max(0, delayNanos));
        long dueNanos = process.scheduler().nowNanos() + virtualNanos;
        SimTimer timer = new SimTimer(this, dueNanos, timersMade++, task);
        timers.add(timer);
        long lateNanos = random().oneIn(ONE_IN_SLOW) ? random().below(5_000_000L) : random().below(50_000L);
        timer.wakesBy(process.scheduler()
                .after(virtualNanos + lateNanos, this, EventKind.TIMER, delayNanos, this::timersDue));
        return timer;
    }

    /** Some timer has come due: the next turn runs every one that has, in order of deadline. */
    private void timersDue() {
        if (!timersQueued) {
            timersQueued = true;
            enqueue(UNORDERED, EventKind.TIMER, 0, this::runTimers);
        }
    }

    /** A timer was cancelled. */
    void forget(SimTimer timer) {
        timers.remove(timer);
    }

    private void runTimers() {
        timersQueued = false;
        Scheduler scheduler = process.scheduler();
        while (!timers.isEmpty() && timers.peek().dueNanos() <= scheduler.nowNanos() && !process.isDead()) {
            SimTimer timer = timers.remove();
            scheduler.log().add(scheduler.nowNanos(), label, id, EventKind.TIMER, timer.number());
            timer.run();
        }
    }

    /** The process this loop belongs to. */
    public SimProcess process() {
        return process;
    }

    @Override
    public boolean isDead() {
        return process.isDead();
    }

    @Override
    public String label() {
        return label;
    }

    @Override
    public int id() {
        return id;
    }

    /** Adds a task of {@code poster}; it may overtake those of other posters. */
    void enqueue(int poster, EventKind kind, long detail, Runnable task) {
        if (process.isDead() || process.isSilent()) {
            return;
        }
        makeRoom();
        int at = tail++;
        Task added = new Task(poster, kind, detail, task);
        while (at > head && (queue[at - 1].poster != poster || poster == UNORDERED) && random().oneIn(4)) {
            queue[at] = queue[at - 1];
            at--;
        }
        queue[at] = added;
        scheduleTurn();
    }

    private void makeRoom() {
        if (tail < queue.length) {
            return;
        }
        int count = tail - head;
        Task[] into = count * 2 > queue.length ? new Task[queue.length * 2] : queue;
        System.arraycopy(queue, head, into, 0, count);
        Arrays.fill(into, count, into.length, Task.NONE);
        queue = into;
        head = 0;
        tail = count;
    }

    private void scheduleTurn() {
        if (turnDue || inTurn || head == tail) {
            return;
        }
        turnDue = true;
        long pausedNanos =
                Math.max(0, process.pausedUntilNanos() - process.scheduler().nowNanos());
        process.scheduler().after(pausedNanos + wakeNanos(), this, EventKind.TURN, tail - head, this::turn);
    }

    /** Virtual time. */
    long nowNanos() {
        return process.scheduler().nowNanos();
    }

    private long wakeNanos() {
        SimRandom random = random();
        long draw = random.nextLong();
        if ((draw & (ONE_IN_PAUSE - 1)) == 0) {
            return random.below(20_000_000L);
        }
        if ((draw & (ONE_IN_SLOW - 1)) == 1) {
            return random.below(200_000L);
        }
        return (draw >>> 32) & 0x7FF;
    }

    private void turn() {
        turnDue = false;
        if (process.pausedUntilNanos() > process.scheduler().nowNanos()) {
            scheduleTurn();
        } else if (process.isDoomed()) {
            SimMemory memory = process.machine().memory();
            memory.remember();
            process.silence();
            runTurn();
            memory.tear();
            process.machine().kill();
        } else {
            runTurn();
        }
    }

    private void runTurn() {
        inTurn = true;
        process.world().enter(this);
        int waiting = tail - head;
        int taken = random().oneIn(4) ? 1 + random().below(waiting) : waiting;
        for (int i = 0; i < taken && !process.isDead(); i++) {
            Task task = queue[head];
            queue[head++] = Task.NONE;
            process.scheduler().log().add(process.scheduler().nowNanos(), label, id, task.kind, task.detail);
            task.work.run();
        }
        while (!endOfTurn.isEmpty() && !process.isDead()) {
            endOfTurn.remove().run();
        }
        process.world().leave();
        inTurn = false;
        scheduleTurn();
    }

    private SimRandom random() {
        return process.world().random();
    }

    private record Task(int poster, EventKind kind, long detail, Runnable work) {
        static final Task NONE = new Task(-1, EventKind.POST, 0, () -> {});
    }
}
