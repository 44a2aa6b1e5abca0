package dev.holdfast.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * Kills nodes of a real cluster of three with SIGKILL in the middle of load, again and again. A mirrored volume is used
 * by clients that each have an {@code attach} of their own: none may see an error, and every block must be as it was
 * acknowledged, read while nodes die and in the end through another client's way. One of them is fio, which verifies
 * what it wrote. It prints how long after a kill a write that was sent after it was acknowledged.
 *
 * <p>Every round kills one node, often the primary or who leads the control log, when all copies are in sync. In every
 * fifth the kill does not wait for that; in every seventh another node follows as soon as writes go on. Then the dead
 * start at once.
 * While a copy is away, each client sends no more than HELD requests: a thousand are told to it from the logs, of a
 * hundred thousand they keep too little.
 *
 * <pre>
 * java -cp target/test-classes:target/classes dev.holdfast.process.ClusterKillLoop ./holdfast DIRECTORY ROUNDS SEED \
 *     [COPIES [CLIENTS [HELD]]]
 * </pre>
 */
public final class ClusterKillLoop {
    private static final String VOLUME = "db";
    private static final long PATIENCE_NANOS = 60_000_000_000L;
    private static final long POLL_MILLIS = 100;
    private static final int FEW = 1_000;
    private static final long FIO_OFFSET = 32 << 20;
    private static final int EARLY = 5;
    private static final int DOUBLE = 7;

    /** How much is done. */
    record Plan(int rounds, long seed, int copies, int clients, int held) {}

    private final Plan plan;
    private final SplittableRandom random;
    private final Home home;
    private final ClusterNodes nodes;
    private final List<RealServer> ways = new ArrayList<>();
    private final List<NbdClient> clients = new ArrayList<>();
    private final List<SteadyLoad> loads = new ArrayList<>();
    private final List<FioVerify> verifying = new ArrayList<>();
    private final List<String> complaints = new ArrayList<>();
    private final Map<String, List<Long>> nanos = new TreeMap<>();

    private ClusterKillLoop(String holdfast, Path directory, Plan plan) throws IOException {
        this.plan = plan;
        this.random = new SplittableRandom(plan.seed());
        this.home = new Home(Files.createDirectories(directory), "", holdfast);
        this.nodes = new ClusterNodes(holdfast, directory);
    }

    /** Runs the loop and exits with 1 if anything went wrong. */
    public static void main(String[] arguments) throws Exception {
        Plan plan = new Plan(
                Integer.parseInt(arguments[2]),
                Long.parseLong(arguments[3]),
                arguments.length > 4 ? Integer.parseInt(arguments[4]) : 2,
                arguments.length > 5 ? Integer.parseInt(arguments[5]) : 2,
                arguments.length > 6 ? Integer.parseInt(arguments[6]) : FEW);
        List<String> complaints = run(arguments[0], Path.of(arguments[1]), plan);
        complaints.forEach(System.out::println);
        System.exit(complaints.isEmpty() ? 0 : 1);
    }

    /** What went wrong; empty if nothing did. */
    static List<String> run(String holdfast, Path directory, Plan plan) throws Exception {
        ClusterKillLoop loop = new ClusterKillLoop(holdfast, directory, plan);
        try {
            loop.begin();
            for (int round = 1; round <= plan.rounds() && loop.complaints.isEmpty(); round++) {
                loop.round(round);
            }
            loop.end();
        } finally {
            loop.verifying.forEach(FioVerify::close);
            loop.ways.forEach(RealServer::close);
            loop.nodes.close();
        }
        loop.summary();
        return loop.complaints;
    }

    private void begin() throws IOException, InterruptedException {
        nodes.startAll();
        command("volume", "create", VOLUME, "64M", "--replicas", String.valueOf(plan.copies()), "--export", "nbd");
        for (int i = 0; i < plan.clients(); i++) {
            clients.add(NbdClient.at(attach("client-" + i), VOLUME));
            long first = (long) i * SteadyLoad.BLOCKS;
            loads.add(new SteadyLoad("client " + i, clients.getLast(), first, random.split()));
        }
        verifying.add(new FioVerify(attach("fio"), VOLUME, FIO_OFFSET, FIO_OFFSET));
    }

    /** Another process that follows the volume; the socket that it serves. */
    private Path attach(String name) throws IOException {
        Path socket = home.directory().resolve(name + ".sock");
        List<String> words = new ArrayList<>(List.of(home.holdfast(), "attach", VOLUME));
        words.addAll(List.of("--socket", socket.toString()));
        for (int node = 0; node < ClusterNodes.NAMES.size(); node++) {
            words.addAll(List.of("--server", nodes.api(node)));
        }
        ways.add(RealServer.startCommand(home, words));
        return socket;
    }

    private void command(String... words) throws IOException, InterruptedException {
        Home.Ended ended = nodes.server(0).run(words);
        if (ended.exitCode() != 0) {
            throw new IOException(String.join(" ", words) + ": " + ended.err());
        }
    }

    private void round(int round) throws IOException, InterruptedException {
        boolean isEarly = round % EARLY == 0;
        if (!isEarly) {
            awaitInSync();
            loads.forEach(load -> load.hold(Long.MAX_VALUE));
            for (SteadyLoad load : loads) {
                load.awaitMore(random.nextInt(5_000));
            }
        }
        Map<String, Object> mirror = nodes.mirror();
        int victim = victim(mirror);
        String kind = isEarly ? "early" : kind(mirror, victim) + (nodes.leader() == victim ? ", leads log" : "");
        kill(victim, kind, round);
        if (isEarly) {
            nodes.startAll();
        }
        awaitWrites(kind, round);
        if (round % DOUBLE == 0) {
            kill((victim + 1 + random.nextInt(2)) % ClusterNodes.NAMES.size(), "second", round);
            nodes.startAll();
            awaitWrites("second", round);
        }
        for (SteadyLoad load : loads) {
            load.awaitMore(random.nextInt(plan.held() / 2));
        }
        nodes.startAll();
    }

    /** The primary, who leads the control log, or anybody. */
    private int victim(Map<String, Object> mirror) throws IOException {
        int wanted = switch (random.nextInt(4)) {
            case 0, 1 -> ClusterNodes.NAMES.indexOf(String.valueOf(mirror.get("primary")));
            case 2 -> nodes.leader();
            default -> random.nextInt(ClusterNodes.NAMES.size());
        };
        return wanted >= 0 ? wanted : random.nextInt(ClusterNodes.NAMES.size());
    }

    private static String kind(Map<String, Object> mirror, int node) {
        String name = ClusterNodes.NAMES.get(node);
        if (name.equals(mirror.get("primary"))) {
            return "primary";
        }
        return ((List<?>) mirror.get("inSync")).contains(name) ? "secondary" : "no copy";
    }

    private void kill(int node, String kind, int round) {
        System.out.println("round " + round + ": " + ClusterNodes.NAMES.get(node) + " is killed: " + kind);
        loads.forEach(load -> load.hold(plan.held()));
        loads.forEach(SteadyLoad::mark);
        nodes.kill(node);
    }

    private void awaitWrites(String kind, int round) throws InterruptedException {
        for (SteadyLoad load : loads) {
            OptionalLong after = load.awaitAfterMark(PATIENCE_NANOS);
            boolean isLate = after.isPresent() && after.getAsLong() > SteadyLoad.PROMISED_NANOS;
            if (isLate && !kind.equals("early") && !kind.equals("second")) {
                complaints.add("round " + round + ": nobody served for longer than attach waits: " + kind);
            }
            if (after.isPresent()) {
                nanos.computeIfAbsent(kind, none -> new ArrayList<>()).add(after.getAsLong());
            } else {
                complaints.add("round " + round + ": no write was acknowledged any more after the kill: " + kind);
            }
        }
    }

    private void awaitInSync() throws IOException, InterruptedException {
        long end = System.nanoTime() + PATIENCE_NANOS;
        while (!"in sync".equals(nodes.mirror().get("state"))) {
            if (System.nanoTime() > end) {
                throw new IOException("the copies do not become equal: " + nodes.mirror());
            }
            boolean ended = ways.getFirst().process().waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS);
            if (ended) {
                throw new IOException("attach ended: " + ways.getFirst().errors());
            }
        }
    }

    private void end() throws IOException, InterruptedException {
        nodes.startAll();
        for (FioVerify fio : verifying) {
            complaints.addAll(fio.stop());
        }
        for (SteadyLoad load : loads) {
            load.stop();
        }
        for (int i = 0; i < loads.size(); i++) {
            complaints.addAll(loads.get(i).judge(clients.get((i + 1) % clients.size())));
        }
        for (NbdClient client : clients) {
            client.close();
        }
    }

    private void summary() {
        long requests = loads.stream().mapToLong(SteadyLoad::answered).sum();
        long givenUp = loads.stream().mapToLong(SteadyLoad::givenUp).sum();
        System.out.println(plan.rounds() + " rounds, " + requests + " requests answered, " + givenUp
                + " failed when nobody had served for 30 s, " + complaints.size() + " complaints");
        System.out.println("milliseconds from a kill to a write:");
        Map<String, List<Long>> sorted = new LinkedHashMap<>(nanos);
        sorted.forEach((kind, values) -> {
            Collections.sort(values);
            System.out.printf(
                    "  %-22s %4d kills x clients, p50 %,d, p99 %,d, most %,d%n",
                    kind, values.size(), millis(values, 50), millis(values, 99), millis(values, 100));
        });
    }

    private static long millis(List<Long> sorted, int percent) {
        int index = Math.max(0, (sorted.size() * percent + 99) / 100 - 1);
        return sorted.get(index) / 1_000_000;
    }
}
