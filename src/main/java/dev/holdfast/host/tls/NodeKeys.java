package dev.holdfast.host.tls;

import dev.holdfast.host.Transport;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;

/**
 * What a node proves itself with, and whom it believes. It stores nothing, and no secret is in what it prints. May be
 * used by any thread.
 */
public final class NodeKeys {
    private static final String[] PROTOCOLS = {"TLSv1.3"};
    private static final String[] CIPHERS = {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"};
    private static final char[] IN_MEMORY = new char[0];

    private final X509Certificate authority;
    private final NodeTrust trust;
    private final KeyManager[] managers;
    private final SSLContext context;
    private final String id;
    private final HeldBuffers buffers = new HeldBuffers();

    /**
     * A node's key, its certificate, and that of the CA.
     *
     * @throws GeneralSecurityException if they do not belong together
     */
    public NodeKeys(PrivateKey key, X509Certificate certificate, X509Certificate authority)
            throws GeneralSecurityException {
        this.authority = authority;
        this.trust = new NodeTrust(authority);
        this.id = trust.idOf(new X509Certificate[] {certificate});
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, IN_MEMORY);
            store.setKeyEntry("node", key, IN_MEMORY, new Certificate[] {certificate, authority});
            KeyManagerFactory factory = KeyManagerFactory.getInstance("PKIX");
            factory.init(store, IN_MEMORY);
            this.managers = factory.getKeyManagers();
        } catch (IOException never) {
            throw new GeneralSecurityException(never);
        }
        this.context = SSLContext.getInstance("TLSv1.3");
        context.init(managers, new TrustManager[] {trust}, null);
    }

    /**
     * Checks that {@code chain} is a node's, of the cluster with this CA.
     *
     * @throws CertificateException if it is not
     */
    public static void check(X509Certificate[] chain, X509Certificate authority) throws CertificateException {
        new NodeTrust(authority).idOf(chain);
    }

    /** This node's id, 32 hexadecimal digits. */
    public String id() {
        return id;
    }

    /** The CA's certificate. */
    public X509Certificate authority() {
        return authority;
    }

    /** Shows this node's certificate. */
    public KeyManager showing() {
        return managers[0];
    }

    /** Believes the cluster's nodes. */
    public TrustManager believing() {
        return trust;
    }

    /** Node {@code id} is believed no more, from its next connection on. */
    public void refuse(String removed) {
        trust.refuse(removed);
    }

    /** True if node {@code id} was removed. */
    public boolean isRefused(String id) {
        return trust.isRefused(id);
    }

    /** A context in which this node shows its certificate and believes the cluster's nodes only. */
    public SSLContext context() {
        return context;
    }

    /** The transport on which both ends prove themselves: what {@code host} makes connections of. */
    public Transport over(SocketChannel socket, boolean dialled) throws IOException {
        SSLEngine engine = context.createSSLEngine();
        engine.setUseClientMode(dialled);
        engine.setEnabledProtocols(PROTOCOLS);
        engine.setEnabledCipherSuites(CIPHERS);
        if (!dialled) {
            engine.setNeedClientAuth(true);
        }
        return new TlsTransport(socket, engine, trust, buffers);
    }

    @Override
    public String toString() {
        return "keys of node " + id;
    }
}
