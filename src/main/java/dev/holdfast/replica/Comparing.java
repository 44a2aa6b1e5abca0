package dev.holdfast.replica;

import dev.holdfast.base.Checks;
import dev.holdfast.io.Clock;
import dev.holdfast.io.Loop;
import dev.holdfast.mirror.Member;
import dev.holdfast.mirror.Message;
import dev.holdfast.mirror.Position;
import dev.holdfast.mirror.Replica;
import dev.holdfast.mirror.ReplicaSet;
import dev.holdfast.store.Pool;
import dev.holdfast.store.verify.TreeDigests;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * How this replica is compared with the others: answers what they ask, and has one {@link Comparison} of its own. It
 * changes nothing, and what it says has no part in the protocol. On the shard's loop.
 */
public final class Comparing {
    /** So long a copy may not have heard yet what the control plane knows: that it is in sync, or another one is. */
    private static final long JOIN_NANOS = 3_000_000_000L;

    private final int shard;
    private final Pool pool;
    private final Loop loop;
    private final Clock clock;
    private final Consumer<Message> send;
    private final int longRange;
    private Optional<Wish> wish = Optional.empty();
    private final TreeSet<Integer> answering = new TreeSet<>();
    private Optional<Comparison> own = Optional.empty();

    /** Of {@code shard} in {@code pool}; messages go by {@code send}. */
    public Comparing(int shard, Pool pool, Loop loop, Clock clock, Consumer<Message> send) {
        this(shard, pool, loop, clock, send, Message.Ranges.MOST_UNIT_BLOCKS);
    }

    /** The same, which asks for ranges of {@code longRange} blocks, at least 2, first. */
    public Comparing(int shard, Pool pool, Loop loop, Clock clock, Consumer<Message> send, int longRange) {
        Checks.that(longRange > 1 && longRange <= Message.Ranges.MOST_UNIT_BLOCKS, "a long range", longRange);
        this.longRange = longRange;
        this.shard = shard;
        this.pool = pool;
        this.loop = loop;
        this.clock = clock;
        this.send = send;
    }

    /** True if that was its business: then it is nobody else's. */
    public boolean received(Message message, Optional<Replica> here) {
        Checks.that(loop.isCurrent(), "messages come on the shard's loop", shard);
        boolean isOurs = message instanceof Message.Compare || message instanceof Message.Digests;
        Optional<Replica> meant =
                here.filter(replica -> replica.epoch() == message.route().epoch()
                        && replica.member().equals(message.route().to()));
        if (meant.isPresent() && message instanceof Message.Compare ask) {
            answer(ask);
        }
        if (meant.isPresent() && message instanceof Message.Digests digests) {
            own.ifPresent(comparison -> comparison.received(digests));
        }
        return isOurs;
    }

    private void answer(Message.Compare ask) {
        int node = ask.route().from().node();
        if (answering.add(node)) {
            digests(ask.ranges(), found -> {
                answering.remove(node);
                found.ifPresent(known -> send.accept(new Message.Digests(
                        new Message.Route(
                                ask.route().to(),
                                ask.route().from(),
                                ask.route().epoch()),
                        ask.ranges(),
                        known.at(),
                        known.sizeBytes(),
                        known.digests())));
            });
        }
    }

    /** What one replica says of some ranges. */
    record Said(Position at, long sizeBytes, List<Message.Digest> digests) {}

    /** What the pool here says; nothing if it has no such snapshot now. */
    void digests(Message.Ranges ranges, Consumer<Optional<Said>> told) {
        TreeDigests.Ranges asked =
                new TreeDigests.Ranges(ranges.first(), ranges.unitBlocks(), ranges.units(), ranges.reads());
        pool.digests(
                shard,
                ranges.snapshot(),
                asked,
                loop,
                found -> told.accept(found.map(known -> new Said(
                        new Position(known.at().epoch(), known.at().seq()),
                        known.sizeBytes(),
                        known.digests().stream()
                                .map(one -> new Message.Digest(one.digest(), one.blocks()))
                                .toList()))));
    }

    /** A comparison that begins as soon as this replica knows a set of several that has it. */
    private record Wish(long snapshot, boolean reads, long untilNanos, Consumer<Comparison.Outcome> ended) {}

    /**
     * Begins to compare the replicas of the set, which this one is in, as a snapshot has them that was asked for in
     * this epoch or before; {@code ended} is told how that ended, once. One that was under way ends. A replica that has
     * just joined hears so a moment after everybody else: that is waited for, {@link #JOIN_NANOS} at most.
     */
    public void begin(long snapshot, boolean reads, Optional<Replica> here, Consumer<Comparison.Outcome> ended) {
        stop("another one was begun");
        wish = Optional.of(new Wish(snapshot, reads, clock.nanos() + JOIN_NANOS, ended));
        tick(here);
    }

    private void begin(Wish wished, Optional<Replica> here) {
        Optional<ReplicaSet> set = here.flatMap(Replica::set)
                .filter(known -> known.has(here.orElseThrow().member()));
        if (set.isPresent() && set.get().inSync().size() > 1) {
            wish = Optional.empty();
            begin(wished, set.get(), here.orElseThrow().member());
        } else if (clock.nanos() >= wished.untilNanos()) {
            wish = Optional.empty();
            wished.ended()
                    .accept(Comparison.Outcome.of(
                            set.isEmpty()
                                    ? "the copy here is not in sync: ask a node whose copy is"
                                    : "no other copy is in sync"));
        }
    }

    private void begin(Wish wished, ReplicaSet set, Member self) {
        Comparison.Of of = new Comparison.Of(wished.snapshot(), wished.reads(), longRange, set, self);
        Comparison begun = new Comparison(this, of, clock, send);
        own = Optional.of(begun);
        begun.begin(outcome -> {
            own = own.filter(now -> now != begun);
            wished.ended().accept(outcome);
        });
    }

    /** Ends the one that is under way, if one is. */
    public void stop(String why) {
        Optional<Wish> wished = wish;
        wish = Optional.empty();
        wished.ifPresent(one -> one.ended().accept(Comparison.Outcome.of(why)));
        own.ifPresent(comparison -> comparison.stop(why));
    }

    /** How far the one is that is under way. */
    public Optional<Comparison.Progress> progress() {
        return own.map(Comparison::progress);
    }

    /** Looks at the time and at the set, every few milliseconds. */
    public void tick(Optional<Replica> here) {
        wish.ifPresent(wished -> begin(wished, here));
        own.ifPresent(comparison -> comparison.tick(here.flatMap(Replica::set)));
    }
}
