package dev.holdfast.frontend.http;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One HTTP request after its bounds and headers were checked.
 *
 * @param method in capitals
 * @param path the parts of the path, decoded
 * @param query its parameters
 * @param body the JSON object sent; empty if none was
 * @param operationId 32 hexadecimal digits, or empty
 */
record Call(String method, List<String> path, Map<String, String> query, Map<String, Object> body, String operationId) {
    /** A request is wrong; the message says how. */
    static final class Wrong extends Exception {
        private static final long serialVersionUID = 1L;

        private final int code;

        Wrong(int code, String message) {
            super(message);
            this.code = code;
        }

        Answer answer() {
            return Answer.error(code, String.valueOf(getMessage()));
        }
    }

    static Map<String, String> parameters(String query) {
        Map<String, String> parameters = new LinkedHashMap<>();
        for (String part : query.split("&", 64)) {
            int equals = part.indexOf('=');
            if (equals > 0) {
                parameters.put(part.substring(0, equals), part.substring(equals + 1));
            }
        }
        return parameters;
    }

    String text(String name) throws Wrong {
        Object value = body.get(name);
        if (value instanceof String text) {
            return text;
        }
        throw new Wrong(400, "\"" + name + "\" is wanted, a text");
    }

    String text(String name, String otherwise) throws Wrong {
        return body.containsKey(name) ? text(name) : otherwise;
    }

    long number(String name) throws Wrong {
        if (body.get(name) instanceof Long number) {
            return number;
        }
        throw new Wrong(400, "\"" + name + "\" is wanted, a whole number");
    }

    long number(String name, long otherwise) throws Wrong {
        return body.containsKey(name) ? number(name) : otherwise;
    }

    boolean flag(String name) throws Wrong {
        Object value = body.getOrDefault(name, false);
        if (value instanceof Boolean flag) {
            return flag;
        }
        throw new Wrong(400, "\"" + name + "\" is true or false");
    }

    List<String> texts(String name) throws Wrong {
        if (!(body.get(name) instanceof List<?> list) || !list.stream().allMatch(String.class::isInstance)) {
            throw new Wrong(400, "\"" + name + "\" is wanted, a list of texts");
        }
        return list.stream().map(String::valueOf).toList();
    }

    boolean isDryRun() {
        return "1".equals(query.get("dryRun")) || "true".equals(query.get("dryRun"));
    }
}
