package dev.holdfast.node;

import dev.holdfast.cluster.control.Controller;
import dev.holdfast.io.Network;
import java.util.List;

/**
 * What a node is told when it starts; everything else is control state.
 *
 * @param self who it is
 * @param directory where relative paths of disks begin
 * @param memory where changes are held until a root covers them
 * @param lanes loops that volumes live on
 * @param cacheBytes block cache of all pools together
 * @param nbd where NBD clients connect, TCP first
 * @param links where other nodes connect, if there are any
 * @param acceptLossOf a pool that may open although something flushed is lost; empty for none
 */
public record NodeConfig(
        Controller.Starting self,
        String directory,
        Memory memory,
        int lanes,
        long cacheBytes,
        List<Network.Address> nbd,
        Network.Address links,
        String acceptLossOf) {
    /** A place of shared memory, the length of each lane's region there, and the place it was in before, or "". */
    public record Memory(String place, int bytesPerLane, String former) {}

    /** Where a disk of this node is. */
    String pathOf(String path) {
        return path.startsWith("/") ? path : directory + "/" + path;
    }
}
