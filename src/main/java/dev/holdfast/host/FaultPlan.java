package dev.holdfast.host;

import dev.holdfast.io.DiskOutcome;
import dev.holdfast.io.WorldException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which operations of which disks fail, and how: for tests of real processes, switched on by the system property
 * {@value #PROPERTY}; one that makes no sense lets no disk be opened. It is no model of a disk: nothing happens that is
 * not written in it.
 *
 * <p>Rules are separated by commas, each {@code DISK:KIND@FIRST[-LAST|+]=EFFECT}: DISK is a part of the path; KIND is
 * {@code read write durable flush discard} or {@code any}; FIRST and LAST count the disk's operations of that kind from
 * 1; EFFECT is {@code media}, {@code full}, {@code gone} (the operation is not done), {@code corrupt} (a read succeeds
 * with a bit turned over in each block) or {@code slow:MILLISECONDS}. Of several rules that match, the first counts.
 * {@code disk-0:flush@3+=media,disk-1:read@1-10=corrupt} fails every flush of one disk from the third on.
 */
record FaultPlan(List<Rule> rules) {
    /** The system property that holds the rules. */
    static final String PROPERTY = "holdfast.disk.faults";

    private static final long NANOS_PER_MILLI = 1_000_000L;
    private static final Pattern RULE = Pattern.compile(
            "([^:,]*):(any|read|write|durable|flush|discard)@(\\d{1,9})(\\+|-\\d{1,9})?=([a-z]+)(:\\d{1,9})?");

    /** What an operation is. */
    enum Kind {
        READ,
        WRITE,
        DURABLE,
        FLUSH,
        DISCARD
    }

    /** What becomes of an operation. */
    sealed interface Effect {
        /** It is done as if there were no plan. */
        record None() implements Effect {}

        /** It is not done and ends with {@code outcome}. */
        record Fail(DiskOutcome outcome) implements Effect {}

        /** It is done, and what was read is wrong. */
        record Corrupt() implements Effect {}

        /** It is done so much later. */
        record Slow(long nanos) implements Effect {}
    }

    /** Operations {@code first} to {@code last} of a kind ({@code any}: of all kinds together) on some disks. */
    record Rule(String pathPart, String kind, long first, long last, Effect effect) {
        boolean matches(Kind asked, long number, long numberOfAny) {
            long counted = kind.equals("any") ? numberOfAny : number;
            boolean kindMatches = kind.equals("any") || kind.equals(asked.name().toLowerCase(Locale.ROOT));
            return kindMatches && counted >= first && counted <= last;
        }
    }

    /** Reads the rules. */
    static FaultPlan parse(String text) throws WorldException {
        List<Rule> rules = new ArrayList<>();
        for (String rule : text.isBlank() ? new String[0] : text.split(",")) {
            Matcher matcher = RULE.matcher(rule.trim());
            if (!matcher.matches()) {
                throw new WorldException("no disk fault: " + rule + "; a rule is DISK:KIND@FIRST[-LAST|+]=EFFECT");
            }
            rules.add(rule(rule, matcher));
        }
        return new FaultPlan(List.copyOf(rules));
    }

    private static Rule rule(String text, Matcher matcher) throws WorldException {
        long first = Long.parseLong(matcher.group(3));
        String until = matcher.group(4);
        long last = until == null ? first : until.equals("+") ? Long.MAX_VALUE : Long.parseLong(until.substring(1));
        return new Rule(matcher.group(1), matcher.group(2), first, last, effect(text, matcher));
    }

    private static Effect effect(String text, Matcher matcher) throws WorldException {
        String argument = matcher.group(6);
        return switch (matcher.group(5)) {
            case "media" -> new Effect.Fail(DiskOutcome.MEDIA_ERROR);
            case "full" -> new Effect.Fail(DiskOutcome.FULL);
            case "gone" -> new Effect.Fail(DiskOutcome.GONE);
            case "corrupt" -> new Effect.Corrupt();
            case "slow" -> new Effect.Slow(argument == null ? 0 : millisToNanos(argument.substring(1)));
            default -> throw new WorldException("no disk fault: " + text + "; the effect is not known");
        };
    }

    private static long millisToNanos(String millis) {
        return Long.parseLong(millis) * NANOS_PER_MILLI;
    }

    /** The part of the plan that is about the disk at {@code path}. */
    FaultPlan of(String path) {
        return new FaultPlan(
                rules.stream().filter(rule -> path.contains(rule.pathPart)).toList());
    }

    boolean isEmpty() {
        return rules.isEmpty();
    }

    /** What becomes of the {@code number}-th operation of its kind, the {@code numberOfAny}-th of all. */
    Effect effectOn(Kind kind, long number, long numberOfAny) {
        return rules.stream()
                .filter(rule -> rule.matches(kind, number, numberOfAny))
                .map(Rule::effect)
                .findFirst()
                .orElse(new Effect.None());
    }
}
