package dev.holdfast.cluster.control;

import java.util.regex.Pattern;

/** What people may call pools, volumes, snapshots and nodes. */
final class Names {
    /** In words, for messages. */
    static final String RULE = "a name has 1 to 63 letters, digits, '.', '_' or '-' and begins with a letter or digit";

    private static final int MOST = 63;
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");

    private Names() {}

    /** Of the volume that a copy becomes which is passed over: the beginning of its volume's name, where, and when. */
    static String passedOver(VolumeInfo volume, String node, int epoch) {
        String end = ".passed-over-" + node + "-" + epoch;
        int room = Math.max(1, MOST - end.length());
        String name = volume.name().substring(0, Math.min(room, volume.name().length())) + end;
        return name.substring(0, Math.min(MOST, name.length()));
    }

    static boolean isValid(String name) {
        return NAME.matcher(name).matches();
    }
}
