package dev.holdfast.mirror;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.base.Violation;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A history is a list of epochs, one for each entry, kept short. */
final class HistoryTest {
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void isTheListOfEpochs(long seed) {
        Random random = new Random(seed);
        List<Integer> epochs = new ArrayList<>();
        History history = History.EMPTY;
        int epoch = 1;
        for (int step = 0; step < 300; step++) {
            if (random.nextInt(20) == 0) {
                int keep = random.nextInt(epochs.size() + 1);
                epochs = new ArrayList<>(epochs.subList(0, keep));
                history = history.until(keep);
                epoch++;
            } else {
                epoch += random.nextInt(10) / 9;
                epochs.add(epoch);
                history = history.with(epoch, epochs.size());
            }
            for (int seq = 1; seq <= epochs.size(); seq++) {
                assertEquals(epochs.get(seq - 1), history.epochAt(seq), "seed " + seed);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void theForkIsTheLastEntryThatBothHave(long seed) {
        Random random = new Random(seed);
        for (int round = 0; round < 200; round++) {
            List<Integer> one = someEpochs(random);
            List<Integer> other = someEpochs(random);
            int end = Math.min(one.size(), other.size());
            int fork = end;
            while (fork > 0 && !one.get(fork - 1).equals(other.get(fork - 1))) {
                fork--;
            }
            assertEquals(fork, history(one).forkWith(history(other), end), one + " " + other);
        }
    }

    /** Else two that know nothing of an entry would agree on it. */
    @Test
    void whatWasLeftOutIsNoFork() {
        History whole = History.EMPTY.with(2, 1).with(3, 5).with(4, 9);
        assertEquals(7, whole.forkWith(History.EMPTY.with(2, 1).with(3, 5).with(5, 8), 9));
        assertEquals(0, whole.newest(1).forkWith(whole, 8));
        assertEquals(0, whole.newest(1).forkWith(whole.newest(1), 8));
        assertEquals(9, whole.newest(1).forkWith(whole, 9));
        assertFalse(whole.newest(1).reaches(8));
        assertTrue(whole.newest(1).reaches(9));
    }

    @Test
    void epochsOnlyIncrease() {
        History history = History.EMPTY.with(3, 1);
        assertThrows(Violation.class, () -> history.with(2, 2));
    }

    private static List<Integer> someEpochs(Random random) {
        List<Integer> epochs = new ArrayList<>();
        int epoch = 1;
        int count = random.nextInt(12);
        for (int i = 0; i < count; i++) {
            epoch += random.nextInt(3) / 2;
            epochs.add(epoch);
        }
        return epochs;
    }

    private static History history(List<Integer> epochs) {
        History history = History.EMPTY;
        for (int seq = 1; seq <= epochs.size(); seq++) {
            history = history.with(epochs.get(seq - 1), seq);
        }
        return history;
    }
}
