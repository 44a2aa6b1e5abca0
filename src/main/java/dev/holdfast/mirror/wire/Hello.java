package dev.holdfast.mirror.wire;

import dev.holdfast.base.Crc32c;
import dev.holdfast.base.Id128;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * The first thing that each side of a connection says. Any numbers may stand in it: whoever reads one compares them.
 *
 * <pre>
 *  at size  little endian
 *   0    8  magic HFLINKS1
 *   8    4  CRC32C of bytes 12..63
 *  12    2  version of the protocol, 1
 *  14    2  verdict, see {@link Verdict}; 0 from who dials
 *  16   16  cluster id, upper half first
 *  32    4  node that speaks
 *  36    4  node that is meant
 *  40    8  incarnation of the node that speaks
 *  48    4  channel
 *  52    4  number of channels
 *  56    8  attempt, counted by who dials; the same in the answer
 * </pre>
 *
 * <p>The length, magic, checksum, version and verdict stay where they are in every version. Of a refusal all but the
 * verdict is 0.
 *
 * @param cluster both are of the same
 * @param node who speaks
 * @param meant who is spoken to
 * @param incarnation of who speaks
 * @param channel what the connection carries
 * @param channels into how many the shards are divided
 * @param attempt of who dials
 * @param verdict of who answers
 */
record Hello(
        Id128 cluster,
        int node,
        int meant,
        long incarnation,
        int channel,
        int channels,
        long attempt,
        Verdict verdict) {
    static final int BYTES = 64;
    static final int VERSION = 1;
    private static final byte[] MAGIC = {'H', 'F', 'L', 'I', 'N', 'K', 'S', '1'};
    private static final int CHECKSUM_AT = 8;
    private static final int VERSION_AT = 12;

    /** What stands at the beginning of a connection. */
    sealed interface Greeting {
        /** Not all of it has come. */
        record Incomplete() implements Greeting {}

        /** Something else. */
        record Malformed() implements Greeting {}

        /** A greeting that is not understood here. */
        record OtherVersion(int version) implements Greeting {}

        /** One that is understood. */
        record Said(Hello hello) implements Greeting {}
    }

    /** What refuses a greeting, and says nothing else. */
    static Hello refusal(Verdict verdict) {
        return new Hello(new Id128(0, 0), 0, 0, 0, 0, 0, 0, verdict);
    }

    /** Puts it at the position of {@code into}. */
    void put(ByteBuffer into) {
        int at = into.position();
        ByteOrder order = into.order();
        into.order(ByteOrder.LITTLE_ENDIAN).put(MAGIC).putInt(0);
        into.putShort((short) VERSION).putShort((short) verdict.code());
        into.putLong(cluster.high()).putLong(cluster.low());
        into.putInt(node).putInt(meant).putLong(incarnation);
        into.putInt(channel).putInt(channels).putLong(attempt);
        into.putInt(at + CHECKSUM_AT, new Crc32c().of(into, at + VERSION_AT, BYTES - VERSION_AT));
        into.order(order);
    }

    /** What stands at the position of {@code in}, which is moved behind it when it was understood. */
    static Greeting take(ByteBuffer in) {
        int at = in.position();
        if (in.remaining() < BYTES) {
            return new Greeting.Incomplete();
        }
        ByteBuffer bytes = in.slice(at, BYTES).order(ByteOrder.LITTLE_ENDIAN);
        boolean known = true;
        for (int i = 0; i < MAGIC.length; i++) {
            known &= bytes.get(i) == MAGIC[i];
        }
        int checksum = new Crc32c().of(bytes, VERSION_AT, BYTES - VERSION_AT);
        Optional<Verdict> verdict = Verdict.ofCode(bytes.getShort(14) & 0xFFFF);
        if (!known || bytes.getInt(CHECKSUM_AT) != checksum) {
            return new Greeting.Malformed();
        }
        int version = bytes.getShort(VERSION_AT) & 0xFFFF;
        if (version != VERSION) {
            return new Greeting.OtherVersion(version);
        }
        if (verdict.isEmpty()) {
            return new Greeting.Malformed();
        }
        in.position(at + BYTES);
        return new Greeting.Said(new Hello(
                new Id128(bytes.getLong(16), bytes.getLong(24)),
                bytes.getInt(32),
                bytes.getInt(36),
                bytes.getLong(40),
                bytes.getInt(48),
                bytes.getInt(52),
                bytes.getLong(56),
                verdict.get()));
    }
}
