package dev.holdfast.frontend.nbd;

import static dev.holdfast.frontend.nbd.HandshakeWire.EXPORT_NAME_ZEROES_BYTES;
import static dev.holdfast.frontend.nbd.HandshakeWire.GREETING_BYTES;
import static dev.holdfast.frontend.nbd.HandshakeWire.NBD_FLAG_FIXED_NEWSTYLE;
import static dev.holdfast.frontend.nbd.HandshakeWire.NBD_FLAG_NO_ZEROES;
import static dev.holdfast.frontend.nbd.HandshakeWire.NBD_INFO_BLOCK_SIZE;
import static dev.holdfast.frontend.nbd.HandshakeWire.NBD_INFO_EXPORT;
import static dev.holdfast.frontend.nbd.HandshakeWire.NBD_MAGIC;
import static dev.holdfast.frontend.nbd.HandshakeWire.NBD_OPTS_MAGIC;
import static dev.holdfast.frontend.nbd.HandshakeWire.NBD_REP_ACK;
import static dev.holdfast.frontend.nbd.HandshakeWire.NBD_REP_INFO;
import static dev.holdfast.frontend.nbd.HandshakeWire.NBD_REP_MAGIC;
import static dev.holdfast.frontend.nbd.HandshakeWire.NBD_REP_META_CONTEXT;
import static dev.holdfast.frontend.nbd.HandshakeWire.NBD_REP_SERVER;
import static dev.holdfast.frontend.nbd.HandshakeWire.OPTION_REPLY_HEADER_BYTES;

import dev.holdfast.io.Connection;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Puts what the server says in the handshake into bytes ({@link HandshakeWire} has the tables). It decides nothing. */
final class OptionReplies {
    private final Connection connection;

    OptionReplies(Connection connection) {
        this.connection = connection;
    }

    void greeting() {
        ByteBuffer out = connection.reserve(GREETING_BYTES);
        out.putLong(NBD_MAGIC).putLong(NBD_OPTS_MAGIC);
        out.putShort((short) (NBD_FLAG_FIXED_NEWSTYLE | NBD_FLAG_NO_ZEROES));
    }

    void ack(int option) {
        header(option, NBD_REP_ACK, 0);
    }

    void error(int option, int error, String line) {
        byte[] text = line.getBytes(StandardCharsets.UTF_8);
        header(option, error, text.length).put(text);
    }

    void server(int option, String name, String description) {
        byte[] nameBytes = name.getBytes(StandardCharsets.UTF_8);
        byte[] descriptionBytes = description.getBytes(StandardCharsets.UTF_8);
        ByteBuffer out = header(option, NBD_REP_SERVER, 4 + nameBytes.length + descriptionBytes.length);
        out.putInt(nameBytes.length).put(nameBytes).put(descriptionBytes);
    }

    void infoExport(int option, long sizeBytes, int transmissionFlags) {
        ByteBuffer out = header(option, NBD_REP_INFO, 12).putShort((short) NBD_INFO_EXPORT);
        out.putLong(sizeBytes).putShort((short) transmissionFlags);
    }

    /** {@code NBD_INFO_NAME} or {@code NBD_INFO_DESCRIPTION}. */
    void infoText(int option, int info, String line) {
        byte[] text = line.getBytes(StandardCharsets.UTF_8);
        header(option, NBD_REP_INFO, 2 + text.length).putShort((short) info).put(text);
    }

    void infoBlockSize(int option) {
        ByteBuffer out = header(option, NBD_REP_INFO, 14).putShort((short) NBD_INFO_BLOCK_SIZE);
        out.putInt(TransmissionWire.MINIMUM_BLOCK_BYTES);
        out.putInt(TransmissionWire.PREFERRED_BLOCK_BYTES);
        out.putInt(TransmissionWire.MAXIMUM_PAYLOAD_BYTES);
    }

    void metaContext(int option, int id, String name) {
        byte[] text = name.getBytes(StandardCharsets.UTF_8);
        header(option, NBD_REP_META_CONTEXT, 4 + text.length).putInt(id).put(text);
    }

    /** The answer to {@code NBD_OPT_EXPORT_NAME}, which has no header. */
    void exportName(long sizeBytes, int transmissionFlags, boolean withZeroes) {
        int zeroBytes = withZeroes ? EXPORT_NAME_ZEROES_BYTES : 0;
        ByteBuffer out = connection.reserve(10 + zeroBytes);
        out.putLong(sizeBytes).putShort((short) transmissionFlags).put(new byte[zeroBytes]);
    }

    private ByteBuffer header(int option, int reply, int lengthBytes) {
        ByteBuffer out = connection.reserve(OPTION_REPLY_HEADER_BYTES + lengthBytes);
        return out.putLong(NBD_REP_MAGIC).putInt(option).putInt(reply).putInt(lengthBytes);
    }
}
