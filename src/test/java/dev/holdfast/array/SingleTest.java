package dev.holdfast.array;

/** A single disk keeps the array's promises. */
final class SingleTest extends ArrayContract {
    @Override
    int copies() {
        return 1;
    }
}
