package dev.holdfast.store.tree;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Crc32c;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Each damage that checksums can't show is named. */
final class TreeVerifierTest {
    private final TreeBed bed = new TreeBed();

    /** An object of one node at address 1000, damaged after its pointers were written. */
    private ObjectRoot node(long used, Consumer<ByteBuffer> damage) {
        ByteBuffer bytes = ByteBuffer.allocate(Pointers.BLOCK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        Pointers.set(bytes, 0, 10, 4, 1, 1);
        Pointers.set(bytes, 32, 11, 5, 2, 1);
        Pointers.setUnreadable(bytes, 64, 5);
        damage.accept(bytes);
        bed.write(1000, bytes, 0);
        int checksum = new Crc32c().ofBlock(bytes, 0);
        return new ObjectRoot(new BlockPointer(1000, 5, checksum, Pointers.PRESENT, used), 2, 100);
    }

    private void names(String problem, ObjectRoot root) {
        List<String> problems = bed.problems(root, 5);
        assertEquals(1, problems.size(), problems.toString());
        assertTrue(problems.getFirst().contains(problem), problems.getFirst());
    }

    @Test
    void aSoundObjectHasNoProblems() {
        assertEquals(List.of(), bed.problems(node(2, bytes -> {}), 5));
    }

    @Test
    void aChildBornAfterItsNodeIsNamed() {
        names("born after its node", node(2, bytes -> bytes.putLong(8, 6)));
    }

    @Test
    void aWrongCountOfUsedBlocksIsNamed() {
        names("2 blocks are used beneath", node(3, bytes -> {}));
    }

    @Test
    void aDataBlockThatCountsForTwoIsNamed() {
        names("used blocks can't be", node(3, bytes -> bytes.putLong(24, 2)));
    }

    @Test
    void aNodeOfHolesIsNamed() {
        names("a node of holes", node(0, bytes -> bytes.put(0, new byte[96])));
    }

    @Test
    void bytesThatAreNoPointerAreNamedAndNotFollowed() {
        names("pointer 127 is not one", node(2, bytes -> bytes.putLong(127 * 32, 1)));
    }

    @Test
    void blocksBeyondTheEndAreNamed() {
        names("beyond the object's 100 blocks", node(3, bytes -> Pointers.set(bytes, 100 * 32, 12, 5, 0, 1)));
    }

    @Test
    void aNodeOfWhichNoCopyVerifiesIsNamed() {
        ObjectRoot root = node(2, bytes -> {});
        bed.stored.get(1000L)[4095] ^= 1;
        names("no copy verifies", root);
    }
}
