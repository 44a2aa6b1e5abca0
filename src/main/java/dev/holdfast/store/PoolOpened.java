package dev.holdfast.store;

import java.util.List;

/** How opening a pool ended. */
public sealed interface PoolOpened {
    /** It serves. {@code notes} say in lines for people what was found: replayed changes, damage, missing devices. */
    record Opened(Pool pool, List<String> notes) implements PoolOpened {}

    /**
     * It does not, and its devices are closed. {@code why} is one line for people; {@code lossHelps} if {@link
     * OpenPlan#acceptLoss} would open what is left.
     */
    record Refused(String why, boolean lossHelps) implements PoolOpened {}
}
