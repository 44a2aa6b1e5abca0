package dev.holdfast.host.join;

import dev.holdfast.host.tls.Certificates;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * What a node gets that may join.
 *
 * @param certificate its own
 * @param authority the CA: every member has it
 * @param group of the control log
 * @param members who keeps the log: id=host:port of each
 */
public record Joined(
        X509Certificate certificate, Certificates.Authority authority, String group, List<String> members) {
    @Override
    public String toString() {
        return "a member of " + group;
    }
}
