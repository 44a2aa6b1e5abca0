package dev.holdfast.mirror;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Mutant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What counts in the ordered log is decided by its place there. */
final class AuthorityTest {
    private final Authority authority = new Authority();

    @Test
    void ofTwoSetsForOneEpochTheFirstCounts() {
        start(0, 0);
        start(1, 0);
        assertTrue(set(2, member(0, 1), member(1, 1)));
        assertTrue(set(3, member(1, 1)));
        assertFalse(set(3, member(0, 1)));
        assertEquals(member(1, 1), authority.newest().orElseThrow().primary());
    }

    @AfterEach
    void takeMutantOut() {
        Mutant.remove();
    }

    @Test
    void aSetThatNamesAnEndedStartDoesNotCount() {
        assertFalse(setOfTheDeadCounts());
        assertTrue(set(3, member(1, 1)));
    }

    @Test
    void theMutantThatTakesItIsNoticed() {
        Mutant.plant("mirror.set-names-the-dead");
        assertTrue(setOfTheDeadCounts());
    }

    private boolean setOfTheDeadCounts() {
        start(0, 0);
        start(1, 0);
        assertTrue(set(2, member(0, 1), member(1, 1)));
        start(0, 1);
        return set(3, member(0, 1));
    }

    @Test
    void aStartThatComesLateDoesNotCount() {
        assertTrue(start(0, 0));
        assertFalse(start(0, 0));
        assertTrue(start(0, 1));
        assertFalse(start(0, 1));
        assertEquals(2, authority.start(0).orElseThrow().incarnation());
    }

    @Test
    void whatALateSetTookAwayIsGivenBackWhenItsPrimaryNeverActed() {
        start(0, 0);
        start(1, 0);
        ReplicaSet both = replicas(2, member(0, 1), member(1, 1));
        ReplicaSet alone = replicas(3, member(1, 1));
        authority.replay(new Decision.NewSet(both));
        authority.replay(new Decision.NewSet(alone));
        assertEquals(List.of(alone), authority.holders());
        assertFalse(acts(2, member(0, 1)), "it is not the newest");
        start(1, 1);
        assertEquals(List.of(alone, both), authority.holders());
    }

    @Test
    void nobodyIsLeftOfASetOnceEachOfItHasStartedAgain() {
        start(0, 0);
        start(1, 0);
        assertFalse(authority.isNobodyLeft(), "there is no set");
        set(2, member(0, 1), member(1, 1));
        assertFalse(authority.isNobodyLeft());
        start(1, 1);
        assertFalse(authority.isNobodyLeft(), "its primary is there");
        start(0, 1);
        assertTrue(authority.isNobodyLeft());
        set(3, member(1, 2));
        assertFalse(authority.isNobodyLeft());
    }

    @Test
    void whoActedInItsSetHoldsAlone() {
        start(0, 0);
        start(1, 0);
        assertTrue(set(2, member(0, 1), member(1, 1)));
        assertTrue(set(3, member(1, 1)));
        assertFalse(acts(3, member(0, 1)), "it is not the primary");
        assertTrue(acts(3, member(1, 1)));
        assertTrue(authority.isActedIn());
        start(1, 1);
        assertEquals(List.of(replicas(3, member(1, 1))), authority.holders());
    }

    @Test
    void whoNeverActsTakesNothingAwayHoweverOftenItClaims() {
        start(0, 0);
        start(1, 0);
        ReplicaSet both = replicas(2, member(0, 1), member(1, 1));
        authority.replay(new Decision.NewSet(both));
        for (int times = 1; times <= 100; times++) {
            start(1, times);
            assertTrue(set(times + 2, member(1, times + 1)));
        }
        start(1, 101);
        assertEquals(both, authority.holders().getLast());
    }

    @Test
    void whoSaysThatItActsAfterItStartedAgainDoesNot() {
        start(0, 0);
        start(1, 0);
        ReplicaSet both = replicas(2, member(0, 1), member(1, 1));
        authority.replay(new Decision.NewSet(both));
        authority.replay(new Decision.NewSet(replicas(3, member(1, 1))));
        start(1, 1);
        assertFalse(acts(3, member(1, 1)));
        assertEquals(both, authority.holders().getLast());
    }

    @Test
    void memoryIsUnbrokenAsLongAsItsNumberStays() {
        start(0, 0, 7);
        start(0, 1, 7);
        start(0, 2, 8);
        assertEquals(3, authority.start(0).orElseThrow().memorySince());
        start(0, 3, 8);
        start(0, 4, 8);
        assertEquals(3, authority.start(0).orElseThrow().memorySince());
        start(0, 5, 7);
        assertEquals(6, authority.start(0).orElseThrow().memorySince());
    }

    @Test
    void anEpochBeginsAfterALossIfNoHolderOfTheLastRemembers() {
        start(0, 0, 7);
        start(1, 0, 8);
        assertTrue(set(2, member(0, 1), member(1, 1)));
        assertEquals(0, authority.lossEpoch(), "nobody held anything before");
        start(0, 1, 9);
        assertTrue(set(3, member(1, 1)));
        assertEquals(0, authority.lossEpoch(), "the other one was there all the time");
        assertTrue(acts(3, member(1, 1)));
        start(1, 1, 8);
        assertTrue(set(4, member(1, 2)));
        assertEquals(0, authority.lossEpoch(), "it started again and remembers");
        start(1, 2, 10);
        assertTrue(set(5, member(0, 2), member(1, 3)));
        assertEquals(0, authority.copy().lossEpoch() - authority.lossEpoch(), "a copy knows it too");
        assertEquals(5, authority.lossEpoch(), "who held alone has lost it");
        assertTrue(set(6, member(0, 2)));
        assertEquals(5, authority.lossEpoch());
    }

    private boolean start(int node, long after) {
        return start(node, after, 0);
    }

    private boolean start(int node, long after, long memory) {
        Decision.Found found = new Decision.Found(memory, Position.START);
        return authority.replay(new Decision.Started(node, 100L * node + after, after, found));
    }

    private boolean acts(int epoch, Member member) {
        return authority.replay(new Decision.Acts(epoch, member));
    }

    private boolean set(int epoch, Member... members) {
        Optional<ReplicaSet> before = authority.newest();
        boolean counts = authority.replay(new Decision.NewSet(replicas(epoch, members)));
        assertEquals(counts, !authority.newest().equals(before));
        return counts;
    }

    private static ReplicaSet replicas(int epoch, Member... members) {
        return new ReplicaSet(epoch, members[0], List.of(members));
    }

    private static Member member(int node, long incarnation) {
        return new Member(node, incarnation);
    }
}
