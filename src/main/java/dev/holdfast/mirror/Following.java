package dev.holdfast.mirror;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.base.Mutant;

/**
 * The side of a replica that is not primary, in one epoch: makes its log the primary's, and says how far it has come.
 *
 * <ol>
 *   <li>Up to {@code matched} this log is the primary's of this epoch; nothing else is ever answered or applied.
 *   <li>Nothing comes before the logs were compared, and this one cut where they fork; from then on it is a prefix of
 *       the primary's, so a batch always follows an entry that both have (M6).
 *   <li>Entries are given up only when the primary has compared the very log that stands here.
 *   <li>A member of the set does not claim before its promise is over (M5).
 * </ol>
 */
final class Following {
    private final Self self;
    private final ShardLog log;
    private final Message.Route route;
    private long matched;
    private long answeredNanos;
    private boolean heard;
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
        if (!Mutant.on("mirror.no-promise-when-named")) {
            promise();
        }
        ask();
    }

    /** Positions of the shard as the primary told them. */
    Message.Shard shard() {
        return shard;
    }

    /** Whether the promise not to claim is over. */
    boolean mayClaim() {
        return self.clock().nanos() > promisedNanos;
    }

    /** How long nothing was heard of the primary. */
    long silenceNanos() {
        return self.clock().nanos() - heardNanos;
    }

    void append(Message.Append append) {
        heardNanos = self.clock().nanos();
        Position previous = append.previous();
        if (previous.seq() > log.held() && !Mutant.on("mirror.answer-over-hole")) {
            Marks.reached("mirror.hole");
            answer(append.sentNanos());
            return;
        }
        Checks.that(
                isSame(previous), "the primary sends what follows what was compared", previous.epoch(), previous.seq());
        Batch batch = append.batch();
        long upTo = previous.seq();
        if (batch.last() <= log.held() || log.hold(batch, log.held() + 1)) {
            Checks.that(batch.last() <= log.held(), "what was taken is held", batch.last(), log.held());
            upTo = Math.max(upTo, batch.last());
        }
        matched = Math.max(matched, upTo);
        heard = true;
        follow(append.shard(), append.logUpTo());
        answer(append.sentNanos());
    }

    private boolean isSame(Position previous) {
        return log.history().epochAt(previous.seq()) == previous.epoch();
    }

    private void follow(Message.Shard told, long logUpTo) {
        long commit = Mutant.on("mirror.apply-beyond-commit") ? log.held() : Math.min(told.commit(), matched);
        shard = new Message.Shard(
                Math.max(shard.commit(), commit),
                Math.max(shard.stable(), Math.min(told.stable(), matched)),
                Math.max(shard.durable(), Math.min(told.durable(), matched)));
        if (commit > log.visible()) {
            log.open(commit);
        }
        log.stable(shard.stable());
        log.durable(shard.durable());
        long wanted = Math.min(logUpTo, matched);
        if (wanted > log.logged()) {
            log.log(wanted);
        }
    }

    /** The primary has compared the logs. */
    void rewind(Message.Rewind rewind) {
        heardNanos = self.clock().nanos();
        boolean same = rewind.head().equals(log.history().at(log.held()));
        if (same || Mutant.on("mirror.rewind-whatever-stands")) {
            Checks.that(rewind.fork() >= matched || !same, "what the primary sent is not taken back", rewind.fork());
            matched = Math.min(matched, rewind.fork());
            log.rewind(rewind.fork());
            Checks.that(log.held() == rewind.fork(), "a rewound log ends at the fork", log.held(), rewind.fork());
        }
        ask();
    }

    /** Something is on stable storage here, or in a root. */
    void progressed() {
        if (heard) {
            answer(answeredNanos);
        }
    }

    void tick() {
        if (!heard && self.clock().nanos() - askedNanos > Terms.ASK_NANOS) {
            ask();
        }
    }

    private void ask() {
        askedNanos = self.clock().nanos();
        self.out().send(new Message.Past(route, log.history(), log.held()));
    }

    private void answer(long sentNanos) {
        answeredNanos = Math.max(answeredNanos, sentNanos);
        promise();
        Checks.that(matched <= log.held(), "nothing is answered over a hole", matched, log.held());
        long logged = Math.min(log.logged(), matched);
        long rooted = Math.min(log.rooted(), matched);
        self.out().send(new Message.Have(route, matched, logged, rooted, answeredNanos));
    }

    private void promise() {
        promisedNanos = self.clock().nanos() + Terms.PROMISE_NANOS;
    }
}
