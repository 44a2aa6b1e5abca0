package dev.holdfast.follow;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.base.Mutant;
import dev.holdfast.block.BlockVolume;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.io.Clock;
import dev.holdfast.io.Loop;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A mirrored volume as front ends get it on any node: requests go to whoever leads, and again when that changes. It
 * keeps no data but the bytes of WRITEs that are not answered.
 *
 * <ol>
 *   <li>Requests that are not answered are in one list, in the order of arrival. Those sent on the present path come
 *       first, those that are still to be sent follow.
 *   <li>A request is sent on one path at a time; of a path that was left nothing is heard.
 *   <li>Times count only while this process runs: {@link #tick} adds at most {@link #LONGEST_TICK_NANOS} each.
 * </ol>
 *
 * <p>docs/internals/follow.md says what is promised and why it holds.
 */
public final class FollowedVolume implements BlockVolume {
    private static final long TICK_NANOS = 20_000_000L;
    private static final long LONGEST_TICK_NANOS = 200_000_000L;

    private final Followed what;
    private final Places places;
    private final Loop loop;
    private final Clock clock;
    private final KeptSpace space;
    private final Search search;
    private final ArrayDeque<Kept> idle = new ArrayDeque<>();
    private final List<Runnable> waiting = new ArrayList<>();
    private final Runnable tick = this::tick;

    /** First and last of the list are its neighbours. */
    private final Kept list = new Kept(this);

    /** The first that is to be sent, or {@link #list} if none is. */
    private Kept next = list;

    private Optional<Path> path = Optional.empty();
    private Optional<ByteBuffer> nowhere = Optional.empty();
    private boolean pumps;
    private boolean roomAsked;
    private boolean ticks;
    private boolean stopped;
    private long tickedNanos;

    /** Time that has passed while something was kept and this process ran. */
    private long nowNanos;

    /** When the path last answered, or had nothing to answer. */
    private long answeredNanos;

    /** Changes that were answered, and the reign of the first one that no FLUSH covers, or 0. */
    private long changes;

    private long unflushedReign;

    /** The reign of the present path, or of the last one. */
    private long reign;

    /** How often changes may have been lost that were answered and not flushed, and of how many losses clients know. */
    private long losses;

    private long lossesTold;

    /** The reign in which the copy here led when it was last looked at. */
    private long reignHere;

    /** A volume that has no path yet; everything happens on {@code loop}. */
    public FollowedVolume(Followed what, Places places, Loop loop, Clock clock) {
        this.what = what;
        this.places = places;
        this.loop = loop;
        this.clock = clock;
        this.space = new KeptSpace(what.terms().keptBytes());
        this.search = new Search(what, places, loop, clock, this::found);
    }

    /** Answers everything with SHUTDOWN from now on, and leaves its path. */
    public void stop() {
        Checks.that(loop.isCurrent(), "a volume is used on its loop");
        stopped = true;
        search.end();
        leave();
        while (list.after != list) {
            answer(list.after, Status.SHUTDOWN);
        }
    }

    /** True while requests wait for somebody who leads. */
    public boolean isSeeking() {
        return path.isEmpty() && list.after != list;
    }

    /** What the last attempt that failed met: one line for people, empty if there was none. */
    public String trouble() {
        return search.trouble();
    }

    @Override
    public Loop loop() {
        return loop;
    }

    @Override
    public long sizeBytes() {
        return what.sizeBytes();
    }

    @Override
    public boolean isReadOnly() {
        return false;
    }

    @Override
    public boolean hasRoom(int lengthBytes) {
        return stopped || space.has(lengthBytes);
    }

    @Override
    public void whenRoom(Runnable task) {
        waiting.add(task);
        tellRoom();
    }

    @Override
    public void submit(Request request) {
        Checks.that(loop.isCurrent(), "a volume is used on its loop");
        if (stopped) {
            request.completion().completed(request, Status.SHUTDOWN);
        } else {
            keep(request, Kept.NO_BYTES);
        }
    }

    @Override
    public void submitWrite(Request request, ByteBuffer data) {
        Checks.that(loop.isCurrent(), "a volume is used on its loop");
        int lengthBytes = (int) request.lengthBytes;
        if (stopped) {
            data.position(data.position() + lengthBytes);
            request.completion().completed(request, Status.SHUTDOWN);
            return;
        }
        ByteBuffer bytes = lengthBytes == 0 ? Kept.NO_BYTES : space.take(lengthBytes);
        int limit = data.limit();
        bytes.clear().put(data.limit(data.position() + lengthBytes)).flip();
        data.limit(limit);
        keep(request, bytes);
    }

    private void keep(Request request, ByteBuffer bytes) {
        Kept kept = idle.isEmpty() ? new Kept(this) : idle.pop();
        kept.asked = request;
        kept.bytes = bytes;
        kept.before = list.before;
        kept.after = list;
        list.before.after = kept;
        list.before = kept;
        next = next == list ? kept : next;
        startTicking();
        kept.sinceNanos = nowNanos;
        kept.changesBefore = changes;
        kept.reignBefore = reign;
        kept.lossesTold = lossesTold;
        pump();
    }

    /** Sends what the path has room for. */
    private void pump() {
        if (pumps) {
            return;
        }
        pumps = true;
        while (next != list && path.isPresent() && hasRoom(path.get())) {
            Kept kept = next;
            next = kept.after;
            send(kept, path.get());
        }
        pumps = false;
        if (next != list && path.isEmpty()) {
            search.begin(Optional.empty());
        }
    }

    private boolean hasRoom(Path there) {
        boolean room = there.disk().hasRoom(next.dataBytes());
        if (!room && !roomAsked) {
            roomAsked = true;
            there.disk().whenRoom(() -> {
                if (path.filter(present -> present.equals(there)).isPresent()) {
                    roomAsked = false;
                    pump();
                }
            });
        }
        return room;
    }

    private void send(Kept kept, Path there) {
        if (list.after == kept) {
            answeredNanos = nowNanos; // Nothing older is under way.
        }
        Request request = kept.again();
        if (request.kind == Request.Kind.WRITE) {
            ByteBuffer bytes = Mutant.on("follow.bytes-of-newest") ? newestBytes(kept) : kept.bytes;
            there.disk().submitWrite(request, bytes.position(0));
        } else {
            there.disk().submit(request);
        }
    }

    private ByteBuffer newestBytes(Kept kept) {
        Kept newest = list.before;
        return newest.bytes.limit() == kept.bytes.limit() ? newest.bytes : kept.bytes;
    }

    /** The path has answered what it was sent last. */
    void answered(Kept kept, Status status) {
        if (status == Status.MOVED || status == Status.SHUTDOWN) {
            Marks.reached("follow.moved");
            leave();
            pump();
            return;
        }
        answeredNanos = nowNanos;
        search.worked();
        if (search.isOn()) {
            search.end();
        }
        answer(kept, status == Status.OK ? judged(kept) : status);
        tellRoom();
    }

    /** What to answer to a request that went well: a FLUSH fails when what it should cover may have been lost. */
    private Status judged(Kept kept) {
        switch (kept.asked.kind) {
            case WRITE, TRIM, ZERO -> {
                changes++;
                unflushedReign = unflushedReign == 0 && !kept.asked.forceUnitAccess ? reign : unflushedReign;
            }
            case FLUSH -> {
                boolean isLost = losses > kept.lossesTold && !Mutant.on("follow.flush-hides-loss");
                lossesTold = Math.max(lossesTold, isLost ? losses : 0);
                boolean isAll = changes == kept.changesBefore;
                unflushedReign = isAll ? 0 : Math.max(unflushedReign, kept.reignBefore);
                return isLost ? Status.IO_ERROR : Status.OK;
            }
            case READ, CACHE, EXTENTS -> {}
        }
        return Status.OK;
    }

    private void answer(Kept kept, Status status) {
        if (status == Status.OK) {
            kept.tellExtents();
        }
        next = next == kept ? kept.after : next;
        kept.before.after = kept.after;
        kept.after.before = kept.before;
        kept.isSent = false;
        if (kept.bytes.capacity() > 0) {
            space.give(kept.bytes);
            kept.bytes = Kept.NO_BYTES;
        }
        Request asked = kept.asked;
        idle.push(kept);
        asked.completion().completed(asked, status);
    }

    /** From now on nothing of the present path counts; all that was sent there is to be sent again. */
    private void leave() {
        Optional<Path> left = path;
        path = Optional.empty();
        roomAsked = false;
        for (Kept kept = list.after; kept != list; kept = kept.after) {
            kept.isSent &= Mutant.on("follow.left-path-is-heard");
        }
        next = list.after;
        if (!Mutant.on("follow.left-path-is-heard")) {
            left.ifPresent(gone -> gone.end().run());
        }
    }

    private void found(Path better) {
        if (path.isPresent()) {
            Marks.reached("follow.left-silent-path");
        }
        leave();
        path = Optional.of(better);
        reign = better.reign();
        if (unflushedReign != 0 && unflushedReign < better.lostBefore()) {
            Marks.reached("follow.loss");
            losses++;
            unflushedReign = 0;
        }
        reignHere = places.here().get().map(Sessions::reignNow).orElse(0L);
        pump();
    }

    private void startTicking() {
        if (!ticks) {
            ticks = true;
            tickedNanos = clock.nanos();
            loop.after(TICK_NANOS, tick);
        }
    }

    private void tick() {
        long now = clock.nanos();
        nowNanos += Math.min(now - tickedNanos, LONGEST_TICK_NANOS);
        tickedNanos = now;
        ticks = list.after != list && !stopped;
        if (!ticks) {
            return;
        }
        loop.after(TICK_NANOS, tick);
        endOld();
        doubt();
        pump();
    }

    /** Who is too old fails, and takes the path along that it was sent on. */
    private void endOld() {
        while (list.after != list
                && nowNanos - list.after.sinceNanos >= what.terms().ageNanos()) {
            Marks.reached("follow.too-old");
            Kept oldest = list.after;
            if (oldest.isSent) {
                leave();
            }
            answer(oldest, Status.IO_ERROR);
        }
        tellRoom();
    }

    /** Looks elsewhere when the path says nothing, or the copy here begins to lead. */
    private void doubt() {
        if (path.isEmpty() || !list.after.isSent) {
            return;
        }
        long reign = places.here().get().map(Sessions::reignNow).orElse(0L);
        boolean leadsHere =
                reign != 0 && reign != reignHere && path.get().address().isPresent();
        long silentNanos = nowNanos - answeredNanos;
        if (leadsHere || silentNanos >= what.terms().doubtNanos()) {
            boolean isStuck = silentNanos >= what.terms().stuckNanos();
            search.begin(isStuck ? Optional.empty() : path);
        }
    }

    /** Where to put what a path that was left has read. */
    ByteBuffer nowhere() {
        if (nowhere.isEmpty()) {
            nowhere = Optional.of(ByteBuffer.allocateDirect(MAX_TRANSFER_BYTES));
        }
        return nowhere.get().clear();
    }

    private void tellRoom() {
        if (!waiting.isEmpty() && hasRoom(MAX_TRANSFER_BYTES)) {
            waiting.forEach(loop::post);
            waiting.clear();
        }
    }
}
