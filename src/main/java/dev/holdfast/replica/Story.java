package dev.holdfast.replica;

import dev.holdfast.io.Clock;
import dev.holdfast.mirror.Authority;
import dev.holdfast.mirror.Copies;
import dev.holdfast.mirror.Member;
import dev.holdfast.mirror.Message;
import dev.holdfast.mirror.ReplicaSet;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/** What is news of one replica's decisions, compared with what was known before. It changes nothing. */
final class Story {
    private final int node;
    private final Copies copies;
    private final Clock clock;
    private final Authority authority;
    private final Consumer<ReplicaEvent> told;
    private final TreeMap<Integer, Long> incarnations = new TreeMap<>();
    private Optional<ReplicaSet> known;
    private long heardNanos;
    private boolean isHeard;
    private boolean resigned;
    private long pinsGivenUp;

    /** Of the replica on {@code node}, one of {@code copies}. */
    Story(int node, Copies copies, Clock clock, Authority authority, Consumer<ReplicaEvent> told) {
        this.node = node;
        this.copies = copies;
        this.clock = clock;
        this.authority = authority;
        this.told = told;
        this.known = authority.newest();
    }

    /** A message came. */
    void heard(Message message) {
        if (known.isPresent() && known.get().primary().equals(message.route().from())) {
            isHeard = true;
            heardNanos = clock.nanos();
            resigned = message instanceof Message.Resign;
        }
    }

    /** Something was decided. */
    void decided() {
        copies.nodes().forEach(this::lookAt);
        Optional<ReplicaSet> newest = authority.newest();
        if (newest.isPresent() && !newest.equals(known)) {
            long silent = !isHeard ? -1 : clock.nanos() - heardNanos;
            List<Integer> restarted = known.stream()
                    .flatMap(set -> set.inSync().stream())
                    .filter(member -> !authority.isCurrent(member))
                    .map(Member::node)
                    .toList();
            told.accept(new ReplicaEvent.SetChanged(known, newest.get(), restarted, silent, resigned));
            known = newest;
            isHeard = false;
            resigned = false;
        }
    }

    private void lookAt(int other) {
        authority.start(other).ifPresent(start -> {
            Long before = incarnations.put(other, start.incarnation());
            boolean isNew = before != null ? before < start.incarnation() : other == node;
            if (isNew && start.incarnation() > 1 && start.memorySince() == start.incarnation()) {
                told.accept(new ReplicaEvent.MemoryLost(new Member(other, start.incarnation())));
            }
        });
    }

    /** So often roots were given up. */
    void pinsGivenUp(long times) {
        if (times > pinsGivenUp) {
            pinsGivenUp = times;
            told.accept(new ReplicaEvent.PinsGivenUp());
        }
    }
}
