package dev.holdfast.cli;

import dev.holdfast.base.Id128;
import dev.holdfast.cli.line.Failure;
import dev.holdfast.cli.serve.ControlRecovery;
import dev.holdfast.cli.serve.LocalNode;
import dev.holdfast.cli.serve.Server;
import dev.holdfast.cli.serve.ServerOptions;
import dev.holdfast.cluster.control.RecoveredLog;
import dev.holdfast.device.Protection;
import dev.holdfast.node.FirstVolume;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Makes a control log anew from the disks alone. */
@Command(
        name = "recover",
        mixinStandardHelpOptions = true,
        description = {
            "Makes the control log of a node anew, when its directory `control` is lost, from what its disks say:",
            "pools, volumes, snapshots. The node must not run. What was a copy of a mirrored volume is a volume of",
            "this node alone afterwards. What the disks do not know: the node's name, exports, and other nodes."
        },
        footer = {
            "",
            "If it is interrupted: remove DIR/control and begin again. Examples:",
            "  holdfast recover --disk holdfast-data/disk0 --dir holdfast-data --dry-run",
            "  holdfast recover --disk /dev/sdb --disk /dev/sdc --pool fast --dir holdfast-data"
        })
final class RecoverCommand implements Runnable {
    private static final String NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,62}";

    @Mixin
    private ServerOptions options = new ServerOptions();

    @Option(names = "--disk", required = true, paramLabel = "PATH", description = "one disk; once for each")
    private List<String> disks = new ArrayList<>();

    @Option(
            names = "--pool",
            paramLabel = "NAME",
            description = "what the first disk's pool is called, the next one's, ...; default what the disks say")
    private List<String> names = new ArrayList<>();

    @Option(names = "--name", paramLabel = "NODE", defaultValue = "a", description = "name of the node; default a")
    private String node = "";

    @Option(names = "--dry-run", description = "only say what the disks are, and write nothing")
    private boolean dryRun;

    @Override
    public void run() {
        Path directory = options.directory();
        if (Files.exists(directory.resolve("control"))) {
            throw new Failure(directory + " has a control log: there is nothing to recover while it is there");
        }
        Map<Id128, List<ControlRecovery.Labelled>> byPool = new LinkedHashMap<>();
        for (ControlRecovery.Labelled disk : ControlRecovery.read(disks)) {
            byPool.computeIfAbsent(disk.label().ids().pool(), pool -> new ArrayList<>())
                    .add(disk);
        }
        List<RecoveredLog.Found> pools = new ArrayList<>();
        byPool.forEach((pool, members) -> pools.add(found(pool, members, pools.size())));
        long different = pools.stream().map(RecoveredLog.Found::name).distinct().count();
        boolean areNames = pools.stream().allMatch(pool -> pool.name().matches(NAME)) && node.matches(NAME);
        if (!areNames || different < pools.size()) {
            throw new Failure(
                    "pools and nodes have names of 1 to 63 letters, digits, '.', '_' or '-', each its own", 2);
        }
        pools.forEach(pool -> System.out.println("pool " + pool.name() + " (" + pool.pool() + "), " + pool.protection()
                + ", of " + String.join(", ", pool.paths())));
        if (!dryRun) {
            recover(directory, ControlRecovery.cluster(byPool), pools);
        }
    }

    private RecoveredLog.Found found(Id128 pool, List<ControlRecovery.Labelled> members, int index) {
        Protection protection = members.getFirst().label().place().protection();
        if (members.size() != protection.copies()) {
            throw new Failure("pool " + pool + " is of " + protection.copies() + " disks, and " + members.size()
                    + " of them are named: say the others with --disk too");
        }
        String stored = members.getFirst().label().poolName();
        String plain = !stored.isEmpty() ? stored : index == 0 ? "main" : "main-" + (index + 1);
        List<String> paths =
                members.stream().map(ControlRecovery.Labelled::path).toList();
        if (TwinServer.isTwin(paths)) {
            throw new Failure(paths.getFirst() + " is a twin's, or that of a pool that is elsewhere now: `holdfast pool"
                    + " promote` makes a pool of it");
        }
        return new RecoveredLog.Found(pool, index < names.size() ? names.get(index) : plain, paths, protection);
    }

    private void recover(Path directory, Id128 cluster, List<RecoveredLog.Found> pools) {
        ControlRecovery.write(directory, cluster, node, pools);
        LocalNode.Plan plan = new LocalNode.Plan(node, options, FirstVolume.Wanted.NOTHING, "");
        new Server(plan, System.out, System.err).adoptAndStop().forEach(System.out::println);
        System.out.println("done; not known any more: exports (`holdfast export add`), other nodes, and the numbers of"
                + " volumes and snapshots that were deleted");
    }
}
