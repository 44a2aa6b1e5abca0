package dev.holdfast.host.join;

import dev.holdfast.host.tls.Certificates;
import dev.holdfast.host.tls.KeyFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The tokens that one node has issued, in a file: a line for each, {@code SHA-256 expiry user}, the user's id or
 * {@code -}. A secret is not kept. What is said is durable before it is said. May be used by any thread.
 */
public final class IssuedTokens {
    /** How long a token is good. */
    public static final Duration VALID = Duration.ofHours(1);

    /** How long it is known of an old one that it is too old. */
    private static final Duration REMEMBERED = Duration.ofDays(1);

    private static final int MOST = 100;
    private static final String NOBODY = "-";
    private static final Pattern LINE = Pattern.compile("([0-9a-f]{64}) ([0-9]{1,18}) ([0-9a-f]{32}|-)");

    private final Path file;
    private final InstantSource clock;
    private final SecureRandom random = new SecureRandom();

    private record Issued(String hash, long expirySeconds, String user) {
        String line() {
            return hash + " " + expirySeconds + " " + user + "\n";
        }
    }

    /** Those in {@code file}, if it is there. */
    public IssuedTokens(Path file, InstantSource clock) {
        this.file = file;
        this.clock = clock;
    }

    /**
     * A new one, for joins at {@code host}:{@code port} to the cluster of {@code authority}.
     *
     * @throws IOException if it can't be kept, or if too many are open
     */
    public synchronized Token issue(String host, int port, X509Certificate authority) throws IOException {
        byte[] secret = new byte[Token.SECRET_BYTES];
        random.nextBytes(secret);
        long now = clock.instant().getEpochSecond();
        List<Issued> open = new ArrayList<>(read());
        open.removeIf(issued -> issued.expirySeconds < now - REMEMBERED.toSeconds());
        if (open.size() >= MOST) {
            throw new IOException(MOST + " tokens were issued within a day: use one of them");
        }
        long expiry = now + VALID.toSeconds();
        open.add(new Issued(hash(secret), expiry, NOBODY));
        write(open);
        try {
            return new Token(host, port, expiry, Certificates.fingerprint(authority), secret);
        } catch (GeneralSecurityException never) {
            throw new IOException(never);
        }
    }

    /** Why node {@code id} can't join with {@code secret}, or the empty text. */
    synchronized String objection(byte[] secret, String id) throws IOException {
        return objection(find(read(), secret), id);
    }

    /** Gives the token with {@code secret} to node {@code id}, for ever; why not, or the empty text. */
    synchronized String give(byte[] secret, String id) throws IOException {
        List<Issued> all = new ArrayList<>(read());
        Optional<Issued> found = find(all, secret);
        String objection = objection(found, id);
        if (objection.isEmpty()) {
            Issued issued = found.orElseThrow();
            all.set(all.indexOf(issued), new Issued(issued.hash, issued.expirySeconds, id));
            write(all);
        }
        return objection;
    }

    private static Optional<Issued> find(List<Issued> all, byte[] secret) throws IOException {
        byte[] wanted = hash(secret).getBytes(StandardCharsets.US_ASCII);
        return all.stream()
                .filter(issued -> MessageDigest.isEqual(issued.hash.getBytes(StandardCharsets.US_ASCII), wanted))
                .findFirst();
    }

    private String objection(Optional<Issued> found, String id) {
        if (found.isEmpty()) {
            return "the token is not known there: issue one with `holdfast node token`";
        }
        String user = found.get().user;
        if (!user.equals(NOBODY) && !user.equals(id)) {
            return "the token was used by another node: issue one for each with `holdfast node token`";
        }
        return found.get().expirySeconds < clock.instant().getEpochSecond()
                ? "the token is too old: issue another one with `holdfast node token`"
                : "";
    }

    private List<Issued> read() throws IOException {
        List<Issued> issued = new ArrayList<>();
        for (String line :
                Files.exists(file) ? Files.readAllLines(file, StandardCharsets.US_ASCII) : List.<String>of()) {
            Matcher found = LINE.matcher(line);
            if (!found.matches()) {
                throw new IOException(file + " is damaged: remove it, and issue tokens anew");
            }
            issued.add(new Issued(found.group(1), Long.parseLong(found.group(2)), found.group(3)));
        }
        return issued;
    }

    private void write(List<Issued> issued) throws IOException {
        KeyFiles.write(file, String.join("", issued.stream().map(Issued::line).toList()));
    }

    private static String hash(byte[] secret) throws IOException {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(secret));
        } catch (GeneralSecurityException never) {
            throw new IOException(never);
        }
    }
}
