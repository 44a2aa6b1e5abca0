package dev.holdfast.store.read;

import dev.holdfast.base.Checks;
import dev.holdfast.store.cache.DirtyMap;
import dev.holdfast.store.tree.ObjectRoot;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What a reader of one disk sees: dirty maps, newest first, over a tree. It reads nothing itself. A snapshot's view has
 * no maps and never changes.
 */
public final class ReadView {
    private final int shard;
    private @Nullable DirtyMap[] maps = new @Nullable DirtyMap[4];
    private int mapCount;
    private ObjectRoot tree;

    /** A view of {@code tree} alone; {@code shard} is its id, for events. */
    public ReadView(int shard, ObjectRoot tree) {
        this.shard = shard;
        this.tree = tree;
    }

    /** Id of the shard, for events. */
    int shard() {
        return shard;
    }

    /** The tree of the newest installed root. */
    public ObjectRoot tree() {
        return tree;
    }

    /** Reads see {@code installed} beneath the maps from now on. */
    public void install(ObjectRoot installed) {
        tree = installed;
    }

    int maps() {
        return mapCount;
    }

    /** Map {@code index}, 0 is the newest. */
    DirtyMap map(int index) {
        DirtyMap map = maps[index];
        if (map == null) {
            throw Checks.unreachable("maps below the count exist");
        }
        return map;
    }

    /** {@code map} takes the changes from now on. */
    public void push(DirtyMap map) {
        if (mapCount == maps.length) {
            maps = Arrays.copyOf(maps, 2 * mapCount);
        }
        System.arraycopy(maps, 0, maps, 1, mapCount);
        maps[0] = map;
        mapCount++;
    }

    /** The newest map never was; another one is pushed before anybody reads. */
    public void removeNewest(DirtyMap map) {
        Checks.that(mapCount > 0 && maps[0] == map, "the newest map goes", mapCount);
        System.arraycopy(maps, 1, maps, 0, mapCount - 1);
        maps[--mapCount] = null;
    }

    /** The oldest map is in the tree and goes. */
    public void removeOldest(DirtyMap map) {
        Checks.that(mapCount > 0, "there is a map to remove", mapCount);
        mapCount--;
        Checks.that(maps[mapCount] == map, "maps go in the order they came");
        maps[mapCount] = null;
        Checks.that(mapCount > 0, "a live disk keeps a map that takes changes", mapCount);
    }
}
