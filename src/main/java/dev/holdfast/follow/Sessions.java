package dev.holdfast.follow;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;
import dev.holdfast.base.Marks;
import dev.holdfast.block.BlockVolume;
import dev.holdfast.block.LedVolume;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The clients that follow one mirrored shard, as its leader sees them: which path of each is the newest one. It
 * knows one reign at a time, and nothing of connections.
 *
 * <ol>
 *   <li>A path that was bound serves only what it was bound to: a {@link Session} of one reign. Of each session there
 *       is at most one in a reign that is not over, and of its paths only that with the greatest number serves.
 *   <li>What a path asks is given to the disk only when nothing of older paths of its session is under way there.
 *   <li>What was forgotten is over: no path that was bound to it ever serves again.
 * </ol>
 *
 * <p>docs/internals/follow.md has the argument why nothing comes late through them.
 */
public final class Sessions {
    /** The most that are known at once. */
    static final int MOST = 1024;

    private final LedVolume led;
    private final LinkedHashMap<Id128, Session> known = new LinkedHashMap<>();
    private final ArrayDeque<Passage> idle = new ArrayDeque<>();
    private long reign;
    private boolean ended;

    /** Nobody follows {@code led} yet; everything but {@link #open} happens on its loop. */
    public Sessions(LedVolume led) {
        this.led = led;
    }

    /**
     * The disk as path {@code number} of {@code session} sees it; equal to what an equal path gets. May be called from
     * anywhere. It is bound by the first request that it gets.
     */
    public BlockVolume open(Id128 session, long number) {
        return new SessionVolume(this, session, number);
    }

    /** True while this node leads, so that an attempt here makes sense; on the disk's loop. */
    public boolean leads() {
        return reignNow() != 0;
    }

    /** The disk is served here no more: every path is MOVED, for good. */
    public void end() {
        Checks.that(led.loop().isCurrent(), "sessions are used on their loop");
        ended = true;
        forgetAll();
    }

    LedVolume led() {
        return led;
    }

    /** The present reign, 0 if there is none. */
    long reignNow() {
        return ended ? 0 : led.reign();
    }

    /** Binds a path that asks for the first time; empty if it comes too late, or is one too many. */
    Optional<Session> bind(SessionVolume path) {
        long now = reignNow();
        if (now == 0) {
            return Optional.empty();
        }
        if (now != reign) {
            forgetAll();
            reign = now;
        }
        Session session = known.get(path.session());
        if (session == null) {
            if (known.size() >= MOST && !forgetOne()) {
                return Optional.empty();
            }
            session = new Session(now);
        } else if (path.number() <= session.newest()) {
            Marks.reached("follow.old-path");
            return Optional.empty();
        }
        known.putLast(path.session(), session);
        session.speak(path);
        return Optional.of(session);
    }

    private void forgetAll() {
        known.values().forEach(Session::end);
        known.clear();
    }

    /** Forgets who is idle and was bound longest ago; false if all are busy. */
    private boolean forgetOne() {
        for (Map.Entry<Id128, Session> each : known.entrySet()) {
            if (each.getValue().underWay() == 0) {
                known.remove(each.getKey());
                each.getValue().end();
                return true;
            }
        }
        return false;
    }

    Passage passage() {
        return idle.isEmpty() ? new Passage(this) : idle.pop();
    }

    void release(Passage passage) {
        idle.push(passage);
    }

    int knownCount() {
        return known.size();
    }
}
