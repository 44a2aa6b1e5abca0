package dev.holdfast.cluster.control;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;
import dev.holdfast.device.Protection;
import dev.holdfast.mirror.DecisionCodec;
import dev.holdfast.mirror.ReplicaSet;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Records of the control log as bytes. It knows no state; checksums are the log's. All numbers big endian.
 *
 * <pre>
 * record    1 version (1), 1 kind, then by kind:
 *   1 cluster created    id
 *   2 member started     text name, 8 incarnation (not written any more)
 *   3 applied            id operation, change
 *   4 intended           id operation, change
 *   5 ended              id operation, text failure (empty: done) (not written any more)
 *   6 pool went on       id pool, 8 generation
 *   7 node started       4 number, id, text name, text address, 8 after, 8 nonce
 *   8 ended by           id operation, 4 node, 8 incarnation, 1 undo (0 or 1), text failure (empty: done)
 *   9 asked
 *  10 decided            4 shard, 4 node, 8 incarnation, 8 number, 2 length, a decision as DecisionCodec has it
 *  11 node reachable     4 node, 8 incarnation, text links, text disks
 *  12 node started in    as 7, then text domain; 7 if a start says none
 * change    1 kind, then by kind:
 *   1 create pool        as 9 without the node, which is 1 (not written any more)
 *   2 create volume      id, text name, id pool, 4 shard, 8 size
 *   3 resize volume      id, 8 size
 *   4 delete volume      id
 *   5 create snapshot    id volume, 8 number, text name
 *   6 delete snapshot    id volume, 8 number
 *   7 add export         id volume, 1 protocol
 *   8 remove export      id volume, 1 protocol
 *   9 create pool        id, 4 node, text name, 1 count, count x text path, text protection, 8 log bytes,
 *                        8 create bytes
 *  10 create mirrored    id, text name, 1 count (2 to 4), count x id pool, 4 shard, 8 size
 *  11 remove copy        id volume, id pool
 *  12 add copy           id volume, id pool
 *  13 leave copy         id volume, id pool
 *  14 remove node        id, 4 number, 8 incarnation, 1 loses volumes (0 or 1)
 *  15 drain node         id, 4 number, 1 same domain (0 or 1)
 *  16 end drain          id, 4 number
 *  17 add copy among     id volume, id pool, 1 copies (1 to 3); 12 if it says none
 *  20 accept loss        id volume, id pool, 4 epoch, 1 even if reached (0 or 1), text who, 8 at milliseconds,
 *                        1 count (0 to 3), count x id pool, id volume, text name
 *  21 adopt pool         id, 4 node, text name, 1 count, count x text path, text protection
 *  22 adopt volume       id, text name, id pool, 4 shard, 8 size
 *  23 adopt snapshot     id volume, 8 number, text name
 * id        8 high, 8 low        text  2 length, bytes of UTF-8
 * </pre>
 *
 * Nothing may follow.
 */
final class ControlCodec {
    static final int VERSION = 1;

    private static final int MOST_BYTES = 16 << 10;
    private static final int MOST_TEXT = 4096;

    private ControlCodec() {}

    /** What bytes say. */
    sealed interface Decoded {
        /** A record. */
        record Found(ControlRecord record) implements Decoded {}

        /** None; one line for people. */
        record Bad(String why) implements Decoded {}
    }

    static byte[] encode(ControlRecord record) {
        ByteBuffer out = ByteBuffer.allocate(MOST_BYTES).put((byte) VERSION);
        switch (record) {
            case ControlRecord.ClusterCreated r -> id(out.put((byte) 1), r.cluster());
            case ControlRecord.MemberStarted r ->
                text(out.put((byte) 2), r.name()).putLong(r.incarnation());
            case ControlRecord.Applied r -> change(id(out.put((byte) 3), r.operation()), r.change());
            case ControlRecord.Intended r -> change(id(out.put((byte) 4), r.operation()), r.change());
            case ControlRecord.PoolWentOn r -> id(out.put((byte) 6), r.pool()).putLong(r.generation());
            case ControlRecord.NodeStarted r -> started(out, r);
            case ControlRecord.Ended r -> ended(out, r);
            case ControlRecord.Asked r -> out.put((byte) 9);
            case ControlRecord.Decided r -> decided(out.put((byte) 10), r);
            case ControlRecord.NodeReachable r -> {
                process(out.put((byte) 11), r.by());
                text(text(out, r.links()), r.disks());
            }
        }
        Checks.that(out.position() >= 2, "a record says something", out.position());
        byte[] bytes = new byte[out.position()];
        out.get(0, bytes);
        return bytes;
    }

    private static void started(ByteBuffer out, ControlRecord.NodeStarted r) {
        Checks.that(r.node() > 0 && r.after() >= 0, "nodes and their starts are counted", r.node(), r.after());
        out.put((byte) (r.domain().isEmpty() ? 7 : 12));
        text(text(id(out.putInt(r.node()), r.id()), r.name()), r.address())
                .putLong(r.after())
                .putLong(r.nonce());
        if (!r.domain().isEmpty()) {
            text(out, r.domain());
        }
    }

    private static void ended(ByteBuffer out, ControlRecord.Ended r) {
        if (r.by().node() == 0) {
            text(id(out.put((byte) 5), r.operation()), shortened(r.failure()));
        } else {
            id(out.put((byte) 8), r.operation())
                    .putInt(r.by().node())
                    .putLong(r.by().incarnation())
                    .put((byte) (r.by().undo() ? 1 : 0));
            text(out, shortened(r.failure()));
        }
    }

    private static void decided(ByteBuffer out, ControlRecord.Decided r) {
        byte[] decision = DecisionCodec.encode(r.decision());
        Checks.that(r.shard() > 0 && decision.length <= MOST_TEXT, "a decision is about a shard", r.shard());
        process(out.putInt(r.shard()), r.by())
                .putLong(r.number())
                .putShort((short) decision.length)
                .put(decision);
    }

    private static ByteBuffer process(ByteBuffer out, ControlRecord.Process process) {
        Checks.that(process.node() > 0 && process.incarnation() > 0, "a process is a start of a node", process.node());
        return out.putInt(process.node()).putLong(process.incarnation());
    }

    private static void change(ByteBuffer out, Change change) {
        switch (change) {
            case Change.CreatePool c -> {
                Checks.that(c.paths().size() <= Protection.MIRROR_LIMIT, "a pool has few disks");
                text(id(out.put((byte) 9), c.pool()).putInt(c.node()), c.name())
                        .put((byte) c.paths().size());
                c.paths().forEach(path -> text(out, path));
                text(out, c.protection().toString()).putLong(c.logBytes()).putLong(c.createBytes());
            }
            case Change.CreateVolume c -> {
                text(id(out.put((byte) 2), c.volume()), c.name());
                id(out, c.pool()).putInt(c.shard()).putLong(c.sizeBytes());
            }
            case Change.CreateMirrored c -> {
                Checks.that(c.pools().size() > 1 && c.pools().size() <= ReplicaSet.MOST, "a mirror has few copies");
                text(id(out.put((byte) 10), c.volume()), c.name())
                        .put((byte) c.pools().size());
                c.pools().forEach(pool -> id(out, pool));
                out.putInt(c.shard()).putLong(c.sizeBytes());
            }
            case Change.AddCopy c -> addCopy(out, c);
            case Change.RemoveCopy c -> id(id(out.put((byte) 11), c.volume()), c.pool());
            case Change.LeaveCopy c -> id(id(out.put((byte) 13), c.volume()), c.pool());
            case Change.RemoveNode c -> {
                Checks.that(c.node() > 0 && c.incarnation() > 0, "who goes has started once", c.node());
                id(out.put((byte) 14), c.id())
                        .putInt(c.node())
                        .putLong(c.incarnation())
                        .put((byte) (c.losesVolumes() ? 1 : 0));
            }
            case Change.DrainNode c -> {
                Checks.that(c.node() > 0, "nodes are counted from 1", c.node());
                id(out.put((byte) 15), c.id()).putInt(c.node()).put((byte) (c.sameDomain() ? 1 : 0));
            }
            case Change.EndDrain c -> id(out.put((byte) 16), c.id()).putInt(c.node());
            case Change.AcceptLoss c -> {
                Checks.that(c.passed().size() < ReplicaSet.MOST, "a mirror has few copies");
                id(id(out.put((byte) 20), c.volume()), c.pool()).putInt(c.epoch());
                text(out.put((byte) (c.evenIfReached() ? 1 : 0)), c.by().who()).putLong(c.by().atMillis());
                out.put((byte) c.passed().size());
                c.passed().forEach(one -> text(id(id(out, one.pool()), one.volume()), one.name()));
            }
            case Change.AdoptPool c -> {
                Checks.that(c.paths().size() <= Protection.MIRROR_LIMIT, "a pool has few disks");
                text(id(out.put((byte) 21), c.pool()).putInt(c.node()), c.name())
                        .put((byte) c.paths().size());
                c.paths().forEach(path -> text(out, path));
                text(out, c.protection().toString());
            }
            case Change.AdoptVolume c -> {
                text(id(out.put((byte) 22), c.volume()), c.name());
                id(out, c.pool()).putInt(c.shard()).putLong(c.sizeBytes());
            }
            case Change.AdoptSnapshot c ->
                text(id(out.put((byte) 23), c.volume()).putLong(c.snapshot()), c.name());
            case Change.ResizeVolume c -> id(out.put((byte) 3), c.volume()).putLong(c.sizeBytes());
            case Change.DeleteVolume c -> id(out.put((byte) 4), c.volume());
            case Change.CreateSnapshot c ->
                text(id(out.put((byte) 5), c.volume()).putLong(c.snapshot()), c.name());
            case Change.DeleteSnapshot c -> id(out.put((byte) 6), c.volume()).putLong(c.snapshot());
            case Change.AddExport c ->
                id(out.put((byte) 7), c.volume()).put((byte) c.protocol().code());
            case Change.RemoveExport c ->
                id(out.put((byte) 8), c.volume()).put((byte) c.protocol().code());
        }
    }

    private static void addCopy(ByteBuffer out, Change.AddCopy c) {
        Checks.that(c.among() >= 0 && c.among() < ReplicaSet.MOST, "one more copy is not too many", c.among());
        id(id(out.put((byte) (c.among() == 0 ? 12 : 17)), c.volume()), c.pool());
        if (c.among() != 0) {
            out.put((byte) c.among());
        }
    }

    private static ByteBuffer id(ByteBuffer out, Id128 id) {
        return out.putLong(id.high()).putLong(id.low());
    }

    private static ByteBuffer text(ByteBuffer out, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        Checks.that(bytes.length <= MOST_TEXT, "a text in a record is short", bytes.length);
        return out.putShort((short) bytes.length).put(bytes);
    }

    private static String shortened(String text) {
        return text.length() <= MOST_TEXT / 4 ? text : text.substring(0, MOST_TEXT / 4);
    }

    /** Reads what is between position and limit. */
    static Decoded decode(ByteBuffer in) {
        try {
            int version = in.get();
            if (version != VERSION) {
                return new Decoded.Bad("version " + version + ", this program knows " + VERSION);
            }
            Optional<ControlRecord> record = record(in);
            if (record.isEmpty()) {
                return new Decoded.Bad("it says what no record says");
            }
            return in.hasRemaining()
                    ? new Decoded.Bad("it is " + in.remaining() + " bytes too long")
                    : new Decoded.Found(record.get());
        } catch (BufferUnderflowException cut) {
            return new Decoded.Bad("it is too short");
        } catch (CharacterCodingException noText) {
            return new Decoded.Bad("a text in it is no UTF-8");
        }
    }

    private static Optional<ControlRecord> record(ByteBuffer in) throws CharacterCodingException {
        int kind = in.get();
        switch (kind) {
            case 1 -> {
                return Optional.of(new ControlRecord.ClusterCreated(id(in)));
            }
            case 2 -> {
                return Optional.of(new ControlRecord.MemberStarted(text(in), in.getLong()));
            }
            case 3, 4 -> {
                Id128 operation = id(in);
                return change(in)
                        .filter(change -> change.isImmediate() == (kind == 3))
                        .map(change -> kind == 3
                                ? new ControlRecord.Applied(operation, change)
                                : new ControlRecord.Intended(operation, change));
            }
            case 5 -> {
                return Optional.of(new ControlRecord.Ended(id(in), ControlRecord.By.ALONE, text(in)));
            }
            case 6 -> {
                ControlRecord.PoolWentOn wentOn = new ControlRecord.PoolWentOn(id(in), in.getLong());
                return wentOn.generation() > 0 ? Optional.of(wentOn) : Optional.empty();
            }
            case 7, 12 -> {
                return started(in, kind == 12);
            }
            case 8 -> {
                return ended(in);
            }
            case 9 -> {
                return Optional.of(new ControlRecord.Asked());
            }
            case 10 -> {
                return decided(in);
            }
            case 11 -> {
                ControlRecord.Process by = process(in);
                ControlRecord.NodeReachable reachable = new ControlRecord.NodeReachable(by, text(in), text(in));
                return isProcess(by) ? Optional.of(reachable) : Optional.empty();
            }
            default -> {
                return Optional.empty();
            }
        }
    }

    private static Optional<ControlRecord> started(ByteBuffer in, boolean saysDomain) throws CharacterCodingException {
        int node = in.getInt();
        ControlRecord.NodeStarted started = new ControlRecord.NodeStarted(
                node, id(in), text(in), text(in), in.getLong(), in.getLong(), saysDomain ? text(in) : "");
        boolean isValid = node > 0 && started.after() >= 0 && started.domain().isEmpty() != saysDomain;
        return isValid ? Optional.of(started) : Optional.empty();
    }

    private static Optional<ControlRecord> decided(ByteBuffer in) {
        int shard = in.getInt();
        ControlRecord.Process by = process(in);
        long number = in.getLong();
        ByteBuffer bytes = part(in);
        boolean isValid = shard > 0 && isProcess(by);
        return DecisionCodec.decode(bytes)
                .filter(decision -> isValid && DecisionCodec.encode(decision).length == bytes.remaining())
                .map(decision -> new ControlRecord.Decided(shard, by, number, decision));
    }

    private static ControlRecord.Process process(ByteBuffer in) {
        return new ControlRecord.Process(in.getInt(), in.getLong());
    }

    private static boolean isProcess(ControlRecord.Process process) {
        return process.node() > 0 && process.incarnation() > 0;
    }

    private static Optional<ControlRecord> ended(ByteBuffer in) throws CharacterCodingException {
        Id128 operation = id(in);
        int node = in.getInt();
        long incarnation = in.getLong();
        int undo = in.get();
        ControlRecord.Ended ended =
                new ControlRecord.Ended(operation, new ControlRecord.By(node, incarnation, undo == 1), text(in));
        return node > 0 && incarnation > 0 && (undo == 0 || undo == 1) ? Optional.of(ended) : Optional.empty();
    }

    private static Optional<Change> change(ByteBuffer in) throws CharacterCodingException {
        int kind = in.get();
        Id128 id = id(in);
        return switch (kind) {
            case 1 -> createPool(in, id, 1);
            case 2 -> Optional.of(new Change.CreateVolume(id, text(in), id(in), in.getInt(), in.getLong()));
            case 3 -> Optional.of(new Change.ResizeVolume(id, in.getLong()));
            case 4 -> Optional.of(new Change.DeleteVolume(id));
            case 5 -> {
                long number = in.getLong();
                yield Optional.of(new Change.CreateSnapshot(id, number, text(in)));
            }
            case 6 -> Optional.of(new Change.DeleteSnapshot(id, in.getLong()));
            case 7 -> Protocol.ofCode(in.get()).map(protocol -> new Change.AddExport(id, protocol));
            case 8 -> Protocol.ofCode(in.get()).map(protocol -> new Change.RemoveExport(id, protocol));
            case 9 -> createPool(in, id, in.getInt());
            case 10 -> createMirrored(in, id);
            case 11 -> Optional.of(new Change.RemoveCopy(id, id(in)));
            case 12 -> Optional.of(new Change.AddCopy(id, id(in), 0));
            case 13 -> Optional.of(new Change.LeaveCopy(id, id(in)));
            case 14 -> removeNode(in, id);
            case 15 -> drain(in, id);
            case 16 -> Optional.of(new Change.EndDrain(id, in.getInt()));
            case 17 -> addCopyAmong(in, id);
            case 20 -> acceptLoss(in, id);
            case 21 -> adoptPool(in, id);
            case 22 -> Optional.of(new Change.AdoptVolume(id, text(in), id(in), in.getInt(), in.getLong()));
            case 23 -> {
                long number = in.getLong();
                yield Optional.of(new Change.AdoptSnapshot(id, number, text(in)));
            }
            default -> Optional.empty();
        };
    }

    private static Optional<Change> adoptPool(ByteBuffer in, Id128 id) throws CharacterCodingException {
        int node = in.getInt();
        String name = text(in);
        int count = in.get();
        List<String> paths = new ArrayList<>();
        for (int i = 0; i < Math.min(count, Protection.MIRROR_LIMIT); i++) {
            paths.add(text(in));
        }
        Optional<Protection> protection = Protection.parse(text(in));
        return node > 0 && count == paths.size()
                ? protection.map(how -> new Change.AdoptPool(id, node, name, paths, how))
                : Optional.empty();
    }

    private static Optional<Change> removeNode(ByteBuffer in, Id128 id) {
        int node = in.getInt();
        long incarnation = in.getLong();
        int loses = in.get();
        return node > 0 && incarnation > 0 && (loses == 0 || loses == 1)
                ? Optional.of(new Change.RemoveNode(id, node, incarnation, loses == 1))
                : Optional.empty();
    }

    private static Optional<Change> drain(ByteBuffer in, Id128 id) {
        int node = in.getInt();
        int same = in.get();
        return node > 0 && (same == 0 || same == 1)
                ? Optional.of(new Change.DrainNode(id, node, same == 1))
                : Optional.empty();
    }

    private static Optional<Change> addCopyAmong(ByteBuffer in, Id128 id) {
        Id128 pool = id(in);
        int among = in.get();
        return among > 0 && among < ReplicaSet.MOST
                ? Optional.of(new Change.AddCopy(id, pool, among))
                : Optional.empty();
    }

    private static Optional<Change> acceptLoss(ByteBuffer in, Id128 id) throws CharacterCodingException {
        Id128 pool = id(in);
        int epoch = in.getInt();
        int reached = in.get();
        Change.Audit by = new Change.Audit(text(in), in.getLong());
        int count = in.get();
        List<Change.Passed> passed = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            passed.add(new Change.Passed(id(in), id(in), text(in)));
        }
        return epoch > 0 && (reached == 0 || reached == 1) && count >= 0 && count < ReplicaSet.MOST
                ? Optional.of(new Change.AcceptLoss(id, pool, epoch, passed, reached == 1, by))
                : Optional.empty();
    }

    private static Optional<Change> createMirrored(ByteBuffer in, Id128 id) throws CharacterCodingException {
        String name = text(in);
        int count = in.get();
        if (count < 2 || count > ReplicaSet.MOST) {
            return Optional.empty();
        }
        List<Id128> pools = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            pools.add(id(in));
        }
        return Optional.of(new Change.CreateMirrored(id, name, List.copyOf(pools), in.getInt(), in.getLong()));
    }

    private static Optional<Change> createPool(ByteBuffer in, Id128 id, int node) throws CharacterCodingException {
        String name = text(in);
        List<String> paths = new ArrayList<>();
        for (int left = in.get() & 0xFF; left > 0; left--) {
            paths.add(text(in));
        }
        Optional<Protection> protection = Protection.parse(text(in));
        long logBytes = in.getLong();
        long createBytes = in.getLong();
        return protection
                .filter(found -> node > 0)
                .map(found -> new Change.CreatePool(id, node, name, List.copyOf(paths), found, logBytes, createBytes));
    }

    private static Id128 id(ByteBuffer in) {
        return new Id128(in.getLong(), in.getLong());
    }

    private static String text(ByteBuffer in) throws CharacterCodingException {
        return StandardCharsets.UTF_8.newDecoder().decode(part(in)).toString();
    }

    /** 2 length, then as many bytes. */
    private static ByteBuffer part(ByteBuffer in) {
        int length = in.getShort() & 0xFFFF;
        if (length > in.remaining()) {
            throw new BufferUnderflowException();
        }
        ByteBuffer part = in.slice(in.position(), length);
        in.position(in.position() + length);
        return part;
    }
}
