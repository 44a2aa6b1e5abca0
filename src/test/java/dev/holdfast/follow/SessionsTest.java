package dev.holdfast.follow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Id128;
import dev.holdfast.block.BlockVolume;
import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.sim.world.SimLoop;
import dev.holdfast.sim.world.SimWorld;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The rules of docs/internals/follow.md, one by one, at the node that leads. */
final class SessionsTest {
    private static final Id128 ANN = new Id128(1, 1);
    private static final Id128 BOB = new Id128(2, 2);

    private final SimWorld world = new SimWorld(1);
    private final SimLoop loop = world.newLoop("shard");
    private final SharedDisk disk = new SharedDisk();
    private final SharedDisk.Copy copy = disk.copy(loop);
    private final SharedDisk.Copy other = disk.copy(loop);
    private final Sessions sessions = new Sessions(copy);

    /** A WRITE, and what became of it. */
    private final class Write implements Request.Completion {
        final Request request = new Request(this);
        final List<Status> answers = new ArrayList<>();

        Write on(BlockVolume path) {
            request.kind = Request.Kind.WRITE;
            request.lengthBytes = 1;
            world.run(loop, () -> submit(path));
            world.runFor(100_000);
            return this;
        }

        private void submit(BlockVolume path) {
            if (path.hasRoom(1)) {
                path.submitWrite(request, ByteBuffer.wrap(new byte[] {1}));
            } else {
                path.whenRoom(() -> submit(path));
            }
        }

        @Override
        public ByteBuffer readSpace(Request of) {
            throw new AssertionError("nothing is read");
        }

        @Override
        public void extent(Request of, long lengthBytes, boolean allocated) {
            throw new AssertionError("nobody asked");
        }

        @Override
        public void completed(Request of, Status status) {
            answers.add(status);
        }
    }

    private List<Status> write(BlockVolume path) {
        return new Write().on(path).answers;
    }

    @Test
    void aPathServesUntilAGreaterNumberOfItsSessionIsBound() {
        disk.lead(copy);
        BlockVolume one = sessions.open(ANN, 1);
        BlockVolume two = sessions.open(ANN, 2);
        BlockVolume another = sessions.open(BOB, 1);
        assertEquals(List.of(Status.OK), write(one));
        assertEquals(List.of(Status.OK), write(another));
        assertEquals(List.of(Status.OK), write(two));
        assertEquals(List.of(Status.MOVED), write(one));
        assertEquals(List.of(Status.OK), write(another));
        assertEquals(List.of(Status.MOVED), write(sessions.open(ANN, 2)));
        assertEquals(List.of(Status.OK), write(two));
    }

    @Test
    void aPathServesOneReign() {
        disk.lead(copy);
        BlockVolume path = sessions.open(ANN, 5);
        assertEquals(List.of(Status.OK), write(path));
        disk.lead(other);
        assertEquals(List.of(Status.MOVED), write(path));
        disk.lead(copy);
        assertEquals(List.of(Status.MOVED), write(path));
        assertEquals(List.of(Status.OK), write(sessions.open(ANN, 6)));
    }

    @Test
    void aPathThatCameWhenNobodyLedStaysMoved() {
        BlockVolume path = sessions.open(ANN, 1);
        assertEquals(List.of(Status.MOVED), write(path));
        disk.lead(copy);
        assertEquals(List.of(Status.MOVED), write(path));
    }

    @Test
    void whatANewPathAsksWaitsForWhatTheDiskHasOfOlderOnes() {
        disk.lead(copy);
        copy.holdsBack = true;
        Write old = new Write().on(sessions.open(ANN, 1));
        copy.holdsBack = false;
        Write fresh = new Write().on(sessions.open(ANN, 2));
        assertEquals(List.of(), fresh.answers);
        assertEquals(List.of(Status.OK), write(sessions.open(BOB, 1)));
        copy.release();
        world.runFor(1_000_000);
        assertEquals(List.of(Status.OK), old.answers);
        assertEquals(List.of(Status.OK), fresh.answers);
    }

    @Test
    void whatWaitsForRoomIsMovedByANewerPathAndByTheEndOfTheReign() {
        disk.lead(copy);
        copy.hasRoom = false;
        Write one = new Write().on(sessions.open(ANN, 1));
        Write another = new Write().on(sessions.open(BOB, 1));
        Write two = new Write().on(sessions.open(ANN, 2));
        assertEquals(List.of(Status.MOVED), one.answers);
        assertEquals(List.of(), another.answers);
        world.run(loop, () -> disk.lead(other));
        world.runFor(1_000_000);
        assertEquals(List.of(Status.MOVED), another.answers);
        assertEquals(List.of(Status.MOVED), two.answers);
    }

    @Test
    void whoIsForgottenIsMovedAndComesBackWithANewPath() {
        disk.lead(copy);
        BlockVolume first = sessions.open(ANN, 1);
        assertEquals(List.of(Status.OK), write(first));
        for (int i = 0; i < Sessions.MOST; i++) {
            assertEquals(List.of(Status.OK), write(sessions.open(new Id128(9, i), 1)));
        }
        assertEquals(Sessions.MOST, sessions.knownCount());
        assertEquals(List.of(Status.MOVED), write(first));
        assertEquals(List.of(Status.OK), write(sessions.open(ANN, 2)));
        assertEquals(List.of(Status.MOVED), write(first));
    }

    @Test
    void nobodyWhoseRequestsAreUnderWayIsForgotten() {
        disk.lead(copy);
        copy.holdsBack = true;
        List<Write> busy = new ArrayList<>();
        for (int i = 0; i < Sessions.MOST; i++) {
            busy.add(new Write().on(sessions.open(new Id128(9, i), 1)));
        }
        assertEquals(List.of(Status.MOVED), write(sessions.open(ANN, 1)));
        copy.release();
        world.runFor(1_000_000);
        busy.forEach(each -> assertEquals(List.of(Status.OK), each.answers));
        assertEquals(List.of(Status.OK), write(sessions.open(ANN, 2)));
    }

    @Test
    void nothingIsServedAfterTheEnd() {
        disk.lead(copy);
        BlockVolume path = sessions.open(ANN, 1);
        assertEquals(List.of(Status.OK), write(path));
        world.run(loop, sessions::end);
        assertEquals(List.of(Status.MOVED), write(path));
        assertEquals(List.of(Status.MOVED), write(sessions.open(ANN, 2)));
    }

    @Test
    void aPathHasOneNameAndOneNameIsOnePath() {
        SessionName name = new SessionName("demo", new Id128(0xabcL, -1), 0x1f);
        assertEquals("demo#0000000000000abcffffffffffffffff.1f", name.toString());
        assertEquals(Optional.of(name), SessionName.of(name.toString()));
        for (String wrong : List.of(
                "demo",
                "demo#",
                "demo#0000000000000abcffffffffffffffff",
                "demo#0000000000000abcffffffffffffffff.0",
                "demo#0000000000000abcffffffffffffffff.8000000000000000",
                "demo#0000000000000ABCffffffffffffffff.1",
                "#0000000000000abcffffffffffffffff.1")) {
            assertEquals(Optional.empty(), SessionName.of(wrong), wrong);
        }
        assertEquals(sessions.open(ANN, 1), sessions.open(ANN, 1));
        assertEquals(sessions.open(ANN, 1).hashCode(), sessions.open(ANN, 1).hashCode());
        assertNotEquals(sessions.open(ANN, 1), sessions.open(ANN, 2));
        assertNotEquals(sessions.open(ANN, 1), sessions.open(BOB, 1));
        assertNotEquals(sessions.open(ANN, 1), new Sessions(copy).open(ANN, 1));
        assertTrue(sessions.open(ANN, 1).loop() == loop);
    }
}
