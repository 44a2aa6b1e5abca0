package dev.holdfast.store;

import dev.holdfast.io.Loop;
import dev.holdfast.io.Network;
import dev.holdfast.store.twin.Granting;
import java.util.List;
import java.util.Optional;

/** How opening a pool ended. */
public sealed interface PoolOpened {
    /** It serves. {@code notes} say in lines for people what was found: replayed changes, damage, missing devices. */
    record Opened(Pool pool, List<String> notes) implements PoolOpened {}

    /**
     * It does not, and its devices are closed. {@code why} is one line for people; {@code lossHelps} if {@link
     * OpenPlan#acceptLoss} would open what is left.
     *
     * @param elsewhere the pool may be somewhere else, and is not here: nothing is wrong with the devices
     */
    record Refused(String why, boolean lossHelps, Optional<Elsewhere> elsewhere) implements PoolOpened {
        /** Something is wrong. */
        public Refused(String why, boolean lossHelps) {
            this(why, lossHelps, Optional.empty());
        }
    }

    /** The devices are a twin's, or an old source's; who was handed over may have to be told. */
    record Elsewhere(Optional<Granting> untold) {
        /** Tells it, for as long as it takes. */
        public void tell(Network network, Loop loop) {
            untold.ifPresent(granting -> granting.start(network, loop));
        }
    }
}
