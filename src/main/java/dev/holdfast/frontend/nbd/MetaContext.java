package dev.holdfast.frontend.nbd;

import java.util.ArrayList;
import java.util.List;

/**
 * One kind of answer to {@code NBD_CMD_BLOCK_STATUS} and the table of all of them.
 *
 * @param id the number that marks it on this server's connections
 * @param name its namespace, a colon, and its leaf name
 */
record MetaContext(int id, String name) {
    /** Which parts of the disk take space. */
    static final MetaContext BASE_ALLOCATION = new MetaContext(1, "base:allocation");

    /** Everything a client may select. */
    static final List<MetaContext> ALL = List.of(BASE_ALLOCATION);

    /** True if {@code query} has a namespace and a colon, as every query must. */
    static boolean isQuery(String query) {
        return query.indexOf(':') > 0;
    }

    /** What {@code NBD_OPT_LIST_META_CONTEXT} answers: no query means everything, an empty leaf name its namespace. */
    static List<MetaContext> listed(List<String> queries) {
        if (queries.isEmpty()) {
            return ALL;
        }
        List<MetaContext> found = new ArrayList<>();
        for (MetaContext context : ALL) {
            String namespace = context.name.substring(0, context.name.indexOf(':') + 1);
            if (queries.contains(context.name) || queries.contains(namespace)) {
                found.add(context);
            }
        }
        return found;
    }

    /** What {@code NBD_OPT_SET_META_CONTEXT} selects: full names only. */
    static List<MetaContext> selected(List<String> queries) {
        List<MetaContext> found = new ArrayList<>();
        for (MetaContext context : ALL) {
            if (queries.contains(context.name)) {
                found.add(context);
            }
        }
        return found;
    }
}
