package dev.holdfast.cluster.control;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Id128;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Where copies go that nobody named a pool for: into pools of different nodes in different failure domains, those with
 * the fewest volumes first, of equal ones the oldest. Nodes that are drained get none. It changes nothing.
 */
final class Placement {
    private final ControlState state;
    private final boolean sameDomain;
    private final int leaving;

    /** {@code sameDomain}: copies may share a failure domain if there are not enough. */
    Placement(ControlState state, boolean sameDomain) {
        this(state, sameDomain, 0);
    }

    /** The same as if node {@code leaving} were drained. */
    Placement(ControlState state, boolean sameDomain, int leaving) {
        this.state = state;
        this.sameDomain = sameDomain;
        this.leaving = leaving;
    }

    /** What was found. */
    sealed interface Placed {
        /** As many pools as were asked for. */
        record In(List<Id128> pools) implements Placed {}

        /** Too few, and what to do. */
        record Nowhere(Result.Refused why) implements Placed {}
    }

    /** For the copies of a new volume. */
    Placed fresh(int copies) {
        Checks.that(copies > 1, "a mirrored volume has copies", copies);
        List<PoolInfo> pools = free();
        long nodes = pools.stream().map(PoolInfo::node).distinct().count();
        if (nodes < copies) {
            return nowhere(copies + " copies need pools of as many nodes, and " + nodes
                    + " have one: `holdfast pool create --node NODE` makes more");
        }
        List<Id128> chosen = choose(copies, pools, new TreeSet<>());
        return chosen.size() == copies
                ? new Placed.In(chosen)
                : nowhere(copies + " copies need nodes in as many failure domains, and those with a pool are in "
                        + chosen.size() + " (" + domains(pools) + "): add a node in another one, or --same-domain"
                        + " lets copies share one");
    }

    /** For one more copy of {@code volume}. */
    Placed another(VolumeInfo volume) {
        List<Integer> keep = state.nodesOf(volume);
        List<PoolInfo> pools =
                free().stream().filter(pool -> !keep.contains(pool.node())).toList();
        if (pools.isEmpty()) {
            return nowhere("no other node has a pool: `holdfast pool create --node NODE` makes one");
        }
        TreeSet<String> taken = new TreeSet<>();
        keep.stream().filter(node -> !isDrained(node)).forEach(node -> taken.add(domain(node)));
        List<Id128> chosen = choose(1, pools, taken);
        Checks.that(chosen.size() <= 1, "one copy is placed", chosen.size());
        return chosen.isEmpty()
                ? nowhere("every other node with a pool is in a failure domain that keeps a copy of volume "
                        + volume.name() + " already (" + domains(pools)
                        + "): add a node in another one, or --same-domain lets copies share one")
                : new Placed.In(chosen);
    }

    /** Pools that take copies, best first. */
    private List<PoolInfo> free() {
        List<PoolInfo> pools = new ArrayList<>(state.pools());
        pools.removeIf(pool -> pool.life() != Life.LIVE || isDrained(pool.node()));
        pools.sort(Comparator.comparingLong(pool -> state.volumes().stream()
                .filter(volume -> volume.pools().contains(pool.id()))
                .count()));
        return pools;
    }

    /** At most {@code most} of {@code pools}, each of another node, and outside the domains that are taken. */
    private List<Id128> choose(int most, List<PoolInfo> pools, TreeSet<String> taken) {
        Checks.that(most > 0, "copies are placed", most);
        List<PoolInfo> chosen = new ArrayList<>();
        for (PoolInfo pool : pools) {
            if (chosen.size() < most && taken.add(domain(pool.node()))) {
                chosen.add(pool);
            }
        }
        for (PoolInfo pool : sameDomain ? pools : List.<PoolInfo>of()) {
            boolean isAnother = chosen.stream().noneMatch(other -> other.node() == pool.node());
            if (chosen.size() < most && isAnother) {
                chosen.add(pool);
            }
        }
        return chosen.stream().map(PoolInfo::id).toList();
    }

    private boolean isDrained(int node) {
        return node == leaving || state.drain(node).isPresent();
    }

    private String domain(int node) {
        return state.node(node).map(NodeInfo::domain).orElse("?");
    }

    private String domains(List<PoolInfo> pools) {
        return pools.stream()
                .map(pool -> domain(pool.node()))
                .distinct()
                .sorted()
                .collect(Collectors.joining(", "));
    }

    /** A pool, its node and where that is, for people. */
    static String words(ControlState state, Id128 pool) {
        Optional<PoolInfo> found = state.pool(pool);
        Optional<NodeInfo> node = found.flatMap(info -> state.node(info.node()));
        return found.map(PoolInfo::name).orElse(pool.brief())
                + node.map(in -> " (node " + in.name() + ", domain " + in.domain() + ")")
                        .orElse("");
    }

    private static Placed nowhere(String why) {
        return new Placed.Nowhere(Result.conflict(why));
    }
}
