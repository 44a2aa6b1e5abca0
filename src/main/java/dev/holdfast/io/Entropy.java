package dev.holdfast.io;

/** Unpredictable numbers, for identifiers; in simulation they come from the seed. */
@FunctionalInterface
public interface Entropy {
    /** 64 random bits. May be called from any loop. */
    long nextLong();
}
