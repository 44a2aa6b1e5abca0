package dev.holdfast.host.tls;

import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.time.Instant;

/** A CA of its own, and keys of nodes that it signed. */
public final class TestCluster {
    private final Certificates.Authority authority = Certificates.newAuthority(Instant.now());

    /** The CA. */
    public Certificates.Authority authority() {
        return authority;
    }

    /** 32 digits that end with {@code node}. */
    public static String id(int node) {
        return "%032x".formatted(node);
    }

    /** Keys of a node. */
    public NodeKeys keys(int node) {
        return keys(node, Instant.now());
    }

    /** Keys of a node that were made {@code then}. */
    NodeKeys keys(int node, Instant then) {
        KeyPair keys = Certificates.newKeys();
        try {
            return new NodeKeys(
                    keys.getPrivate(),
                    Certificates.issue(authority, keys.getPublic(), id(node), then),
                    authority.certificate());
        } catch (GeneralSecurityException failed) {
            throw new AssertionError(failed);
        }
    }
}
