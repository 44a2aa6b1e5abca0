package dev.holdfast.store.twin;

import dev.holdfast.store.root.TwinRecord;
import java.time.Instant;

/**
 * How it stands with a pool's twin.
 *
 * @param kept what the pool's roots say of it
 * @param address where it is
 * @param state of the connection
 * @param log whether what is answered is there
 * @param cp the newest root that it is known to have; 0 if none is
 * @param live blocks go out as they are written
 * @param heldBlocks blocks that only what the twin has still needs
 * @param trouble why it does not get on, for people; empty if it does
 */
public record TwinStatus(
        TwinRecord.State kept,
        String address,
        SourceTwin.State state,
        Log log,
        long cp,
        boolean live,
        long heldBlocks,
        String trouble) {
    /** Whether what is answered is there; if something is not, since when, wall time in ms. */
    public record Log(TwinRing.State state, long since) {}

    /** True if the pool has a twin. */
    public boolean exists() {
        return kept != TwinRecord.State.NONE;
    }

    /** One line for people; empty without a twin. */
    public String line() {
        if (!exists()) {
            return "";
        }
        if (kept == TwinRecord.State.PROMOTED) {
            return "this was a twin and is the pool now; it has none yet: `holdfast pool mirror` gives it one" + why();
        }
        if (kept == TwinRecord.State.HANDED_OVER) {
            return "handed over to the twin at " + address + " with consistency point " + cp;
        }
        String has = cp == 0 ? "holds nothing yet" : "holds consistency point " + cp;
        String held = heldBlocks == 0 ? "" : ", " + heldBlocks + " blocks are kept for it";
        return "twin at " + address + " " + has + held + ": " + words() + rpo();
    }

    private String rpo() {
        return switch (log.state) {
            case OFF -> "";
            case CATCHING_UP -> "; --rpo 0: catching up, so what the twin has not got yet would be lost with this side";
            case SYNCHRONOUS -> "; --rpo 0: synchronous, nothing that was answered would be lost with this side";
            case SUSPENDED ->
                "; --rpo 0: SUSPENDED since " + Instant.ofEpochMilli(log.since)
                        + ": writes and flushes wait until the twin has caught up; `pool mirror --rpo off`"
                        + " goes on without it";
        };
    }

    private String why() {
        return trouble.isEmpty() ? "" : " (" + trouble + ")";
    }

    private String words() {
        String why = why();
        return switch (state) {
            case AWAY -> "not reached" + why;
            case GREETING, WITHDRAWING -> "just reached";
            case OPEN -> live && cp > 0 ? "keeps up" : "is being brought up to date";
            case DIVERGED ->
                "it has what this pool does not know, and nothing is sent; `pool mirror --start-over`"
                        + " makes it begin with nothing" + why;
        };
    }
}
