package dev.holdfast.mirror;

import dev.holdfast.base.Checks;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The snapshots that a shard has at the position of an image.
 *
 * @param ids all of them, ascending: whoever takes the image lets others go
 * @param made the one among them that was made at this very position, so that the image is what it keeps; 0: none was
 * @param name of that one, up to {@link #MOST_NAME_BYTES} of UTF-8; else empty
 */
public record KeptSnapshots(List<Long> ids, long made, String name) {
    /** A shard of which images are made has no more. */
    public static final int MOST = 4096;

    /** Bytes of a name. */
    public static final int MOST_NAME_BYTES = 64;

    /** There are none. */
    public static final KeptSnapshots NONE = new KeptSnapshots(List.of(), 0, "");

    /** Checks order and lengths. */
    public KeptSnapshots {
        ids = List.copyOf(ids);
        long last = 0;
        for (long id : ids) {
            Checks.that(id > last, "ids ascend", id, last);
            last = id;
        }
        boolean isNamed = name.getBytes(StandardCharsets.UTF_8).length <= MOST_NAME_BYTES;
        Checks.that(ids.size() <= MOST && isNamed, "snapshots of a shard fit a message", ids.size());
        Checks.that(made == 0 ? name.isEmpty() : ids.contains(made), "what was made is there", made);
    }
}
