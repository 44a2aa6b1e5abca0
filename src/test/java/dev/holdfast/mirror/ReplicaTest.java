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
    private final List<Integer> asksToAct = new ArrayList<>();
    private final ListLog log = new ListLog();
    private final Authority authority = new Authority();
    private long nowNanos = 1_000_000_000L;
    private final Copies copies = new Copies(List.of(0, 1, 2));
    private final Replica replica = new Replica(new Self(SELF, copies, log, authority, clock(), outbox()));

    @AfterEach
    void takeItOut() {
        Mutant.remove();
    }

    @Test
    void aChangeIsVisibleWhenAllHoldIt() {
        lead(2);
        write();
        have(1, 2, 1);
        assertEquals(0, log.visible());
        have(2, 2, 1);
        assertEquals(1, log.visible());
    }

    @Test
    void nothingIsServedBeforeAllHaveAnsweredAndNotWhenTheyStop() {
        lead(2);
        assertTrue(replica.serves());
        nowNanos += Terms.LEASE_NANOS;
        assertFalse(replica.serves());
        have(1, 2, 0);
        assertFalse(replica.serves());
        have(2, 2, 0);
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
        lead(2);
        write();
        lead(3);
        have(1, 3, 1);
        have(2, 2, 1);
        return log.visible();
    }

    @Test
    void entriesThatTheOthersLackAreSentOnceTheLogsWereCompared() {
        lead(2);
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
        lead(2);
        write();
        decide(3);
        sent.clear();
        History other = History.EMPTY.with(2, 1).with(3, 2);
        replica.received(new Message.Past(route(1, 3), other, 3));
        assertEquals(List.of(new Message.Rewind(route(1, 3).back(), new Position(3, 3), 1)), sent);
    }

    @Test
    void whoseTailNoHistoryReachesIsToldToForgetWhatNoRootCovers() {
        lead(2);
        write();
        write();
        write();
        decide(3);
        sent.clear();
        History other = History.EMPTY.with(3, 2);
        replica.received(new Message.Past(route(1, 3), other, 3, 1, Position.START));
        assertEquals(List.of(new Message.Rewind(route(1, 3).back(), new Position(3, 3), 1)), sent);
        sent.clear();
        replica.received(new Message.Past(route(1, 3), History.EMPTY, 1, 1, Position.START));
        Message.Append from = (Message.Append) sent.getFirst();
        assertEquals(new Position(2, 1), from.previous());
    }

    @Test
    void anAnswerThatComesWhenNoLeaseRunsOpensNothing() {
        lead(2);
        write();
        decide(3);
        compare(3);
        long askedNanos = nowNanos;
        nowNanos += Terms.LEASE_NANOS;
        for (int node = 1; node <= 2; node++) {
            replica.received(new Message.Have(route(node, 3), 1, 1, 0, askedNanos));
        }
        assertEquals(0, log.visible());
        have(1, 3, 1);
        have(2, 3, 1);
        assertEquals(1, log.visible());
    }

    @Test
    void thatItActedInAnOlderEpochIsNotEnough() {
        lead(2);
        write();
        authority.replay(new Decision.NewSet(new ReplicaSet(3, SELF, ALL)));
        replica.told();
        compare(3);
        have(1, 3, 1);
        have(2, 3, 1);
        acts(2);
        assertEquals(0, log.visible());
        acts(3);
        assertEquals(1, log.visible());
    }

    @Test
    void aFlushIsAnsweredAlsoWhenNothingIsLeftToFlush() {
        lead(2);
        replica.flush();
        assertEquals(List.of(0L, 0L), flushed);
        write();
        have(1, 2, 1);
        have(2, 2, 1);
        replica.flush();
        replica.flush();
        assertEquals(List.of(0L, 0L, 1L, 1L, 1L), flushed);
    }

    @Test
    void whoWaitsForAFlushWhenTheSetChangesStillWaits() {
        lead(2);
        write();
        held(1, 2, 1, 0);
        held(2, 2, 1, 0);
        replica.flush();
        decide(3);
        compare(3);
        held(1, 3, 1, 0);
        held(2, 3, 1, 0);
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
        lead(2);
        write();
        authority.replay(new Decision.NewSet(new ReplicaSet(3, ALL.get(1), ALL)));
        replica.told();
        sent.clear();
        Message.Route route = route(1, 3);
        Message.Shard shard = new Message.Shard(0, 0, 0);
        replica.received(new Message.Append(route, new Position(3, 5), Batch.none(5), shard, 0, nowNanos));
        assertEquals(List.of(new Message.Have(route.back(), 1, 1, 0, nowNanos)), sent);
    }

    @Test
    void whoCanKeepNothingAnyMoreSaysNothingAnyMore() {
        lead(2);
        assertTrue(replica.serves());
        replica.end();
        assertFalse(replica.serves());
        sent.clear();
        write();
        replica.flush();
        replica.logged();
        have(1, 2, 1);
        nowNanos += Terms.LEASE_NANOS / 2;
        replica.tick();
        authority.replay(new Decision.NewSet(new ReplicaSet(3, ALL.get(1), ALL)));
        replica.told();
        assertEquals(List.of(), sent);
        assertEquals(0, log.visible());
    }

    @Test
    void whatWasLetGoAfterTheLogsWereComparedIsNotSent() {
        lead(2);
        write();
        write();
        have(1, 2, 2);
        nowNanos += Terms.RESEND_NANOS + 1;
        log.firstKept = 2;
        replica.tick();
        assertEquals(List.of(2), replica.beyondReplay());
        have(2, 2, 1);
        assertEquals(List.of(), replica.beyondReplay(), "an answer was late, and the rest is there");
    }

    @Test
    void whoHasNoRoomToForgetItsTailAsksAgain() {
        lead(2);
        write();
        log.isFull = true;
        authority.replay(new Decision.NewSet(new ReplicaSet(3, ALL.get(1), ALL)));
        replica.told();
        sent.clear();
        Message rewind = new Message.Rewind(route(1, 3), new Position(2, 1), 0);
        replica.received(rewind);
        assertEquals(List.of(), sent);
        assertEquals(1, log.held());
        log.isFull = false;
        nowNanos += Terms.ASK_NANOS + 1;
        replica.tick();
        replica.received(rewind);
        Message.Route route = route(1, 3).back();
        assertEquals(
                List.of(
                        new Message.Past(route, History.EMPTY.with(2, 1), 1),
                        new Message.Past(route, History.EMPTY, 0)),
                sent);
    }

    @Test
    void whatARootWaitsForIsLoggedEverywhere() {
        lead(2);
        write();
        held(1, 2, 1, 0);
        held(2, 2, 1, 0);
        sent.clear();
        replica.wantStable(1);
        assertEquals(
                List.of(1L, 1L),
                sent.stream()
                        .map(message -> ((Message.Append) message).logUpTo())
                        .toList());
    }

    @Test
    void aMebibyteIsLoggedEverywhereThoughNobodyWaits() {
        log.entryBytes = 128 << 10;
        lead(2);
        for (int entry = 1; entry <= 8; entry++) {
            write();
            held(1, 2, entry, 0);
            held(2, 2, entry, 0);
        }
        List<Long> asked = sent.stream()
                .filter(message -> message instanceof Message.Append)
                .map(message -> ((Message.Append) message).logUpTo())
                .distinct()
                .toList();
        assertEquals(List.of(0L, 7L), asked, "once for all that is visible by then");
    }

    @Test
    void whatIsProbablyFlushedNextIsLoggedAsItComes() {
        lead(2);
        for (int entry = 1; entry <= 12; entry++) {
            write();
            have(1, 2, entry);
            have(2, 2, entry);
            if (entry <= 2) {
                replica.flush();
            }
        }
        List<Long> asked = sent.stream()
                .filter(message -> message instanceof Message.Append append
                        && append.batch().last() >= append.batch().first())
                .map(message -> ((Message.Append) message).logUpTo())
                .distinct()
                .toList();
        assertEquals(List.of(0L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L, 10L), asked, "until eight come without a flush");
    }

    @Test
    void whoIsNotToldThatItActsAsksAgain() {
        lead(2);
        authority.replay(new Decision.NewSet(new ReplicaSet(3, SELF, ALL)));
        replica.told();
        nowNanos += Terms.PROPOSE_NANOS + 1;
        replica.tick();
        assertEquals(List.of(2, 3, 3), asksToAct);
        acts(3);
        nowNanos += Terms.PROPOSE_NANOS + 1;
        replica.tick();
        assertEquals(List.of(2, 3, 3), asksToAct);
    }

    @Test
    void whoHasProposedItselfPromisesNothingMore() {
        assertEquals(List.of(), answersOfAClaimant());
    }

    @Test
    void theMutantThatGoesOnToAnswerIsNoticed() {
        Mutant.plant("mirror.claimant-answers");
        assertEquals(1, answersOfAClaimant().size());
    }

    private List<Message> answersOfAClaimant() {
        lead(2);
        authority.replay(new Decision.NewSet(new ReplicaSet(3, ALL.get(1), ALL)));
        replica.told();
        nowNanos += Terms.PROMISE_NANOS + 1;
        replica.tick();
        assertEquals(List.of(new ReplicaSet(4, SELF, List.of(SELF, ALL.get(2)))), claims);
        sent.clear();
        Message.Shard shard = new Message.Shard(0, 0, 0);
        replica.received(new Message.Append(route(1, 3), Position.START, Batch.none(0), shard, 0, nowNanos));
        return sent;
    }

    @Test
    void aPrimaryWhoseCopyIsTakenAwayLetsOthersClaimAndServesNoMore() {
        lead(2);
        leaves(0);
        sent.clear();
        replica.tick();
        Message toOne = new Message.Resign(route(1, 2).back());
        assertEquals(List.of(toOne, new Message.Resign(route(2, 2).back())), sent);
        assertFalse(replica.serves() || replica.numbers());
        assertEquals(0, replica.reign());
        write();
        have(1, 2, 1);
        have(2, 2, 1);
        assertEquals(0, log.visible(), "a lease that is given up does not come back");
        nowNanos += Terms.RESEND_NANOS + 1;
        replica.tick();
        assertEquals(2, sent.stream().filter(toOne::equals).count(), "it may have been lost");
        assertEquals(4, sent.size(), "and nobody is asked for a promise");
        assertEquals(List.of(), claims);
        nowNanos += Terms.GIVE_WAY_NANOS + 1;
        replica.tick();
        assertEquals(List.of(new ReplicaSet(3, SELF, List.of(SELF))), claims, "they may all be dead");
    }

    @Test
    void theMutantThatGivesWayAndServesIsNoticed() {
        Mutant.plant("mirror.give-way-and-serve");
        lead(2);
        leaves(0);
        replica.tick();
        assertTrue(sent.stream().anyMatch(Message.Resign.class::isInstance));
        assertTrue(replica.serves());
    }

    @Test
    void whoLeadsGivesAwayNothingWhileNobodyWhoStaysIsWell() {
        lead(2);
        copies.become(List.of(0, 1, 2), List.of(0));
        nowNanos += Terms.LEASE_NANOS + 1;
        sent.clear();
        replica.tick();
        assertTrue(sent.stream().noneMatch(Message.Resign.class::isInstance));
        assertEquals(List.of(new ReplicaSet(3, SELF, List.of(SELF))), claims);
    }

    @Test
    void aSecondaryWhoseCopyIsTakenAwayIsLeftOutOfTheNextSet() {
        lead(2);
        leaves(2);
        replica.tick();
        assertEquals(List.of(new ReplicaSet(3, SELF, List.of(SELF, ALL.get(1)))), claims);
    }

    @Test
    void aCopyThatHasGoneIsProposedNoMoreAlsoIfNobodySaysWhatBecameOfThat() {
        lead(2);
        List<Member> two = List.of(SELF, ALL.get(1));
        authority.replay(new Decision.NewSet(new ReplicaSet(3, SELF, two)));
        replica.told();
        acts(3);
        compare(3);
        have(1, 3, 0);
        have(2, 3, 0);
        replica.tick();
        ReplicaSet withIt = new ReplicaSet(4, SELF, ALL);
        assertEquals(List.of(withIt), claims);
        copies.become(List.of(0, 1), List.of());
        replica.copiesChanged();
        for (int again = 0; again < 2; again++) {
            nowNanos += Terms.PROPOSE_NANOS + 1;
            have(1, 3, 0);
            have(2, 3, 0);
            replica.tick();
        }
        ReplicaSet withoutIt = new ReplicaSet(4, SELF, two);
        assertEquals(List.of(withIt, withoutIt, withoutIt), claims);
        replica.refused(withIt);
        replica.refused(withoutIt);
        replica.tick();
        assertEquals(3, claims.size(), "it may not join either");
    }

    @Test
    void whoseCopyIsTakenAwayLetsThoseWhoStayClaimFirst() {
        assertEquals(List.of(), claimsOfWhoLeaves(0));
    }

    @Test
    void theMutantThatClaimsAsSoonIsNoticed() {
        Mutant.plant("mirror.who-leaves-claims");
        assertEquals(1, claimsOfWhoLeaves(0).size());
    }

    @Test
    void whoseCopyIsTakenAwayClaimsIfNobodyElseDoes() {
        assertEquals(
                List.of(new ReplicaSet(4, SELF, List.of(SELF, ALL.get(2)))), claimsOfWhoLeaves(Terms.GIVE_WAY_NANOS));
    }

    private List<ReplicaSet> claimsOfWhoLeaves(long laterNanos) {
        lead(2);
        authority.replay(new Decision.NewSet(new ReplicaSet(3, ALL.get(1), ALL)));
        replica.told();
        leaves(0);
        nowNanos += Terms.PROMISE_NANOS + laterNanos + 1;
        replica.tick();
        return claims;
    }

    /** The copy of {@code node} is to be taken away. */
    private void leaves(int node) {
        copies.become(List.of(0, 1, 2), List.of(node));
        replica.copiesChanged();
    }

    @Test
    void whenAllHaveLostTheirMemoryWhoLoggedLessDoesNotStart() {
        loseAllMemory(3, 5);
        assertEquals(List.of(), claims);
    }

    @Test
    void whenAllHaveLostTheirMemoryWhoLoggedMostStarts() {
        loseAllMemory(5, 5);
        assertEquals(List.of(new ReplicaSet(3, new Member(0, 2), List.of(new Member(0, 2)))), claims);
    }

    /** All start again; node 0 has logged {@code own} entries, the others {@code its}. */
    private void loseAllMemory(long own, long its) {
        decide(2);
        for (int node = 0; node <= 2; node++) {
            Position logged = new Position(2, node == 0 ? own : its);
            authority.replay(new Decision.Started(node, 10 + node, 1, new Decision.Found(1, logged)));
        }
        Self again = new Self(new Member(0, 2), new Copies(List.of(0, 1, 2)), log, authority, clock(), outbox());
        Replica started = new Replica(again);
        started.told();
        nowNanos += Terms.ALONE_NANOS + 1;
        started.tick();
    }

    /** Node 1 went on alone in epoch 3, and this one knows it; {@code accepts} what that one has to be lost. */
    private void leftBehind(boolean accepts) {
        lead(2);
        authority.replay(new Decision.NewSet(new ReplicaSet(3, ALL.get(1), List.of(ALL.get(1)))));
        authority.replay(new Decision.Acts(3, ALL.get(1)));
        replica.told();
        if (accepts) {
            replica.acceptLoss(3);
        }
        replica.tick();
    }

    @Test
    void whoIsLeftBehindGoesOnOnlyWhenThatLossIsAcceptedAndNobodySpeaks() {
        leftBehind(false);
        nowNanos += 100 * Terms.ALONE_NANOS;
        replica.tick();
        assertEquals(List.of(), claims);
        replica.acceptLoss(2);
        replica.tick();
        assertEquals(List.of(), claims, "it was accepted of another epoch");
        replica.acceptLoss(3);
        replica.received(new Message.Append(
                route(1, 3), Position.START, Batch.none(0), new Message.Shard(0, 0, 0), 0, nowNanos));
        replica.tick();
        assertEquals(List.of(), claims, "the primary speaks");
        nowNanos += Terms.ALONE_NANOS + 1;
        replica.tick();
        assertEquals(List.of(new ReplicaSet(4, SELF, List.of(SELF))), claims);
        assertTrue(authority.replay(new Decision.NewSet(claims.getFirst())));
        assertEquals(4, authority.lossEpoch());
    }

    @Test
    void anAcceptedLossWaitsUntilALeaseIsOver() {
        leftBehind(true);
        assertEquals(List.of(), claims);
    }

    @Test
    void theMutantThatDoesNotWaitForThatIsNoticed() {
        Mutant.plant("mirror.accept-loss-at-once");
        leftBehind(true);
        assertEquals(1, claims.size());
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
            Decision.Found memory = new Decision.Found(0, Position.START);
            authority.replay(new Decision.Started(member.node(), member.node(), 0, memory));
        }
        authority.replay(new Decision.NewSet(new ReplicaSet(epoch, SELF, ALL)));
        replica.told();
        acts(epoch);
    }

    private void acts(int epoch) {
        authority.replay(new Decision.Acts(epoch, SELF));
        replica.told();
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
            public void act(int epoch) {
                asksToAct.add(epoch);
            }

            @Override
            public void flushed(long seq) {
                flushed.add(seq);
            }
        };
    }
}
