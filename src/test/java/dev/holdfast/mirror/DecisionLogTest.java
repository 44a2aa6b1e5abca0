package dev.holdfast.mirror;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.holdfast.io.Loop;
import dev.holdfast.io.OrderedLog;
import dev.holdfast.io.Timer;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** When a proposal is refused for good; the test is the ordered log, and answers what it likes. */
final class DecisionLogTest {
    private static final Member FIRST = new Member(0, 1);
    private static final Member SECOND = new Member(1, 1);
    private static final ReplicaSet OWN = new ReplicaSet(2, FIRST, List.of(FIRST, SECOND));
    private static final ReplicaSet OTHER = new ReplicaSet(2, SECOND, List.of(SECOND));

    private final List<OrderedLog.AppendDone> waiting = new ArrayList<>();
    private final List<ReplicaSet> refused = new ArrayList<>();
    private OrderedLog.Reader reader = (index, record) -> {};
    private final DecisionLog decisions = new DecisionLog(log(), loop(), new Authority(), listener());

    @BeforeEach
    void start() {
        Decision.Found memory = new Decision.Found(0, Position.START);
        decisions.start(new DecisionLog.Start(0, 7, memory));
        for (Member member : OWN.inSync()) {
            decide(new Decision.Started(member.node(), 8, 0, memory));
        }
    }

    @Test
    void whatMayYetComeIsNotRefused() {
        decisions.propose(OWN);
        decisions.propose(OWN);
        waiting.removeFirst().done(OrderedLog.Outcome.UNKNOWN);
        waiting.removeFirst().done(OrderedLog.Outcome.REFUSED);
        assertEquals(List.of(), refused);
    }

    @Test
    void whatCertainlyIsNotThereIsRefused() {
        decisions.propose(OWN);
        waiting.removeFirst().done(OrderedLog.Outcome.REFUSED);
        assertEquals(List.of(OWN), refused);
    }

    @Test
    void whatComesAndDoesNotCountIsRefusedOnceForAllItsCopies() {
        decisions.propose(OWN);
        decisions.propose(OWN);
        decide(new Decision.NewSet(OTHER));
        assertEquals(List.of(), refused);
        decide(new Decision.NewSet(OWN));
        waiting.forEach(done -> done.done(OrderedLog.Outcome.REFUSED));
        decide(new Decision.NewSet(OWN));
        assertEquals(List.of(OWN), refused);
    }

    @Test
    void whatCountedIsNotRefusedWhenItComesAgain() {
        decisions.propose(OWN);
        decisions.propose(OWN);
        decide(new Decision.NewSet(OWN));
        decide(new Decision.NewSet(OWN));
        assertEquals(List.of(), refused);
    }

    private void decide(Decision decision) {
        reader.record(0, ByteBuffer.wrap(DecisionCodec.encode(decision)));
    }

    private OrderedLog log() {
        return new OrderedLog() {
            @Override
            public void start(Loop loop, Reader newReader, Runnable replayed) {
                reader = newReader;
            }

            @Override
            public void append(byte[] record, AppendDone done) {
                waiting.add(done);
            }

            @Override
            public void close() {}
        };
    }

    private DecisionLog.Listener listener() {
        return new DecisionLog.Listener() {
            @Override
            public void registered(Member member) {}

            @Override
            public void told() {}

            @Override
            public void refused(ReplicaSet set) {
                refused.add(set);
            }
        };
    }

    private static Loop loop() {
        return new Loop() {
            @Override
            public String name() {
                return "shard";
            }

            @Override
            public boolean isCurrent() {
                return true;
            }

            @Override
            public void post(Runnable task) {
                task.run();
            }

            @Override
            public void atEndOfTurn(Runnable task) {
                task.run();
            }

            @Override
            public Timer after(long delayNanos, Runnable task) {
                throw new AssertionError("nothing waits here");
            }
        };
    }
}
