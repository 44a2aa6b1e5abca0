package dev.holdfast.frontend.nbd;

import static dev.holdfast.frontend.nbd.HandshakeWire.*;

import dev.holdfast.base.Checks;
import dev.holdfast.block.BlockVolume;
import dev.holdfast.io.Connection;
import dev.holdfast.io.Loop;
import dev.holdfast.io.Timer;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The fixed newstyle handshake of one connection, from greeting to the chosen disk. It serves no requests.
 *
 * <p>An option is taken when all of it has arrived; a client speaks again only after an answer, so nothing is kept
 * between options but what was agreed on. Whatever can't be answered in step ends the connection.
 */
final class Handshake implements Phase {
    /** Where the handshake is. */
    enum State {
        /** The greeting is out; the client's flags have not come yet. */
        FLAGS,
        /** The next thing to come is an option. */
        OPTIONS,
        /** The disk's loop is asked for its size; nothing is read until it has answered. */
        ASKING,
        /** A disk was chosen, or the connection ends. */
        OVER;

        boolean leadsTo(State next) {
            return switch (this) {
                case FLAGS, ASKING -> next == OPTIONS || next == OVER;
                case OPTIONS -> next == ASKING || next == OVER;
                case OVER -> next == OVER;
            };
        }
    }

    /** The longest option data; more ends the connection. */
    static final int OPTION_BYTES = 64 << 10;

    /** Answers that may wait to be sent before the next option is looked at. */
    private static final int QUEUED_BYTES = 1 << 20;

    private final Client client;
    private final Connection connection;
    private final Loop loop;
    private final NbdExports exports;
    private final NbdLimits limits;
    private final OptionReplies replies;
    private Timer deadline = () -> {};

    private State state = State.FLAGS;
    private boolean gone;
    private boolean fixedNewstyle;
    private boolean noZeroes;
    private boolean structured;
    private int options;

    /** The export whose contexts were selected last, by its proper name, and whether there were any. */
    private String contextExport = "";

    private boolean allocation;

    Handshake(Client client, Connection connection, Loop loop, NbdExports exports, NbdLimits limits) {
        this.client = client;
        this.connection = connection;
        this.loop = loop;
        this.exports = exports;
        this.limits = limits;
        this.replies = new OptionReplies(connection);
    }

    /** Greets the client and starts its clock. */
    void start() {
        deadline = loop.after(limits.handshakeNanos(), this::cut);
        replies.greeting();
    }

    @Override
    public void received(ByteBuffer in) {
        boolean taken = true;
        while (taken) {
            taken = switch (state) {
                case FLAGS -> takeFlags(in);
                case OPTIONS -> takeOption(in);
                case ASKING -> false;
                case OVER -> swallow(in);
            };
        }
    }

    @Override
    public void drained() {
        if (state == State.OPTIONS) {
            connection.resume();
        }
    }

    @Override
    public void closed() {
        gone = true;
        become(State.OVER);
        deadline.cancel();
    }

    @Override
    public void stop() {
        end();
    }

    @Override
    public void cut() {
        become(State.OVER);
        deadline.cancel();
        if (!gone) {
            connection.close();
        }
    }

    private boolean swallow(ByteBuffer in) {
        in.position(in.limit());
        return false;
    }

    private boolean takeFlags(ByteBuffer in) {
        if (in.remaining() < CLIENT_FLAGS_BYTES) {
            return false;
        }
        int flags = in.getInt();
        fixedNewstyle = (flags & NBD_FLAG_C_FIXED_NEWSTYLE) != 0;
        noZeroes = (flags & NBD_FLAG_C_NO_ZEROES) != 0;
        if ((flags & ~(NBD_FLAG_C_FIXED_NEWSTYLE | NBD_FLAG_C_NO_ZEROES)) != 0) {
            cut();
            return false;
        }
        become(State.OPTIONS);
        return true;
    }

    private boolean takeOption(ByteBuffer in) {
        if (in.remaining() < OPTION_HEADER_BYTES) {
            return false;
        }
        int start = in.position();
        long lengthBytes = in.getInt(start + 12) & 0xffff_ffffL;
        if (in.getLong(start) != NBD_OPTS_MAGIC || lengthBytes > OPTION_BYTES) {
            cut();
            return false;
        }
        if (in.remaining() < OPTION_HEADER_BYTES + lengthBytes) {
            return false;
        }
        int option = in.getInt(start + 8);
        OptionReader data = new OptionReader(in.slice(start + OPTION_HEADER_BYTES, (int) lengthBytes));
        in.position(start + OPTION_HEADER_BYTES + (int) lengthBytes);
        options++;
        // Before fixed newstyle there was only EXPORT_NAME, and no way to say no to anything else.
        if (options > limits.options() || (!fixedNewstyle && option != NBD_OPT_EXPORT_NAME)) {
            cut();
            return false;
        }
        answer(option, data);
        return goesOn();
    }

    /** False if the next option must wait, for the disk or for the client to take what was said to it. */
    private boolean goesOn() {
        if (state != State.OPTIONS) {
            return state == State.OVER;
        }
        if (connection.queuedBytes() <= QUEUED_BYTES) {
            return true;
        }
        connection.pause();
        return false;
    }

    private void answer(int option, OptionReader data) {
        switch (option) {
            case NBD_OPT_EXPORT_NAME -> exportName(data);
            case NBD_OPT_INFO, NBD_OPT_GO -> info(option, data);
            case NBD_OPT_LIST -> list(data);
            case NBD_OPT_ABORT -> abort();
            case NBD_OPT_STRUCTURED_REPLY -> structuredReply(data);
            case NBD_OPT_LIST_META_CONTEXT, NBD_OPT_SET_META_CONTEXT -> metaContext(option, data);
            default -> replies.error(option, NBD_REP_ERR_UNSUP, "this server does not know the option");
        }
    }

    private void exportName(OptionReader data) {
        Optional<Question> question = question(NBD_OPT_EXPORT_NAME, data.rest(), 0);
        if (data.isMalformed() || question.isEmpty()) {
            cut();
        } else {
            ask(question.get());
        }
    }

    private void info(int option, OptionReader data) {
        String name = data.string(data.uint32());
        int count = data.uint16();
        int wanted = 0;
        for (int i = 0; i < count && !data.isMalformed(); i++) {
            int info = data.uint16();
            wanted |= info < Integer.SIZE ? 1 << info : 0;
        }
        if (!data.isWellFormed()) {
            invalid(option);
            return;
        }
        Optional<Question> question = question(option, name, wanted);
        if (question.isEmpty()) {
            unknown(option);
        } else {
            ask(question.get());
        }
    }

    private void list(OptionReader data) {
        if (!data.isWellFormed()) {
            invalid(NBD_OPT_LIST);
            return;
        }
        for (String name : exports.names()) {
            replies.server(NBD_OPT_LIST, name, exports.description(name));
        }
        replies.ack(NBD_OPT_LIST);
    }

    private void abort() {
        replies.ack(NBD_OPT_ABORT);
        end();
    }

    private void structuredReply(OptionReader data) {
        if (!data.isWellFormed()) {
            invalid(NBD_OPT_STRUCTURED_REPLY);
            return;
        }
        structured = true;
        replies.ack(NBD_OPT_STRUCTURED_REPLY);
    }

    private void metaContext(int option, OptionReader data) {
        boolean selects = option == NBD_OPT_SET_META_CONTEXT;
        if (selects) {
            allocation = false; // Selecting replaces what was selected, even when it fails.
        }
        String name = data.string(data.uint32());
        long count = data.uint32();
        List<String> queries = new ArrayList<>();
        for (long i = 0; i < count && !data.isMalformed(); i++) {
            queries.add(data.string(data.uint32()));
        }
        if (!structured || !data.isWellFormed() || !queries.stream().allMatch(MetaContext::isQuery)) {
            invalid(option);
            return;
        }
        Optional<Question> export = question(option, name, 0);
        if (export.isEmpty()) {
            unknown(option);
            return;
        }
        List<MetaContext> contexts = selects ? MetaContext.selected(queries) : MetaContext.listed(queries);
        for (MetaContext context : contexts) {
            replies.metaContext(option, selects ? context.id() : 0, context.name());
        }
        if (selects) {
            contextExport = export.get().name;
            allocation = contexts.contains(MetaContext.BASE_ALLOCATION);
        }
        replies.ack(option);
    }

    /** What to ask of the disk the client means by {@code name}, if there is one. */
    private Optional<Question> question(int option, String name, int wanted) {
        List<String> names = exports.names();
        String proper = name.isEmpty() && names.size() == 1 ? names.getFirst() : name;
        return exports.find(proper).map(volume -> new Question(option, proper, wanted, volume));
    }

    /** Only a disk's own loop may ask it anything, so the answer comes back in a later turn. */
    private void ask(Question question) {
        Checks.that(state == State.OPTIONS, "one question at a time");
        become(State.ASKING);
        connection.pause();
        BlockVolume volume = question.volume;
        volume.loop().post(() -> {
            long sizeBytes = volume.sizeBytes();
            boolean readOnly = volume.isReadOnly();
            loop.post(() -> tell(question, sizeBytes, readOnly));
        });
    }

    private void tell(Question question, long sizeBytes, boolean readOnly) {
        if (state != State.ASKING) {
            return; // The client did not wait.
        }
        if (exports.find(question.name).filter(question.volume::equals).isEmpty()) {
            tellGone(question);
            return;
        }
        int flags = Session.transmissionFlags(readOnly, structured);
        if (question.option == NBD_OPT_EXPORT_NAME) {
            replies.exportName(sizeBytes, flags, !noZeroes);
        } else {
            tellInfo(question, sizeBytes, flags);
        }
        if (question.option == NBD_OPT_INFO) {
            become(State.OPTIONS);
            connection.resume();
            return;
        }
        become(State.OVER);
        deadline.cancel();
        boolean selected = allocation && contextExport.equals(question.name);
        client.begin(new Session(question.volume, structured, selected));
    }

    /** The export was taken away while its disk was asked. */
    private void tellGone(Question question) {
        if (question.option == NBD_OPT_EXPORT_NAME) {
            cut();
            return;
        }
        unknown(question.option);
        become(State.OPTIONS);
        connection.resume();
    }

    private void tellInfo(Question question, long sizeBytes, int flags) {
        int option = question.option;
        replies.infoExport(option, sizeBytes, flags);
        if (question.wants(NBD_INFO_NAME)) {
            replies.infoText(option, NBD_INFO_NAME, question.name);
        }
        if (question.wants(NBD_INFO_DESCRIPTION)) {
            replies.infoText(option, NBD_INFO_DESCRIPTION, exports.description(question.name));
        }
        if (question.wants(NBD_INFO_BLOCK_SIZE)) {
            replies.infoBlockSize(option);
        }
        replies.ack(option);
    }

    private void invalid(int option) {
        replies.error(option, NBD_REP_ERR_INVALID, "the option's data makes no sense");
    }

    private void unknown(int option) {
        replies.error(option, NBD_REP_ERR_UNKNOWN, "there is no such export");
    }

    private void end() {
        if (state != State.OVER) {
            become(State.OVER);
            deadline.cancel();
            connection.closeAfterSending();
        }
    }

    private void become(State next) {
        Checks.that(state.leadsTo(next), "the handshake goes on as declared", state.ordinal(), next.ordinal());
        state = next;
    }

    /** Which disk is asked for its size, and what the client wants to hear: a bit for each {@code NBD_INFO_*}. */
    private record Question(int option, String name, int wanted, BlockVolume volume) {
        boolean wants(int info) {
            return (wanted & 1 << info) != 0;
        }
    }
}
