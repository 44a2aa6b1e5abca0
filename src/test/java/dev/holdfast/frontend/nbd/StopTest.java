package dev.holdfast.frontend.nbd;

import static dev.holdfast.frontend.nbd.HandshakeWire.NBD_OPT_GO;
import static dev.holdfast.frontend.nbd.TestClient.infoData;
import static dev.holdfast.frontend.nbd.TransmissionWire.*;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.frontend.nbd.TestClient.Reply;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class StopTest {
    private final TestBed bed = new TestBed();
    private final MemoryVolume volume = bed.volume;

    @Test
    void aServerWithoutClientsStopsAtOnceAndListensNoMore() {
        assertTrue(bed.network.listening);
        bed.stop();
        assertTrue(bed.stopped);
        assertFalse(bed.network.listening);
        assertTrue(bed.connect().connection.isClosed());
    }

    @Test
    void whatIsUnderWayIsAnsweredAndWhatIsNewIsToldOfTheStop() {
        volume.holdsBack = true;
        TestClient client = bed.connect().go(true);
        client.send(client.writeBytes(0, 1, 0, new byte[4096]));
        bed.stop();
        assertFalse(bed.stopped);
        client.request(NBD_CMD_READ, 0, 2, 0, 4096);
        client.send(client.writeBytes(0, 3, 0, new byte[4096]));
        volume.release(new Random(1));
        bed.loops.run();
        List<Reply> replies = client.replies();
        assertEquals(List.of(2L, 3L, 1L), replies.stream().map(Reply::cookie).toList());
        assertEquals(
                List.of(NBD_ESHUTDOWN, NBD_ESHUTDOWN, NBD_OK),
                replies.stream().map(Reply::error).toList());
        assertTrue(client.connection.isClosed());
        assertTrue(bed.stopped);
        assertEquals(List.of("WRITE 0+4096"), volume.log);
    }

    @Test
    void handshakesAndIdleClientsEndAtOnce() {
        TestClient greeting = bed.connect();
        TestClient haggling = bed.connect().greet();
        TestClient idle = bed.connect().go(false);
        bed.stop();
        assertTrue(greeting.connection.isClosed());
        assertTrue(haggling.connection.isClosed());
        assertTrue(idle.connection.isClosed());
        assertTrue(bed.stopped);
    }

    @Test
    void aLongWriteThatIsHalfTakenIsRefused() {
        volume.holdsBack = true;
        TestClient client = bed.connect().go(true);
        byte[] write = client.writeBytes(0, 1, 0, new byte[4 << 20]);
        client.send(Arrays.copyOf(write, 2 << 20));
        bed.stop();
        client.send(Arrays.copyOfRange(write, 2 << 20, write.length));
        client.request(NBD_CMD_FLUSH, 0, 2, 0, 0);
        volume.release(new Random(1));
        bed.loops.run();
        List<Reply> replies = client.replies();
        assertEquals(List.of(2L, 1L), replies.stream().map(Reply::cookie).toList());
        assertEquals(
                List.of(NBD_ESHUTDOWN, NBD_ESHUTDOWN),
                replies.stream().map(Reply::error).toList());
        assertTrue(bed.stopped);
    }

    @Test
    void aHalfTakenLongWriteWithNothingUnderWayDoesNotHoldTheStop() {
        TestClient client = bed.connect().go(true);
        byte[] write = client.writeBytes(0, 1, 0, new byte[4 << 20]);
        client.send(Arrays.copyOf(write, 2 << 20));
        bed.stop();
        assertEquals(NBD_ESHUTDOWN, client.reply().error());
        assertTrue(bed.stopped);
    }

    @Test
    void disconnectingADiskLeavesTheClientsOfOthersAlone() {
        MemoryVolume second = new MemoryVolume(bed.volumeLoop, 1 << 20);
        TestClient gone = bed.connect().go(false);
        bed.exports.put("demo", second);
        TestClient stays = bed.connect().go(false);
        TestClient haggling = bed.connect().greet();
        volume.holdsBack = true;
        gone.request(NBD_CMD_FLUSH, 0, 1, 0, 0);
        bed.serverLoop.post(() -> bed.server.disconnect(volume));
        bed.loops.run();
        assertFalse(gone.connection.isClosed());
        volume.release(new Random(1));
        bed.loops.run();
        assertEquals(NBD_OK, gone.reply().error());
        assertTrue(gone.connection.isClosed());
        assertFalse(haggling.connection.isClosed());
        stays.request(NBD_CMD_FLUSH, 0, 1, 0, 0);
        assertEquals(NBD_OK, stays.reply().error());
        assertEquals(2, bed.server.connections());
    }

    @Test
    void aDiskThatDoesNotAnswerIsNotWaitedForLongerThanTheLimit() {
        volume.holdsBack = true;
        TestClient client = bed.connect().go(false);
        client.request(NBD_CMD_FLUSH, 0, 1, 0, 0);
        bed.stop();
        bed.loops.advance(NbdServer.STOP_NANOS);
        assertTrue(bed.stopped);
        assertEquals(List.of(), client.replies());
        volume.release(new Random(1));
        bed.loops.run();
    }

    @Test
    void aClientThatTakesNothingIsCut() {
        TestClient client = bed.connect().go(false);
        client.connection.peerTakes(false);
        client.request(NBD_CMD_READ, 0, 1, 0, 4096);
        bed.stop();
        assertFalse(bed.stopped);
        bed.loops.advance(NbdServer.STOP_NANOS);
        assertTrue(bed.stopped);
    }

    @Test
    void aStopFindsAClientThatIsOnItsWayToTheDisk() {
        for (long after : new long[] {0, NbdServer.STOP_NANOS}) {
            TestBed moving = new TestBed();
            TestClient client = moving.connect().greet();
            client.connection.feed(TestClient.optionBytes(NBD_OPT_GO, infoData("demo")));
            moving.serverLoop.post(() -> moving.serverLoop.post(() -> moving.server.stop(() -> moving.stopped = true)));
            moving.loops.run();
            moving.loops.advance(after);
            assertTrue(moving.stopped);
            assertTrue(client.connection.isClosed());
        }
    }
}
