package dev.holdfast.host.tls;

import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Whom a node believes: who has a certificate that the cluster's CA signed for a node, valid now, and was not removed.
 * Names of machines mean nothing. May be used by any thread.
 */
final class NodeTrust extends X509ExtendedTrustManager {
    private static final Pattern NODE = Pattern.compile("CN=([0-9a-f]{32})");

    private final X509Certificate authority;
    private final Set<String> removed = ConcurrentHashMap.newKeySet();

    NodeTrust(X509Certificate authority) {
        this.authority = authority;
    }

    /** Node {@code id} is believed no more. */
    void refuse(String id) {
        removed.add(id);
    }

    boolean isRefused(String id) {
        return removed.contains(id);
    }

    /**
     * The id of the node whose {@code chain} it is.
     *
     * @throws CertificateException if it is not to be believed; the message is for people
     */
    String idOf(X509Certificate[] chain) throws CertificateException {
        if (chain == null || chain.length == 0) {
            throw new CertificateException("no certificate was shown");
        }
        X509Certificate node = chain[0];
        try {
            node.verify(authority.getPublicKey());
        } catch (GeneralSecurityException wrong) {
            throw new CertificateException("it has a certificate of another cluster", wrong);
        }
        authority.checkValidity();
        node.checkValidity();
        Matcher name = NODE.matcher(node.getSubjectX500Principal().getName());
        if (!name.matches() || node.getBasicConstraints() >= 0) {
            throw new CertificateException("its certificate is not that of a node");
        }
        if (removed.contains(name.group(1))) {
            throw new CertificateException("its node was removed from the cluster");
        }
        return name.group(1);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
        idOf(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
        idOf(chain);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) throws CertificateException {
        idOf(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) throws CertificateException {
        idOf(chain);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) throws CertificateException {
        idOf(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) throws CertificateException {
        idOf(chain);
    }

    /** Whoever has a certificate is asked for it, whatever CA it knows. */
    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return new X509Certificate[0];
    }
}
