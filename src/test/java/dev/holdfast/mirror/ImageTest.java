package dev.holdfast.mirror;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Mutant;
import dev.holdfast.io.Clock;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A primary of two, with a third node that was away while what it lacks was let go; the test plays the others. */
final class ImageTest {
    private static final Member SELF = new Member(0, 1);
    private static final Member OTHER = new Member(1, 1);
    private static final Member BACK = new Member(2, 1);
    private static final KeptSnapshots KEPT = new KeptSnapshots(List.of(2L, 5L), 5, "s");
    private static final Position TO = new Position(2, 5);
    private static final Message.Route ROUTE = new Message.Route(SELF, BACK, 2);

    private final List<Message> sent = new ArrayList<>();
    private final ListLog log = new ListLog();
    private final Authority authority = new Authority();
    private final TwoPieces image = new TwoPieces();
    private long nowNanos = 1_000_000_000L;
    private final Replica replica =
            new Replica(new Self(SELF, new Copies(List.of(0, 1, 2)), log, authority, clock(), outbox()));

    @AfterEach
    void takeItOut() {
        Mutant.remove();
    }

    @BeforeEach
    void lead() {
        log.images = image;
        for (Member member : List.of(SELF, OTHER, BACK)) {
            Decision.Found memory = new Decision.Found(0, Position.START);
            authority.replay(new Decision.Started(member.node(), member.node(), 0, memory));
        }
        authority.replay(new Decision.NewSet(new ReplicaSet(2, SELF, List.of(SELF, OTHER))));
        replica.told();
        replica.received(new Message.Past(from(OTHER), History.EMPTY, 0));
    }

    /** The primary acts, holds five entries, and keeps those after the third. */
    private void act() {
        act(5);
    }

    private void act(long logged) {
        authority.replay(new Decision.Acts(2, SELF));
        replica.told();
        for (int i = 0; i < 5; i++) {
            log.write();
            replica.numbered();
        }
        replica.received(new Message.Have(from(OTHER), 5, logged, 0, nowNanos));
        log.firstKept = 4;
    }

    @Test
    void piecesFollowAnswersAndTheEndFollowsTheLast() {
        act();
        back(Position.START);
        assertEquals(List.of(piece(0)), images());
        replica.received(new Message.Laid(from(BACK), Position.START, 0, false));
        assertEquals(List.of(), images(), "it has to make room, and says so");
        laid(1);
        assertEquals(List.of(piece(1)), images());
        laid(1);
        assertEquals(List.of(), images(), "an answer that is repeated");
        assertEquals(List.of(new ImageStatus(2, TO, true, 2, 2, 1, 2)), replica.images());
        laid(2);
        assertEquals(List.of(new Message.ImageEnd(ROUTE, 0, TO, History.EMPTY.with(2, 1), KEPT)), images());
        replica.received(new Message.Have(from(BACK), 5, 5, 5, nowNanos));
        assertEquals(List.of(), replica.images());
        replica.tick();
        assertEquals(List.of(), images());
    }

    @Test
    void whatIsNotAnsweredIsSentAgain() {
        act();
        back(Position.START);
        assertEquals(List.of(piece(0)), images());
        nowNanos += Terms.IMAGE_NANOS;
        replica.tick();
        assertEquals(List.of(), images());
        nowNanos += 1;
        replica.tick();
        assertEquals(List.of(piece(0)), images());
    }

    /** A piece is long, and a root that makes room takes longer than an answer. */
    @Test
    void nothingIsSentToWhoHasNoRoomUntilItSaysThatItHas() {
        act();
        back(Position.START);
        assertEquals(List.of(piece(0)), images());
        replica.received(new Message.Laid(from(BACK), TO, 1, false));
        nowNanos += Terms.IMAGE_ROOM_NANOS;
        replica.received(new Message.Have(from(BACK), 0, 0, 0, nowNanos));
        replica.tick();
        assertEquals(List.of(), images());
        laid(1);
        assertEquals(List.of(piece(1)), images());
    }

    @Test
    void whoseAnswersTakeLongIsGivenTime() {
        act();
        back(Position.START);
        assertEquals(List.of(piece(0)), images());
        nowNanos += Terms.IMAGE_NANOS;
        laid(1);
        assertEquals(List.of(piece(1)), images());
        nowNanos += 4 * Terms.IMAGE_NANOS;
        replica.received(new Message.Have(from(BACK), 0, 0, 0, nowNanos));
        replica.tick();
        assertEquals(List.of(), images());
    }

    @Test
    void nobodyGetsAnImageFromWhoDoesNotActYet() {
        log.write();
        log.write();
        log.firstKept = 3;
        back(Position.START);
        assertEquals(List.of(1, 2), replica.beyondReplay());
        assertEquals(
                List.of(), images(), "a set in which nobody acted may be void, and who is in the one before counts");
    }

    @Test
    void aMixtureGetsNoEntriesThoughAllAreKept() {
        act();
        log.firstKept = 1;
        back(new Position(2, 4));
        assertEquals(List.of(piece(0)), images());
        assertEquals(new Position(2, 4), image.atLeast);
        assertTrue(sent.stream()
                .noneMatch(message -> message instanceof Message.Append append
                        && append.route().to().equals(BACK)
                        && append.batch().last() >= append.batch().first()));
    }

    /** How far entries may overwrite others in what a replica outside the set is sent: five are held, three stable. */
    private long overwritingUpTo() {
        act(3);
        log.firstKept = 1;
        back(Position.START);
        return log.mayOverwrite;
    }

    @Test
    void onlyWhatNoForkTakesBackIsSentInPlaceOfWhatItOverwrites() {
        assertEquals(3, overwritingUpTo());
    }

    @Test
    void theMutantThatTakesMoreIsNoticed() {
        Mutant.plant("mirror.skip-what-may-be-taken-back");
        assertEquals(5, overwritingUpTo());
    }

    private void back(Position mixture) {
        replica.received(new Message.Past(from(BACK), History.EMPTY, 0, 0, mixture));
        replica.tick();
    }

    private void laid(long blocks) {
        replica.received(new Message.Laid(from(BACK), TO, blocks, true));
    }

    private List<Message> images() {
        List<Message> found = sent.stream()
                .filter(message -> message instanceof Message.Image || message instanceof Message.ImageEnd)
                .toList();
        sent.removeAll(found);
        return found;
    }

    private static Message piece(long first) {
        return new Message.Image(ROUTE, 0, TO, 2 * ImagePiece.BLOCK_BYTES, TwoPieces.at(first));
    }

    private static Message.Route from(Member member) {
        return new Message.Route(member, SELF, 2);
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
            public void act(int epoch) {}

            @Override
            public void flushed(long seq) {}
        };
    }

    /** An image of two blocks, each a piece. */
    private static final class TwoPieces implements ShardImages, ImageSource {
        Position atLeast = Position.START;

        static ImagePiece at(long first) {
            List<ImagePiece.Run> runs = List.of(new ImagePiece.Run(ImagePiece.Kind.BYTES, first, 1));
            return new ImagePiece(first, first + 1, runs, ByteBuffer.allocate(ImagePiece.BLOCK_BYTES));
        }

        @Override
        public Optional<ImageSource> source(int node, long base, Position wanted) {
            atLeast = wanted;
            return Optional.of(this);
        }

        @Override
        public Position to() {
            return TO;
        }

        @Override
        public long sizeBytes() {
            return 2 * ImagePiece.BLOCK_BYTES;
        }

        @Override
        public KeptSnapshots kept() {
            return KEPT;
        }

        @Override
        public boolean isAll() {
            return true;
        }

        @Override
        public long leftBlocks() {
            return 2;
        }

        @Override
        public Optional<ImagePiece> piece(long first) {
            return Optional.of(at(first));
        }
    }
}
