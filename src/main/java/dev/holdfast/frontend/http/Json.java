package dev.holdfast.frontend.http;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A small strict JSON codec (RFC 8259). Values are {@code Map<String, Object>}, {@code List<Object>}, {@code String},
 * {@code Long}, {@code Double} and {@code Boolean}; there is no null. It refuses names given twice, deep nesting and
 * anything after the value.
 */
public final class Json {
    private static final int MOST_DEPTH = 16;

    private final String text;
    private int at;

    private Json(String text) {
        this.text = text;
    }

    /** A text is no JSON, or none of ours. */
    public static final class Malformed extends Exception {
        private static final long serialVersionUID = 1L;

        Malformed(String message) {
            super(message);
        }
    }

    /** The value that {@code text} is. */
    public static Object parse(String text) throws Malformed {
        Json json = new Json(text);
        Object value = json.value(0);
        json.space();
        if (json.at != text.length()) {
            throw json.malformed("something follows the value");
        }
        return value;
    }

    /** The object that {@code text} is. */
    public static Map<String, Object> parseObject(String text) throws Malformed {
        return object(parse(text));
    }

    /** {@code value} as an object. */
    public static Map<String, Object> object(Object value) throws Malformed {
        if (!(value instanceof Map<?, ?> map)) {
            throw new Malformed("an object is wanted");
        }
        Map<String, Object> object = new LinkedHashMap<>();
        map.forEach((name, inner) -> object.put(String.valueOf(name), inner));
        return object;
    }

    private Object value(int depth) throws Malformed {
        if (depth > MOST_DEPTH) {
            throw malformed("nested too deep");
        }
        space();
        char next = at < text.length() ? text.charAt(at) : ' ';
        return switch (next) {
            case '{' -> members(depth);
            case '[' -> elements(depth);
            case '"' -> string();
            case 't' -> word("true", true);
            case 'f' -> word("false", false);
            default -> number();
        };
    }

    private Map<String, Object> members(int depth) throws Malformed {
        Map<String, Object> object = new LinkedHashMap<>();
        at++;
        space();
        if (taken('}')) {
            return object;
        }
        do {
            space();
            String name = string();
            space();
            expect(':');
            if (object.put(name, value(depth + 1)) != null) {
                throw malformed("'" + name + "' is given twice");
            }
            space();
        } while (taken(','));
        expect('}');
        return object;
    }

    private List<Object> elements(int depth) throws Malformed {
        List<Object> list = new ArrayList<>();
        at++;
        space();
        if (taken(']')) {
            return list;
        }
        do {
            list.add(value(depth + 1));
            space();
        } while (taken(','));
        expect(']');
        return list;
    }

    private Object word(String word, boolean value) throws Malformed {
        if (!text.startsWith(word, at)) {
            throw malformed("no value");
        }
        at += word.length();
        return value;
    }

    private Object number() throws Malformed {
        int from = at;
        while (at < text.length() && "+-.0123456789eE".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        String digits = text.substring(from, at);
        try {
            if (digits.matches("-?(0|[1-9][0-9]*)")) {
                return Long.parseLong(digits);
            }
            if (digits.matches("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?")) {
                return Double.parseDouble(digits);
            }
        } catch (NumberFormatException tooLong) {
            throw malformed("a number is too long");
        }
        throw malformed("no value");
    }

    private String string() throws Malformed {
        expect('"');
        StringBuilder out = new StringBuilder();
        while (at < text.length()) {
            char next = text.charAt(at++);
            if (next == '"') {
                return out.toString();
            }
            if (next < ' ') {
                throw malformed("a control character in a text");
            }
            out.append(next == '\\' ? escaped() : next);
        }
        throw malformed("a text does not end");
    }

    private char escaped() throws Malformed {
        char next = at < text.length() ? text.charAt(at++) : ' ';
        return switch (next) {
            case '"', '\\', '/' -> next;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> unicode();
            default -> throw malformed("an unknown escape in a text");
        };
    }

    private char unicode() throws Malformed {
        if (at + 4 > text.length() || !text.substring(at, at + 4).matches("[0-9a-fA-F]{4}")) {
            throw malformed("an unknown escape in a text");
        }
        at += 4;
        return (char) Integer.parseInt(text.substring(at - 4, at), 16);
    }

    private void space() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private boolean taken(char wanted) {
        if (at < text.length() && text.charAt(at) == wanted) {
            at++;
            return true;
        }
        return false;
    }

    private void expect(char wanted) throws Malformed {
        if (!taken(wanted)) {
            throw malformed("'" + wanted + "' is wanted");
        }
    }

    private Malformed malformed(String why) {
        return new Malformed("no JSON at character " + at + ": " + why);
    }

    /** {@code value} as text. */
    public static String write(Object value) {
        StringBuilder out = new StringBuilder();
        write(value, out);
        return out.toString();
    }

    private static void write(Object value, StringBuilder out) {
        switch (value) {
            case Map<?, ?> map -> {
                String separator = "{";
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    out.append(separator);
                    quote(String.valueOf(entry.getKey()), out);
                    out.append(':');
                    write(entry.getValue(), out);
                    separator = ",";
                }
                out.append(map.isEmpty() ? "{}" : "}");
            }
            case List<?> list -> {
                out.append('[');
                for (int i = 0; i < list.size(); i++) {
                    out.append(i == 0 ? "" : ",");
                    write(list.get(i), out);
                }
                out.append(']');
            }
            case Number number -> out.append(number);
            case Boolean bool -> out.append(bool);
            default -> quote(value.toString(), out);
        }
    }

    private static void quote(String text, StringBuilder out) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char next = text.charAt(i);
            if (next == '"' || next == '\\') {
                out.append('\\').append(next);
            } else if (next < ' ' || next == 0x7F) {
                out.append("\\u00").append(next < 16 ? "0" : "").append(Integer.toHexString(next));
            } else {
                out.append(next);
            }
        }
        out.append('"');
    }
}
