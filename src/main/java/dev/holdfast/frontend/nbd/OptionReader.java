package dev.holdfast.frontend.nbd;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Reads the data of one option, whatever a client put there. It never reads outside the option and never throws: what
 * is missing reads as nothing and {@link #isWellFormed} says so at the end. It knows nothing of what options mean.
 */
final class OptionReader {
    private final ByteBuffer data;
    private boolean malformed;

    /** Reads what remains in {@code data}. */
    OptionReader(ByteBuffer data) {
        this.data = data;
    }

    /** The next 16 bits, unsigned. */
    int uint16() {
        return has(2) ? data.getShort() & 0xffff : 0;
    }

    /** The next 32 bits, unsigned. */
    long uint32() {
        return has(4) ? data.getInt() & 0xffff_ffffL : 0;
    }

    /** The next {@code lengthBytes} bytes as text; malformed if it is too long, has a NUL or is not UTF-8. */
    String string(long lengthBytes) {
        if (lengthBytes > HandshakeWire.STRING_BYTES || !has(lengthBytes)) {
            malformed = true;
            return "";
        }
        ByteBuffer bytes = data.slice(data.position(), (int) lengthBytes);
        data.position(data.position() + (int) lengthBytes);
        try {
            String text = StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
            malformed |= text.indexOf('\0') >= 0;
            return text;
        } catch (CharacterCodingException notUtf8) {
            malformed = true;
            return "";
        }
    }

    /** Everything that is left, as text. */
    String rest() {
        return string(data.remaining());
    }

    /** How many bytes are left. */
    int remaining() {
        return data.remaining();
    }

    /** True if something asked for was not there or not as it must be. */
    boolean isMalformed() {
        return malformed;
    }

    /** True if everything asked for was there and nothing is left over. */
    boolean isWellFormed() {
        return !malformed && !data.hasRemaining();
    }

    private boolean has(long lengthBytes) {
        malformed |= data.remaining() < lengthBytes;
        return !malformed;
    }
}
