package dev.holdfast.cluster.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Id128;
import dev.holdfast.device.Protection;
import dev.holdfast.mirror.Decision;
import dev.holdfast.mirror.Member;
import dev.holdfast.mirror.ReplicaSet;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Control records as bytes: fixed for ever, and nothing hostile gets through. */
final class ControlCodecTest {
    private static final Id128 ID = new Id128(1, 2);

    private static final List<ControlRecord> ALL = List.of(
            new ControlRecord.ClusterCreated(ID),
            new ControlRecord.MemberStarted("a", 7),
            new ControlRecord.Intended(
                    ID, new Change.CreatePool(ID, 3, "main", List.of("/d", "e"), Protection.mirror(2), 65536, 0)),
            new ControlRecord.Intended(ID, new Change.CreateVolume(ID, "v", new Id128(3, 4), 5, 4096)),
            new ControlRecord.Intended(ID, new Change.ResizeVolume(ID, 8192)),
            new ControlRecord.Intended(ID, new Change.DeleteVolume(ID)),
            new ControlRecord.Intended(ID, new Change.CreateSnapshot(ID, 9, "s")),
            new ControlRecord.Intended(ID, new Change.DeleteSnapshot(ID, 9)),
            new ControlRecord.Applied(ID, new Change.AddExport(ID, Protocol.NBD)),
            new ControlRecord.Applied(ID, new Change.RemoveExport(ID, Protocol.NBD)),
            new ControlRecord.Ended(ID, ControlRecord.By.ALONE, ""),
            new ControlRecord.PoolWentOn(ID, 7),
            new ControlRecord.NodeStarted(3, ID, "c", "127.0.0.1:8481", 4, 5, ""),
            new ControlRecord.Ended(ID, new ControlRecord.By(3, 5, true), "no"),
            new ControlRecord.Asked(),
            new ControlRecord.Intended(
                    ID, new Change.CreateMirrored(ID, "v", List.of(new Id128(3, 4), new Id128(5, 6)), 7, 4096)),
            new ControlRecord.Applied(ID, new Change.RemoveCopy(ID, new Id128(3, 4))),
            new ControlRecord.Decided(
                    7,
                    new ControlRecord.Process(3, 5),
                    9,
                    new Decision.NewSet(new ReplicaSet(2, new Member(3, 1), List.of(new Member(3, 1))))),
            new ControlRecord.NodeReachable(new ControlRecord.Process(3, 5), "h:1", "h:2"),
            new ControlRecord.Intended(ID, new Change.AddCopy(ID, new Id128(3, 4), 0)),
            new ControlRecord.Intended(ID, new Change.LeaveCopy(ID, new Id128(3, 4))),
            new ControlRecord.Intended(
                    ID,
                    new Change.AcceptLoss(
                            ID,
                            new Id128(3, 4),
                            9,
                            List.of(new Change.Passed(new Id128(5, 6), new Id128(7, 8), "v")),
                            true,
                            new Change.Audit("me", 10))),
            new ControlRecord.Applied(
                    ID, new Change.AdoptPool(new Id128(3, 4), 1, "main", List.of("/d"), Protection.SINGLE)),
            new ControlRecord.Applied(ID, new Change.AdoptVolume(ID, "v", new Id128(3, 4), 5, 4096)),
            new ControlRecord.Applied(ID, new Change.AdoptSnapshot(ID, 9, "s")),
            new ControlRecord.Applied(ID, new Change.RemoveNode(ID, 3, 5, true)),
            new ControlRecord.NodeStarted(3, ID, "c", "h:1", 4, 5, "rack1"),
            new ControlRecord.Applied(ID, new Change.DrainNode(ID, 3, true)),
            new ControlRecord.Applied(ID, new Change.EndDrain(ID, 3)),
            new ControlRecord.Intended(ID, new Change.AddCopy(ID, new Id128(3, 4), 2)));

    @Test
    void everyRecordReadsBackAsItWasWritten() {
        for (ControlRecord record : ALL) {
            assertEquals(new ControlCodec.Decoded.Found(record), decode(ControlCodec.encode(record)));
        }
    }

    @Test
    void theBytesNeverChange() {
        String id = "00000000000000010000000000000002";
        assertEquals("0101" + id, hex(ALL.get(0)));
        assertEquals("0102000161" + "0000000000000007", hex(ALL.get(1)));
        assertEquals(
                "0104" + id + "02" + id + "000176" + "00000000000000030000000000000004" + "00000005"
                        + "0000000000001000",
                hex(ALL.get(3)));
        assertEquals("0104" + id + "05" + id + "0000000000000009" + "000173", hex(ALL.get(6)));
        assertEquals("0103" + id + "07" + id + "01", hex(ALL.get(8)));
        assertEquals("0105" + id + "0000", hex(ALL.get(10)));
        assertEquals("0106" + id + "0000000000000007", hex(ALL.get(11)));
        assertEquals(
                "0107" + "00000003" + id + "000163" + "000e3132372e302e302e313a38343831" + "0000000000000004"
                        + "0000000000000005",
                hex(ALL.get(12)));
        assertEquals("0108" + id + "00000003" + "0000000000000005" + "01" + "00026e6f", hex(ALL.get(13)));
        assertEquals("0109", hex(ALL.get(14)));
        assertEquals(
                "0104" + id + "0a" + id + "000176" + "02" + "00000000000000030000000000000004"
                        + "00000000000000050000000000000006" + "00000007" + "0000000000001000",
                hex(ALL.get(15)));
        assertEquals("0103" + id + "0b" + id + "00000000000000030000000000000004", hex(ALL.get(16)));
        assertEquals(
                "0104" + id + "14" + id + "00000000000000030000000000000004" + "00000009" + "01" + "00026d65"
                        + "000000000000000a" + "01" + "00000000000000050000000000000006"
                        + "00000000000000070000000000000008" + "000176",
                hex(ALL.get(21)));
        assertEquals(
                "0103" + id + "15" + "00000000000000030000000000000004" + "00000001" + "00046d61696e" + "01"
                        + "00022f64" + "000673696e676c65",
                hex(ALL.get(22)));
        assertEquals(
                "0103" + id + "16" + id + "000176" + "00000000000000030000000000000004" + "00000005"
                        + "0000000000001000",
                hex(ALL.get(23)));
        assertEquals("0103" + id + "17" + id + "0000000000000009" + "000173", hex(ALL.get(24)));
        assertEquals("0103" + id + "0e" + id + "00000003" + "0000000000000005" + "01", hex(ALL.get(25)));
        assertEquals(
                "010c" + "00000003" + id + "000163" + "0003683a31" + "0000000000000004" + "0000000000000005"
                        + "00057261636b31",
                hex(ALL.get(26)));
        assertEquals("0103" + id + "0f" + id + "00000003" + "01", hex(ALL.get(27)));
        assertEquals("0103" + id + "10" + id + "00000003", hex(ALL.get(28)));
        assertEquals("0104" + id + "11" + id + "00000000000000030000000000000004" + "02", hex(ALL.get(29)));
        String set = "02" + "02000000" + "01" + "03000000" + "0100000000000000";
        assertEquals(
                "010a" + "00000007" + "00000003" + "0000000000000005" + "0000000000000009" + "0012" + set,
                hex(ALL.get(17)));
        assertEquals("0104" + id + "0c" + id + "00000000000000030000000000000004", hex(ALL.get(19)));
        assertEquals("0104" + id + "0d" + id + "00000000000000030000000000000004", hex(ALL.get(20)));
        assertEquals("010b" + "00000003" + "0000000000000005" + "0003683a31" + "0003683a32", hex(ALL.get(18)));
        String pool = "00046d61696e" + "02" + "00022f64" + "000165" + "00086d6972726f723a32" + "0000000000010000"
                + "0000000000000000";
        assertEquals("0104" + id + "09" + id + "00000003" + pool, hex(ALL.get(2)));
    }

    @Test
    void aLogThatOneProcessWroteBeforeThereWereSeveralNodesIsReadAsThatOfNodeOne() {
        String id = "00000000000000010000000000000002";
        String pool = "00046d61696e" + "01" + "00022f64" + "000673696e676c65" + "0000000000800000" + "0000000000000000";
        ControlState state = new ControlState();
        List<String> log = List.of(
                "0101" + id,
                "0102000161" + "0000000000000001",
                "0104" + id + "01" + id + pool,
                "0105" + id + "0000",
                "0102000161" + "0000000000000002");
        for (String record : log) {
            assertInstanceOf(
                    ControlCodec.Decoded.Found.class, decode(HexFormat.of().parseHex(record)));
            if (decode(HexFormat.of().parseHex(record)) instanceof ControlCodec.Decoded.Found found) {
                assertTrue(state.apply(found.record()), record);
            }
        }
        NodeInfo node = new NodeInfo(1, new Id128(0, 0), "a", "", 2, "", "", "");
        assertEquals(List.of(node), state.nodes());
        PoolInfo main = new PoolInfo(ID, 1, "main", List.of("/d"), Protection.SINGLE, Life.LIVE);
        assertEquals(List.of(main), state.pools());
        ControlRecord.NodeStarted next = new ControlRecord.NodeStarted(1, new Id128(0, 0), "b", "", 2, 7, "");
        assertTrue(state.apply(next));
        assertEquals(List.of(new NodeInfo(1, new Id128(0, 0), "b", "", 3, "", "", "")), state.nodes());
    }

    @Test
    void cutLongNewerAndRandomBytesAreRefusedOrReadAsARecordThatWritesTheSame() {
        SplittableRandom random = new SplittableRandom(5);
        for (ControlRecord record : ALL) {
            byte[] bytes = ControlCodec.encode(record);
            for (int length = 0; length < bytes.length; length++) {
                assertInstanceOf(ControlCodec.Decoded.Bad.class, decode(java.util.Arrays.copyOf(bytes, length)));
            }
            assertInstanceOf(ControlCodec.Decoded.Bad.class, decode(java.util.Arrays.copyOf(bytes, bytes.length + 1)));
            for (int i = 0; i < 2000; i++) {
                byte[] damaged = bytes.clone();
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
                if (decode(damaged) instanceof ControlCodec.Decoded.Found found) {
                    assertEquals(found, decode(ControlCodec.encode(found.record())));
                }
            }
        }
        byte[] newer = ControlCodec.encode(ALL.get(0));
        newer[0] = 2;
        assertEquals(new ControlCodec.Decoded.Bad("version 2, this program knows 1"), decode(newer));
    }

    private static ControlCodec.Decoded decode(byte[] bytes) {
        return ControlCodec.decode(ByteBuffer.wrap(bytes));
    }

    private static String hex(ControlRecord record) {
        return HexFormat.of().formatHex(ControlCodec.encode(record));
    }
}
