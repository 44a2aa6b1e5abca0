package dev.holdfast.store.twin;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Crc32c;
import dev.holdfast.base.Id128;
import dev.holdfast.io.Connection;
import dev.holdfast.store.root.Root;
import dev.holdfast.store.root.RootIdentity;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * The bytes of what a pool and its twin say to each other; the table is in pool-mirror.md. It decides nothing.
 *
 * <pre>
 *   0 4 length of what follows the header     4 1 kind     5 3 zero     8 ... by kind, big endian
 * </pre>
 */
final class TwinFrames {
    static final int BLOCK_BYTES = 4096;

    /** The most blocks of a frame. */
    static final int MOST_BLOCKS = 64;

    /** Refused: another pool. */
    static final long OTHER_POOL = 1;

    /** Refused: another number of blocks, or another length of the log region. */
    static final long OTHER_SHAPE = 2;

    /** Refused: the twin was promoted, or follows somebody newer. */
    static final long OLDER_REIGN = 3;

    /** Refused: the twin's devices take no changes. */
    static final long NOT_WORKING = 4;

    /** Refused: a message at the wrong time, or a block with the wrong checksum. */
    static final long BREACH = 5;

    /** Refused by the source: it holds copies of mirrored volumes. */
    static final long HAS_MIRRORED = 6;

    private static final long MAGIC = 0x48465457494E3031L;
    private static final int HEADER = 8;
    private static final int SUMS = 16;

    private static final int HELLO = 1;
    private static final int STATE = 2;
    private static final int WITHDRAW = 3;
    private static final int BEGIN = 4;
    private static final int BLOCKS = 5;
    private static final int FLUSH = 6;
    private static final int FLUSHED = 7;
    private static final int ROOT = 8;
    private static final int ROOTED = 9;
    private static final int REFUSED = 10;
    private static final int PING = 11;
    private static final int PONG = 12;
    private static final int WANTED = 13;
    private static final int GRANT = 14;
    private static final int PROMOTED = 15;
    private static final int LOG = 16;
    private static final int LOGGED = 17;
    private static final int KINDS = 18;

    /** Length by kind; that of BLOCKS and LOG follows from its count. */
    private static final int[] LENGTHS = {-1, 48, 56, 24, 8, -1, 8, 8, Root.BYTES, 24, 8, 0, 0, 0, 32, 8, -1, 8};

    private TwinFrames() {}

    /** What a reason means. */
    static String words(long reason) {
        return switch ((int) reason) {
            case (int) OTHER_POOL -> "it was made for another pool";
            case (int) OTHER_SHAPE -> "its devices have another size";
            case (int) OLDER_REIGN -> "it was promoted: this side is the older one";
            case (int) NOT_WORKING -> "its devices take no changes";
            case (int) HAS_MIRRORED -> "it holds copies of mirrored volumes, which can't be handed over";
            default -> "it did not understand what it was told";
        };
    }

    /** Sends any message but blocks. */
    static void send(Connection to, TwinFrame frame) {
        switch (frame) {
            case TwinFrame.Hello hello -> {
                ByteBuffer out = frame(to, HELLO, LENGTHS[HELLO]);
                out.putLong(MAGIC)
                        .putLong(hello.pool().high())
                        .putLong(hello.pool().low());
                out.putLong(hello.reign()).putLong(hello.dataBlocks()).putLong(hello.logBytes());
            }
            case TwinFrame.State has -> {
                ByteBuffer out = frame(to, STATE, LENGTHS[STATE]);
                out.putLong((has.has().isRoot() ? 1 : 0) | (has.before().isRoot() ? 2 : 0));
                put(out, has.has());
                put(out, has.before());
            }
            case TwinFrame.Withdraw withdraw -> put(frame(to, WITHDRAW, LENGTHS[WITHDRAW]), withdraw.root());
            case TwinFrame.Begin begin -> number(to, BEGIN, begin.cp());
            case TwinFrame.Flush flush -> number(to, FLUSH, flush.cp());
            case TwinFrame.Flushed flushed -> number(to, FLUSHED, flushed.cp());
            case TwinFrame.TheRoot root -> {
                ByteBuffer block = ByteBuffer.allocate(Root.BYTES).order(ByteOrder.LITTLE_ENDIAN);
                root.root().encode(block);
                frame(to, ROOT, Root.BYTES).put(block);
            }
            case TwinFrame.Rooted rooted -> put(frame(to, ROOTED, LENGTHS[ROOTED]), rooted.root());
            case TwinFrame.Refused refused -> number(to, REFUSED, refused.reason());
            case TwinFrame.Ping ping -> frame(to, PING, 0);
            case TwinFrame.Pong pong -> frame(to, PONG, 0);
            case TwinFrame.Wanted wanted -> frame(to, WANTED, 0);
            case TwinFrame.Grant grant -> put(frame(to, GRANT, LENGTHS[GRANT]).putLong(grant.reign()), grant.last());
            case TwinFrame.Promoted promoted -> number(to, PROMOTED, promoted.reign());
            case TwinFrame.Logged logged -> number(to, LOGGED, logged.position());
            case TwinFrame.Blocks blocks -> throw Checks.unreachable("blocks are sent from where they lie");
            case TwinFrame.Log log -> throw Checks.unreachable("so is the log");
            case TwinFrame.Malformed malformed -> throw Checks.unreachable("nobody sends it");
        }
    }

    /** Sends blocks from the bytes between position and limit, which stay where they are; copies each once. */
    static void blocks(Connection to, long address, ByteBuffer blocks, Crc32c crc) {
        int count = blocks.remaining() / BLOCK_BYTES;
        Checks.that(count > 0 && blocks.remaining() % BLOCK_BYTES == 0, "whole blocks", blocks.remaining());
        for (int first = 0; first < count; first += MOST_BLOCKS) {
            int some = Math.min(MOST_BLOCKS, count - first);
            int from = blocks.position() + first * BLOCK_BYTES;
            ByteBuffer out = frame(to, BLOCKS, blocksLength(some));
            out.putLong(address + first).putInt(some).putInt(0);
            for (int i = 0; i < some + (some & 1); i++) {
                out.putInt(i < some ? crc.ofBlock(blocks, from + i * BLOCK_BYTES) : 0);
            }
            out.put(out.position(), blocks, from, some * BLOCK_BYTES);
            out.position(out.position() + some * BLOCK_BYTES);
        }
    }

    /**
     * Sends bytes of the log: the first {@code count} of {@code parts}, whole blocks each, one after another from
     * {@code position} on; copies each once.
     */
    static void log(Connection to, long position, ByteBuffer[] parts, int count, Crc32c crc) {
        int left = 0;
        for (int i = 0; i < count; i++) {
            Checks.that(parts[i].remaining() % BLOCK_BYTES == 0, "whole blocks", parts[i].remaining());
            left += parts[i].remaining() / BLOCK_BYTES;
        }
        int part = 0;
        int from = parts[0].position();
        for (long at = position; left > 0; ) {
            int some = Math.min(MOST_BLOCKS, left);
            ByteBuffer out = frame(to, LOG, blocksLength(some));
            int sums = out.position() + SUMS;
            out.putLong(at).putInt(some).putInt(0);
            out.position(sums + (some + (some & 1)) * Integer.BYTES);
            for (int i = 0; i < some; i++) {
                while (from == parts[part].limit()) {
                    from = parts[++part].position();
                }
                out.putInt(sums + i * Integer.BYTES, crc.ofBlock(parts[part], from));
                out.put(out.position(), parts[part], from, BLOCK_BYTES);
                out.position(out.position() + BLOCK_BYTES);
                from += BLOCK_BYTES;
            }
            if ((some & 1) != 0) {
                out.putInt(sums + some * Integer.BYTES, 0);
            }
            at += (long) some * BLOCK_BYTES;
            left -= some;
        }
    }

    /** Takes the next message; nothing and the position as it was if it has not wholly arrived. Any bytes. */
    static Optional<TwinFrame> read(ByteBuffer in) {
        if (in.remaining() < HEADER) {
            return Optional.empty();
        }
        int at = in.position();
        Checks.that(in.order() == ByteOrder.BIG_ENDIAN, "messages are big endian");
        int length = in.getInt(at);
        int word = in.getInt(at + 4);
        int kind = word >>> 24;
        boolean known = kind > 0 && kind < KINDS && (word & 0xFF_FFFF) == 0;
        boolean fits = known && (LENGTHS[kind] < 0 ? isBlocksLength(length) : length == LENGTHS[kind]);
        if (!fits) {
            return Optional.of(new TwinFrame.Malformed("no message of kind " + kind + " is " + length + " bytes long"));
        }
        if (in.remaining() < HEADER + length) {
            return Optional.empty();
        }
        in.position(at + HEADER + length);
        return Optional.of(body(kind, in, at + HEADER, length));
    }

    private static TwinFrame body(int kind, ByteBuffer in, int at, int length) {
        return switch (kind) {
            case HELLO ->
                in.getLong(at) != MAGIC
                        ? new TwinFrame.Malformed("no pool speaks")
                        : new TwinFrame.Hello(
                                new Id128(in.getLong(at + 8), in.getLong(at + 16)),
                                in.getLong(at + 24),
                                in.getLong(at + 32),
                                in.getLong(at + 40));
            case STATE -> {
                long flags = in.getLong(at);
                yield new TwinFrame.State(
                        (flags & 1) == 0 ? RootIdentity.NONE : RootIdentity.read(in, at + 8),
                        (flags & 2) == 0 ? RootIdentity.NONE : RootIdentity.read(in, at + 32));
            }
            case WITHDRAW -> new TwinFrame.Withdraw(RootIdentity.read(in, at));
            case BEGIN -> new TwinFrame.Begin(in.getLong(at));
            case BLOCKS, LOG -> blocks(kind, in, at, length);
            case FLUSH -> new TwinFrame.Flush(in.getLong(at));
            case FLUSHED -> new TwinFrame.Flushed(in.getLong(at));
            case ROOT -> root(in, at);
            case ROOTED -> new TwinFrame.Rooted(RootIdentity.read(in, at));
            case REFUSED -> new TwinFrame.Refused(in.getLong(at));
            case PING -> new TwinFrame.Ping();
            case PONG -> new TwinFrame.Pong();
            case WANTED -> new TwinFrame.Wanted();
            case GRANT -> new TwinFrame.Grant(in.getLong(at), RootIdentity.read(in, at + Long.BYTES));
            case PROMOTED -> new TwinFrame.Promoted(in.getLong(at));
            case LOGGED -> new TwinFrame.Logged(in.getLong(at));
            default -> throw Checks.unreachable("the kind was checked");
        };
    }

    private static TwinFrame blocks(int kind, ByteBuffer in, int at, int length) {
        int count = in.getInt(at + 8);
        boolean fits = count > 0 && count <= MOST_BLOCKS && length == blocksLength(count);
        if (!fits) {
            return new TwinFrame.Malformed(count + " blocks in " + length + " bytes");
        }
        int bytesAt = at + length - count * BLOCK_BYTES;
        return kind == LOG
                ? new TwinFrame.Log(in.getLong(at), count, in, at + SUMS, bytesAt)
                : new TwinFrame.Blocks(in.getLong(at), count, in, at + SUMS, bytesAt);
    }

    private static TwinFrame root(ByteBuffer in, int at) {
        Optional<Root> root = Root.decode(in, at);
        return root.isPresent() ? new TwinFrame.TheRoot(root.get()) : new TwinFrame.Malformed("a root that is none");
    }

    private static int blocksLength(int count) {
        Checks.that(count > 0 && count <= MOST_BLOCKS, "blocks of one message", count);
        return SUMS + (count + (count & 1)) * Integer.BYTES + count * BLOCK_BYTES;
    }

    private static boolean isBlocksLength(int length) {
        return length >= blocksLength(1) && length <= blocksLength(MOST_BLOCKS);
    }

    private static ByteBuffer frame(Connection to, int kind, int length) {
        Checks.that(kind > 0 && kind < KINDS && length >= 0, "a kind of message", kind, length);
        return to.reserve(HEADER + length).putInt(length).putInt(kind << 24);
    }

    private static void number(Connection to, int kind, long value) {
        frame(to, kind, Long.BYTES).putLong(value);
    }

    private static void put(ByteBuffer out, RootIdentity root) {
        root.write(out, out.position());
        out.position(out.position() + RootIdentity.BYTES);
    }
}
