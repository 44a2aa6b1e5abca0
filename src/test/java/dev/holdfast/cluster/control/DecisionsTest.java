package dev.holdfast.cluster.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Id128;
import dev.holdfast.base.Mutant;
import dev.holdfast.device.Protection;
import dev.holdfast.io.Loop;
import dev.holdfast.mirror.Authority;
import dev.holdfast.mirror.Decision;
import dev.holdfast.mirror.DecisionLog;
import dev.holdfast.mirror.Member;
import dev.holdfast.mirror.Position;
import dev.holdfast.mirror.ReplicaSet;
import dev.holdfast.sim.random.SimRandom;
import dev.holdfast.sim.world.SimLogGroup;
import dev.holdfast.sim.world.SimWorld;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Decisions about a mirrored shard in the control log: one authority, and a last copy that nothing removes. */
final class DecisionsTest {
    private static final long SECOND = 1_000_000_000L;
    private static final Id128 VOLUME = new Id128(4, 4);
    private static final int SHARD = 1;

    private final ControlState state = new ControlState();

    private boolean decide(int node, Decision decision) {
        ControlRecord.Decided decided =
                new ControlRecord.Decided(SHARD, new ControlRecord.Process(node, 1), 0, decision);
        Optional<ReplicaSet> before = newest();
        boolean may = state.mayCount(decided);
        state.apply(decided);
        return may && (!(decision instanceof Decision.NewSet) || !newest().equals(before));
    }

    private Optional<ReplicaSet> newest() {
        return state.authority(SHARD).flatMap(Authority::newest);
    }

    private static ReplicaSet set(int epoch, int... nodes) {
        List<Member> members = new ArrayList<>();
        for (int node : nodes) {
            members.add(new Member(node, 1));
        }
        return new ReplicaSet(epoch, members.getFirst(), members);
    }

    /** Three nodes with a pool each, and a volume mirrored by them; every node has started its replica. */
    private void mirrored() {
        state.apply(new ControlRecord.ClusterCreated(VOLUME));
        List<Id128> pools = new ArrayList<>();
        for (int node = 1; node <= 3; node++) {
            Id128 id = new Id128(5, node);
            pools.add(id);
            state.apply(new ControlRecord.NodeStarted(node, id, "n" + node, "", 0, node, ""));
            state.apply(new ControlRecord.Intended(
                    id, new Change.CreatePool(id, node, "p" + node, List.of("/d"), Protection.SINGLE, 8 << 20, 0)));
            state.apply(new ControlRecord.Ended(id, new ControlRecord.By(node, 1, false), ""));
        }
        state.apply(new ControlRecord.Intended(VOLUME, new Change.CreateMirrored(VOLUME, "v", pools, SHARD, 4096)));
        for (int node = 1; node <= 3; node++) {
            assertTrue(decide(node, new Decision.Started(node, node, 0, new Decision.Found(node, Position.START))));
            assertFalse(decide(1, new Decision.NewSet(set(2, 1, 2))), "sets begin when all copies are made");
            state.apply(new ControlRecord.Ended(VOLUME, new ControlRecord.By(node, 1, false), ""));
        }
    }

    private Result remove(int operation, int node) {
        Id128 id = new Id128(6, operation);
        state.apply(new ControlRecord.Applied(id, new Change.RemoveCopy(VOLUME, new Id128(5, node))));
        return state.result(id).orElseThrow();
    }

    @Test
    void aDecisionIsItsNodesOwnAndNamesOnlyWhoKeepsACopy() {
        mirrored();
        assertFalse(decide(2, new Decision.NewSet(set(2, 1, 2))), "another's");
        assertFalse(decide(1, new Decision.NewSet(set(2, 1, 4))), "a stranger");
        assertTrue(decide(1, new Decision.NewSet(set(2, 1, 2))));
        assertFalse(decide(2, new Decision.Acts(2, new Member(1, 1))), "another's");
        state.apply(new ControlRecord.NodeStarted(1, new Id128(5, 1), "n1", "", 1, 9, ""));
        assertFalse(decide(1, new Decision.NewSet(set(3, 1))), "its node has started again");
    }

    @Test
    void whoKeepsAVolumeIsShownByName() {
        mirrored();
        VolumeInfo volume = state.volume(VOLUME).orElseThrow();
        assertEquals(Optional.of(new MirrorInfo(1, "", List.of(), List.of("n1", "n2", "n3"))), state.mirror(volume));
        assertTrue(decide(1, new Decision.NewSet(set(2, 1, 2))));
        assertEquals(Optional.of(new MirrorInfo(2, "n1", List.of("n1", "n2"), List.of("n3"))), state.mirror(volume));
        assertTrue(decide(1, new Decision.NewSet(set(3, 1, 2, 3))));
        assertEquals(Optional.of(new MirrorInfo(3, "n1", List.of("n1", "n2", "n3"), List.of())), state.mirror(volume));
        assertTrue(decide(1, new Decision.Started(1, 9, 1, new Decision.Found(1, Position.START))));
        assertEquals(Optional.of(new MirrorInfo(3, "", List.of("n2", "n3"), List.of("n1"))), state.mirror(volume));
    }

    /** Else a node would wait for it when it starts, and nobody leads before nodes have started (cluster seed 2011). */
    @Test
    void whatGoesThroughTheShardsLogIsLedHoweverFewCopiesAreLeft() {
        mirrored();
        assertTrue(decide(1, new Decision.NewSet(set(2, 1))));
        assertTrue(decide(1, new Decision.Acts(2, new Member(1, 1))));
        assertInstanceOf(Result.Done.class, remove(1, 2));
        assertInstanceOf(Result.Done.class, remove(2, 3));
        Id128 snapshot = new Id128(6, 3);
        state.apply(new ControlRecord.Intended(snapshot, new Change.CreateSnapshot(VOLUME, 1, "s")));
        assertTrue(state.isLed(snapshot));
    }

    @Test
    void whoeverLeadsGivesAMirroredVolumeItsSizeAndSnapshots() {
        mirrored();
        Id128 id = new Id128(6, 60);
        state.apply(new ControlRecord.Intended(id, new Change.ResizeVolume(VOLUME, 8192)));
        assertTrue(state.isLed(id)
                && state.part(id, 1).isPresent()
                && state.part(id, 3).isPresent());
        state.apply(new ControlRecord.Ended(id, new ControlRecord.By(2, 1, false), ""));
        assertEquals(8192, state.volume(VOLUME).orElseThrow().sizeBytes());
        assertTrue(state.part(id, 1).isEmpty(), "the others have nothing to say any more");
        Id128 next = new Id128(6, 61);
        state.apply(new ControlRecord.Intended(next, new Change.CreateSnapshot(VOLUME, 1, "s")));
        state.apply(new ControlRecord.Ended(next, new ControlRecord.By(3, 1, false), "no room"));
        assertInstanceOf(Result.Refused.class, state.result(next).orElseThrow());
        assertEquals(List.of(), state.snapshots());
    }

    @Test
    void whoMayHoldWhatNobodyElseHoldsCannotBeRemoved() {
        mirrored();
        assertInstanceOf(Result.Refused.class, remove(1, 3), "nobody serves yet");
        assertTrue(decide(1, new Decision.NewSet(set(2, 1, 2))));
        assertInstanceOf(Result.Refused.class, remove(2, 1));
        assertInstanceOf(Result.Refused.class, remove(3, 2));
        assertInstanceOf(Result.Done.class, remove(4, 3));
        assertTrue(decide(1, new Decision.Acts(2, new Member(1, 1))));
        assertFalse(decide(1, new Decision.NewSet(set(3, 1, 3))), "a copy that was removed");
        assertTrue(decide(2, new Decision.NewSet(set(3, 2))));
        assertInstanceOf(Result.Refused.class, remove(7, 1), "the set without it may turn out to be void");
        assertTrue(decide(2, new Decision.Acts(3, new Member(2, 1))));
        assertInstanceOf(Result.Done.class, remove(5, 1));
        assertInstanceOf(Result.Refused.class, remove(6, 2), "the last one");
        assertEquals(1, state.volume(VOLUME).orElseThrow().pools().size());
    }

    @Test
    void ofTwoCommandsAtOnceTheSecondIsRefusedInItsPlace() {
        mirrored();
        assertTrue(decide(1, new Decision.NewSet(set(2, 1, 2))));
        Change third = new Change.RemoveCopy(VOLUME, new Id128(5, 3));
        assertTrue(new Rules(state).objection(third).isEmpty(), "it is allowed when it is proposed");
        assertTrue(decide(1, new Decision.NewSet(set(3, 1, 3))));
        assertTrue(decide(1, new Decision.Acts(3, new Member(1, 1))));
        assertInstanceOf(Result.Refused.class, remove(1, 3), "it joined meanwhile");
        assertInstanceOf(Result.Done.class, remove(2, 2));
        assertInstanceOf(Result.Refused.class, remove(3, 2), "it is gone already");
    }

    private Optional<Result> leave(int operation, int node) {
        Id128 id = new Id128(7, operation);
        state.apply(new ControlRecord.Intended(id, new Change.LeaveCopy(VOLUME, new Id128(5, node))));
        return state.result(id);
    }

    private Optional<Result> left(int operation) {
        return state.result(new Id128(7, operation));
    }

    private int copies() {
        return state.volume(VOLUME).orElseThrow().pools().size();
    }

    @Test
    void aLiveCopyGoesWithTheFirstSetWithoutItInWhichSomebodyActs() {
        mirrored();
        assertInstanceOf(Result.Refused.class, leave(1, 2).orElseThrow(), "nobody serves yet");
        assertTrue(decide(1, new Decision.NewSet(set(2, 1, 2))));
        assertTrue(decide(1, new Decision.Acts(2, new Member(1, 1))));
        assertEquals(Optional.empty(), leave(2, 2));
        assertEquals(List.of(2), state.leaving(state.volume(VOLUME).orElseThrow()));
        assertInstanceOf(Result.Refused.class, remove(3, 3), "one change at a time");
        Id128 open = new Id128(7, 2);
        assertFalse(state.apply(new ControlRecord.Ended(open, new ControlRecord.By(2, 1, false), "")), "a word");
        assertTrue(decide(1, new Decision.NewSet(set(3, 1))));
        assertEquals(Optional.empty(), left(2), "the set may turn out to be void");
        assertTrue(decide(1, new Decision.Acts(3, new Member(1, 1))));
        assertInstanceOf(Result.Done.class, left(2).orElseThrow());
        assertEquals(2, copies());
        assertInstanceOf(Result.Refused.class, leave(4, 1).orElseThrow(), "no other is in sync");
        assertInstanceOf(Result.Done.class, leave(5, 3).orElseThrow(), "the others are without it already");
        assertEquals(1, copies());
    }

    @Test
    void theMutantThatLetsACopyGoBeforeAnybodyActsIsNoticed() {
        mirrored();
        assertTrue(decide(1, new Decision.NewSet(set(2, 1, 2))));
        assertTrue(decide(1, new Decision.Acts(2, new Member(1, 1))));
        assertEquals(Optional.empty(), leave(2, 2));
        Mutant.plant("mirror.removed-before-acts");
        assertTrue(decide(1, new Decision.NewSet(set(3, 1))));
        assertTrue(left(2).isPresent());
    }

    @Test
    void ofTwoCommandsThatWouldTakeTheLastCopyOneWins() {
        mirrored();
        assertTrue(decide(1, new Decision.NewSet(set(2, 1, 2))));
        assertTrue(decide(1, new Decision.Acts(2, new Member(1, 1))));
        assertInstanceOf(Result.Done.class, remove(1, 3));
        assertEquals(Optional.empty(), leave(1, 1));
        assertInstanceOf(Result.Refused.class, leave(2, 2).orElseThrow());
        assertTrue(decide(2, new Decision.NewSet(set(3, 2))));
        assertTrue(decide(2, new Decision.Acts(3, new Member(2, 1))));
        assertInstanceOf(Result.Done.class, left(1).orElseThrow());
        assertInstanceOf(Result.Refused.class, leave(3, 2).orElseThrow());
        assertEquals(1, copies());
    }

    @Test
    void aCopyStaysIfAllOthersAreLostBeforeItHasLeft() {
        mirrored();
        assertTrue(decide(1, new Decision.NewSet(set(2, 1, 2))));
        assertEquals(Optional.empty(), leave(1, 1));
        assertTrue(decide(1, new Decision.NewSet(set(3, 1))));
        assertInstanceOf(Result.Refused.class, left(1).orElseThrow());
        assertEquals(3, copies());
        assertFalse(state.isBeingChanged(VOLUME));
    }

    @AfterEach
    void takeItOut() {
        Mutant.remove();
    }

    /** One process's replica, of which there is only what it decides. */
    private static final class Voter implements DecisionLog.Listener {
        final ControlProcess node;
        final List<ReplicaSet> refused = new ArrayList<>();
        final List<ReplicaSet> proposed = new ArrayList<>();
        final Loop loop;
        final Authority authority;
        private final DecisionLog log;
        Optional<Member> self = Optional.empty();

        /** On the control loop. */
        Voter(ControlProcess node, int shard) {
            this.node = node;
            this.loop = node.machine.process().newLoop("lane");
            ShardDecisions decisions = node.controller().decisions(shard).orElseThrow();
            this.authority = decisions.authority();
            this.log = new DecisionLog(decisions, loop, authority, this);
            long nonce = node.machine.process().entropy().nextLong();
            DecisionLog.Start start = new DecisionLog.Start(
                    node.controller().self().number(), nonce, new Decision.Found(nonce, Position.START));
            loop.post(() -> log.start(start));
        }

        /** Proposes itself as primary of the next epoch, with some of those who have started. */
        void propose(SimRandom random) {
            loop.post(() -> self.ifPresent(member -> {
                List<Member> members = new ArrayList<>(List.of(member));
                for (int other = 1; other <= 3; other++) {
                    boolean isIn = other != member.node() && random.oneIn(2);
                    Optional<Authority.Start> start = authority.start(other);
                    if (isIn && start.isPresent()) {
                        members.add(new Member(other, start.get().incarnation()));
                    }
                }
                ReplicaSet next = new ReplicaSet(authority.epoch() + 1, member, members);
                proposed.add(next);
                log.propose(next);
                authority
                        .newest()
                        .filter(set -> set.primary().equals(member))
                        .ifPresent(set -> log.act(set.epoch(), member));
            }));
        }

        @Override
        public void registered(Member member) {
            self = Optional.of(member);
        }

        @Override
        public void told() {
            assertTrue(self.isPresent(), "who is told has registered");
        }

        @Override
        public void refused(ReplicaSet set) {
            refused.add(set);
        }
    }

    @Test
    void everyProcessHasTheSameAuthorityWhateverDiesAndComesLate() {
        for (long seed = 1; seed <= 15; seed++) {
            run(seed);
        }
    }

    private void run(long seed) {
        SimWorld world = new SimWorld(seed);
        SimLogGroup log = world.logGroup("control");
        List<ControlProcess> nodes = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            String name = "n" + (i + 1);
            nodes.add(new ControlProcess(
                    i == 0 ? world.machine() : world.newMachine(name),
                    name,
                    new Id128(1, i),
                    new ControlProcess.Begun()));
            nodes.getLast().start();
            world.runUntil(nodes.getLast()::isReady);
            until(
                    world,
                    nodes.getLast(),
                    i,
                    new Operation.CreatePool("p" + (i + 1), "", List.of("/d"), Protection.SINGLE, 8 << 20, 0));
        }
        until(world, nodes.getFirst(), 9, new Operation.CreateMirrored("v", List.of(), 3, 4096));
        int shard = world.call(
                nodes.getFirst().loop(),
                () -> nodes.getFirst()
                        .controller()
                        .state()
                        .volume("v")
                        .orElseThrow()
                        .shard());
        List<Voter> voters = new ArrayList<>();
        for (ControlProcess node : nodes) {
            voters.add(voter(world, node, shard));
        }
        log.refusedPerMillion = 50_000;
        log.unknownPerMillion = 20_000;
        SimRandom random = world.random().split();
        for (int step = 0; step < 120; step++) {
            int who = random.below(3);
            if (random.oneIn(8)) {
                nodes.get(who).kill();
                nodes.get(who).start();
                world.runFor(2 * SECOND);
                if (!nodes.get(who).isReady()) {
                    nodes.get(who).kill();
                    nodes.get(who).start();
                    world.runUntil(() -> !nodes.get(who).told.isEmpty());
                }
                if (nodes.get(who).isReady()) {
                    voters.set(who, voter(world, nodes.get(who), shard));
                }
            } else if (nodes.get(who).isReady() && random.oneIn(10)) {
                String pool = "p" + (1 + random.below(3));
                nodes.get(who).submit(new Id128(8, step), new Operation.RemoveCopy("v", pool));
            } else {
                voters.get(who).propose(random);
            }
            world.runFor(random.below(400_000_000));
        }
        log.refusedPerMillion = 0;
        log.unknownPerMillion = 0;
        world.runFor(60 * SECOND);
        judge(log, shard, voters, "seed " + seed);
    }

    private static Voter voter(SimWorld world, ControlProcess node, int shard) {
        world.runUntil(() -> node.isReady());
        return world.call(node.loop(), () -> new Voter(node, shard));
    }

    private static void until(SimWorld world, ControlProcess node, int number, Operation operation) {
        boolean done = false;
        for (int attempt = 0; !done; attempt++) {
            Id128 id = new Id128(number, attempt);
            node.submit(id, operation);
            world.runUntil(() -> node.answers.containsKey(id));
            done = node.answers.get(id).getFirst() instanceof Result.Done;
            assertTrue(attempt < 20, "it never worked: " + operation + " " + node.answers);
        }
    }

    private static void judge(SimLogGroup log, int shard, List<Voter> voters, String where) {
        ControlState truth = new ControlState();
        TreeSet<Integer> epochs = new TreeSet<>();
        List<ReplicaSet> sets = new ArrayList<>();
        for (int i = 0; i < log.size(); i++) {
            ControlCodec.Decoded decoded = ControlCodec.decode(ByteBuffer.wrap(log.record(i)));
            ControlRecord record =
                    assertInstanceOf(ControlCodec.Decoded.Found.class, decoded).record();
            int before = truth.authority(shard).map(Authority::epoch).orElse(0);
            truth.apply(record);
            Optional<Authority> authority = truth.authority(shard);
            if (authority.isPresent() && authority.get().epoch() > before && before > 0) {
                sets.add(authority.get().newest().orElseThrow());
                assertTrue(epochs.add(sets.getLast().epoch()), where);
            }
            truth.volume("v").filter(found -> found.shard() == shard).ifPresent(volume -> {
                List<Integer> nodes = volume.pools().stream()
                        .map(pool -> truth.pool(pool).orElseThrow().node())
                        .toList();
                boolean kept = authority.orElseThrow().holders().stream()
                        .flatMap(set -> set.inSync().stream())
                        .allMatch(member -> nodes.contains(member.node()));
                assertTrue(kept && !nodes.isEmpty(), where + ": who may hold something keeps its copy");
            });
        }
        assertTrue(sets.size() > 5, where + ": something was decided, " + sets);
        for (Voter voter : voters) {
            if (voter.node.isReady()) {
                assertEquals(truth.authority(shard).orElseThrow().toString(), voter.authority.toString(), where);
                for (ReplicaSet set : voter.refused) {
                    boolean once = Collections.frequency(voter.proposed, set) == 1;
                    assertFalse(once && sets.contains(set), where + ": " + set + " is there");
                }
            }
        }
    }
}
