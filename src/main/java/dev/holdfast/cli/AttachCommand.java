package dev.holdfast.cli;

import dev.holdfast.cli.line.Failure;
import dev.holdfast.host.tls.KeyFiles;
import dev.holdfast.host.tls.NodeKeys;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Serves a mirrored volume on a local socket, wherever its primary is. */
@Command(
        name = "attach",
        mixinStandardHelpOptions = true,
        description = {
            "Serves a volume with several copies on a local NBD socket, in the foreground, and follows its primary:",
            "clients of the socket see delay where a node fails, and no error for 30 seconds."
        },
        footer = {
            "",
            "Examples:",
            "  holdfast attach db --socket /run/db.sock",
            "  holdfast attach db --server http://127.0.0.1:8480 --server http://127.0.0.1:8481",
            "  holdfast attach db --dir /srv/hf",
            "  holdfast attach db --node 127.0.0.1:10809 --node 127.0.0.1:10810"
        })
final class AttachCommand implements Runnable {
    @Parameters(paramLabel = "VOLUME", description = "its name")
    private String volume = "";

    @Option(names = "--socket", paramLabel = "PATH", description = "where to listen; default ./VOLUME.sock")
    private String socket = "";

    @Option(
            names = "--server",
            paramLabel = "URL",
            description = "the API of a node, asked for the addresses of all; may be repeated, default "
                    + Remote.DEFAULT_SERVER)
    private List<String> servers = new ArrayList<>();

    @Option(
            names = "--node",
            paramLabel = "HOST:PORT",
            description = "the NBD address of a node; may be repeated, and no API is asked unless --server is there")
    private List<String> nodes = new ArrayList<>();

    @Option(
            names = "--dir",
            paramLabel = "DIR",
            defaultValue = "",
            description = "the directory of a node on this machine, if nodes were started with --address: its keys are"
                    + " what the others believe")
    private String directory = "";

    @Override
    public void run() {
        if (servers.isEmpty() && nodes.isEmpty()) {
            servers.add(Remote.DEFAULT_SERVER);
        }
        NodeAddresses addresses = new NodeAddresses(volume, servers, nodes);
        Path path = Path.of(socket.isEmpty() ? volume + ".sock" : socket)
                .toAbsolutePath()
                .normalize();
        Attachment attachment = new Attachment(volume, path.toString(), addresses, keys());
        try {
            attachment.start();
            stopOnSignal(attachment);
            System.out.println("nbd+unix:///" + volume + "?socket=" + path);
            // Whoever sees this may send a signal at once: what answers it is in place.
            System.out.println("ready");
            System.out.flush();
            new CountDownLatch(1).await();
        } catch (InterruptedException end) {
            Thread.currentThread().interrupt();
        }
    }

    private Optional<NodeKeys> keys() {
        if (directory.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(new KeyFiles(Path.of(directory).resolve("tls")).load());
        } catch (IOException none) {
            throw new Failure(
                    directory + " is not that of a node that was started with --address: " + none.getMessage());
        }
    }

    private static void stopOnSignal(Attachment attachment) {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            attachment.stop();
            Runtime.getRuntime().halt(0);
        }));
    }
}
