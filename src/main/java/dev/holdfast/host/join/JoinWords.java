package dev.holdfast.host.join;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A list of byte strings on a stream: their number, then each with its length, big endian. It knows no meaning. */
final class JoinWords {
    private static final int MOST_WORDS = 80;
    private static final int MOST_BYTES = 64 << 10;

    private JoinWords() {}

    static void send(DataOutputStream out, List<byte[]> words) throws IOException {
        out.writeInt(words.size());
        for (byte[] word : words) {
            out.writeInt(word.length);
            out.write(word);
        }
        out.flush();
    }

    /** Reads {@code least} to 80 of them, 64 KiB together. */
    static List<byte[]> receive(DataInputStream in, int least) throws IOException {
        int count = in.readInt();
        if (count < least || count > MOST_WORDS) {
            throw new IOException("that many words are not expected: " + count);
        }
        List<byte[]> words = new ArrayList<>();
        int left = MOST_BYTES;
        for (int i = 0; i < count; i++) {
            int length = in.readInt();
            if (length < 0 || length > left) {
                throw new IOException("a word is too long: " + length);
            }
            left -= length;
            byte[] word = new byte[length];
            in.readFully(word);
            words.add(word);
        }
        return words;
    }

    static byte[] of(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String text(byte[] word) {
        return new String(word, StandardCharsets.UTF_8);
    }
}
