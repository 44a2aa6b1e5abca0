package dev.holdfast.frontend.nbd.client;

import dev.holdfast.base.Checks;
import dev.holdfast.block.Request;
import java.util.Arrays;

/**
 * The requests of one connection that are not answered, by the cookies under which they went out. A cookie is used
 * once: it is the place of its request in a table, and how often the table was used before.
 */
final class Calls {
    /** A number that is no place. */
    static final int NONE = -1;

    private static final int PLACE_BITS = 20;

    private final Request nobody = new Request(new Nobody());
    private Request[] requests = new Request[16];
    private long[] cookies = new long[16];
    private int[] free = new int[16];
    private int freeCount;
    private int places;
    private long uses;

    /** Requests under way. */
    int count() {
        return places - freeCount;
    }

    /** {@code request} goes out; under which cookie. */
    long add(Request request) {
        int place = freeCount > 0 ? free[--freeCount] : newPlace();
        requests[place] = request;
        cookies[place] = ++uses << PLACE_BITS | place;
        return cookies[place];
    }

    /** The place of what went out under {@code cookie}, or {@link #NONE}. */
    int place(long cookie) {
        int place = (int) (cookie & (1 << PLACE_BITS) - 1);
        return place < places && cookies[place] == cookie ? place : NONE;
    }

    /** What is under way at {@code place}. */
    Request at(int place) {
        return requests[place];
    }

    /** What was under way at {@code place} has been answered. */
    Request remove(int place) {
        Request request = requests[place];
        Checks.that(request != nobody, "a request is answered once", place);
        requests[place] = nobody;
        cookies[place] = 0;
        free[freeCount++] = place;
        return request;
    }

    /** Some place where something is under way, or {@link #NONE}. */
    int any() {
        int place = count() == 0 ? NONE : places - 1;
        while (place >= 0 && cookies[place] == 0) {
            place--;
        }
        return place;
    }

    private int newPlace() {
        Checks.that(places < 1 << PLACE_BITS, "callers bound what is under way", places);
        if (places == requests.length) {
            requests = Arrays.copyOf(requests, 2 * places);
            cookies = Arrays.copyOf(cookies, 2 * places);
            free = Arrays.copyOf(free, 2 * places);
        }
        return places++;
    }

    /** Stands where nothing is under way. */
    private static final class Nobody implements Request.Completion {
        @Override
        public java.nio.ByteBuffer readSpace(Request request) {
            throw Checks.unreachable("nobody asked");
        }

        @Override
        public void extent(Request request, long lengthBytes, boolean allocated) {
            throw Checks.unreachable("nobody asked");
        }

        @Override
        public void completed(Request request, dev.holdfast.block.Status status) {
            throw Checks.unreachable("nobody asked");
        }
    }
}
