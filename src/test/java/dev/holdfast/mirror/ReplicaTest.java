package dev.holdfast.mirror;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Mutant;
import dev.holdfast.io.Clock;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** One of three replicas, which the test plays the other two of; what simulation reaches too rarely. */
final class ReplicaTest {
    private static final Member SELF = new Member(0, 1);
    private static final List<Member> ALL = List.of(SELF, new Member(1, 1), new Member(2, 1));

    private final List<Message> sent = new ArrayList<>();
    private final List<Long> flushed = new ArrayList<>();
    private final List<ReplicaSet> claims = new ArrayList<>();
    private final ListLog log = new ListLog();
    private final Authority authority = new Authority();
    private long nowNanos = 1_000_000_000L;
    private final Replica replica = new Replica(new Self(SELF, List.of(0, 1, 2), log, authority, clock(), outbox()));

    @AfterEach
    void takeItOut() {
        Mutant.remove();
    }

    @Test
    void aChangeIsVisibleWhenAllHoldIt() {
        lead(1);
        write();
        have(1, 1, 1);
        assertEquals(0, log.visible());
        have(2, 1, 1);
        assertEquals(1, log.visible());
    }

    @Test
    void nothingIsServedBeforeAllHaveAnsweredAndNotWhenTheyStop() {
        lead(1);
        assertTrue(replica.serves());
        nowNanos += Terms.LEASE_NANOS;
        assertFalse(replica.serves());
        have(1, 1, 0);
        assertFalse(replica.serves());
        have(2, 1, 0);
        assertTrue(replica.serves());
    }

    @Test
    void anAnswerFromAnEpochThatIsOverCountsForNothing() {
        assertEquals(0, visibleAfterALateAnswer());
    }

    @Test
    void theMutantThatCountsItIsNoticed() {
        Mutant.plant("mirror.count-older-epochs");
        assertEquals(1, visibleAfterALateAnswer());
    }

    private long visibleAfterALateAnswer() {
        lead(1);
        write();
        lead(2);
        have(1, 2, 1);
        have(2, 1, 1);
        return log.visible();
    }

    @Test
    void entriesThatTheOthersLackAreSentOnceTheLogsWereCompared() {
        lead(1);
        sent.clear();
        write();
        assertEquals(
                List.of(1L, 1L),
                sent.stream()
                        .map(message -> ((Message.Append) message).batch().last())
                        .toList());
    }

    @Test
    void whoHasAnotherTailIsToldToForgetIt() {
        lead(1);
        write();
        decide(2);
        sent.clear();
        History other = History.EMPTY.with(1, 1).with(2, 2);
        replica.received(new Message.Past(route(1, 2), other, 3));
        assertEquals(List.of(new Message.Rewind(route(1, 2).back(), new Position(2, 3), 1)), sent);
    }

    @Test
    void anAnswerThatComesWhenNoLeaseRunsOpensNothing() {
        lead(1);
        write();
        decide(2);
        compare(2);
        long askedNanos = nowNanos;
        nowNanos += Terms.LEASE_NANOS;
        for (int node = 1; node <= 2; node++) {
            replica.received(new Message.Have(route(node, 2), 1, 1, 0, askedNanos));
        }
        assertEquals(0, log.visible());
        have(1, 2, 1);
        have(2, 2, 1);
        assertEquals(1, log.visible());
    }

    @Test
    void thatItActedInAnOlderEpochIsNotEnough() {
        lead(1);
        write();
        authority.replay(new Decision.NewSet(new ReplicaSet(2, SELF, ALL)));
        replica.told();
        compare(2);
        have(1, 2, 1);
        have(2, 2, 1);
        replica.acting(1);
        assertEquals(0, log.visible());
        replica.acting(2);
        assertEquals(1, log.visible());
    }

    @Test
    void aFlushIsAnsweredAlsoWhenNothingIsLeftToFlush() {
        lead(1);
        replica.flush();
        assertEquals(List.of(0L, 0L), flushed);
        write();
        have(1, 1, 1);
        have(2, 1, 1);
        replica.flush();
        replica.flush();
        assertEquals(List.of(0L, 0L, 1L, 1L, 1L), flushed);
    }

    @Test
    void whoWaitsForAFlushWhenTheSetChangesStillWaits() {
        lead(1);
        write();
        held(1, 1, 1, 0);
        held(2, 1, 1, 0);
        replica.flush();
        decide(2);
        compare(2);
        held(1, 2, 1, 0);
        held(2, 2, 1, 0);
        sent.clear();
        nowNanos += Terms.RESEND_NANOS + 1;
        replica.tick();
        assertEquals(
                List.of(1L, 1L),
                sent.stream()
                        .map(message -> ((Message.Append) message).logUpTo())
                        .toList());
    }

    @Test
    void whoMissesAnEntryStillSaysWhatItHasBeforeThat() {
        lead(1);
        write();
        authority.replay(new Decision.NewSet(new ReplicaSet(2, ALL.get(1), ALL)));
        replica.told();
        sent.clear();
        Message.Route route = route(1, 2);
        Message.Shard shard = new Message.Shard(0, 0, 0);
        replica.received(new Message.Append(route, new Position(2, 5), Batch.none(5), shard, 0, nowNanos));
        assertEquals(List.of(new Message.Have(route.back(), 1, 1, 0, nowNanos)), sent);
    }

    @Test
    void whenAllHaveLostTheirMemoryWhoLoggedLessDoesNotStart() {
        loseAllMemory(3, 5);
        assertEquals(List.of(), claims);
    }

    @Test
    void whenAllHaveLostTheirMemoryWhoLoggedMostStarts() {
        loseAllMemory(5, 5);
        assertEquals(List.of(new ReplicaSet(2, new Member(0, 2), List.of(new Member(0, 2)))), claims);
    }

    /** All start again; node 0 has logged {@code own} entries, the others {@code its}. */
    private void loseAllMemory(long own, long its) {
        decide(1);
        for (int node = 0; node <= 2; node++) {
            Position logged = new Position(1, node == 0 ? own : its);
            authority.replay(new Decision.Started(node, 10 + node, 1, new Decision.Found(0, 1, logged)));
        }
        Self again = new Self(new Member(0, 2), List.of(0, 1, 2), log, authority, clock(), outbox());
        Replica started = new Replica(again);
        started.told();
        nowNanos += Terms.ALONE_NANOS + 1;
        started.tick();
    }

    /** Becomes primary of {@code epoch}, compares with replicas whose logs are empty, and hears from both. */
    private void lead(int epoch) {
        decide(epoch);
        compare(epoch);
        have(1, epoch, 0);
        have(2, epoch, 0);
    }

    private void compare(int epoch) {
        for (int node = 1; node <= 2; node++) {
            replica.received(new Message.Past(route(node, epoch), History.EMPTY, 0));
        }
    }

    private void decide(int epoch) {
        for (Member member : ALL) {
            Decision.Found memory = new Decision.Found(0, 0, Position.START);
            authority.replay(new Decision.Started(member.node(), member.node(), 0, memory));
        }
        authority.replay(new Decision.NewSet(new ReplicaSet(epoch, SELF, ALL)));
        replica.told();
        replica.acting(epoch);
    }

    private void write() {
        log.write();
        replica.numbered();
    }

    private void have(int node, int epoch, long held) {
        held(node, epoch, held, held);
    }

    private void held(int node, int epoch, long held, long logged) {
        replica.received(new Message.Have(route(node, epoch), held, logged, 0, nowNanos));
    }

    private static Message.Route route(int node, int epoch) {
        return new Message.Route(ALL.get(node), SELF, epoch);
    }

    private Clock clock() {
        return new Clock() {
            @Override
            public long nanos() {
                return nowNanos;
            }

            @Override
            public long wallMillis() {
                return 0;
            }
        };
    }

    private Outbox outbox() {
        return new Outbox() {
            @Override
            public void send(Message message) {
                sent.add(message);
            }

            @Override
            public void propose(ReplicaSet set) {
                claims.add(set);
            }

            @Override
            public void flushed(long seq) {
                flushed.add(seq);
            }
        };
    }
}
