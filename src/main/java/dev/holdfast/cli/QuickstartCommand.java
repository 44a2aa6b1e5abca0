package dev.holdfast.cli;

import dev.holdfast.cli.line.Failure;
import dev.holdfast.cli.line.Size;
import dev.holdfast.cli.serve.LocalNode;
import dev.holdfast.cli.serve.Server;
import dev.holdfast.cli.serve.ServerOptions;
import dev.holdfast.device.Protection;
import dev.holdfast.node.FirstVolume;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Three nodes that keep one volume, or one node, in the foreground. The same command again goes on with them. */
@Command(
        name = "quickstart",
        mixinStandardHelpOptions = true,
        description = {
            "Serves a first volume, \"demo\", from files in a directory, until Ctrl-C: three nodes in one process,",
            "of which two keep a copy of it and the third votes; or one node."
        },
        footer = {
            "",
            "Examples:",
            "  holdfast quickstart --dir D --size 10G",
            "  holdfast quickstart --dir E --nodes 1",
            "  nbdinfo nbd://127.0.0.1:10809/demo"
        })
final class QuickstartCommand implements Runnable {
    private static final long LEAST_LOG_BYTES = 64L << 20;
    private static final long MOST_LOG_BYTES = 256L << 20;
    private static final long MEBIBYTE = 1L << 20;
    private static final String VOLUME = "demo";
    private static final List<String> NAMES = List.of("a", "b", "c");
    private static final int COPIES = 2;
    private static final int FIRST_PORT = 20_000;
    private static final int END_PORT = 32_000;
    private static final int MOST_TRIES = 1_000;

    @Mixin
    private ServerOptions options = new ServerOptions();

    @Option(names = "--size", paramLabel = "SIZE", defaultValue = "1G", description = "size of the volume; default 1G")
    private Size size = new Size(0);

    @Option(
            names = "--nodes",
            paramLabel = "N",
            defaultValue = "0",
            description = "nodes in this process, 1 or 3; default 3, or as many as --dir has")
    private int nodes;

    @Option(
            names = "--iscsi-port",
            paramLabel = "PORT",
            defaultValue = "0",
            description = "accepted; iSCSI comes later")
    private int iscsiPort;

    @Override
    public void run() {
        if (nodes != 0 && nodes != 1 && nodes != NAMES.size()) {
            throw new Failure("--nodes is 1 or 3, not " + nodes, 2);
        }
        if (size.bytes() < 4096 || size.bytes() % 4096 != 0 || iscsiPort < 0) {
            throw new Failure("--size is a multiple of 4096, from 4K", 2);
        }
        Path directory = options.directory();
        boolean alone = Files.exists(directory.resolve("control"));
        boolean several = Files.exists(directory.resolve(NAMES.getFirst()));
        if (nodes != 0 && (alone && nodes != 1 || several && nodes == 1)) {
            throw new Failure(directory + " has " + (alone ? 1 : NAMES.size()) + " nodes: pick another --dir", 2);
        }
        if (several || nodes != 1 && !alone) {
            ServerOptions.Members members = new ServerOptions.Members(several ? List.of() : members(), "", "");
            several(options, name -> members, size.bytes(), System.out, System.err)
                    .run();
        } else {
            FirstVolume.Thin demo = new FirstVolume.Thin(VOLUME, size.bytes());
            new Server(new LocalNode.Plan("a", options, wanted(size.bytes(), demo), ""), System.out, System.err).run();
        }
    }

    /** The same, where {@code selftest} looks at them. */
    static Server plain(ServerOptions options, long sizeBytes, PrintStream quiet, PrintStream notes) {
        ServerOptions.Members members = new ServerOptions.Members(members(), "", "");
        return several(options, name -> members, sizeBytes, quiet, notes);
    }

    /** The same with certificates: each is at an address of its own on this machine, and encrypts what it sends. */
    static Server encrypted(ServerOptions options, long sizeBytes, PrintStream quiet, PrintStream notes) {
        String free = members().getFirst();
        String port = free.substring(free.lastIndexOf(':'));
        return several(
                options,
                name -> new ServerOptions.Members(List.of(), "127.0.0." + (2 + NAMES.indexOf(name)) + port, ""),
                sizeBytes,
                quiet,
                notes);
    }

    /** Three nodes in this process, below the directory of {@code options}; two keep a volume of so many bytes. */
    private static Server several(
            ServerOptions options,
            Function<String, ServerOptions.Members> members,
            long sizeBytes,
            PrintStream out,
            PrintStream notes) {
        List<LocalNode.Plan> plans = new ArrayList<>();
        for (String name : NAMES) {
            boolean votesOnly = plans.size() == COPIES;
            FirstVolume.Wanted pool = votesOnly ? FirstVolume.Wanted.NOTHING : wanted(sizeBytes, FirstVolume.Thin.NONE);
            ServerOptions own = options.of(options.directory().resolve(name), members.apply(name), plans.isEmpty());
            plans.add(new LocalNode.Plan(name, own, pool, ""));
        }
        FirstVolume.Thin demo = new FirstVolume.Thin(VOLUME, sizeBytes, COPIES);
        FirstVolume.Wanted together = new FirstVolume.Wanted("", List.of(), Protection.SINGLE, 0, 0, demo);
        return new Server(plans, together, out, notes);
    }

    /**
     * The nodes, each at a port that is free now and that the system gives to no connection by itself: they keep it.
     */
    private static List<String> members() {
        Random random = new Random();
        TreeMap<Integer, String> members = new TreeMap<>();
        for (int tries = 0; members.size() < NAMES.size(); tries++) {
            int port = random.nextInt(FIRST_PORT, END_PORT);
            try (ServerSocket probe = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                members.putIfAbsent(probe.getLocalPort(), NAMES.get(members.size()) + "=127.0.0.1:" + port);
            } catch (IOException taken) {
                if (tries > MOST_TRIES) {
                    throw new Failure("no free port on 127.0.0.1: " + taken.getMessage());
                }
            }
        }
        return List.copyOf(members.values());
    }

    private static FirstVolume.Wanted wanted(long sizeBytes, FirstVolume.Thin volume) {
        long logBytes = logBytes(sizeBytes);
        long fileBytes = (4 * sizeBytes + logBytes + 64 * MEBIBYTE) / MEBIBYTE * MEBIBYTE;
        return new FirstVolume.Wanted("main", List.of("disk0"), Protection.SINGLE, logBytes, fileBytes, volume);
    }

    static long logBytes(long sizeBytes) {
        return Math.clamp(sizeBytes / 4 / MEBIBYTE * MEBIBYTE, LEAST_LOG_BYTES, MOST_LOG_BYTES);
    }
}
