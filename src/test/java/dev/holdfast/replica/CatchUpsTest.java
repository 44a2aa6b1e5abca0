package dev.holdfast.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.io.Clock;
import dev.holdfast.mirror.Authority;
import dev.holdfast.mirror.Batch;
import dev.holdfast.mirror.Decision;
import dev.holdfast.mirror.History;
import dev.holdfast.mirror.ImagePiece;
import dev.holdfast.mirror.ImageStatus;
import dev.holdfast.mirror.Member;
import dev.holdfast.mirror.Message;
import dev.holdfast.mirror.Position;
import dev.holdfast.mirror.ReplicaSet;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a primary knows of catch-ups, from the messages that it sends; the test is the primary and the time. */
final class CatchUpsTest {
    private static final int BLOCK = ImagePiece.BLOCK_BYTES;
    private static final long SECOND = 1_000_000_000L;
    private static final Member SELF = new Member(1, 1);
    private static final Member BACK = new Member(2, 1);
    private static final Message.Route ROUTE = new Message.Route(SELF, BACK, 2);

    private final List<ReplicaEvent> told = new ArrayList<>();
    private final Authority authority = new Authority();
    private List<ImageStatus> images = List.of();
    private long nowNanos = SECOND;
    private long held;
    private long firstKept = 1;
    private final CatchUps catchUps = new CatchUps(changes(), clock(), () -> images, told::add);

    @BeforeEach
    void lead() {
        for (Member member : List.of(SELF, BACK)) {
            authority.replay(
                    new Decision.Started(member.node(), member.node(), 0, new Decision.Found(0, Position.START)));
        }
        authority.replay(new Decision.NewSet(new ReplicaSet(2, SELF, List.of(SELF))));
        catchUps.decided(authority, true);
    }

    /** Every change has a block. */
    private OneCatchUp.Changes changes() {
        return new OneCatchUp.Changes() {
            @Override
            public long held() {
                return held;
            }

            @Override
            public long firstKept() {
                return firstKept;
            }

            @Override
            public int payloadBytes(long seq) {
                assertTrue(seq >= firstKept && seq <= held, "only what is kept is looked at");
                return BLOCK;
            }
        };
    }

    private Clock clock() {
        return new Clock() {
            @Override
            public long nanos() {
                return nowNanos;
            }

            @Override
            public long wallMillis() {
                return nowNanos / 1_000_000;
            }
        };
    }

    private void send(long first, long last) {
        Batch batch = new Batch() {
            @Override
            public long first() {
                return first;
            }

            @Override
            public long last() {
                return last;
            }

            @Override
            public int epochAt(long seq) {
                return 2;
            }
        };
        Position before = History.EMPTY.at(first - 1);
        catchUps.sent(new Message.Append(ROUTE, before, batch, new Message.Shard(0, 0, 0), 0, nowNanos));
    }

    private void piece(long first, long blocks, long end) {
        ByteBuffer bytes = ByteBuffer.allocate((int) blocks * BLOCK);
        List<ImagePiece.Run> runs = List.of(new ImagePiece.Run(ImagePiece.Kind.BYTES, first, blocks));
        ImagePiece piece = new ImagePiece(first, end, runs, bytes);
        catchUps.sent(new Message.Image(ROUTE, 10, new Position(2, 50), 1 << 20, piece));
    }

    private void imageHas(long leftBlocks) {
        images = List.of(new ImageStatus(2, new Position(2, 50), false, leftBlocks, 0, 0, 256));
    }

    private CatchUp only() {
        assertEquals(1, catchUps.status().size());
        return catchUps.status().getFirst();
    }

    @Test
    void whoIsInTheSetCatchesUpWithNothing() {
        held = 5;
        authority.replay(new Decision.NewSet(new ReplicaSet(3, SELF, List.of(SELF, BACK))));
        catchUps.decided(authority, true);
        send(1, 5);
        catchUps.look();
        assertEquals(List.of(), catchUps.status());
        assertEquals(List.of(), told);
    }

    @Test
    void aReplayIsPredictedAtItsBeginAndWhatIsWrittenMeanwhileIsToldApart() {
        held = 100;
        send(11, 20);
        catchUps.look();
        assertEquals(new CatchUp.Figures(90 * BLOCK, 0, 10 * BLOCK, 0, 80 * BLOCK), only().bytes());
        assertInstanceOf(ReplicaEvent.CatchUpBegan.class, told.getFirst());
        held = 110;
        send(16, 25);
        catchUps.look();
        assertEquals(new CatchUp.Figures(90 * BLOCK, 10 * BLOCK, 15 * BLOCK, 5 * BLOCK, 85 * BLOCK), only().bytes());
        send(26, 110);
        assertEquals(CatchUp.Rung.REPLAY, only().rung());
        nowNanos += 3 * SECOND;
        authority.replay(new Decision.NewSet(new ReplicaSet(3, SELF, List.of(SELF, BACK))));
        catchUps.decided(authority, true);
        assertEquals(List.of(), catchUps.status());
        ReplicaEvent.CatchUpEnded ended = assertInstanceOf(ReplicaEvent.CatchUpEnded.class, told.getLast());
        assertTrue(ended.inSync());
        assertEquals(
                new CatchUp.Figures(90 * BLOCK, 10 * BLOCK, 100 * BLOCK, 5 * BLOCK, 0),
                ended.was().bytes());
        assertEquals(3 * SECOND, ended.was().elapsedNanos());
    }

    @Test
    void anImageIsPredictedOnceItsBlocksAreCountedAndChangesFollowIt() {
        held = 60;
        firstKept = 41;
        imageHas(-1);
        piece(0, 3, 9);
        catchUps.look();
        assertEquals(-1, only().bytes().predicted());
        assertEquals(-1, only().bytes().left());
        imageHas(20);
        catchUps.look();
        assertEquals(CatchUp.Rung.IMAGE_SINCE, only().rung());
        assertEquals(new CatchUp.Figures(33 * BLOCK, 0, 3 * BLOCK, 0, 30 * BLOCK), only().bytes());
        piece(0, 3, 9);
        piece(9, 20, 256);
        images = List.of();
        catchUps.look();
        assertEquals(new CatchUp.Figures(33 * BLOCK, 0, 23 * BLOCK, 3 * BLOCK, 10 * BLOCK), only().bytes());
        send(51, 60);
        catchUps.look();
        assertEquals(new CatchUp.Figures(33 * BLOCK, 0, 33 * BLOCK, 3 * BLOCK, 0), only().bytes());
        assertEquals(CatchUp.Rung.IMAGE_SINCE, only().rung());
        assertEquals(0, only().etaNanos());
    }

    /** 1000 changes a second go out, 400 a second come in: 60,000 take 100 seconds. */
    @Test
    void afterATenthTheTimeToGoIsRightWithinAFifthThoughClientsWrite() {
        held = 60_000;
        for (long sent = 0; sent < 99_000; sent += 100) {
            send(sent + 1, sent + 100);
            held += 40;
            nowNanos += SECOND / 10;
            catchUps.look();
            long wantedNanos = 100 * SECOND - (sent + 100) * SECOND / 1000;
            if (sent >= 10_000 && sent < 90_000) {
                assertTrue(
                        Math.abs(only().etaNanos() - wantedNanos) <= wantedNanos / 5,
                        sent + " sent: " + only().etaNanos() + ", not " + wantedNanos);
                assertEquals(1000 * BLOCK, only().bytesPerSecond(), 100 * BLOCK);
            }
        }
    }

    @Test
    void whatDoesNotComeNearerHasNoEnd() {
        held = 60_000;
        for (long sent = 0; sent < 3_000; sent += 100) {
            send(sent + 1, sent + 100);
            held += 100;
            nowNanos += SECOND;
            catchUps.look();
        }
        assertEquals(-1, only().etaNanos());
    }

    @Test
    void whoStartsAgainBeginsAgainAndWhoLeadsNoMoreKnowsNothing() {
        held = 10;
        send(1, 5);
        authority.replay(new Decision.Started(2, 9, 1, new Decision.Found(0, Position.START)));
        catchUps.decided(authority, true);
        assertEquals(List.of(), catchUps.status());
        assertTrue(told.getLast() instanceof ReplicaEvent.CatchUpEnded ended && !ended.inSync());
        send(1, 5);
        catchUps.decided(authority, false);
        assertEquals(List.of(), catchUps.status());
    }
}
