package dev.holdfast.cli.serve;

import dev.holdfast.cli.line.Failure;
import dev.holdfast.cli.line.Size;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;

/** What every command that serves takes. */
public final class ServerOptions {
    /** In place of an HTTP port: none. */
    static final int NO_HTTP = -1;

    @Option(
            names = "--dir",
            paramLabel = "DIR",
            defaultValue = "holdfast-data",
            description = "where the node keeps what it knows; default ./holdfast-data")
    String directory = "";

    @Option(
            names = "--memory-dir",
            paramLabel = "DIR",
            defaultValue = "",
            description = "where changes wait for a disk; survives the process, not the power; default /dev/shm")
    String memoryDirectory = "";

    @Option(
            names = "--memory-size",
            paramLabel = "SIZE",
            defaultValue = "0",
            description = "how much of it in all; default as at the last start, at first 128M for each loop, or less")
    Size memorySize = new Size(0);

    @Option(
            names = "--cache-size",
            paramLabel = "SIZE",
            defaultValue = "0",
            description = "block cache; default a quarter of the memory, 4G at most")
    Size cacheSize = new Size(0);

    @Option(
            names = "--loops",
            paramLabel = "N",
            defaultValue = "0",
            description = "loops that serve volumes; default one a core")
    int loops;

    @Option(
            names = "--nbd-port",
            paramLabel = "PORT",
            defaultValue = "10809",
            description = "0 picks a free one; default 10809")
    int nbdPort;

    @Option(
            names = "--nbd-socket",
            paramLabel = "PATH",
            defaultValue = "",
            description = "serves NBD on this Unix socket too")
    String nbdSocket = "";

    @Option(
            names = "--http-port",
            paramLabel = "PORT",
            defaultValue = "8480",
            description = "0 picks a free one; default 8480")
    int httpPort;

    @Option(
            names = "--link-port",
            paramLabel = "PORT",
            defaultValue = "0",
            description = "where replicas on other nodes connect; default a free one")
    int linkPort;

    /** The node's failure domain from now on; empty: what it was. */
    String domain = "";

    /** Who keeps the control log. */
    Members members = Members.NONE;

    /**
     * Who keeps the control log.
     *
     * @param fixed NAME=HOST:PORT of each, on one machine
     * @param address HOST:PORT of this node, if nodes prove themselves; or empty
     * @param token with which this node joins; or empty
     */
    public record Members(List<String> fixed, String address, String token) {
        /** This node alone, or whoever its directory says. */
        static final Members NONE = new Members(List.of(), "", "");
    }

    /** The same for one node of several in this process; only the {@code first} has ports that people chose. */
    public ServerOptions of(Path own, Members keepers, boolean first) {
        ServerOptions options = new ServerOptions();
        options.directory = own.toString();
        options.memoryDirectory = memoryDirectory;
        options.memorySize = memorySize;
        options.cacheSize = cacheSize;
        options.loops = loops;
        options.nbdPort = first ? nbdPort : 0;
        options.nbdSocket = first ? nbdSocket : "";
        options.httpPort = first ? httpPort : NO_HTTP;
        options.members = keepers;
        return options;
    }

    int lanes() {
        int lanes = loops == 0 ? Runtime.getRuntime().availableProcessors() : loops;
        if (lanes < 1 || lanes > 64) {
            throw new Failure("--loops is 1 to 64", 2);
        }
        return lanes;
    }

    /** As many as nodes that mirror to each other can have: 1, 2, 4 or 8, not more than asked for. */
    int mirroringLanes() {
        return Integer.highestOneBit(Math.min(lanes(), 8));
    }

    /** Everything below one directory, the memory too, at ports that are free. */
    public static ServerOptions allIn(Path directory) {
        ServerOptions options = new ServerOptions();
        options.directory = directory.toString();
        options.memoryDirectory = directory.resolve("held").toString();
        return options;
    }

    /** Where the node keeps what it knows. */
    public Path directory() {
        return Path.of(directory);
    }

    /** Says who keeps the control log, as {@code node start} takes it. */
    public void keptBy(Members keepers) {
        members = keepers;
    }

    /** Says what is lost together with the node, as {@code node start} takes it. */
    public void in(String place) {
        domain = place;
    }

    void check() {
        for (int port : new int[] {nbdPort, httpPort, linkPort}) {
            if (port < 0 || port > 65535) {
                throw new Failure("a port is 0 to 65535, not " + port, 2);
            }
        }
    }
}
