package dev.holdfast.frontend.http;

import dev.holdfast.cluster.control.Result;
import java.util.List;

/** What goes back to an HTTP client. */
record Answer(int code, String type, String body) {
    private static final String JSON = "application/json";

    static Answer json(Object value) {
        return new Answer(200, JSON, Json.write(value) + "\n");
    }

    static Answer text(int code, String body) {
        return new Answer(code, "text/plain; version=0.0.4; charset=utf-8", body);
    }

    static Answer error(int code, String why) {
        return new Answer(code, JSON, Json.write(Views.map("error", why)) + "\n");
    }

    static Answer of(Result result, List<String> plan) {
        return switch (result) {
            case Result.Done done when !plan.isEmpty() -> json(Views.map("result", "planned", "plan", plan));
            case Result.Done done -> json(Views.map("result", "done"));
            case Result.AlreadySo so -> json(Views.map("result", "already so", "why", so.why()));
            case Result.Refused refused -> error(code(refused.kind()), refused.why());
        };
    }

    private static int code(Result.Kind kind) {
        return switch (kind) {
            case INVALID -> 400;
            case NOT_FOUND -> 404;
            case CONFLICT -> 409;
            case FAILED -> 500;
            case UNDECIDED -> 504;
        };
    }
}
