package dev.holdfast.replica;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.io.Clock;
import dev.holdfast.mirror.ImagePiece;
import dev.holdfast.mirror.Member;
import dev.holdfast.mirror.Message;
import dev.holdfast.mirror.Position;
import dev.holdfast.mirror.ReplicaSet;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * One comparison of the replicas of a set, by the digests that each has of one snapshot. It asks for long ranges, and
 * of those that differ for each block. It ends by itself when the set changes, or somebody says nothing.
 *
 * <ol>
 *   <li>What is said about is what all have at the same moment: a snapshot is an entry of the shard's log.
 *   <li>One question is under way at a time, the same to all. Its answers may have fewer ranges than were asked for;
 *       what all have answered counts, the rest is asked again.
 * </ol>
 */
public final class Comparison {
    private static final int MOST_LISTED = 100;
    private static final long AGAIN_NANOS = 500_000_000L;
    private static final long PATIENCE_NANOS = 60_000_000_000L;

    private final Comparing here;
    private final Of of;
    private final Clock clock;
    private final Consumer<Message> send;
    private final ArrayDeque<Message.Ranges> suspects = new ArrayDeque<>();
    private final TreeMap<Integer, Comparing.Said> answers = new TreeMap<>();
    private final List<Range> differing = new ArrayList<>();
    private Consumer<Outcome> ended = outcome -> {};
    private Message.Ranges question;
    private long nextBlock;
    private long endBlock;
    private Position at = Position.START;
    private long blocks;
    private long differingBlocks;
    private long askedNanos;
    private long answeredNanos;
    private boolean isLocalAsked;
    private boolean isOver;

    /**
     * What is compared.
     *
     * @param snapshot as which all have it
     * @param reads whether every block is read too
     * @param longRange blocks of a range that is asked for first
     * @param set whose replicas
     * @param self the one here
     */
    record Of(long snapshot, boolean reads, int longRange, ReplicaSet set, Member self) {}

    /** Blocks compared so far, of so many of the volume; both 0 until all have the snapshot. */
    public record Progress(long comparedBlocks, long allBlocks) {}

    /** Blocks that are not the same here and on {@code nodes}. */
    public record Range(long firstBlock, long blocks, List<Integer> nodes) {}

    /**
     * How it ended.
     *
     * @param why it came to no end, in words; empty if it did
     * @param at the position of the snapshot
     * @param nodes that were compared; if it came to no end, those of which {@code why} says something, or none
     * @param blocks in use that were compared
     * @param differing the first ranges that differ, in order
     * @param differingBlocks all that do
     */
    public record Outcome(
            String why, Position at, List<Integer> nodes, long blocks, List<Range> differing, long differingBlocks) {
        static Outcome of(String why) {
            return new Outcome(why, Position.START, List.of(), 0, List.of(), 0);
        }

        /** Whether all was compared and is the same. */
        public boolean isClean() {
            return why.isEmpty() && differingBlocks == 0;
        }
    }

    Comparison(Comparing here, Of of, Clock clock, Consumer<Message> send) {
        this.here = here;
        this.of = of;
        this.clock = clock;
        this.send = send;
        this.question = longRanges();
    }

    void begin(Consumer<Outcome> told) {
        ended = told;
        ask(question);
    }

    Progress progress() {
        return new Progress(nextBlock, endBlock);
    }

    void stop(String why) {
        if (!isOver) {
            end(why);
        }
    }

    private void end(String why) {
        end(why, why.isEmpty() ? of.set.inSync().stream().map(Member::node).toList() : List.of());
    }

    private void end(String why, List<Integer> nodes) {
        isOver = true;
        if (why.isEmpty() && differingBlocks == 0) {
            Marks.reached("replica.compared");
        } else if (!why.isEmpty()) {
            Marks.reached("replica.compare-cut-short");
        }
        ended.accept(new Outcome(why, at, nodes, blocks, List.copyOf(differing), differingBlocks));
    }

    private Message.Ranges longRanges() {
        return new Message.Ranges(of.snapshot, nextBlock, of.longRange, Message.Ranges.MOST_UNITS, of.reads);
    }

    private void ask(Message.Ranges next) {
        Checks.that(!isOver, "who has ended asks nothing", next.first());
        question = next;
        answers.clear();
        answeredNanos = clock.nanos();
        askOthers();
        askHere();
    }

    private void askOthers() {
        askedNanos = clock.nanos();
        for (Member member : of.set.inSync()) {
            if (!answers.containsKey(member.node()) && !member.equals(of.self)) {
                Message.Route route = new Message.Route(of.self, member, of.set.epoch());
                send.accept(new Message.Compare(route, question));
            }
        }
    }

    private void askHere() {
        Message.Ranges asked = question;
        if (isLocalAsked) {
            return;
        }
        isLocalAsked = true;
        here.digests(asked, found -> {
            isLocalAsked = false;
            if (isOver) {
                return;
            }
            if (found.isPresent()) {
                answered(of.self.node(), asked, found.get());
            } else if (endBlock > 0) {
                end("the snapshot at which all were compared is gone");
            }
        });
    }

    void received(Message.Digests answer) {
        if (!isOver && of.set.has(answer.route().from())) {
            int node = answer.route().from().node();
            answered(node, answer.ranges(), new Comparing.Said(answer.at(), answer.sizeBytes(), answer.digests()));
        }
    }

    private void answered(int node, Message.Ranges asked, Comparing.Said said) {
        if (asked.equals(question) && answers.putIfAbsent(node, said) == null) {
            answeredNanos = clock.nanos();
            if (answers.size() == of.set.inSync().size()) {
                compare();
            }
        }
    }

    void tick(Optional<ReplicaSet> set) {
        long now = clock.nanos();
        if (isOver) {
            return;
        }
        if (!set.equals(Optional.of(of.set))) {
            end("who keeps it in sync has changed meanwhile: begin again");
        } else if (now - answeredNanos > PATIENCE_NANOS) {
            end("did not answer for a minute", silent());
        } else if (now - askedNanos > AGAIN_NANOS) {
            askOthers();
            if (!answers.containsKey(of.self.node())) {
                askHere();
            }
        }
    }

    private List<Integer> silent() {
        return of.set.inSync().stream()
                .map(Member::node)
                .filter(node -> !answers.containsKey(node))
                .toList();
    }

    private void compare() {
        Comparing.Said own = Optional.ofNullable(answers.get(of.self.node())).orElseThrow();
        endBlock = Math.ceilDiv(own.sizeBytes(), ImagePiece.BLOCK_BYTES);
        at = own.at();
        List<Integer> elsewhere = answers.entrySet().stream()
                .filter(answer ->
                        !answer.getValue().at().equals(at) || answer.getValue().sizeBytes() != own.sizeBytes())
                .map(answer -> answer.getKey())
                .toList();
        if (!elsewhere.isEmpty()) {
            note(0, endBlock, elsewhere); // The log made the snapshot at other places: nothing else can be said.
            end("");
            return;
        }
        int units = answers.values().stream()
                .mapToInt(said -> said.digests().size())
                .min()
                .orElse(0);
        if (units == 0 && question.first() < endBlock) {
            end("somebody answered nothing of what was asked");
            return;
        }
        boolean isLong = question.unitBlocks() > 1;
        for (int unit = 0; unit < units; unit++) {
            compare(unit, own, isLong);
        }
        long compared = Math.min(endBlock, question.first() + (long) units * question.unitBlocks());
        if (isLong) {
            nextBlock = compared;
        } else if (units < question.units() && compared < endBlock) {
            suspects.addFirst(single(compared, question.units() - units));
        }
        next();
    }

    private void compare(int unit, Comparing.Said own, boolean isLong) {
        Message.Digest mine = own.digests().get(unit);
        List<Integer> others = new ArrayList<>();
        answers.forEach((node, said) -> {
            if (!said.digests().get(unit).equals(mine)) {
                others.add(node);
            }
        });
        long first = question.first() + (long) unit * question.unitBlocks();
        if (isLong) {
            blocks += mine.blocks();
        }
        if (!others.isEmpty() && isLong) {
            for (int part = 0; part < of.longRange; part += Message.Ranges.MOST_UNITS) {
                suspects.addLast(single(first + part, Math.min(of.longRange - part, Message.Ranges.MOST_UNITS)));
            }
        } else if (!others.isEmpty()) {
            note(first, 1, others);
        }
    }

    private Message.Ranges single(long first, int count) {
        return new Message.Ranges(of.snapshot, first, 1, count, of.reads);
    }

    private void note(long first, long count, List<Integer> others) {
        differingBlocks += count;
        Range last = differing.isEmpty() ? new Range(-1, 0, List.of()) : differing.getLast();
        if (last.firstBlock + last.blocks == first && last.nodes.equals(others)) {
            differing.set(differing.size() - 1, new Range(last.firstBlock, last.blocks + count, others));
        } else if (differing.size() < MOST_LISTED) {
            differing.add(new Range(first, count, others));
        }
    }

    private void next() {
        while (!suspects.isEmpty() && suspects.getFirst().first() >= endBlock) {
            suspects.removeFirst();
        }
        if (!suspects.isEmpty()) {
            ask(suspects.removeFirst());
        } else if (nextBlock < endBlock) {
            ask(longRanges());
        } else {
            end("");
        }
    }
}
