package dev.holdfast.node;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.block.Request;
import dev.holdfast.block.Status;
import dev.holdfast.frontend.http.Event;
import dev.holdfast.replica.PrimaryVolume;
import dev.holdfast.sim.world.Medium;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Three whole nodes and a volume with two copies: a block that rots on the disk of one is whole again. */
final class HealedVolumeTest {
    private static final int BLOCK = 4096;
    private static final int BLOCKS = 50;
    private static final int VICTIM = 17;

    private final NodesBed bed = new NodesBed(3);

    /** Where the disk of {@code place} has the victim, or had. */
    private static long victim(NodesBed.Place place) {
        Medium medium = medium(place);
        return LongStream.of(medium.storedBlocks())
                .filter(block -> block > (17 << 20) / BLOCK && Arrays.equals(medium.read(block), bytes(VICTIM)))
                .findFirst()
                .orElseThrow();
    }

    private static Medium medium(NodesBed.Place place) {
        return place.machine.device("/d0").medium();
    }

    private boolean tells(NodesBed.Place place, String what) {
        List<List<Event>> told = new ArrayList<>();
        place.node.orElseThrow().events(0, "v", told::add);
        bed.world.runUntil(() -> !told.isEmpty());
        return told.getFirst().stream().anyMatch(event -> event.what().contains(what));
    }

    private static byte[] bytes(int block) {
        byte[] bytes = new byte[BLOCK];
        Arrays.fill(bytes, (byte) (block + 1));
        return bytes;
    }

    private Status submit(PrimaryVolume disk, Request.Kind kind, int block, ByteBuffer data) {
        return NodesBed.submit(bed.world, disk, kind, (long) block * BLOCK, data);
    }

    private void readsAll(NodesBed.Place place) {
        for (int block = 0; block < BLOCKS; block++) {
            ByteBuffer data = ByteBuffer.allocateDirect(BLOCK);
            assertEquals(Status.OK, submit(place.disk(), Request.Kind.READ, block, data));
            byte[] found = new byte[BLOCK];
            data.get(0, found);
            assertArrayEquals(bytes(block), found, "block " + block);
        }
    }

    /** A volume of two copies, on disk on both, of which no process has anything in memory. */
    private NodesBed.Place stored() {
        bed.mirrored(2);
        PrimaryVolume disk = bed.leader(2).disk();
        for (int block = 0; block < BLOCKS; block++) {
            ByteBuffer data = ByteBuffer.allocateDirect(BLOCK).put(bytes(block)).flip();
            assertEquals(Status.OK, submit(disk, Request.Kind.WRITE, block, data));
        }
        assertEquals(Status.OK, submit(disk, Request.Kind.FLUSH, 0, ByteBuffer.allocateDirect(0)));
        bed.world.runFor(20_000_000_000L);
        for (NodesBed.Place place : bed.places.subList(0, 2)) {
            place.machine.kill();
            place.start();
            bed.world.runUntil(() -> place.ready);
            bed.leader(2);
        }
        return bed.leader(2);
    }

    private NodesBed.Place other(NodesBed.Place leads) {
        return bed.places.get(leads.number == 1 ? 1 : 0);
    }

    @Test
    void aBlockThatRotsUnderWhoLeadsIsReadFromTheOtherAndWholeAgainOnDisk() {
        NodesBed.Place leads = stored();
        NodesBed.Place other = other(leads);
        long victim = victim(leads);
        medium(leads).rot(victim, 4099);
        readsAll(leads);
        bed.world.runFor(10_000_000_000L);
        assertArrayEquals(bytes(VICTIM), medium(leads).read(victim), "written to its place");
        assertTrue(tells(leads, "healed from another copy: that on " + other.machine.name()));
        other.machine.kill();
        leads.machine.kill();
        leads.start();
        assertEquals(leads, bed.leader(1));
        readsAll(leads);
    }

    @Test
    void aBlockThatRotsOnTheOtherIsHealedByAComparisonThatReads() {
        NodesBed.Place leads = stored();
        NodesBed.Place other = other(leads);
        long victim = victim(other);
        medium(other).rot(victim, 4099);
        List<Object> told = new ArrayList<>();
        leads.node.orElseThrow().compare("v", true, told::add);
        bed.world.runUntil(() -> !told.isEmpty());
        assertEquals(Optional.empty(), told.getFirst());
        bed.world.runUntil(() -> Arrays.equals(bytes(VICTIM), medium(other).read(victim)));
        bed.world.runUntil(() -> tells(other, "healed from another copy: that on " + leads.machine.name()));
    }
}
