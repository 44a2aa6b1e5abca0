package dev.holdfast.sim.shard;

import dev.holdfast.base.Marks;
import dev.holdfast.sim.random.SimRandom;
import dev.holdfast.sim.world.SimWorld;
import java.util.List;
import java.util.TreeSet;
import java.util.function.LongPredicate;

/**
 * Blocks that rot on the media of nodes, never the same contents on two of them. It takes only blocks that clients
 * write whole: what is beneath a write of a part has no second chance. Its dice are its own.
 */
final class Rot {
    private final SimWorld world;
    private final List<ShardNode> nodes;
    private final SimRandom dice;
    private boolean isOver;

    Rot(SimWorld world, List<ShardNode> nodes, SimRandom dice) {
        this.world = world;
        this.nodes = nodes;
        this.dice = dice;
    }

    /**
     * Now and then something rots from now on that is on the other node's disk too. Of three nodes one alone may make
     * an image for another, with an error for what it has lost and the third would have.
     */
    void begin() {
        if (nodes.size() > 2) {
            return;
        }
        world.at(dice.below(dice.oneIn(2) ? 300_000_000L : 3_000_000_000L), () -> {
            if (!isOver) {
                ShardNode node = nodes.get(dice.below(nodes.size()));
                ShardNode other = nodes.get(1 - node.number());
                rot(node, other.store().values(), dice.oneIn(3) ? 1 : 20);
                begin();
            }
        });
    }

    /** Nothing rots any more. */
    void end() {
        isOver = true;
    }

    /** All that may rot does. */
    void all() {
        nodes.forEach(node -> rot(node, node.store().values(), Integer.MAX_VALUE));
    }

    private void rot(ShardNode node, TreeSet<Long> of, int most) {
        LongPredicate may = value -> value % nodes.size() == node.number() && of.contains(value);
        if (node.store().rot(may, dice, most) > 0) {
            Marks.reached("sim.block-rots");
        }
    }
}
