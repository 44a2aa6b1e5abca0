package dev.holdfast.array;

/** A mirror of two keeps the array's promises. */
final class MirrorOfTwoTest extends ArrayContract {
    @Override
    int copies() {
        return 2;
    }
}
