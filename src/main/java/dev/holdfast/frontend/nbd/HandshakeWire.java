package dev.holdfast.frontend.nbd;

/**
 * Numbers of the handshake, by their names in the NBD protocol; no rules. All integers are big endian.
 *
 * <pre>
 * greeting (server)          client flags            option (client)          option reply (server)
 *  0  8 NBDMAGIC              0  4 NBD_FLAG_C_*        0  8 IHAVEOPT             0  8 NBD_REP_MAGIC
 *  8  8 IHAVEOPT                                      8  4 NBD_OPT_*            8  4 NBD_OPT_* it answers
 * 16  2 handshake flags                              12  4 data length         12  4 NBD_REP_*
 *                                                    16  n data                16  4 data length
 *                                                                              20  n data
 *
 * NBD_OPT_EXPORT_NAME has no option reply but:  0 8 size   8 2 transmission flags   10 124 zeroes (may be absent)
 *
 * option data                                         option reply data
 *  EXPORT_NAME: name                                   REP_SERVER: 4 name length, name, description
 *  INFO, GO: 4 name length, name, 2 count, 2 each      REP_INFO: 2 NBD_INFO_*, then
 *  *_META_CONTEXT: 4 name length, name, 4 count,         EXPORT: 8 size, 2 transmission flags
 *    then 4 length and a query each                      NAME, DESCRIPTION: text
 *                                                        BLOCK_SIZE: 4 minimum, 4 preferred, 4 maximum
 *                                                      REP_META_CONTEXT: 4 context id, name
 *                                                      REP_ERR_*: text for people
 * </pre>
 */
public final class HandshakeWire {
    public static final long NBD_MAGIC = 0x4e42444d41474943L;
    public static final long NBD_OPTS_MAGIC = 0x49484156454f5054L;
    public static final long NBD_REP_MAGIC = 0x0003e889045565a9L;

    public static final int NBD_FLAG_FIXED_NEWSTYLE = 1;
    public static final int NBD_FLAG_NO_ZEROES = 1 << 1;
    public static final int NBD_FLAG_C_FIXED_NEWSTYLE = 1;
    public static final int NBD_FLAG_C_NO_ZEROES = 1 << 1;

    public static final int NBD_FLAG_HAS_FLAGS = 1;
    public static final int NBD_FLAG_READ_ONLY = 1 << 1;
    public static final int NBD_FLAG_SEND_FLUSH = 1 << 2;
    public static final int NBD_FLAG_SEND_FUA = 1 << 3;
    public static final int NBD_FLAG_SEND_TRIM = 1 << 5;
    public static final int NBD_FLAG_SEND_WRITE_ZEROES = 1 << 6;
    public static final int NBD_FLAG_SEND_DF = 1 << 7;
    public static final int NBD_FLAG_CAN_MULTI_CONN = 1 << 8;
    public static final int NBD_FLAG_SEND_CACHE = 1 << 10;
    public static final int NBD_FLAG_SEND_FAST_ZERO = 1 << 11;

    public static final int NBD_OPT_EXPORT_NAME = 1;
    public static final int NBD_OPT_ABORT = 2;
    public static final int NBD_OPT_LIST = 3;
    public static final int NBD_OPT_INFO = 6;
    public static final int NBD_OPT_GO = 7;
    public static final int NBD_OPT_STRUCTURED_REPLY = 8;
    public static final int NBD_OPT_LIST_META_CONTEXT = 9;
    public static final int NBD_OPT_SET_META_CONTEXT = 10;

    public static final int NBD_REP_ACK = 1;
    public static final int NBD_REP_SERVER = 2;
    public static final int NBD_REP_INFO = 3;
    public static final int NBD_REP_META_CONTEXT = 4;
    public static final int NBD_REP_ERR_UNSUP = 0x80000001;
    public static final int NBD_REP_ERR_INVALID = 0x80000003;
    public static final int NBD_REP_ERR_UNKNOWN = 0x80000006;
    public static final int NBD_REP_ERR_SHUTDOWN = 0x80000007;
    public static final int NBD_REP_ERR_TOO_BIG = 0x80000009;

    public static final int NBD_INFO_EXPORT = 0;
    public static final int NBD_INFO_NAME = 1;
    public static final int NBD_INFO_DESCRIPTION = 2;
    public static final int NBD_INFO_BLOCK_SIZE = 3;

    public static final int GREETING_BYTES = 18;
    public static final int CLIENT_FLAGS_BYTES = 4;
    public static final int OPTION_HEADER_BYTES = 16;
    public static final int OPTION_REPLY_HEADER_BYTES = 20;
    public static final int EXPORT_NAME_ZEROES_BYTES = 124;

    /** No string of the protocol may be longer. */
    public static final int STRING_BYTES = 4096;

    private HandshakeWire() {}
}
