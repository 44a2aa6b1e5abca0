package dev.holdfast.array;

/** A mirror of three keeps the array's promises. */
final class MirrorOfThreeTest extends ArrayContract {
    @Override
    int copies() {
        return 3;
    }
}
