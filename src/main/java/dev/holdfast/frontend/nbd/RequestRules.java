package dev.holdfast.frontend.nbd;

import static dev.holdfast.frontend.nbd.TransmissionWire.*;

import dev.holdfast.block.BlockVolume;

/** Which requests are refused before the disk sees them, and with what error. It changes nothing. */
final class RequestRules {
    private RequestRules() {}

    /** {@code NBD_OK}, or why {@code header} is refused. */
    static int refusal(RequestHeader header, Session session) {
        if ((header.flags & ~allowedFlags(header.command)) != 0) {
            return NBD_EINVAL;
        }
        BlockVolume volume = session.volume();
        return switch (header.command) {
            case NBD_CMD_READ -> {
                boolean tooLong = header.lengthBytes > MAXIMUM_PAYLOAD_BYTES;
                boolean unfragmentedWithoutChunks = header.has(NBD_CMD_FLAG_DF) && !session.structured();
                yield tooLong || unfragmentedWithoutChunks ? NBD_EINVAL : outside(header, volume, NBD_EINVAL);
            }
            case NBD_CMD_WRITE ->
                header.lengthBytes > MAXIMUM_PAYLOAD_BYTES ? NBD_EINVAL : change(header, volume, NBD_ENOSPC);
            case NBD_CMD_WRITE_ZEROES -> change(header, volume, NBD_ENOSPC);
            case NBD_CMD_TRIM -> change(header, volume, NBD_EINVAL);
            case NBD_CMD_CACHE -> outside(header, volume, NBD_EINVAL);
            case NBD_CMD_BLOCK_STATUS ->
                session.allocation() && header.lengthBytes > 0 ? outside(header, volume, NBD_EINVAL) : NBD_EINVAL;
            case NBD_CMD_FLUSH -> header.offset == 0 && header.lengthBytes == 0 ? NBD_OK : NBD_EINVAL;
            default -> NBD_EINVAL;
        };
    }

    /** FUA may come with anything, as known clients send it so; it means something for changes only. */
    private static int allowedFlags(int command) {
        return NBD_CMD_FLAG_FUA
                | switch (command) {
                    case NBD_CMD_READ -> NBD_CMD_FLAG_DF;
                    case NBD_CMD_WRITE_ZEROES -> NBD_CMD_FLAG_NO_HOLE | NBD_CMD_FLAG_FAST_ZERO;
                    case NBD_CMD_BLOCK_STATUS -> NBD_CMD_FLAG_REQ_ONE;
                    default -> 0;
                };
    }

    private static int change(RequestHeader header, BlockVolume volume, int errorOutside) {
        return volume.isReadOnly() ? NBD_EPERM : outside(header, volume, errorOutside);
    }

    private static int outside(RequestHeader header, BlockVolume volume, int error) {
        long sizeBytes = volume.sizeBytes();
        // Offsets are unsigned on the wire: a negative one is far behind the end.
        boolean inside =
                header.offset >= 0 && header.offset <= sizeBytes && header.lengthBytes <= sizeBytes - header.offset;
        return inside ? NBD_OK : error;
    }
}
