package dev.holdfast.architecture;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What pure packages may take from the JDK: nothing that starts a thread, waits, opens a file or socket, reads a clock,
 * rolls dice, or lets hash order decide. It sees references, not what is done with them: a {@code HashMap} that nobody
 * iterates is refused too, because the next change may.
 */
final class Purity {
    /** Packages that end at the real world. Everything else is pure. */
    private static final List<String> REAL = List.of("host", "cli", "frontend.http", "frontend.nfs");

    private static final Set<String> JDK_PACKAGES = Set.of(
            "java.lang",
            "java.lang.annotation",
            "java.lang.constant",
            "java.lang.foreign",
            "java.lang.invoke",
            "java.lang.runtime",
            "java.io",
            "java.math",
            "java.nio",
            "java.nio.charset",
            "java.time",
            "java.util",
            "java.util.function",
            "java.util.regex",
            "java.util.stream",
            "java.util.zip");

    private record Ban(Pattern reference, String instead) {
        Ban(String regex, String instead) {
            this(Pattern.compile(regex), instead);
        }
    }

    private static final List<Ban> TYPES = List.of(
            new Ban(
                    "java\\.lang\\.(Thread|ThreadLocal|ThreadGroup|InheritableThreadLocal|ScopedValue)(\\$.*)?",
                    "io.Loop and io.Workers: a pure package has no threads"),
            new Ban("java\\.lang\\.(Process.*|Runtime(\\$.*)?)", "nothing: only host and cli start processes"),
            new Ban(
                    "java\\.io\\.(File.*|RandomAccessFile|Console|.*Stream|.*Reader|.*Writer)",
                    "io.Disk or io.SharedMemory; bytes are passed as buffers"),
            new Ban("java\\.lang\\.foreign\\.(Linker|SymbolLookup)(\\$.*)?", "nothing: only host calls native code"),
            new Ban("java\\.util\\.(Timer|TimerTask)", "io.Loop's timers"),
            new Ban("java\\.util\\.(Random|SplittableRandom)", "io.Entropy, or the simulator's own random numbers"),
            new Ban("java\\.time\\.(Clock|InstantSource)", "io.Clock"),
            new Ban(
                    "java\\.util\\.(HashMap|HashSet|IdentityHashMap|WeakHashMap|Hashtable)",
                    "LinkedHashMap, LinkedHashSet, TreeMap or EnumMap: their order is the same in every run"));

    private static final List<Ban> MEMBERS = List.of(
            new Ban("java\\.lang\\.System#(?!arraycopy|lineSeparator).*", "the io ports"),
            new Ban("java\\.lang\\.(Strict)?Math#random.*", "io.Entropy"),
            new Ban("java\\.util\\.UUID#randomUUID.*", "io.Entropy"),
            new Ban("java\\.util\\.Collections#shuffle\\(Ljava/util/List;\\)V", "a shuffle with a seeded source"),
            new Ban("java\\.time\\..*#now\\(.*", "io.Clock"),
            new Ban(
                    "(?!dev\\.holdfast\\.).*#(notify\\(\\)V|notifyAll\\(\\)V|wait\\((JI?)?\\)V)",
                    "events on an io.Loop"),
            new Ban("java\\.lang\\.Class#(forName|newInstance|getDeclared.*)\\(.*", "plain code: no reflection"),
            new Ban("java\\.util\\..*#(parallel|parallelStream|parallel[A-Z]\\w*)\\(.*", "io.Workers"),
            new Ban(
                    "java\\.util\\.(Set|Map)#(of|ofEntries|copyOf)\\(.*",
                    "List, EnumMap, LinkedHashMap or TreeMap: the order of Set.of and Map.of differs from run to run"),
            new Ban(
                    "java\\.util\\.stream\\.Collectors#(toSet|toUnmodifiable(Set|Map)|toMap|groupingBy).*",
                    "toCollection(TreeSet::new) or a loop: these collect into hash order"));

    private Purity() {}

    static boolean isReal(String packageName) {
        return REAL.stream().anyMatch(real -> packageName.equals(real) || packageName.startsWith(real + "."));
    }

    /** What is wrong when a pure package refers to {@code type}; empty if nothing is. */
    static Optional<String> complaintAboutType(String type) {
        if (type.startsWith("dev.holdfast.") || type.startsWith("org.jspecify.annotations.")) {
            return Optional.empty();
        }
        if (!JDK_PACKAGES.contains(packageOf(type))) {
            return Optional.of(type + ", which is outside the JDK packages that pure code may use (list in Purity)");
        }
        return first(TYPES, type);
    }

    /** What is wrong when a pure package refers to {@code member}, an {@code owner#name(descriptor)}. */
    static Optional<String> complaintAboutMember(String member) {
        return first(MEMBERS, member);
    }

    private static Optional<String> first(List<Ban> bans, String reference) {
        return bans.stream()
                .filter(ban -> ban.reference().matcher(reference).matches())
                .map(ban -> reference + "; use " + ban.instead())
                .findFirst();
    }

    private static String packageOf(String type) {
        return type.substring(0, Math.max(0, type.lastIndexOf('.')));
    }
}
