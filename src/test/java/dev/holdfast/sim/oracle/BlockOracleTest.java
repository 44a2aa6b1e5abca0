package dev.holdfast.sim.oracle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

final class BlockOracleTest {
    private static final int BLOCK = 4096;

    private final BlockOracle oracle = new BlockOracle();

    private Change write() {
        return oracle.begin(BLOCK, BLOCK, false);
    }

    private Change written() {
        Change change = write();
        oracle.acknowledged(change, false);
        return change;
    }

    private static byte[] bytesOf(Change change) {
        ByteBuffer bytes = ByteBuffer.allocate((int) change.lengthBytes());
        change.putBytes(bytes);
        return bytes.array();
    }

    private void sees(Change change) {
        oracle.sawBytes(oracle.beginLook(BLOCK, BLOCK), bytesOf(change));
    }

    private void mustNotSee(Change change) {
        assertThrows(OracleViolation.class, () -> sees(change));
    }

    private void mustNotSeeZeroes() {
        assertThrows(OracleViolation.class, () -> oracle.sawBytes(oracle.beginLook(BLOCK, BLOCK), new byte[BLOCK]));
    }

    @Test
    void aReadSeesTheNewestAcknowledgedOrWhatIsUnderWay() {
        Change first = written();
        Change second = write();
        sees(first);
        sees(second);
        oracle.acknowledged(second, false);
        sees(second);
        mustNotSee(first);
        mustNotSeeZeroes();
    }

    @Test
    void ofOverlappingWritesOnlyTheForcedOneIsDurable() {
        Change forced = write();
        Change other = write();
        oracle.acknowledged(other, false);
        oracle.acknowledged(forced, true);
        sees(other);
        mustNotSee(forced);
        oracle.powerCut();
        sees(forced);
        mustNotSee(other);
    }

    @Test
    void aFlushAfterOverlappingWritesMakesWhatIsSeenDurable() {
        Change forced = write();
        Change other = write();
        oracle.acknowledged(other, false);
        oracle.acknowledged(forced, true);
        sees(other);
        oracle.flushed(oracle.beginFlush());
        oracle.powerCut();
        mustNotSee(forced);
        sees(other);
    }

    @Test
    void aReadThatBeganEarlierMaySeeTheOlderVersion() {
        Change first = written();
        Change second = write();
        BlockOracle.Look early = oracle.beginLook(BLOCK, BLOCK);
        oracle.acknowledged(second, false);
        oracle.sawBytes(early, bytesOf(first));
        mustNotSee(first);
    }

    @Test
    void afterAPowerCutAnythingSinceTheLastFlushIsLegalAndStaysOnceSeen() {
        Change lost = written();
        Change flushed = written();
        oracle.flushed(oracle.beginFlush());
        Change third = written();
        Change fourth = write();
        for (Change possible : new Change[] {flushed, third, fourth}) {
            BlockOracle after = oracle.copy();
            after.powerCut();
            after.sawBytes(after.beginLook(BLOCK, BLOCK), bytesOf(possible));
            for (Change other : new Change[] {lost, flushed, third, fourth}) {
                boolean same = other.id() == possible.id();
                assertEquals(same, isLegal(after, bytesOf(other)), possible.id() + " then " + other.id());
            }
        }
        oracle.powerCut();
        mustNotSee(lost);
        mustNotSeeZeroes();
    }

    private static boolean isLegal(BlockOracle oracle, byte[] bytes) {
        try {
            oracle.sawBytes(oracle.beginLook(BLOCK, BLOCK), bytes);
            return true;
        } catch (OracleViolation e) {
            return false;
        }
    }

    @Test
    void halfOfOneVersionAndHalfOfAnotherIsNoVersion() {
        Change first = written();
        Change second = written();
        byte[] torn = bytesOf(first);
        System.arraycopy(bytesOf(second), 0, torn, 0, 512);
        oracle.powerCut();
        OracleViolation violation =
                assertThrows(OracleViolation.class, () -> oracle.sawBytes(oracle.beginLook(BLOCK, BLOCK), torn));
        assertTrue(String.valueOf(violation.getMessage()).contains("change 2 then change 1"), violation.getMessage());
    }

    @Test
    void afterProcessDeathNothingAcknowledgedIsMissingAndAFlushCoversIt() {
        Change first = written();
        Change second = written();
        Change third = write();
        oracle.processDied();
        BlockOracle other = oracle.copy();
        sees(third);
        mustNotSee(second);
        assertTrue(isLegal(other, bytesOf(second)));
        other.flushed(other.beginFlush());
        other.powerCut();
        assertTrue(isLegal(other, bytesOf(second)));
        assertFalse(isLegal(other, bytesOf(first)));
        assertFalse(isLegal(other, bytesOf(third)));
    }

    @Test
    void aForcedWriteIsDurableAndAFlushCoversOnlyWhatWasAcknowledgedBeforeItBegan() {
        Change first = written();
        Change forced = write();
        oracle.acknowledged(forced, true);
        long begun = oracle.beginFlush();
        Change late = written();
        oracle.flushed(begun);
        oracle.powerCut();
        assertFalse(isLegal(oracle.copy(), bytesOf(first)));
        assertTrue(isLegal(oracle.copy(), bytesOf(forced)));
        assertTrue(isLegal(oracle.copy(), bytesOf(late)));
    }

    @Test
    void anUnknownOutcomeIsEitherUntilItIsSeen() {
        Change first = written();
        Change failed = write();
        oracle.failed(failed);
        assertTrue(isLegal(oracle.copy(), bytesOf(first)));
        sees(failed);
        mustNotSee(first);
    }

    @Test
    void overlappingWholeWritesTakeAnyOrderAndPartialOnesAreNotAdmitted() {
        Change one = write();
        assertTrue(oracle.admits(BLOCK, BLOCK));
        assertFalse(oracle.admits(BLOCK + 512, 512));
        Change other = write();
        oracle.acknowledged(one, false);
        assertFalse(oracle.admits(BLOCK, BLOCK));
        oracle.acknowledged(other, false);
        assertTrue(isLegal(oracle.copy(), bytesOf(one)));
        assertTrue(isLegal(oracle.copy(), bytesOf(other)));
        mustNotSeeZeroes();
    }

    @Test
    void aHoleMustReadAsZeroes() {
        written();
        BlockOracle.Look look = oracle.beginLook(0, 4L * BLOCK);
        oracle.sawNothing(look, 2 * BLOCK, BLOCK);
        assertThrows(OracleViolation.class, () -> oracle.sawNothing(look, BLOCK, BLOCK));
        Change trim = oracle.begin(0, 4L * BLOCK, true);
        oracle.acknowledged(trim, false);
        oracle.sawNothing(oracle.beginLook(0, 4L * BLOCK), 0, 4L * BLOCK);
    }
}
