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

/** The primary of three replicas, which the test plays the other two of; what simulation reaches too rarely. */
final class ReplicaTest {
    private static final Member SELF = new Member(0, 1);
    private static final List<Member> ALL = List.of(SELF, new Member(1, 1), new Member(2, 1));

    private final List<Message> sent = new ArrayList<>();
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

    /** Becomes primary of {@code epoch}, compares with replicas whose logs are empty, and hears from both. */
    private void lead(int epoch) {
        decide(epoch);
        for (int node = 1; node <= 2; node++) {
            replica.received(new Message.Past(route(node, epoch), History.EMPTY, 0));
            have(node, epoch, 0);
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
        replica.received(new Message.Have(route(node, epoch), held, held, 0, nowNanos));
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
            public void propose(ReplicaSet set) {}

            @Override
            public void flushed(long seq) {}
        };
    }
}
