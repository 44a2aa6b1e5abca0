package dev.holdfast.cluster.control;

import java.util.regex.Pattern;

/** What people may call pools, volumes, snapshots and nodes. */
final class Names {
    /** In words, for messages. */
    static final String RULE = "a name has 1 to 63 letters, digits, '.', '_' or '-' and begins with a letter or digit";

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");

    private Names() {}

    static boolean isValid(String name) {
        return NAME.matcher(name).matches();
    }
}
