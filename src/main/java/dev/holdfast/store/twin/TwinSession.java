package dev.holdfast.store.twin;

/** What the twin can do to the connection that a message came on. */
interface TwinSession {
    /** Sends a message. */
    void send(TwinFrame frame);

    /** The twin takes messages again. */
    void goOn();

    /** Ends the connection, after what was sent. */
    void end();
}
