package dev.holdfast.store.root;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.holdfast.base.Id128;
import dev.holdfast.store.tree.ObjectRoot;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A root is read as it was written. */
final class RootTest {
    @Test
    void everythingThatIsWrittenIsReadAgain() {
        Root root = new Root(
                new Id128(1, 2),
                new Root.Number(3, 4, 5, 2, 6, 1),
                new Root.LogPoint(8192, 7, List.of(9L, 10L, 11L), true),
                new Root.Written(12, 13),
                new Root.Objects(ObjectRoot.empty(14), ObjectRoot.empty(15), ObjectRoot.EMPTY),
                new Root.Space(16, 17, 18),
                new TwinRecord(
                        TwinRecord.State.MIRRORED,
                        TwinRecord.Rpo.ZERO,
                        19,
                        new TwinRecord.Known(
                                new RootIdentity(20, 21, 22),
                                List.of(new RootIdentity(23, 24, 25), new RootIdentity(26, 27, 28)),
                                true),
                        "there:7300",
                        new SnapshotRecord.DeadList(ObjectRoot.empty(29), 30)));
        ByteBuffer block = ByteBuffer.allocate(2 * Root.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        root.encode(block);
        block.put(Root.BYTES, block, 0, Root.BYTES);
        assertEquals(Optional.of(root), Root.decode(block, Root.BYTES));
        assertEquals(root.identity(), root.atTwin(77, 78).identity(), "the same root on another array");
        block.put(Root.BYTES + 520, (byte) 0);
        assertEquals(Optional.empty(), Root.decode(block, Root.BYTES), "a byte of it is wrong");
    }
}
