package dev.holdfast.store.read;

import dev.holdfast.base.Checks;

/**
 * Notices that a disk is read from front to back and brings in what comes next. One stream per disk; a guess that is
 * wrong costs some reads, never an answer.
 */
public final class ReadAhead {
    /** What is brought in at once. */
    private static final int STEP_BYTES = 256 << 10;

    /** How far ahead of the reader. */
    private static final int AHEAD_BYTES = 1 << 20;

    /** Requests of one stream come in order only roughly: so many of their lengths apart, within these bounds. */
    private static final int SLACK_LENGTHS = 16;

    private static final int LEAST_SLACK_BYTES = 64 << 10;
    private static final int MOST_SLACK_BYTES = 512 << 10;

    /** Reads before a guess, and before a wrong guess is given up. */
    private static final int FEW_READS = 4;

    private static final int MANY_READS = 8;
    private static final int MOST_STEPS = 4;

    private final ReadPath reads;
    private final ReadView view;
    private long start;
    private long expected;
    private long readBytes;
    private int readCount;
    private long aheadTo;
    private int stepsUnderWay;
    private int stepsInVain;
    private boolean resting = true;

    /** Watches the reads of {@code view}. */
    public ReadAhead(ReadPath reads, ReadView view) {
        this.reads = reads;
        this.view = view;
    }

    /** A READ was served; {@code atHand} says whether it found everything in memory. */
    public void observe(long offset, long lengthBytes, boolean atHand, long sizeBytes) {
        long slackBytes = Math.clamp(SLACK_LENGTHS * lengthBytes, LEAST_SLACK_BYTES, MOST_SLACK_BYTES);
        if (Math.abs(offset - expected) > slackBytes || readCount >= MANY_READS && !isStream()) {
            start = offset;
            expected = offset;
            readBytes = 0;
            readCount = 0;
            aheadTo = 0;
        }
        boolean advances = offset + lengthBytes > expected;
        readCount++;
        readBytes += lengthBytes;
        expected = Math.max(expected, offset + lengthBytes);
        if (!atHand) {
            resting = false;
            stepsInVain = 0;
        }
        if (advances && readCount >= FEW_READS && !resting && isStream()) {
            goAhead(sizeBytes);
        }
    }

    /** Whether what was read is about as long as the way it went. */
    private boolean isStream() {
        long way = expected - start;
        return 4 * way >= 3 * readBytes && 2 * way <= 3 * readBytes;
    }

    /** A step has ended; {@code brought} says whether anything had to be read for it. */
    void ended(boolean brought) {
        Checks.that(stepsUnderWay > 0, "steps end once", stepsUnderWay);
        stepsUnderWay--;
        stepsInVain = brought ? 0 : stepsInVain + 1;
        if (stepsInVain > MOST_STEPS) {
            resting = true;
        }
    }

    private void goAhead(long sizeBytes) {
        Checks.that(expected <= sizeBytes, "reads were inside the disk", expected, sizeBytes);
        long from = Math.max(aheadTo, expected);
        long to = Math.min(expected + AHEAD_BYTES, sizeBytes);
        while (from < to && stepsUnderWay < MOST_STEPS) {
            long end = Math.min(sizeBytes, (from / STEP_BYTES + 1) * STEP_BYTES);
            stepsUnderWay++;
            if (!reads.readAhead(view, from, end - from, this)) {
                stepsUnderWay--;
                return;
            }
            from = end;
            aheadTo = end;
        }
    }
}
