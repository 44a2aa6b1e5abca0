package dev.holdfast.kill;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/**
 * Kills a real server with SIGKILL in the middle of load, again and again, and compares what is there after each
 * restart with what the client was told. In every third round the memory directory is emptied after the kill, which
 * is what a power cut does to it.
 *
 * <pre>java -cp target/test-classes dev.holdfast.kill.KillLoop ./holdfast DIRECTORY ROUNDS SEED</pre>
 */
public final class KillLoop {
    private static final int BLOCK = 4096;
    private static final int BLOCKS = 8192;
    private static final int DEPTH = 32;
    private static final int FLUSH_MARK = 1 << 30;

    private final String holdfast;
    private final Path data;
    private final Path memory;
    private final SplittableRandom random;
    private final KillOracle oracle = new KillOracle(BLOCKS);
    private long acknowledgedWrites;
    private long flushes;

    private KillLoop(String holdfast, Path directory, long seed) throws IOException {
        this.holdfast = holdfast;
        this.data = directory.resolve("data");
        this.memory = Files.createDirectories(directory.resolve("memory"));
        this.random = new SplittableRandom(seed);
    }

    /** Runs the loop and exits with 1 on a violation. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        int rounds = Integer.parseInt(arguments[2]);
        List<String> violations = run(arguments[0], Path.of(arguments[1]), rounds, Long.parseLong(arguments[3]));
        violations.forEach(System.out::println);
        System.exit(violations.isEmpty() ? 0 : 1);
    }

    /** The violations of {@code rounds} rounds. */
    static List<String> run(String holdfast, Path directory, int rounds, long seed)
            throws IOException, InterruptedException {
        KillLoop loop = new KillLoop(holdfast, directory, seed);
        List<String> violations = new ArrayList<>();
        boolean powerCut = false;
        for (int round = 0; round <= rounds; round++) {
            Process server = loop.start();
            try (NbdClient client = new NbdClient(loop.port(server), "demo")) {
                for (String violation : loop.oracle.judge(loop.versions(client), powerCut)) {
                    violations.add("seed " + seed + ", round " + round + ": " + violation);
                }
                if (round < rounds) {
                    loop.load(client, server, 200 + loop.random.nextInt(4000));
                }
            } finally {
                server.destroyForcibly();
                server.waitFor();
            }
            powerCut = round % 3 == 2;
            if (powerCut) {
                loop.emptyMemory();
            }
        }
        System.out.println(rounds + " rounds, " + loop.acknowledgedWrites + " writes and " + loop.flushes
                + " flushes acknowledged, " + violations.size() + " violations");
        return violations;
    }

    private Process start() throws IOException {
        return new ProcessBuilder(
                        holdfast,
                        "quickstart",
                        "--dir",
                        data.toString(),
                        "--memory-dir",
                        memory.toString(),
                        "--size",
                        "256M",
                        "--nbd-port",
                        "0",
                        "--iscsi-port",
                        "0",
                        "--http-port",
                        "0")
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private int port(Process server) throws IOException {
        BufferedReader lines =
                new BufferedReader(new InputStreamReader(server.getInputStream(), StandardCharsets.UTF_8));
        int port = 0;
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.startsWith("nbd://")) {
                port = Integer.parseInt(line.replaceAll("nbd://[^:]*:([0-9]+).*", "$1"));
            }
            if (line.equals("ready")) {
                return port;
            }
        }
        throw new IOException("the server did not become ready");
    }

    /** Keeps requests under way until {@code acknowledgements} have come, then kills the server. */
    private void load(NbdClient client, Process server, int acknowledgements) throws IOException {
        Map<Long, int[]> underWay = new LinkedHashMap<>();
        boolean[] busy = new boolean[BLOCKS];
        long cookie = 0;
        for (int done = 0; done < acknowledgements; done++) {
            while (underWay.size() < DEPTH) {
                cookie++;
                underWay.put(cookie, send(client, cookie, busy));
            }
            client.send();
            int[] request = underWay.remove(client.reply());
            settle(request, busy);
        }
        while (underWay.size() < DEPTH) {
            cookie++;
            underWay.put(cookie, send(client, cookie, busy));
        }
        client.send();
        server.destroyForcibly();
    }

    private int[] send(NbdClient client, long cookie, boolean[] busy) throws IOException {
        if (random.nextInt(50) == 0) {
            client.request(NbdClient.FLUSH, 0, cookie, 0, 0);
            int[] covered = oracle.atFlush();
            int[] request = Arrays.copyOf(covered, covered.length + 1);
            request[covered.length] = FLUSH_MARK;
            return request;
        }
        int block = random.nextInt(BLOCKS);
        while (busy[block]) {
            block = random.nextInt(BLOCKS);
        }
        busy[block] = true;
        int version = oracle.nextVersion(block);
        int flags = random.nextInt(20) == 0 ? NbdClient.FUA : 0;
        client.write(flags, cookie, (long) block * BLOCK, contents(block, version));
        return new int[] {block, version, flags};
    }

    private void settle(int[] request, boolean[] busy) {
        if (request.length > BLOCKS && request[BLOCKS] == FLUSH_MARK) {
            oracle.flushed(Arrays.copyOf(request, BLOCKS));
            flushes++;
        } else {
            busy[request[0]] = false;
            oracle.acknowledged(request[0], request[1], request[2] != 0);
            acknowledgedWrites++;
        }
    }

    private static byte[] contents(int block, int version) {
        ByteBuffer bytes = ByteBuffer.allocate(BLOCK);
        while (bytes.hasRemaining()) {
            bytes.putInt(block).putInt(version);
        }
        return bytes.array();
    }

    private int[] versions(NbdClient client) throws IOException {
        int[] versions = new int[BLOCKS];
        int run = 256;
        for (int first = 0; first < BLOCKS; first += run) {
            ByteBuffer bytes = ByteBuffer.wrap(client.read((long) first * BLOCK, run * BLOCK));
            for (int i = 0; i < run; i++) {
                versions[first + i] = version(bytes.slice(i * BLOCK, BLOCK), first + i);
            }
        }
        return versions;
    }

    /** The version that the whole block has; a block of two versions, or of another block, is no version at all. */
    private static int version(ByteBuffer bytes, int block) {
        int version = bytes.getInt(4);
        for (int at = 0; at < BLOCK; at += 8) {
            boolean same = bytes.getInt(at + 4) == version && (bytes.getInt(at) == block || version == 0);
            if (!same) {
                return Integer.MAX_VALUE;
            }
        }
        return version;
    }

    private void emptyMemory() throws IOException {
        try (Stream<Path> files = Files.list(memory)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
    }
}
