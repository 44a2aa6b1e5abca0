package dev.holdfast.host.join;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * What lets one node join: where, whom to believe there, and a secret that proves it was invited. One line of text:
 * {@code hf1-} and base64url of
 *
 * <pre>
 *  0   8  expiry, seconds since 1970; big endian
 *  8  32  SHA-256 of the CA's certificate
 * 40  16  secret
 * 56   4  CRC32C of all other bytes
 * 60      HOST:PORT, ASCII
 * </pre>
 */
public final class Token {
    /** Length of a secret. */
    static final int SECRET_BYTES = 16;

    private static final String PREFIX = "hf1-";
    private static final int FINGERPRINT_BYTES = 32;
    private static final int CHECKSUM_AT = 56;
    private static final int HEAD_BYTES = 60;
    private static final int MOST_CHARACTERS = 600;

    private final String host;
    private final int port;
    private final long expirySeconds;
    private final byte[] fingerprint;
    private final byte[] secret;

    Token(String host, int port, long expirySeconds, byte[] fingerprint, byte[] secret) {
        this.host = host;
        this.port = port;
        this.expirySeconds = expirySeconds;
        this.fingerprint = fingerprint.clone();
        this.secret = secret.clone();
    }

    String host() {
        return host;
    }

    int port() {
        return port;
    }

    byte[] fingerprint() {
        return fingerprint.clone();
    }

    byte[] secret() {
        return secret.clone();
    }

    /** The line. Whoever has it may join: it is for the one who asked. */
    public String line() {
        byte[] place = (host + ":" + port).getBytes(StandardCharsets.US_ASCII);
        ByteBuffer bytes = ByteBuffer.allocate(HEAD_BYTES + place.length);
        bytes.putLong(expirySeconds).put(fingerprint).put(secret).putInt(0).put(place);
        bytes.putInt(CHECKSUM_AT, checksum(bytes.array()));
        return PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes.array());
    }

    /** The token that a line is; empty if it is none, or was changed on its way. */
    public static Optional<Token> parse(String line) {
        String text = line.strip();
        if (!text.startsWith(PREFIX) || text.length() > MOST_CHARACTERS) {
            return Optional.empty();
        }
        try {
            byte[] all = Base64.getUrlDecoder().decode(text.substring(PREFIX.length()));
            ByteBuffer bytes = ByteBuffer.wrap(all);
            if (all.length <= HEAD_BYTES || bytes.getInt(CHECKSUM_AT) != checksum(all)) {
                return Optional.empty();
            }
            byte[] fingerprint = new byte[FINGERPRINT_BYTES];
            byte[] secret = new byte[SECRET_BYTES];
            long expiry = bytes.getLong();
            bytes.get(fingerprint).get(secret);
            String place = new String(all, HEAD_BYTES, all.length - HEAD_BYTES, StandardCharsets.US_ASCII);
            int colon = place.lastIndexOf(':');
            int port = Integer.parseInt(place.substring(colon + 1));
            return colon > 0 && port > 0 && port < 1 << 16
                    ? Optional.of(new Token(place.substring(0, colon), port, expiry, fingerprint, secret))
                    : Optional.empty();
        } catch (IllegalArgumentException notBase64) {
            return Optional.empty();
        }
    }

    private static int checksum(byte[] bytes) {
        byte[] copy = bytes.clone();
        Arrays.fill(copy, CHECKSUM_AT, HEAD_BYTES, (byte) 0);
        CRC32C checksum = new CRC32C();
        checksum.update(copy);
        return (int) checksum.getValue();
    }

    @Override
    public String toString() {
        return "a token for " + host + ":" + port;
    }
}
