package dev.holdfast.host.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * Makes keys and certificates: a CA's own, and one for each node, whose subject is its id. All that the program knows
 * of Bouncy Castle is here. It stores nothing.
 */
public final class Certificates {
    private static final int CA_DAYS = 30 * 365;
    private static final int NODE_DAYS = 20 * 365;

    private Certificates() {}

    /** A key and the certificate that goes with it. */
    public record Authority(KeyPair keys, X509Certificate certificate) {}

    /** A new key, EC P-256. */
    public static KeyPair newKeys() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            return generator.generateKeyPair();
        } catch (GeneralSecurityException missing) {
            throw new IllegalStateException("this JDK makes no EC keys", missing);
        }
    }

    /** A new CA, from a day before {@code now} on. */
    public static Authority newAuthority(Instant now) {
        KeyPair keys = newKeys();
        X500Principal name = new X500Principal("CN=holdfast " + serial().toString(36));
        X509Certificate made = sign(
                new JcaX509v3CertificateBuilder(name, serial(), from(now), until(now, CA_DAYS), name, keys.getPublic()),
                keys,
                true);
        return new Authority(keys, made);
    }

    /** A certificate of {@code authority} for the node {@code id}, from a day before {@code now} on. */
    public static X509Certificate issue(Authority authority, PublicKey key, String id, Instant now) {
        JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                authority.certificate.getSubjectX500Principal(),
                serial(),
                from(now),
                until(now, NODE_DAYS),
                new X500Principal("CN=" + id),
                key);
        return sign(builder, authority.keys, false);
    }

    private static Date from(Instant now) {
        return Date.from(now.minus(1, ChronoUnit.DAYS));
    }

    private static Date until(Instant now, int days) {
        return Date.from(now.plus(days, ChronoUnit.DAYS));
    }

    private static BigInteger serial() {
        return new BigInteger(120, new SecureRandom()).setBit(120);
    }

    private static X509Certificate sign(JcaX509v3CertificateBuilder builder, KeyPair signer, boolean authority) {
        try {
            int usage = authority ? KeyUsage.keyCertSign : KeyUsage.digitalSignature;
            byte[] made = builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(authority))
                    .addExtension(Extension.keyUsage, true, new KeyUsage(usage))
                    .build(new JcaContentSignerBuilder("SHA256withECDSA").build(signer.getPrivate()))
                    .getEncoded();
            return read(made);
        } catch (IOException | OperatorCreationException | GeneralSecurityException failed) {
            throw new IllegalStateException("no certificate can be made: " + failed.getMessage(), failed);
        }
    }

    /**
     * The certificate that {@code bytes} are.
     *
     * @throws GeneralSecurityException if they are none
     */
    public static X509Certificate read(byte[] bytes) throws GeneralSecurityException {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        if (factory.generateCertificate(new ByteArrayInputStream(bytes)) instanceof X509Certificate certificate) {
            return certificate;
        }
        throw new GeneralSecurityException("not a certificate");
    }

    /** SHA-256 of a certificate's bytes: what a CA is known by. */
    public static byte[] fingerprint(X509Certificate certificate) throws GeneralSecurityException {
        return MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded());
    }
}
