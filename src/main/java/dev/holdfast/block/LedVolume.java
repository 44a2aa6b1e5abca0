package dev.holdfast.block;

/**
 * A disk of which several nodes keep a copy and one at a time speaks for it, as it is seen on a node that has a copy.
 *
 * <ol>
 *   <li>A request that comes while this node does not speak for the disk completes with {@link Status#MOVED} at once,
 *       and {@link #hasRoom} is true, so that nobody waits.
 *   <li>One that comes while it does is answered in that reign, or completes with MOVED when the reign ends. It may
 *       have to wait meanwhile, as long as the reign lasts: the others may be slow to confirm that it still does.
 * </ol>
 */
public interface LedVolume extends BlockVolume {
    /**
     * Number of the reign in which this node speaks for the disk: the same as long as it does so without a break,
     * greater in every later reign of whichever node; 0 while it does not.
     */
    long reign();

    /**
     * The newest reign that began after all who held everything had lost their memory, 0 if none did: what was answered
     * in a reign before that one, and not flushed, may be gone. Known while this node leads.
     */
    long lostBefore();
}
