package dev.holdfast.frontend.nbd;

import static dev.holdfast.frontend.nbd.TransmissionWire.NBD_CMD_READ;
import static dev.holdfast.frontend.nbd.TransmissionWire.NBD_OK;

import java.util.Arrays;
import java.util.Random;

/**
 * The fuzz target of the NBD server: whatever a client sends, the server neither throws nor hangs, another client is
 * served, and nothing is left behind once the client is gone.
 */
final class NbdFuzz {
    private static final NbdLimits LIMITS = new NbdLimits(4, 50, 1_000_000, 16, 2 << 20, 32 << 20);

    static final int DISK_BYTES = 3 << 20;

    private NbdFuzz() {}

    /**
     * One client's life. The first byte says how: bit 0 the bytes begin in the transmission phase, bit 1 with
     * structured replies, bit 2 the disk answers late, bit 3 the client takes no replies at first, bit 4 there is
     * no room at first, bits 5 to 7 how the bytes are cut. The rest is sent as it is.
     */
    static void fuzz(byte[] input) {
        if (input.length == 0) {
            return;
        }
        int how = input[0];
        TestBed bed = new TestBed(LIMITS, DISK_BYTES);
        TestClient witness = bed.connect().go(true);
        TestClient client = bed.connect();
        if ((how & 1) != 0) {
            client.go((how & 2) != 0);
        }
        int segmentBytes = 1 << 3 * ((how >> 5) & 7);
        client.connection.segment(segmentBytes);
        client.connection.peerTakes((how & 8) == 0);
        bed.volume.holdsBack = (how & 4) != 0;
        bed.volume.roomBytes = (how & 16) != 0 ? 0 : Integer.MAX_VALUE;
        client.send(Arrays.copyOfRange(input, 1, input.length));

        bed.volume.holdsBack = false;
        client.connection.peerTakes(true);
        bed.volume.room(Integer.MAX_VALUE);
        bed.volume.release(new Random(how));
        bed.loops.run();
        witness.request(NBD_CMD_READ, 0, 1, 0, 4096);
        expect(witness.reply().error() == NBD_OK, "the other client is served");
        client.connection.cutByPeer();
        bed.loops.run();
        expect(bed.server.connections() == 1, "a client that is gone is forgotten");
        bed.stop();
        expect(bed.stopped, "the server stops");
    }

    private static void expect(boolean condition, String claim) {
        if (!condition) {
            throw new AssertionError(claim);
        }
    }
}
