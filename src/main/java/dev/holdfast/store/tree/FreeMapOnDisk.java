package dev.holdfast.store.tree;

import dev.holdfast.base.Checks;

/**
 * What the newest root says about the free map, kept in memory so that writing the next one reads nothing: the image's
 * nodes and the blocks that the deferred list itself takes. Not the bits; those are the {@link FreeMap}'s.
 */
final class FreeMapOnDisk {
    private final PagePool pages;
    private final NodeTable nodes;
    private final LongList listBlocks = new LongList();
    private ObjectRoot image;
    private ObjectRoot deferred = ObjectRoot.EMPTY;

    /** Nothing is stored yet. */
    FreeMapOnDisk(long dataBlocks) {
        this(dataBlocks, ObjectRoot.empty(FreeMap.areas(dataBlocks)), ObjectRoot.EMPTY);
    }

    FreeMapOnDisk(long dataBlocks, ObjectRoot image, ObjectRoot deferred) {
        long mostNodes = 64 + FreeMap.areas(dataBlocks) / 8 + dataBlocks / Pointers.BLOCK_BYTES;
        this.pages = new PagePool((int) Math.min(Integer.MAX_VALUE / 2, mostNodes));
        this.nodes = new NodeTable(pages);
        become(image, deferred);
    }

    /** Pages for the nodes and for whoever writes the next image. */
    PagePool pages() {
        return pages;
    }

    /** Every node of the image. */
    NodeTable nodes() {
        return nodes;
    }

    /** Addresses of the blocks, data and nodes, that the deferred list takes. */
    LongList listBlocks() {
        return listBlocks;
    }

    ObjectRoot image() {
        return image;
    }

    ObjectRoot deferred() {
        return deferred;
    }

    /** A newer pair. */
    void become(ObjectRoot newImage, ObjectRoot newDeferred) {
        Checks.that(newImage.height() <= 4, "an image covers 2^21 areas", newImage.height());
        image = newImage;
        deferred = newDeferred;
    }
}
