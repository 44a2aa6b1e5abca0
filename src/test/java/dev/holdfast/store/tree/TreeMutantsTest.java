package dev.holdfast.store.tree;

import static org.junit.jupiter.api.Assertions.fail;

import dev.holdfast.base.Mutant;
import dev.holdfast.base.Violation;
import java.util.function.LongConsumer;
import org.junit.jupiter.api.Test;

/** The model tests notice the bugs that are planted for them. */
public final class TreeMutantsTest {
    private static final int SEEDS = 5;

    @Test
    void aBirthOneTooEarlyIsNoticed() {
        isNoticed("tree.birth-off-by-one", TreeMutantsTest::tree);
    }

    @Test
    void aWrongCountOfUsedBlocksIsNoticed() {
        isNoticed("tree.used-wrong", TreeMutantsTest::tree);
    }

    @Test
    void aHoleThatKeepsItsNodesIsNoticed() {
        isNoticed("tree.hole-keeps-nodes", TreeMutantsTest::tree);
    }

    @Test
    void reuseWithinTheSameConsistencyPointIsNoticed() {
        isNoticed("tree.reuse-freed-early", TreeMutantsTest::freeMap);
    }

    @Test
    void aDeferredListThatIsNotCarriedOnIsNoticed() {
        isNoticed("tree.deferred-not-carried", TreeMutantsTest::freeMap);
    }

    @Test
    void forgottenFreedBlocksAreNoticed() {
        isNoticed("tree.list-blocks-leak", TreeMutantsTest::freeMap);
    }

    private static void tree(long seed) {
        new TreeModelTest.History(seed).run(10);
    }

    private static void freeMap(long seed) {
        FreeMapModelTest.history(seed, 40);
    }

    private static void isNoticed(String mutant, LongConsumer history) {
        for (long seed = 1; seed <= SEEDS; seed++) {
            history.accept(seed);
            Mutant.plant(mutant);
            try {
                history.accept(seed);
            } catch (Violation | AssertionError noticed) {
                return;
            } finally {
                Mutant.remove();
            }
        }
        fail(mutant + " went unnoticed for seeds 1.." + SEEDS);
    }
}
