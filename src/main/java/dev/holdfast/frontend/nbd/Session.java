package dev.holdfast.frontend.nbd;

import dev.holdfast.block.BlockVolume;

/**
 * What a handshake agreed on.
 *
 * @param volume the disk that is served
 * @param structured replies come in chunks
 * @param allocation {@code base:allocation} was selected for this disk
 */
record Session(BlockVolume volume, boolean structured, boolean allocation) {
    /** What {@code NBD_INFO_EXPORT} and {@code NBD_OPT_EXPORT_NAME} say of a disk. */
    static int transmissionFlags(boolean readOnly, boolean structured) {
        // Every connection of a disk is served by one loop over one cache, so a flush on one covers all.
        int flags = HandshakeWire.NBD_FLAG_HAS_FLAGS
                | HandshakeWire.NBD_FLAG_SEND_FLUSH
                | HandshakeWire.NBD_FLAG_SEND_FUA
                | HandshakeWire.NBD_FLAG_SEND_CACHE
                | HandshakeWire.NBD_FLAG_CAN_MULTI_CONN;
        if (structured) {
            flags |= HandshakeWire.NBD_FLAG_SEND_DF;
        }
        if (readOnly) {
            return flags | HandshakeWire.NBD_FLAG_READ_ONLY;
        }
        return flags
                | HandshakeWire.NBD_FLAG_SEND_TRIM
                | HandshakeWire.NBD_FLAG_SEND_WRITE_ZEROES
                | HandshakeWire.NBD_FLAG_SEND_FAST_ZERO;
    }
}
