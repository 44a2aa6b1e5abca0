package dev.holdfast.mirror;

import java.util.EnumSet;

/** What a replica is to its shard at the moment. */
public enum Role {
    /** No set was told yet. */
    IDLE,
    /** In no set: takes the primary's entries until a set names it. */
    CATCHING_UP,
    /** In sync: holds what it is sent, applies up to commit, and does not claim while it promised so. */
    SECONDARY,
    /** Has proposed itself as primary and takes nothing until the log has decided. */
    CLAIMING,
    /** Primary of a new epoch: that it acts is not in the log yet, or not everybody has answered; serves nothing. */
    CONFIRMING,
    /** Numbers, sends, opens the gate, acknowledges. */
    PRIMARY,
    /** Primary that has proposed another set: acknowledges only what the members of all sets hold that may come. */
    CHANGING;

    /** Whether the replica may become {@code next}. */
    boolean mayBecome(Role next) {
        return switch (this) {
            case IDLE -> next == CATCHING_UP || next == SECONDARY || next == CONFIRMING;
            case CATCHING_UP -> next == SECONDARY || next == CLAIMING || next == CONFIRMING;
            case SECONDARY -> next == CATCHING_UP || next == CLAIMING || next == CONFIRMING;
            case CLAIMING -> EnumSet.of(CATCHING_UP, SECONDARY, CONFIRMING).contains(next);
            case CONFIRMING, PRIMARY, CHANGING ->
                EnumSet.of(CATCHING_UP, SECONDARY, CONFIRMING, PRIMARY, CHANGING)
                        .contains(next);
        };
    }

    /** Whether it leads its epoch. */
    boolean leads() {
        return this == CONFIRMING || this == PRIMARY || this == CHANGING;
    }
}
