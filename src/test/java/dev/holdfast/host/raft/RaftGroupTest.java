package dev.holdfast.host.raft;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.host.HostDriver;
import dev.holdfast.io.Loop;
import dev.holdfast.io.OrderedLog.Outcome;
import dev.holdfast.io.WorldException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.apache.ratis.client.RaftClient;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.exceptions.StateMachineException;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Three members in one process, each with a loop, a port and a directory of its own. */
final class RaftGroupTest {
    private static final long PATIENCE_NANOS = 30_000_000_000L;
    private static final long SHORT_NANOS = 300_000_000L;

    private final HostDriver driver = HostDriver.tcp();
    private final List<Member> members = new ArrayList<>();
    private RaftGroupUnderTest group;

    /** One life of a member, and what it was told. */
    private final class Member {
        final RaftOrderedLog log;
        final Loop loop = driver.world().newLoop("reader");
        final List<String> seen = new CopyOnWriteArrayList<>();
        final Map<String, Outcome> outcomes = new ConcurrentSkipListMap<>();
        final AtomicBoolean replayed = new AtomicBoolean();

        Member(RaftOrderedLog log) {
            this.log = log;
            log.start(
                    loop,
                    (index, bytes) -> {
                        assertEquals(seen.size(), index);
                        seen.add(UTF_8.decode(bytes).toString());
                    },
                    () -> replayed.set(true));
        }

        void append(String record) {
            loop.post(() -> log.append(record.getBytes(UTF_8), outcome -> {
                assertTrue(loop.isCurrent());
                assertTrue(outcome != Outcome.APPENDED || seen.contains(record), "delivered before it is done");
                assertEquals(null, outcomes.put(record, outcome), "answered once");
            }));
        }

        void appendAndWait(String record) {
            append(record);
            driver.runUntil(() -> outcomes.containsKey(record));
            assertEquals(Outcome.APPENDED, outcomes.get(record));
        }
    }

    private void start(long patienceNanos) throws WorldException {
        group = new RaftGroupUnderTest(3, Path.of(driver.newPath()), patienceNanos);
        startAll();
    }

    private void startAll() throws WorldException {
        members.clear();
        for (int i = 0; i < 3; i++) {
            members.add(new Member(group.open(i)));
        }
        driver.runUntil(() -> members.stream().allMatch(member -> member.replayed.get()));
    }

    @AfterEach
    void closeAll() {
        members.parallelStream().forEach(member -> member.log.close());
        driver.close();
    }

    private int find(IntPredicate wanted) {
        driver.runUntil(() -> IntStream.range(0, 3).anyMatch(wanted));
        return IntStream.range(0, 3).filter(wanted).findFirst().orElseThrow();
    }

    private int leader() {
        return find(i -> members.get(i).log.leads());
    }

    private void restart(int which) throws WorldException {
        members.set(which, new Member(group.open(which)));
    }

    private void awaitSameEverywhere(int records) {
        driver.runUntil(() -> members.stream().allMatch(member -> member.seen.size() == records));
        assertEquals(members.get(0).seen, members.get(1).seen);
        assertEquals(members.get(0).seen, members.get(2).seen);
        assertEquals(records, new TreeSet<>(members.get(0).seen).size(), "each once");
    }

    @Test
    void allMembersSeeOneOrderAndSeeItAgainAfterARestart() throws WorldException {
        start(PATIENCE_NANOS);
        for (int i = 0; i < 100; i++) {
            for (int from = 0; from < 3; from++) {
                members.get(from).append("m" + from + "-" + i);
            }
        }
        awaitSameEverywhere(300);
        driver.runUntil(() -> members.stream().allMatch(member -> member.outcomes.size() == 100));
        List<String> order = List.copyOf(members.get(0).seen);
        for (Member member : members) {
            assertEquals(
                    List.of(Outcome.APPENDED),
                    member.outcomes.values().stream().distinct().toList());
        }
        for (int from = 0; from < 3; from++) {
            String mine = "m" + from + "-";
            List<String> own =
                    order.stream().filter(record -> record.startsWith(mine)).toList();
            assertEquals(IntStream.range(0, 100).mapToObj(i -> mine + i).toList(), own);
        }
        members.parallelStream().forEach(member -> member.log.close());
        startAll();
        awaitSameEverywhere(300);
        assertEquals(order, members.get(0).seen);
    }

    @Test
    void aFollowerThatWasAwayCatchesUp() throws WorldException {
        start(PATIENCE_NANOS);
        int leader = leader();
        int away = (leader + 1) % 3;
        members.get(leader).appendAndWait("before");
        members.get(away).log.close();
        for (int i = 0; i < 20; i++) {
            members.get(leader).append("meanwhile " + i);
        }
        members.get(leader).appendAndWait("last");
        restart(away);
        awaitSameEverywhere(22);
        members.get(away).appendAndWait("after");
        awaitSameEverywhere(23);
    }

    @Test
    void whenTheLeaderClosesAnotherServesAndNothingAcknowledgedIsLost() throws WorldException {
        start(PATIENCE_NANOS);
        int leader = leader();
        Member old = members.get(leader);
        Member other = members.get((leader + 1) % 3);
        for (int i = 0; i < 200; i++) {
            old.append("old " + i);
            other.append("other " + i);
        }
        driver.runUntil(() -> !old.outcomes.isEmpty());
        old.log.close();
        other.appendAndWait("next");
        driver.runUntil(() -> old.outcomes.size() == 200);
        restart(leader);
        other.appendAndWait("end");
        int records = other.seen.size();
        awaitSameEverywhere(records);
        old.outcomes.forEach((record, outcome) -> {
            assertTrue(outcome != Outcome.APPENDED || other.seen.contains(record), record + " was acknowledged");
            assertTrue(outcome != Outcome.REFUSED || !other.seen.contains(record), record + " was refused");
        });
        assertTrue(other.outcomes.values().stream().allMatch(outcome -> outcome == Outcome.APPENDED));
        assertEquals(202, other.outcomes.size());
    }

    @Test
    void withoutAMajorityNothingIsAcknowledgedAndWhatIsRefusedNeverComes() throws WorldException {
        start(SHORT_NANOS);
        Member alone = members.get(0);
        members.get(1).log.close();
        members.get(2).log.close();
        alone.append("first");
        driver.runUntil(() -> alone.outcomes.containsKey("first"));
        alone.append("second");
        alone.append("x".repeat(60_000));
        for (int i = 0; i < 10; i++) {
            alone.append(i + "y".repeat(60_000));
        }
        driver.runUntil(() -> alone.outcomes.size() == 13);
        assertEquals(Outcome.UNKNOWN, alone.outcomes.get("first"));
        assertTrue(alone.outcomes.containsValue(Outcome.REFUSED), "what waited too long");
        assertFalse(alone.outcomes.containsValue(Outcome.APPENDED));
        restart(1);
        restart(2);
        driver.runUntil(
                () -> members.get(1).replayed.get() && members.get(2).replayed.get());
        awaitAppended(members.get(1));
        awaitSameEverywhere(members.get(1).seen.size());
        alone.outcomes.forEach((record, outcome) ->
                assertTrue(outcome != Outcome.REFUSED || !members.get(1).seen.contains(record), "refused, yet there"));
    }

    @Test
    void whatIsAppendedBeforeThereIsAMajorityIsAnsweredToo() throws WorldException {
        group = new RaftGroupUnderTest(3, Path.of(driver.newPath()), SHORT_NANOS);
        Member alone = new Member(group.open(0));
        members.add(alone);
        alone.append("early");
        driver.runUntil(() -> alone.outcomes.containsKey("early"));
        assertEquals(Outcome.REFUSED, alone.outcomes.get("early"));
        assertFalse(alone.replayed.get());
    }

    /** Tries until one gets in: with little patience and an election some may not. */
    private void awaitAppended(Member member) {
        for (int i = 0; !member.outcomes.containsValue(Outcome.APPENDED); i++) {
            String record = "try " + i;
            member.append(record);
            driver.runUntil(() -> member.outcomes.containsKey(record));
        }
    }

    @Test
    void aBatchThatIsInTheLogTwiceIsDeliveredOnce() throws WorldException, IOException {
        start(PATIENCE_NANOS);
        RaftBatch first = new RaftBatch(UUID.randomUUID(), 1, List.of("a".getBytes(UTF_8), "b".getBytes(UTF_8)));
        RaftBatch second = new RaftBatch(first.proposer(), 2, List.of("c".getBytes(UTF_8)));
        try (RaftClient client = client()) {
            for (RaftBatch batch : List.of(first, first, second, first, second)) {
                assertTrue(client.io().send(message(batch.encode())).isSuccess());
            }
        }
        members.get(1).appendAndWait("end");
        awaitSameEverywhere(4);
        assertEquals(List.of("a", "b", "c", "end"), members.get(2).seen);
        members.get(2).log.close();
        restart(2);
        awaitSameEverywhere(4);
    }

    @Test
    void whatIsNoBatchIsNotTakenIntoTheLog() throws WorldException, IOException {
        start(PATIENCE_NANOS);
        try (RaftClient client = client()) {
            assertThrows(
                    StateMachineException.class,
                    () -> client.io().send(message("anything".getBytes(UTF_8))).isSuccess());
        }
        members.get(0).appendAndWait("it goes on");
        awaitSameEverywhere(1);
    }

    @Test
    void aDirectoryOrAPortInUseIsRefused() throws WorldException {
        group = new RaftGroupUnderTest(1, Path.of(driver.newPath()), PATIENCE_NANOS);
        members.add(new Member(group.open(0)));
        WorldException twice = assertThrows(WorldException.class, () -> group.open(0));
        assertTrue(twice.getMessage().contains("this very process"), twice.getMessage());
        RaftGroupUnderTest samePort = group.elsewhere(Path.of(driver.newPath()));
        WorldException port = assertThrows(WorldException.class, () -> samePort.open(0));
        assertTrue(port.getMessage().contains("in use"), port.getMessage());
        members.get(0).appendAndWait("unharmed");
    }

    private RaftClient client() {
        return RaftClient.newBuilder()
                .setProperties(new RaftProperties())
                .setRaftGroup(group.members().toGroup())
                .build();
    }

    private static Message message(byte[] bytes) {
        return Message.valueOf(ByteString.copyFrom(bytes));
    }
}
