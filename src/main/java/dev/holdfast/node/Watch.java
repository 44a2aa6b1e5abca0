package dev.holdfast.node;

import dev.holdfast.array.MemberHealth;
import dev.holdfast.base.Checks;
import dev.holdfast.cluster.control.MirrorInfo;
import dev.holdfast.cluster.control.NodeInfo;
import dev.holdfast.frontend.http.NodeStatus;
import dev.holdfast.io.Clock;
import dev.holdfast.io.Loop;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Looks at the node's status every second: remembers since when what is wrong is wrong, and says what became worse or
 * better. It changes nothing but {@link Events}. On the control loop.
 */
final class Watch {
    private static final long LOOK_NANOS = 1_000_000_000L;
    private static final double MILLIS = 1e3;

    private final Loop control;
    private final Clock clock;
    private final Events events;
    private final Consumer<Consumer<NodeStatus>> ask;
    private final TreeMap<String, Long> since = new TreeMap<>();
    private final TreeMap<Integer, Long> unreachedSince = new TreeMap<>();
    private final TreeMap<Integer, Long> incarnations = new TreeMap<>();
    private final TreeMap<String, MirrorInfo> mirrors = new TreeMap<>();
    private final TreeMap<String, MemberHealth> disks = new TreeMap<>();
    private boolean stopped;

    /** Nothing seen yet; {@code ask} gives the status of the moment. */
    Watch(Loop control, Clock clock, Events events, Consumer<Consumer<NodeStatus>> ask) {
        this.control = control;
        this.clock = clock;
        this.events = events;
        this.ask = ask;
    }

    /** Begins. */
    void start() {
        Checks.that(control.isCurrent(), "a node is watched on its control loop");
        ask.accept(status -> {
            if (!stopped) {
                look(status);
                control.after(LOOK_NANOS, this::start);
            }
        });
    }

    /** Looks no more. */
    void stop() {
        stopped = true;
    }

    /** What is wrong now, with since when: a thing that is wrong keeps its name as long as it lasts. */
    List<NodeStatus.Trouble> troubles(Map<String, String> wrong) {
        since.keySet().retainAll(wrong.keySet());
        List<NodeStatus.Trouble> troubles = new ArrayList<>();
        wrong.forEach((about, what) -> troubles.add(
                new NodeStatus.Trouble(about, what, since.computeIfAbsent(about, key -> clock.wallMillis()))));
        return troubles;
    }

    private void look(NodeStatus status) {
        status.node().nodes().forEach(node -> look(node, status.node()));
        status.mirrors().stream().filter(mirror -> mirror.here().isEmpty()).forEach(this::look);
        for (NodeStatus.PoolState pool : status.pools()) {
            pool.measured()
                    .ifPresent(measured -> measured.members()
                            .forEach(member -> look(pool.info().name(), member)));
        }
    }

    private void look(NodeInfo node, NodeStatus.Member seen) {
        Long before = incarnations.put(node.number(), node.incarnation());
        if (before != null && before < node.incarnation()) {
            events.add("", "node " + node.name() + " was started again (process " + node.incarnation() + ")");
        }
        boolean reached =
                seen.self().number() == node.number() || seen.reached().contains(node.number());
        boolean isKnown = unreachedSince.containsKey(node.number());
        long was = unreachedSince.getOrDefault(node.number(), 0L);
        if (reached && was > 0) {
            String after = String.format(Locale.ROOT, "%.0f s", (clock.wallMillis() - was) / MILLIS);
            events.add("", "node " + node.name() + " is reached again, after " + after);
        } else if (!reached && isKnown && was == 0) {
            events.add("", "node " + node.name() + " is not reached any more");
        }
        if (reached) {
            unreachedSince.put(node.number(), 0L);
        } else if (isKnown && was == 0) {
            unreachedSince.put(node.number(), clock.wallMillis());
        }
    }

    private void look(NodeStatus.Mirror mirror) {
        String name = mirror.volume().name();
        MirrorInfo before = mirrors.put(name, mirror.known());
        if (before != null) {
            News.ofSets(before, mirror.known()).ifPresent(what -> events.add(name, what));
        }
    }

    private void look(String pool, MemberHealth now) {
        MemberHealth before = disks.put(pool + " " + now.slot(), now);
        String disk = "disk " + now.path() + " of pool " + pool;
        if (before == null) {
            return;
        }
        if (before.present() && !now.present()) {
            events.add("", disk + " is out" + (now.reason().isEmpty() ? "" : ": " + now.reason()));
        } else if (!before.present() && now.present()) {
            events.add("", disk + " is there again");
        }
        long errors = now.readErrors() - before.readErrors() + now.writeErrors() - before.writeErrors();
        if (errors > 0) {
            events.add("", disk + " had " + errors + (errors == 1 ? " error" : " errors"));
        }
    }
}
