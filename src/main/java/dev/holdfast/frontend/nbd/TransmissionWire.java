package dev.holdfast.frontend.nbd;

/**
 * Numbers of the transmission phase, by their names in the NBD protocol; no rules. All integers are big endian.
 *
 * <pre>
 * request (client)            simple reply (server)         structured reply chunk (server)
 *  0  4 NBD_REQUEST_MAGIC      0  4 NBD_SIMPLE_REPLY_MAGIC   0  4 NBD_STRUCTURED_REPLY_MAGIC
 *  4  2 command flags          4  4 error, 0 if none         4  2 NBD_REPLY_FLAG_*
 *  6  2 NBD_CMD_*              8  8 cookie                   6  2 NBD_REPLY_TYPE_*
 *  8  8 cookie                16  n data of a good READ      8  8 cookie
 * 16  8 offset                                              16  4 payload length
 * 24  4 length                                              20  n payload
 * 28  n data of a WRITE
 *
 * payloads: NONE          nothing
 *           OFFSET_DATA   8 offset, data
 *           OFFSET_HOLE   8 offset, 4 length
 *           BLOCK_STATUS  4 context id, then 4 length and 4 NBD_STATE_* flags each
 *           ERROR         4 error, 2 text length, text
 *           ERROR_OFFSET  4 error, 2 text length, text, 8 offset
 * </pre>
 */
public final class TransmissionWire {
    public static final int NBD_REQUEST_MAGIC = 0x25609513;
    public static final int NBD_SIMPLE_REPLY_MAGIC = 0x67446698;
    public static final int NBD_STRUCTURED_REPLY_MAGIC = 0x668e33ef;

    public static final int NBD_CMD_READ = 0;
    public static final int NBD_CMD_WRITE = 1;
    public static final int NBD_CMD_DISC = 2;
    public static final int NBD_CMD_FLUSH = 3;
    public static final int NBD_CMD_TRIM = 4;
    public static final int NBD_CMD_CACHE = 5;
    public static final int NBD_CMD_WRITE_ZEROES = 6;
    public static final int NBD_CMD_BLOCK_STATUS = 7;

    public static final int NBD_CMD_FLAG_FUA = 1;
    public static final int NBD_CMD_FLAG_NO_HOLE = 1 << 1;
    public static final int NBD_CMD_FLAG_DF = 1 << 2;
    public static final int NBD_CMD_FLAG_REQ_ONE = 1 << 3;
    public static final int NBD_CMD_FLAG_FAST_ZERO = 1 << 4;

    public static final int NBD_REPLY_FLAG_DONE = 1;

    public static final int NBD_REPLY_TYPE_NONE = 0;
    public static final int NBD_REPLY_TYPE_OFFSET_DATA = 1;
    public static final int NBD_REPLY_TYPE_OFFSET_HOLE = 2;
    public static final int NBD_REPLY_TYPE_BLOCK_STATUS = 5;
    public static final int NBD_REPLY_TYPE_ERROR = (1 << 15) + 1;
    public static final int NBD_REPLY_TYPE_ERROR_OFFSET = (1 << 15) + 2;

    public static final int NBD_STATE_HOLE = 1;
    public static final int NBD_STATE_ZERO = 1 << 1;

    public static final int NBD_OK = 0;
    public static final int NBD_EPERM = 1;
    public static final int NBD_EIO = 5;
    public static final int NBD_EINVAL = 22;
    public static final int NBD_ENOSPC = 28;
    public static final int NBD_ESHUTDOWN = 108;

    public static final int REQUEST_BYTES = 28;
    public static final int SIMPLE_REPLY_BYTES = 16;
    public static final int CHUNK_HEADER_BYTES = 20;

    /** The smallest range a request may name. */
    public static final int MINIMUM_BLOCK_BYTES = 1;

    /** Ranges that are multiples of this are served without reading around them. */
    public static final int PREFERRED_BLOCK_BYTES = 4096;

    /** The most data one READ or WRITE may carry; requests without data may be longer. */
    public static final int MAXIMUM_PAYLOAD_BYTES = 32 << 20;

    private TransmissionWire() {}
}
