package dev.holdfast.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** Three whole nodes and a volume with three copies: one is away while the others lead in turn, many times. */
final class AwayVolumeTest {
    /** More than a history has epochs. */
    private static final int REIGNS = 40;

    private static final int BLOCKS = 800;

    private final NodesBed bed = new NodesBed(5);

    private void write(NodesBed.Place place, int block, int value) {
        ByteBuffer data = ByteBuffer.allocateDirect(NodesBed.BLOCK).putInt(0, value);
        Status status =
                NodesBed.submit(bed.world, place.disk(), Request.Kind.WRITE, (long) block * NodesBed.BLOCK, data);
        assertEquals(Status.OK, status);
    }

    private void writeAll(NodesBed.Place place, int value) {
        for (int block = 0; block < BLOCKS; block++) {
            write(place, block, value);
        }
    }

    private void holds(NodesBed.Place place, int block, int value) {
        ByteBuffer data = ByteBuffer.allocateDirect(NodesBed.BLOCK);
        Status status =
                NodesBed.submit(bed.world, place.disk(), Request.Kind.READ, (long) block * NodesBed.BLOCK, data);
        assertEquals(Status.OK, status);
        assertEquals(value, data.getInt(0), "block " + block);
    }

    @Test
    void aCopyThatWasAwayForMoreReignsThanAHistoryHasComesBackByWhatDiffers() {
        bed.mirrored(3);
        NodesBed.Place away = bed.leader(3);
        writeAll(away, 1);
        bed.world.runFor(20_000_000_000L);
        write(away, 0, 2);
        away.machine.kill();
        for (int reign = 0; reign < REIGNS; reign++) {
            NodesBed.Place leads = bed.leader(2);
            write(leads, 1 + reign, 3);
            if (reign % 20 == 0) {
                writeAll(leads, 2); // More than is kept for who is away.
            }
            leads.machine.kill();
            bed.leader(1);
            leads.start();
        }
        NodesBed.Place leads = bed.leader(2);
        away.start();
        assertEquals(leads, bed.leader(3));
        bed.places.stream().filter(place -> place != away).forEach(place -> place.machine.kill());
        NodesBed.Place alone = bed.leader(1);
        assertTrue(alone == away, "the one that was away serves alone");
        for (int block = 0; block < BLOCKS; block++) {
            holds(away, block, block > 21 && block <= REIGNS ? 3 : 2);
        }
    }
}
