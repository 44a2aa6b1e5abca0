package dev.holdfast.mirror.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.holdfast.host.HostDriver;
import dev.holdfast.host.tls.TestCluster;
import dev.holdfast.io.Network.Address;
import dev.holdfast.io.WorldDriver;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Links whose ends have proved who they are keep the contract. */
final class TlsLinksTest extends LinksContract {
    @Override
    protected WorldDriver newDriver() {
        return HostDriver.over(new TestCluster().keys(1)::over);
    }

    /** A cluster's node, whatever it says in its hello: node 0 has not the certificate that its number stands for. */
    @Test
    void whoHasAnotherNodesCertificateIsRefused() {
        try (HostDriver driver = HostDriver.over(new TestCluster().keys(1)::over)) {
            for (int lying = 0; lying < 2; lying++) {
                String known = lying == 0 ? TestCluster.id(9) : TestCluster.id(1);
                String own = lying == 0 ? TestCluster.id(1) : TestCluster.id(9);
                WireNode upper = node(driver, 1, known, WireNode.peers(0, WireNode.NOWHERE));
                AtomicReference<Address> door = new AtomicReference<>();
                driver.runOn(
                        upper.doorLoop, () -> door.set(upper.listen(driver.world(), new Address.Tcp("127.0.0.1", 0))));
                WireNode lower = node(driver, 0, own, WireNode.peers(1, door.get()));
                String expected = lying == 0
                        ? "refused: " + Verdict.WRONG_NODE.text()
                        : "who answers did not prove to be this node";
                AtomicReference<LinkStatus> status = new AtomicReference<>(LinkStatus.NONE);
                driver.runUntil(() -> {
                    driver.runOn(
                            lower.doorLoop,
                            () -> status.set(lower.channels.get(0).status(1)));
                    return !status.get().lastEnd().isEmpty();
                });
                assertEquals(expected, status.get().lastEnd());
                assertEquals(0, status.get().ups());
            }
        }
    }

    private static WireNode node(HostDriver driver, int number, String proofOfPeers, TreeMap<Integer, Address> peers) {
        LinkIdentity self = new LinkIdentity(WireNode.CLUSTER, number, 1, 1);
        return new WireNode(driver.world(), self, 1, proofOfPeers, peers).start();
    }

    @Override
    protected String proof() {
        return TestCluster.id(1);
    }
}
