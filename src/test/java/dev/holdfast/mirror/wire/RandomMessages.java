package dev.holdfast.mirror.wire;

import dev.holdfast.mirror.Batch;
import dev.holdfast.mirror.History;
import dev.holdfast.mirror.ImagePiece;
import dev.holdfast.mirror.KeptSnapshots;
import dev.holdfast.mirror.Member;
import dev.holdfast.mirror.Message;
import dev.holdfast.mirror.Position;
import dev.holdfast.store.log.EntryKind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Messages of every kind from one node to another, with everything in them random. */
final class RandomMessages {
    private static final EntryKind[] KINDS = EntryKind.values();

    private final Random random;
    private final int fromNode;
    private final int toNode;

    RandomMessages(long seed, int fromNode, int toNode) {
        this.random = new Random(seed);
        this.fromNode = fromNode;
        this.toNode = toNode;
    }

    static ByteBuffer encode(int shard, Message message) {
        ByteBuffer out = ByteBuffer.allocate(FrameWriter.bytesOf(message));
        new FrameWriter().put(out, shard, message);
        return out.flip().order(ByteOrder.LITTLE_ENDIAN);
    }

    /** What can be said of a message in a way that is equal if it is equal. */
    static String describe(Message message) {
        return message instanceof Message.Block block
                ? block.route() + " " + block.block() + " " + block.checksum() + " "
                        + block.bytes().hashCode()
                : message instanceof Message.Image image
                        ? image.route() + " " + image.base() + " " + image.to() + " " + image.sizeBytes() + " "
                                + image.piece().first() + " " + image.piece().end() + " "
                                + image.piece().runs() + " "
                                + image.piece().bytes().hashCode()
                        : message instanceof Message.Append append ? describe(append) : message.toString();
    }

    private static String describe(Message.Append append) {
        return append.route() + " " + append.previous() + " " + append.shard() + " " + append.logUpTo() + " "
                + append.sentNanos() + " " + append.batch().first() + " " + ListedEntries.of(append.batch());
    }

    Message next() {
        Message.Route route = route();
        return switch (random.nextInt(13)) {
            case 0 -> past(route);
            case 3 -> {
                Position to = new Position(random.nextInt(9), seq());
                yield new Message.Laid(route, to, random.nextLong(1L << 50), random.nextBoolean());
            }
            case 4 -> image(route);
            case 5 -> {
                History history = history().with(2_000_000, 1L << 50);
                long to = (1L << 50) + random.nextInt(9);
                yield new Message.ImageEnd(
                        route, random.nextLong(to), history.at(to), history.newest(Message.ImageEnd.MOST_RUNS), kept());
            }
            case 6 -> new Message.Resign(route);
            case 9 -> new Message.Want(route, random.nextLong(1L << 50), random.nextInt());
            case 10 -> {
                byte[] bytes = new byte[random.nextBoolean() ? ImagePiece.BLOCK_BYTES : 0];
                random.nextBytes(bytes);
                yield new Message.Block(route, random.nextLong(1L << 50), random.nextInt(), ByteBuffer.wrap(bytes));
            }
            case 7 -> new Message.Compare(route, ranges());
            case 8 -> {
                Message.Ranges ranges = ranges();
                List<Message.Digest> digests = new ArrayList<>();
                for (int i = random.nextInt(ranges.units() + 1); i > 0; i--) {
                    digests.add(new Message.Digest(random.nextLong(), random.nextInt(ranges.unitBlocks() + 1)));
                }
                yield new Message.Digests(
                        route, ranges, new Position(random.nextInt(9), seq()), random.nextLong(1L << 50), digests);
            }
            case 1 -> {
                long fork = seq();
                yield new Message.Rewind(route, new Position(random.nextInt(9), fork + 1 + random.nextInt(5)), fork);
            }
            case 2 -> {
                long held = seq();
                yield new Message.Have(
                        route, held, random.nextLong(held + 1), random.nextLong(held + 1), random.nextLong());
            }
            default -> append(random.nextInt(4) == 0 ? 0 : 1 + random.nextInt(6), 5000);
        };
    }

    private Message past(Message.Route route) {
        long held = seq();
        return new Message.Past(
                route, history(), held, random.nextLong(held + 1), new Position(random.nextInt(9), seq()));
    }

    private Message.Ranges ranges() {
        return new Message.Ranges(
                1 + random.nextLong(1L << 60),
                random.nextLong(1L << 50),
                1 + random.nextInt(Message.Ranges.MOST_UNIT_BLOCKS),
                1 + random.nextInt(Message.Ranges.MOST_UNITS),
                random.nextBoolean());
    }

    Message.Append append(int count, int mostPayloadBytes) {
        Message.Route route = route();
        Position previous = new Position(random.nextInt(Math.min(route.epoch(), 1000)), seq());
        Message.Shard shard = new Message.Shard(seq(), seq(), seq());
        return new Message.Append(
                route,
                previous,
                batch(route.epoch(), previous, count, mostPayloadBytes),
                shard,
                seq(),
                random.nextLong());
    }

    private Message image(Message.Route route) {
        List<ImagePiece.Run> runs = new ArrayList<>();
        long first = random.nextBoolean() ? 0 : random.nextLong(1L << 40);
        long at = first;
        int withBytes = 0;
        for (int i = random.nextInt(6); i > 0; i--) {
            ImagePiece.Kind kind = ImagePiece.Kind.values()[random.nextInt(3)];
            boolean bytes = kind == ImagePiece.Kind.BYTES;
            ImagePiece.Run run =
                    new ImagePiece.Run(kind, at + random.nextInt(3), 1 + random.nextLong(bytes ? 3 : 1L << 40));
            withBytes += bytes ? (int) run.blocks() : 0;
            runs.add(run);
            at = run.first() + run.blocks();
        }
        byte[] bytes = new byte[withBytes * ImagePiece.BLOCK_BYTES];
        random.nextBytes(bytes);
        long end = at + random.nextInt(5);
        ImagePiece piece = new ImagePiece(first, end, runs, ByteBuffer.wrap(bytes));
        long base = seq();
        Position to = new Position(1 + random.nextInt(9), base + 1 + random.nextInt(9));
        return new Message.Image(route, base, to, end * ImagePiece.BLOCK_BYTES, piece);
    }

    private Message.Route route() {
        return new Message.Route(
                new Member(fromNode, 1 + random.nextLong(Long.MAX_VALUE)),
                new Member(toNode, 1 + random.nextInt(9)),
                random.nextInt(4) == 0 ? 1 + random.nextInt(Integer.MAX_VALUE) : 1 + random.nextInt(20));
    }

    private long seq() {
        return random.nextInt(3) == 0 ? random.nextInt(10) : random.nextLong(1L << 61);
    }

    private History history() {
        List<History.Run> runs = new ArrayList<>();
        int epoch = 0;
        long first = 0;
        for (int i = random.nextInt(20); i > 0; i--) {
            epoch += 1 + random.nextInt(1000);
            first += 1 + random.nextLong(1L << 40);
            runs.add(new History.Run(epoch, first));
        }
        return new History(runs);
    }

    private Batch batch(int newest, Position previous, int count, int mostPayloadBytes) {
        if (count == 0) {
            return Batch.none(previous.seq());
        }
        List<ListedEntries.One> list = new ArrayList<>();
        int epoch = Math.max(1, previous.epoch());
        for (int i = 0; i < count; i++) {
            epoch += random.nextInt(3) == 0 ? random.nextInt(newest - epoch + 1) : 0;
            list.add(entry(epoch, mostPayloadBytes));
        }
        return new ListedEntries(previous.seq() + 1, list);
    }

    private ListedEntries.One entry(int epoch, int mostPayloadBytes) {
        EntryKind kind = random.nextBoolean() ? EntryKind.WRITE : KINDS[random.nextInt(KINDS.length - 1)];
        boolean write = kind == EntryKind.WRITE;
        byte[] payload = new byte
                [write
                        ? 1 + random.nextInt(mostPayloadBytes)
                        : random.nextBoolean() ? 0 : random.nextInt(Math.min(mostPayloadBytes, 4096))];
        random.nextBytes(payload);
        long offset = random.nextLong(1L << 60);
        long length = write ? payload.length : random.nextLong(1L << 60);
        return ListedEntries.One.of(epoch, kind, random.nextInt(4), offset, length, payload);
    }

    private KeptSnapshots kept() {
        List<Long> ids = new ArrayList<>();
        for (long id = 1 + random.nextInt(5); ids.size() < 20 && random.nextInt(5) > 0; id += 1 + random.nextInt(9)) {
            ids.add(id);
        }
        boolean made = !ids.isEmpty() && random.nextBoolean();
        return new KeptSnapshots(ids, made ? ids.getLast() : 0, made ? "s\u00e4" + ids.size() : "");
    }
}
