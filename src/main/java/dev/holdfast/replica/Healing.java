package dev.holdfast.replica;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.io.Clock;
import dev.holdfast.mirror.Member;
import dev.holdfast.mirror.Message;
import dev.holdfast.mirror.Replica;
import dev.holdfast.store.Pool;
import dev.holdfast.store.lane.ReplicaShard;
import dev.holdfast.store.read.LostBlock;
import dev.holdfast.store.read.OtherCopies;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Blocks that rot here and not elsewhere: asks the other copies for their bytes, and gives what others ask
 * for. It changes nothing, and what it says has no part in the protocol; what is taken is proved by who wants it. On
 * the shard's loop.
 */
public final class Healing implements OtherCopies {
    private static final int MOST_ASKED = 32;
    private static final int ROUNDS = 3;
    private static final long AGAIN_NANOS = 500_000_000L;
    private static final long PATIENCE_NANOS = 10_000_000_000L;
    private static final long PATIENCE_ALONE_NANOS = 2_000_000_000L;
    private static final long NEWS_NANOS = 1_000_000_000L;

    private final ReplicaShard shard;
    private final Clock clock;
    private final BlockGiver giver;
    private final Supplier<List<Member>> copies;
    private final Consumer<Message> send;
    private final Consumer<ReplicaEvent> told;
    private final LinkedHashMap<Key, Question> open = new LinkedHashMap<>();
    private Optional<Replica> here = Optional.empty();
    private boolean isOver;
    private long newsNanos;
    private long healed;
    private long firstHealed;
    private int healedBy;

    /** Two who lack the same bytes ask once. */
    private record Key(long block, int checksum) {}

    /**
     * What it reaches.
     *
     * @param clock of the node
     * @param copies the present starts of all that keep a copy, in sync or not
     * @param send takes messages to them
     * @param told hears what was healed
     */
    public record World(
            Clock clock, Supplier<List<Member>> copies, Consumer<Message> send, Consumer<ReplicaEvent> told) {}

    /** Of {@code shard} in {@code pool}. */
    public Healing(ReplicaShard shard, Pool pool, World world) {
        this.shard = shard;
        this.giver = new BlockGiver(shard, pool, world.send);
        this.clock = world.clock;
        this.copies = world.copies;
        this.send = world.send;
        this.told = world.told;
    }

    /** From now on it speaks as {@code replica}, and is asked for what is lost here. */
    public void attach(Replica replica) {
        Checks.that(here.isEmpty() && !isOver, "one replica is spoken for", replica.epoch());
        here = Optional.of(replica);
        shard.askForBlocks(this);
    }

    /** Nobody is asked any more; who waits is told. */
    public void stop() {
        isOver = true;
        nobodyFor(List.copyOf(open.keySet()));
    }

    @Override
    public boolean ask(LostBlock lost, Wanted wanted) {
        if (isOver || others().isEmpty()) {
            return false;
        }
        Key key = new Key(lost.block(), lost.checksum());
        Question question = open.computeIfAbsent(key, Question::new);
        question.wanted.add(wanted);
        askNext();
        return true;
    }

    /** True if that was its business: then it is nobody else's. */
    public boolean received(Message message) {
        boolean isOurs = message instanceof Message.Want || message instanceof Message.Block;
        boolean isMeant = here.isPresent()
                && here.get().epoch() == message.route().epoch()
                && here.get().member().equals(message.route().to());
        if (isMeant && message instanceof Message.Want want) {
            giver.give(want);
        }
        if (isMeant && message instanceof Message.Block block) {
            Optional.ofNullable(open.get(new Key(block.block(), block.checksum())))
                    .ifPresent(question -> question.answered(block));
        }
        return isOurs;
    }

    /** Looks at the time and at the set, every few milliseconds. */
    public void tick() {
        long now = clock.nanos();
        if (healed > 0 && now - newsNanos > NEWS_NANOS) {
            told.accept(new ReplicaEvent.Healed(healedBy, healed, firstHealed));
            healed = 0;
            newsNanos = now;
        }
        if (open.isEmpty()) {
            return;
        }
        boolean isAlone = others().isEmpty();
        nobodyFor(open.values().stream()
                .filter(question -> isAlone || question.isHopeless(now))
                .map(question -> question.key)
                .toList());
        open.values().stream().limit(MOST_ASKED).forEach(question -> question.askAgain(now));
    }

    private void nobodyFor(List<Key> keys) {
        for (Key key : keys) {
            Optional.ofNullable(open.remove(key)).ifPresent(question -> {
                Marks.reached("replica.nobody-has-block");
                question.wanted.forEach(Wanted::nobody);
            });
        }
        askNext();
    }

    private void askNext() {
        long now = clock.nanos();
        open.values().stream()
                .limit(MOST_ASKED)
                .filter(question -> !question.isAsked)
                .forEach(question -> question.begin(now));
    }

    private List<Member> others() {
        Optional<Member> self = here.map(Replica::member);
        return copies.get().stream()
                .filter(member ->
                        self.isPresent() && member.node() != self.get().node())
                .toList();
    }

    /** Who is in no set may be away for long: he is not waited for as one is who is in it. */
    private long patienceNanos() {
        boolean isAlone = here.flatMap(Replica::set)
                .filter(set -> set.inSync().size() == 1)
                .isPresent();
        return isAlone ? PATIENCE_ALONE_NANOS : PATIENCE_NANOS;
    }

    /** Some bytes that are looked for. */
    private final class Question {
        private final Key key;
        private final List<Wanted> wanted = new ArrayList<>();
        private final LinkedHashSet<Member> haveNothing = new LinkedHashSet<>();
        private boolean isAsked;
        private long beganNanos;
        private long askedNanos;
        private int rounds;

        Question(Key key) {
            this.key = key;
        }

        void begin(long now) {
            Checks.that(!isAsked, "a question begins once", key.block);
            isAsked = true;
            beganNanos = now;
            askOthers(now);
        }

        void askAgain(long now) {
            if (isAsked && now - askedNanos > AGAIN_NANOS) {
                if (haveNothing.containsAll(others())) {
                    rounds++;
                    haveNothing.clear();
                }
                askOthers(now);
            }
        }

        private void askOthers(long now) {
            askedNanos = now;
            int epoch = here.orElseThrow().epoch();
            for (Member member : others()) {
                if (!haveNothing.contains(member)) {
                    Message.Route route = new Message.Route(here.orElseThrow().member(), member, epoch);
                    send.accept(new Message.Want(route, key.block, key.checksum));
                }
            }
        }

        boolean isHopeless(long now) {
            boolean nobody = rounds == ROUNDS - 1 && haveNothing.containsAll(others());
            return isAsked && (nobody || now - beganNanos > patienceNanos());
        }

        /** Each of those who want it proves it; who is proved to goes on at once, and may want something else. */
        void answered(Message.Block answer) {
            ByteBuffer bytes = answer.bytes();
            boolean isIt = false;
            if (bytes.hasRemaining()) {
                for (Wanted one : List.copyOf(wanted)) {
                    boolean isTaken = one.offered(bytes.duplicate());
                    isIt |= isTaken;
                    wanted.removeIf(other -> isTaken && other == one);
                }
            }
            if (!isIt) {
                if (!bytes.hasRemaining()) {
                    haveNothing.add(answer.route().from());
                }
                return;
            }
            open.remove(key);
            note(answer);
            askNext();
            Checks.that(wanted.isEmpty(), "the same bytes are right for all", key.block);
        }

        private void note(Message.Block answer) {
            Marks.reached("replica.healed");
            firstHealed = healed == 0 ? key.block : firstHealed;
            healedBy = answer.route().from().node();
            healed++;
        }
    }
}
