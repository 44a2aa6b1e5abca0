package dev.holdfast.frontend.http;

import dev.holdfast.cluster.control.MirrorInfo;
import dev.holdfast.cluster.control.NodeInfo;
import dev.holdfast.cluster.control.VolumeInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What would be if a node were away, from what the node that is asked knows now. It changes nothing, and assumes that
 * nothing else fails meanwhile.
 */
final class WhatIf {
    private final NodeStatus status;
    private final NodeInfo down;
    private final boolean hadMajority;
    private final boolean hasMajority;
    private final List<String> goOn = new ArrayList<>();
    private final List<String> lastCopy = new ArrayList<>();
    private final List<String> wait = new ArrayList<>();
    private final List<String> waitAlready = new ArrayList<>();

    /**
     * What would be.
     *
     * @param sentences a paragraph
     * @param stops whether something that works now would not
     * @param waiting volumes that would wait, and do not now
     * @param lastCopy volumes of which one copy in sync would be left, and more are now
     */
    record Outlook(List<String> sentences, boolean stops, List<String> waiting, List<String> lastCopy) {}

    private WhatIf(NodeStatus status, NodeInfo down) {
        this.status = status;
        this.down = down;
        this.hadMajority = isMajority(status, 0);
        this.hasMajority = isMajority(status, down.number());
    }

    /** If the node of that name were down; empty if there is none. */
    static Optional<Outlook> nodeDown(NodeStatus status, String name) {
        return status.node().nodes().stream()
                .filter(node -> node.name().equals(name))
                .findFirst()
                .map(node -> new WhatIf(status, node).outlook());
    }

    private static boolean isMajority(NodeStatus status, int without) {
        long left = status.node().nodes().stream()
                .filter(node -> node.number() != without && status.node().isReached(node))
                .count();
        return 2 * left > status.node().nodes().size();
    }

    private Outlook outlook() {
        for (VolumeInfo volume : status.volumes()) {
            status.mirrors().stream()
                    .filter(mirror -> mirror.volume().equals(volume))
                    .findFirst()
                    .ifPresentOrElse(this::mirrored, () -> alone(volume));
        }
        List<String> lines = new ArrayList<>();
        lines.add(
                status.node().isReached(down)
                        ? "If node " + down.name() + " goes down:"
                        : "Node " + down.name() + " is not reached even now. As long as it is down:");
        lines.add(controlLog());
        said("goes on", "go on", goOn, lines);
        lines.addAll(lastCopy.stream().map(name -> name + lastCopyOf(name)).toList());
        lines.addAll(wait);
        lines.addAll(waitAlready);
        if (status.volumes().isEmpty()) {
            lines.add("There are no volumes.");
        }
        boolean stops = !wait.isEmpty() || (hadMajority && !hasMajority);
        List<String> waiting =
                wait.stream().map(line -> line.substring(0, line.indexOf(' '))).toList();
        return new Outlook(lines, stops, waiting, List.copyOf(lastCopy));
    }

    private String controlLog() {
        int nodes = status.node().nodes().size();
        if (nodes == 1) {
            return "It is the only node.";
        }
        if (hasMajority) {
            return "The control log keeps its majority of " + nodes + " nodes.";
        }
        return hadMajority
                ? "The control log loses its majority of " + nodes + " nodes: no volume can be made, changed or taken"
                        + " over by another copy."
                : "The control log has no majority of its " + nodes + " nodes even now.";
    }

    private static void said(String one, String many, List<String> names, List<String> lines) {
        if (!names.isEmpty()) {
            lines.add(Explain.words(names) + (names.size() == 1 ? " " + one : " " + many) + ".");
        }
    }

    private String lastCopyOf(String volume) {
        List<String> left = status.mirrors().stream()
                .filter(mirror -> mirror.volume().name().equals(volume))
                .flatMap(mirror -> mirror.known().inSync().stream())
                .filter(node -> !node.equals(down.name()))
                .toList();
        return " goes on with its last copy in sync, on " + Explain.words(left)
                + ": a further failure there would stop it.";
    }

    private void alone(VolumeInfo volume) {
        boolean isThere =
                status.pools(volume).stream().anyMatch(pool -> pool.info().node() == down.number());
        if (!isThere) {
            goOn.add(volume.name());
        } else if (status.node().isReached(down)) {
            wait.add(volume.name() + " waits until " + down.name() + " is back: its only copy is there.");
        } else {
            waitAlready.add(volume.name() + " waits already: its only copy is there.");
        }
    }

    private void mirrored(NodeStatus.Mirror mirror) {
        MirrorInfo known = mirror.known();
        String name = mirror.volume().name();
        boolean isInSync = known.inSync().contains(down.name());
        if (known.primary().isEmpty()) {
            waitAlready.add(name + " waits already: none of its copies serves.");
        } else if (!isInSync) {
            goOn.add(name);
        } else if (known.inSync().size() == 1) {
            wait.add(name + " waits until " + down.name() + " is back: "
                    + (known.missing().isEmpty()
                            ? "no other node has a copy."
                            : "the copy on " + Explain.words(known.missing()) + " lacks changes."));
        } else if (!hasMajority) {
            wait.add(name + " waits for a majority: without one nobody can write down that it goes on without "
                    + down.name() + ".");
        } else if (known.inSync().size() == 2) {
            lastCopy.add(name);
        } else {
            goOn.add(name);
        }
    }
}
