package dev.holdfast.io;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.io.OrderedLog.Outcome;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What {@link OrderedLog} promises to one member; every world has a subclass. */
public abstract class OrderedLogContract {
    private WorldDriver driver;
    private Loop loop;
    private String place;
    private OrderedLog log;
    private Follower follower;

    /** A fresh world. */
    protected abstract WorldDriver newDriver();

    /** Opens the log at {@code place}, making it if there is none; a place is opened again after the log was closed. */
    protected abstract OrderedLog open(WorldDriver driver, String place) throws WorldException;

    @BeforeEach
    void openLog() throws WorldException {
        driver = newDriver();
        loop = driver.world().newLoop("log-user");
        place = driver.newPath();
        startAgain();
    }

    @AfterEach
    void closeWorld() {
        log.close();
        driver.close();
    }

    private void startAgain() throws WorldException {
        log = open(driver, place);
        follower = new Follower();
        Follower mine = follower;
        OrderedLog mineToo = log;
        driver.runOn(
                loop,
                () -> mineToo.start(loop, mine, () -> {
                    assertTrue(loop.isCurrent());
                    mine.replayed.set(true);
                }));
        driver.runUntil(() -> mine.replayed.get());
    }

    @Test
    void anEmptyLogIsReplayedAtOnce() {
        assertEquals(List.of(), follower.records);
    }

    @Test
    void recordsAreDeliveredInOrderBeforeTheirAppendIsDone() {
        List<String> proposed =
                IntStream.range(0, 200).mapToObj(i -> "record " + i).toList();
        driver.runOn(loop, () -> proposed.forEach(this::append));
        driver.runUntil(() -> follower.outcomes.size() == proposed.size());
        assertEquals(proposed, follower.records);
        assertTrue(follower.outcomes.stream().allMatch(outcome -> outcome == Outcome.APPENDED));
    }

    @Test
    void nothingIsDeliveredInsideTheCallThatProposesIt() {
        driver.runOn(loop, () -> {
            append("later");
            assertEquals(0, follower.records.size() + follower.outcomes.size());
        });
        driver.runUntil(() -> follower.outcomes.size() == 1);
    }

    @Test
    void anAppendMayProposeTheNext() {
        driver.runOn(loop, () -> chain(50));
        driver.runUntil(() -> follower.records.size() == 50 && follower.outcomes.size() == 50);
        assertEquals("link 50", follower.records.get(0));
        assertEquals("link 1", follower.records.get(49));
    }

    private void chain(int left) {
        byte[] record = ("link " + left).getBytes(UTF_8);
        log.append(record, outcome -> {
            follower.outcomes.add(outcome);
            if (left > 1) {
                chain(left - 1);
            }
        });
    }

    @Test
    void afterARestartDeliveryStartsAgainFromTheFirstRecord() throws WorldException {
        driver.runOn(loop, () -> IntStream.range(0, 30).forEach(i -> append("old " + i)));
        driver.runUntil(() -> follower.outcomes.size() == 30);
        List<String> old = List.copyOf(follower.records);
        log.close();
        startAgain();
        assertEquals(old, follower.records);
        driver.runOn(loop, () -> append("new"));
        driver.runUntil(() -> follower.outcomes.size() == 1);
        assertEquals(31, follower.records.size());
        log.close();
        startAgain();
        assertEquals(31, follower.records.size());
        assertEquals("new", follower.records.get(30));
    }

    @Test
    void recordsOfEveryLengthComeBackWhole() throws WorldException {
        int[] lengths = {0, 1, 7, 8, 9, 4095, 4096, 4097, OrderedLog.RECORD_BYTES - 1, OrderedLog.RECORD_BYTES};
        List<String> proposed = IntStream.of(lengths)
                .mapToObj(length -> "x".repeat(length / 2) + "y".repeat(length - length / 2))
                .toList();
        driver.runOn(loop, () -> proposed.forEach(this::append));
        driver.runUntil(() -> follower.outcomes.size() == proposed.size());
        assertEquals(proposed, follower.records);
        log.close();
        startAgain();
        assertEquals(proposed, follower.records);
    }

    @Test
    void aProposedRecordIsTheCallersAgainAfterTheCall() {
        byte[] record = "before".getBytes(UTF_8);
        driver.runOn(loop, () -> {
            log.append(record, follower.outcomes::add);
            System.arraycopy("AFTER!".getBytes(UTF_8), 0, record, 0, 6);
        });
        driver.runUntil(() -> follower.outcomes.size() == 1);
        assertEquals(List.of("before"), follower.records);
    }

    @Test
    void everyAppendIsAnsweredEvenWhenTheLogCloses() throws WorldException {
        driver.runOn(loop, () -> IntStream.range(0, 100).forEach(i -> append("r" + i)));
        log.close();
        Follower first = follower;
        driver.runUntil(() -> first.outcomes.size() == 100);
        driver.runOn(loop, () -> append("too late"));
        driver.runUntil(() -> first.outcomes.size() == 101);
        assertEquals(Outcome.REFUSED, first.outcomes.get(100));
        long appended = first.outcomes.stream()
                .filter(outcome -> outcome == Outcome.APPENDED)
                .count();
        startAgain();
        assertTrue(follower.records.size() >= appended, "what was appended is there");
        assertEquals(
                follower.records,
                IntStream.range(0, follower.records.size())
                        .mapToObj(i -> "r" + i)
                        .toList());
    }

    private void append(String record) {
        Follower mine = follower;
        log.append(record.getBytes(UTF_8), outcome -> {
            assertTrue(loop.isCurrent());
            int index = mine.outcomes.size();
            assertTrue(outcome != Outcome.APPENDED || mine.records.size() > index, "delivered before it is done");
            mine.outcomes.add(outcome);
        });
    }

    private final class Follower implements OrderedLog.Reader {
        private final List<String> records = new CopyOnWriteArrayList<>();
        private final List<Outcome> outcomes = new CopyOnWriteArrayList<>();
        private final AtomicBoolean replayed = new AtomicBoolean();

        @Override
        public void record(long index, ByteBuffer bytes) {
            assertTrue(loop.isCurrent());
            assertEquals(records.size(), index);
            assertTrue(bytes.isReadOnly());
            byte[] copy = new byte[bytes.remaining()];
            bytes.get(copy);
            records.add(new String(copy, UTF_8));
        }
    }
}
