package dev.holdfast.host.raft;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.host.HostDriver;
import dev.holdfast.host.tls.NodeKeys;
import dev.holdfast.host.tls.TestCluster;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Network.Address;
import dev.holdfast.io.OrderedLog.Outcome;
import dev.holdfast.io.WorldException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A log that one member began, and others joined, each proving itself with a certificate. */
final class RaftJoinTest {
    private static final long PATIENCE_NANOS = 30_000_000_000L;

    private final HostDriver driver = HostDriver.tcp();
    private final TestCluster cluster = new TestCluster();
    private final UUID group = UUID.randomUUID();
    private final List<RaftMembers.Member> addresses = new ArrayList<>();
    private final TreeMap<Integer, Member> running = new TreeMap<>();
    private Path directory;

    @BeforeEach
    void choosePorts() {
        directory = Path.of(driver.newPath());
        for (int port : RaftGroupUnderTest.freePorts(4)) {
            String id = TestCluster.id(addresses.size());
            addresses.add(new RaftMembers.Member(id, new Address.Tcp("127.0.0.1", port)));
        }
    }

    /** One life of a member, and what it was told. */
    private final class Member {
        final RaftOrderedLog log;
        final List<String> seen = new CopyOnWriteArrayList<>();
        final ConcurrentHashMap<String, Outcome> outcomes = new ConcurrentHashMap<>();
        final AtomicBoolean replayed = new AtomicBoolean();
        final Loop loop = driver.world().newLoop("reader");

        Member(RaftOrderedLog log) {
            this.log = log;
            log.start(loop, (index, bytes) -> seen.add(UTF_8.decode(bytes).toString()), () -> replayed.set(true));
        }

        void append(String record) {
            loop.post(() -> log.append(record.getBytes(UTF_8), outcome -> outcomes.put(record, outcome)));
        }

        void appendAndWait(String record) {
            append(record);
            driver.runUntil(() -> outcomes.containsKey(record));
            assertEquals(Outcome.APPENDED, outcomes.get(record));
        }
    }

    private Member open(int number, int known, NodeKeys keys, boolean joins) throws WorldException {
        List<RaftMembers.Member> members = new ArrayList<>(addresses.subList(0, known));
        if (number >= known) {
            members.add(addresses.get(number));
        }
        String id = TestCluster.id(number);
        RaftSelf self = new RaftSelf(id, directory.resolve(id), Optional.of(keys), joins);
        return new Member(
                RaftOrderedLog.open(new RaftMembers(group, members), self, PATIENCE_NANOS, (where, thrown) -> {
                    throw new AssertionError(where, thrown);
                }));
    }

    private Member begin() throws WorldException {
        return start(0, 1, false);
    }

    private Member join(int number) throws WorldException {
        return start(number, number, true);
    }

    private Member start(int number, int known, boolean joins) throws WorldException {
        Member member = open(number, known, cluster.keys(number), joins);
        running.put(number, member);
        driver.runUntil(member.replayed::get);
        return member;
    }

    private void stop(int number) {
        running.remove(number).log.close();
    }

    @AfterEach
    void closeAll() {
        running.values().parallelStream().forEach(member -> member.log.close());
        driver.close();
    }

    @Test
    void oneBeginsTwoJoinAndEachIsShownAllFromTheStart() throws WorldException {
        Member first = begin();
        for (int i = 0; i < 50; i++) {
            first.append("r" + i);
        }
        driver.runUntil(() -> first.outcomes.size() == 50);
        Member second = join(1);
        assertEquals(first.seen, second.seen);
        second.appendAndWait("of the second");
        Member third = join(2);
        assertEquals(51, third.seen.size());
        third.appendAndWait("of the third");
        stop(0);
        second.appendAndWait("without the first");
        driver.runUntil(() -> third.seen.contains("without the first"));
        Member again = start(0, 1, false);
        driver.runUntil(() -> again.seen.size() == 53);
        assertEquals(third.seen, again.seen);
        stop(2);
        again.appendAndWait("without the third");
        assertEquals(54, start(2, 2, true).seen.size(), "it asks to be taken in again, and is in already");
    }

    private static boolean isMember(Member asked, int number) {
        try {
            return asked.log.members().stream().anyMatch(member -> member.id().equals(TestCluster.id(number)));
        } catch (IOException closed) {
            throw new AssertionError(closed);
        }
    }

    @Test
    void whoIsDeadForGoodIsTakenOutAndTheRestIsAMajorityOfItself() throws WorldException {
        Member first = begin();
        Member second = join(1);
        join(2);
        join(3);
        stop(3);
        stop(2);
        first.append("of half of them"); // Two of four decide nothing.
        first.log.takeOut(TestCluster.id(3));
        second.log.takeOut(TestCluster.id(3));
        start(2, 2, false).log.takeOut(TestCluster.id(3)); // All are told, for any of them may lead.
        driver.runUntil(() -> !isMember(first, 3) && !isMember(second, 3));
        stop(2);
        first.appendAndWait("two of three");
        first.log.takeOut(TestCluster.id(2));
        second.log.takeOut(TestCluster.id(2));
        first.log.takeOut(TestCluster.id(3));
        driver.runUntil(() -> !isMember(first, 2) && !isMember(second, 2));
        second.appendAndWait("both of two");
        stop(0);
        Member again = start(0, 1, false);
        assertFalse(isMember(again, 2) || isMember(again, 3), "it stays so");
        assertEquals(List.of("of half of them", "two of three", "both of two"), again.seen);
    }

    @Test
    void whoDiesWhileItJoinsJoinsAgain() throws WorldException {
        Member first = begin();
        first.appendAndWait("one");
        Member dying = open(1, 1, cluster.keys(1), true);
        dying.log.close();
        Member second = join(1);
        second.appendAndWait("two");
        assertEquals(List.of("one", "two"), second.seen);
        driver.runUntil(() -> first.seen.size() == 2);
    }

    @Test
    void whoProvesNothingOrAnotherClusterHearsAndChangesNothing() throws WorldException {
        Member first = begin();
        first.appendAndWait("one");
        Member stranger = open(1, 1, new TestCluster().keys(1), true);
        RaftSelf bare = new RaftSelf(TestCluster.id(2), directory.resolve("bare"), Optional.empty(), true);
        RaftMembers members = new RaftMembers(group, List.of(addresses.get(0), addresses.get(2)));
        Member unproved = new Member(RaftOrderedLog.open(members, bare, PATIENCE_NANOS, (where, thrown) -> {
            throw new AssertionError(where, thrown);
        }));
        for (int i = 0; i < 20; i++) {
            first.appendAndWait("meanwhile " + i);
        }
        assertTrue(stranger.seen.isEmpty() && unproved.seen.isEmpty());
        assertFalse(stranger.replayed.get() || unproved.replayed.get());
        stranger.log.close();
        unproved.log.close();
        join(1).appendAndWait("the real one");
        assertEquals(22, first.seen.size());
    }
}
