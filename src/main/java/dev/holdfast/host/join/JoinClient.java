package dev.holdfast.host.join;

import dev.holdfast.host.tls.Certificates;
import dev.holdfast.host.tls.NodeKeys;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/** The side of a join that has a token: asks once. It stores nothing. */
public final class JoinClient {
    private static final int CONNECT_MILLIS = 5_000;
    private static final int ANSWER_MILLIS = 15_000;
    private static final int ANSWER_WORDS = 6;

    private JoinClient() {}

    /** The other side refused; the message says why, for people. */
    public static final class Refused extends IOException {
        private static final long serialVersionUID = 1L;

        Refused(String why) {
            super(why);
        }
    }

    /**
     * Has the node taken in.
     *
     * @throws Refused if it may not join
     * @throws IOException if nobody answers, or somebody who has not proved to be of the token's cluster
     */
    public static Joined join(Token token, JoinRequest request) throws IOException {
        try (SSLSocket socket = (SSLSocket) context(token).getSocketFactory().createSocket()) {
            socket.setEnabledProtocols(new String[] {"TLSv1.3"});
            socket.connect(new InetSocketAddress(token.host(), token.port()), CONNECT_MILLIS);
            socket.setSoTimeout(ANSWER_MILLIS);
            socket.startHandshake();
            JoinWords.send(
                    new DataOutputStream(socket.getOutputStream()),
                    List.of(
                            token.secret(),
                            JoinWords.of(request.id()),
                            JoinWords.of(request.name()),
                            JoinWords.of(request.address()),
                            request.key().getEncoded()));
            return joined(JoinWords.receive(new DataInputStream(socket.getInputStream()), 1));
        } catch (SSLException unproved) {
            throw new IOException(
                    token.host() + ":" + token.port() + " is not of the token's cluster (" + unproved.getMessage()
                            + ")",
                    unproved);
        } catch (GeneralSecurityException unusable) {
            throw new IOException("the answer is not understood: " + unusable.getMessage(), unusable);
        }
    }

    private static Joined joined(List<byte[]> words) throws IOException, GeneralSecurityException {
        if (words.size() < ANSWER_WORDS) {
            throw new Refused(JoinWords.text(words.getFirst()));
        }
        X509Certificate own = Certificates.read(words.get(1));
        X509Certificate authority = Certificates.read(words.get(2));
        PrivateKey secret = KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(words.get(3)));
        return new Joined(
                own,
                new Certificates.Authority(new KeyPair(authority.getPublicKey(), secret), authority),
                JoinWords.text(words.get(4)),
                words.subList(5, words.size()).stream().map(JoinWords::text).toList());
    }

    private static SSLContext context(Token token) throws GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLSv1.3");
        context.init(null, new TrustManager[] {new OfFingerprint(token.fingerprint())}, null);
        return context;
    }

    /** Believes a node whose CA's certificate is the one that the token names. */
    private record OfFingerprint(byte[] fingerprint) implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
            throw new CertificateException("nobody joins here");
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
            try {
                X509Certificate authority = chain[chain.length - 1];
                if (!MessageDigest.isEqual(Certificates.fingerprint(authority), fingerprint)) {
                    throw new CertificateException("its CA has another fingerprint");
                }
                NodeKeys.check(chain, authority);
            } catch (CertificateException refused) {
                throw refused;
            } catch (GeneralSecurityException never) {
                throw new CertificateException(never);
            }
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
