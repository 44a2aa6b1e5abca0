package dev.holdfast.mirror;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.base.Mutant;

/**
 * The side of a replica that is not primary, in one epoch: makes its log the primary's, and says how far it has come.
 *
 * <ol>
 *   <li>Nothing comes before the logs were compared, and this one cut where they fork; from then on all of it is a
 *       prefix of the primary's, so a batch always follows an entry that both have (M6).
 *   <li>So it answers and applies nothing before the first append of the epoch, and says then all that it has: who
 *       leads takes what its members have logged for stable before others may join.
 *   <li>Entries are given up only when the primary has compared the very log that stands here.
 *   <li>A member of the set does not claim before its promise is over (M5).
 * </ol>
 */
final class Following {
    private final Self self;
    private final ShardLog log;
    private final Message.Route route;
    private long answeredNanos;

    /** An append of this epoch has come: the logs were compared. */
    private boolean compared;

    private long heardNanos;
    private long askedNanos;
    private long promisedNanos;
    private Message.Shard shard;

    Following(Self self, ReplicaSet set, Message.Shard shard) {
        this.self = self;
        this.log = self.log();
        this.shard = shard;
        Checks.that(!set.primary().equals(self.member()), "a primary follows nobody", set.epoch());
        this.route = new Message.Route(self.member(), set.primary(), set.epoch());
        this.heardNanos = self.clock().nanos();
        log.endEpoch();
        if (!Mutant.on("mirror.no-promise-when-named")) {
            promise();
        }
        ask();
    }

    /** Positions of the shard as the primary told them. */
    Message.Shard shard() {
        return shard;
    }

    /** Whether the promise not to claim has been over for {@code patienceNanos}. */
    boolean mayClaim(long patienceNanos) {
        return self.clock().nanos() > promisedNanos + patienceNanos;
    }

    /** How long nothing was heard of the primary. */
    long silenceNanos() {
        return self.clock().nanos() - heardNanos;
    }

    void append(Message.Append append) {
        heardNanos = self.clock().nanos();
        Position previous = append.previous();
        compared = true;
        if (previous.seq() > log.held() && !Mutant.on("mirror.answer-over-hole")) {
            Marks.reached("mirror.hole");
        } else {
            take(previous, append.batch());
            follow(append.shard(), append.logUpTo());
        }
        answer(append.sentNanos());
    }

    private void take(Position previous, Batch batch) {
        int epoch = log.history().epochAt(previous.seq());
        boolean same = epoch == previous.epoch() || epoch == 0 || previous.epoch() == 0;
        Checks.that(same, "the primary sends what follows what was compared", previous.epoch(), previous.seq());
        boolean taken = batch.last() <= log.held() || log.hold(batch, log.held() + 1);
        Checks.that(!taken || batch.last() <= log.held(), "what was taken is held", batch.last(), log.held());
    }

    private void follow(Message.Shard told, long logUpTo) {
        long commit = Mutant.on("mirror.apply-beyond-commit") ? log.held() : Math.min(told.commit(), log.held());
        shard = new Message.Shard(
                Math.max(shard.commit(), commit),
                Math.max(shard.stable(), Math.min(told.stable(), log.held())),
                Math.max(shard.durable(), Math.min(told.durable(), log.held())));
        if (commit > log.visible()) {
            log.open(commit);
        }
        log.stable(shard.stable());
        log.durable(shard.durable());
        long wanted = Math.min(logUpTo, log.held());
        if (wanted > log.logged()) {
            log.log(wanted);
        }
    }

    /** The primary has compared the logs. */
    void rewind(Message.Rewind rewind) {
        heardNanos = self.clock().nanos();
        boolean same = rewind.head().equals(log.history().at(log.held()));
        if (rewind.fork() < log.rooted()) {
            return; // A root came after the question: asked again.
        }
        if (same || Mutant.on("mirror.rewind-whatever-stands")) {
            Checks.that(!compared || !same, "what the primary sent is not taken back", rewind.fork());
            boolean done = log.rewind(rewind.fork());
            boolean atFork = log.held() == rewind.fork();
            Checks.that(!done || atFork, "a rewound log ends at the fork", log.held(), rewind.fork());
            if (!done) {
                return; // No room: asked again later, as if the primary had not answered.
            }
        }
        ask();
    }

    /** A piece of an image has come. */
    void image(Message.Image image) {
        heardNanos = self.clock().nanos();
        compared = true;
        if (image.base() == log.held()) {
            log.images().lay(image.to(), image.sizeBytes(), image.piece());
            sayLaid();
        } else {
            answer(answeredNanos);
        }
    }

    /** The image under way is whole, if it is the one that was sent. */
    void imageEnd(Message.ImageEnd end) {
        heardNanos = self.clock().nanos();
        compared = true;
        if (end.base() == log.held()) {
            log.images().complete(end.to(), end.history(), end.kept());
        } else {
            answer(answeredNanos);
        }
    }

    /** Says how far the image under way is; more of it may have room now. */
    void sayLaid() {
        if (compared) {
            self.out()
                    .send(new Message.Laid(
                            route,
                            log.images().mixture(),
                            log.images().laidBlocks(),
                            log.images().hasRoom()));
        }
    }

    /** The primary serves no more: no lease rests on what was promised to it. */
    void resigned() {
        Marks.reached("mirror.resigned");
        promisedNanos = self.clock().nanos() - 1;
    }

    /** Something is on stable storage here, or in a root. */
    void progressed() {
        if (compared) {
            answer(answeredNanos);
        }
    }

    void tick() {
        if (!compared && self.clock().nanos() - askedNanos > Terms.ASK_NANOS) {
            ask();
        }
    }

    private void ask() {
        askedNanos = self.clock().nanos();
        self.out()
                .send(new Message.Past(
                        route,
                        log.history().newest(Message.Past.MOST_RUNS),
                        log.held(),
                        log.rooted(),
                        log.images().mixture()));
    }

    private void answer(long sentNanos) {
        answeredNanos = Math.max(answeredNanos, sentNanos);
        promise();
        self.out().send(new Message.Have(route, log.held(), log.logged(), log.rooted(), answeredNanos));
    }

    private void promise() {
        promisedNanos = self.clock().nanos() + Terms.PROMISE_NANOS;
    }
}
