package dev.holdfast.cluster.control;

/** Where a thing of the control plane is between its first record and its last. */
public enum Life {
    /** Intended: its name and id are taken, it can't be used. */
    MAKING,
    /** There, durable, usable. */
    LIVE,
    /** Its end is intended: it can't be used any more. */
    GOING
}
