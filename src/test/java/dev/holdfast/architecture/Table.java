package dev.holdfast.architecture;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The table of packages in docs/ARCHITECTURE.md: which package may import which. The page is the only copy, so page and
 * test cannot disagree. Rows look like {@code | `store.log` | one sentence | base io array |}.
 */
record Table(Map<String, SortedSet<String>> allowed) {
    static final Path PAGE = Path.of("docs/ARCHITECTURE.md");

    private static final Pattern ROW = Pattern.compile("\\| `([a-z0-9.]+)` \\|.+\\|([a-z0-9. ]*)\\|");

    static Table read() {
        try {
            Map<String, SortedSet<String>> allowed = new TreeMap<>();
            for (String line : Files.readAllLines(PAGE)) {
                Matcher row = ROW.matcher(line.strip());
                if (row.matches()) {
                    allowed.put(row.group(1), words(row.group(2)));
                }
            }
            return new Table(allowed);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    SortedSet<String> allowedFor(String packageName) {
        return allowed.getOrDefault(packageName, new TreeSet<>());
    }

    private static SortedSet<String> words(String text) {
        SortedSet<String> words = new TreeSet<>();
        for (String word : text.strip().split(" +")) {
            if (!word.isEmpty()) {
                words.add(word);
            }
        }
        return words;
    }
}
