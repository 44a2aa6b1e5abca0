package dev.holdfast.host.tls;

import dev.holdfast.base.Id128;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The keys and certificates in a node's directory, as PEM, each file readable by its owner only. A file that is there
 * is whole, and durable when its writing returned. It sends nothing anywhere.
 *
 * <pre>
 * node.key   a line "id " and the node's id; private key; public key
 * ca.key     private key; public key
 * ca.pem     the CA's certificate
 * node.pem   the node's certificate
 * </pre>
 */
public final class KeyFiles {
    private static final String NODE_KEY = "node.key";
    private static final String NODE_CERTIFICATE = "node.pem";
    private static final String CA_KEY = "ca.key";
    private static final String CA_CERTIFICATE = "ca.pem";
    private static final int LINE = 64;
    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z ]+)-----\\s+([A-Za-z0-9+/=\\s]+)-----END \\1-----");
    private static final Pattern ID = Pattern.compile("(?m)^id ([0-9a-f]{32})$");

    private final Path directory;

    /** A node's id and key. */
    public record Own(String id, KeyPair keys) {}

    /** Those in {@code directory}, which is made when something is written. */
    public KeyFiles(Path directory) {
        this.directory = directory;
    }

    /** The node's id and key, made now if there is none. */
    public Own ownOrNew() throws IOException {
        Path file = directory.resolve(NODE_KEY);
        if (!Files.exists(file)) {
            SecureRandom random = new SecureRandom();
            Id128 id = new Id128(random.nextLong(), random.nextLong());
            Files.createDirectories(directory);
            write(file, "id " + id + "\n" + pem(Certificates.newKeys()));
        }
        String text = Files.readString(file, StandardCharsets.US_ASCII);
        Matcher id = ID.matcher(text);
        if (!id.find()) {
            throw new IOException(file + " is damaged");
        }
        return new Own(id.group(1), keys(file, text));
    }

    /** The CA in this directory, made now if there is none. */
    public Certificates.Authority authorityOrNew(Supplier<Certificates.Authority> made) throws IOException {
        if (!Files.exists(directory.resolve(CA_CERTIFICATE))) {
            keepAuthority(made.get());
        }
        return authority();
    }

    /** The CA: this node is a member of its cluster. */
    public Certificates.Authority authority() throws IOException {
        Path file = directory.resolve(CA_KEY);
        KeyPair keys = keys(file, Files.readString(file, StandardCharsets.US_ASCII));
        return new Certificates.Authority(keys, certificate(directory.resolve(CA_CERTIFICATE)));
    }

    /** Keeps the CA. */
    public void keepAuthority(Certificates.Authority authority) throws IOException {
        write(directory.resolve(CA_KEY), pem(authority.keys()));
        write(directory.resolve(CA_CERTIFICATE), pem(authority.certificate()));
    }

    /** Keeps the node's certificate. */
    public void keepCertificate(X509Certificate certificate) throws IOException {
        write(directory.resolve(NODE_CERTIFICATE), pem(certificate));
    }

    /** What the node proves itself with. */
    public NodeKeys load() throws IOException {
        try {
            return new NodeKeys(
                    ownOrNew().keys().getPrivate(),
                    certificate(directory.resolve(NODE_CERTIFICATE)),
                    certificate(directory.resolve(CA_CERTIFICATE)));
        } catch (GeneralSecurityException unfit) {
            throw new IOException("the certificate in " + directory + " is of no use: " + unfit.getMessage(), unfit);
        }
    }

    private static X509Certificate certificate(Path file) throws IOException {
        try {
            return Certificates.read(block(file, Files.readString(file, StandardCharsets.US_ASCII), "CERTIFICATE"));
        } catch (GeneralSecurityException damaged) {
            throw new IOException(file + " is damaged", damaged);
        }
    }

    private static KeyPair keys(Path file, String text) throws IOException {
        try {
            KeyFactory factory = KeyFactory.getInstance("EC");
            PrivateKey secret = factory.generatePrivate(new PKCS8EncodedKeySpec(block(file, text, "PRIVATE KEY")));
            PublicKey open = factory.generatePublic(new X509EncodedKeySpec(block(file, text, "PUBLIC KEY")));
            return new KeyPair(open, secret);
        } catch (GeneralSecurityException damaged) {
            throw new IOException(file + " is damaged", damaged);
        }
    }

    private static byte[] block(Path file, String text, String kind) throws IOException {
        Matcher found = BLOCK.matcher(text);
        while (found.find()) {
            if (found.group(1).equals(kind)) {
                return Base64.getMimeDecoder().decode(found.group(2));
            }
        }
        throw new IOException(file + " is damaged");
    }

    private static String pem(KeyPair keys) {
        return pem("PRIVATE KEY", keys.getPrivate().getEncoded())
                + pem("PUBLIC KEY", keys.getPublic().getEncoded());
    }

    private static String pem(X509Certificate certificate) throws IOException {
        try {
            return pem("CERTIFICATE", certificate.getEncoded());
        } catch (GeneralSecurityException never) {
            throw new IOException(never);
        }
    }

    private static String pem(String kind, byte[] bytes) {
        String text = Base64.getMimeEncoder(LINE, new byte[] {'\n'}).encodeToString(bytes);
        return "-----BEGIN " + kind + "-----\n" + text + "\n-----END " + kind + "-----\n";
    }

    /** Writes a file for its owner only, in place of any other; it is durable when this returns. */
    public static void write(Path file, String text) throws IOException {
        Path parent = file.toAbsolutePath().getParent();
        Path next = Files.createTempFile(parent, file.getFileName().toString(), ".new"); // of mode 0600
        try (FileChannel out = FileChannel.open(next, StandardOpenOption.WRITE)) {
            out.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
            out.force(true);
        }
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        try (FileChannel entries = FileChannel.open(parent, StandardOpenOption.READ)) {
            entries.force(true);
        }
    }
}
