package dev.holdfast.mirror;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.base.Mutant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The primary's side of one epoch: brings every other replica's log to its own, opens the gate, and proposes the next
 * set. Who may be primary is not decided here ({@link Replica}).
 *
 * <ol>
 *   <li>commit &lt;= what every member holds that is in this set, or in one that was proposed and may yet count (M1,
 *       M4).
 *   <li>stable, and what is told to be flushed: the same with logged.
 *   <li>Nothing is opened or told without a lease: who has none may have a successor, which may have lost it all since.
 *   <li>Entries that some replica may still ask for are kept: durable is the least over all nodes, absent ones too
 *       (M3).
 *   <li>What a follower said in another epoch, or in another start, counts for nothing.
 *   <li>Nothing is acknowledged before it is in the ordered log that this member acts in this epoch: until then others
 *       may take it for certain that nothing was, should it start again.
 *   <li>Who has resigned has no lease in this epoch any more.
 * </ol>
 */
final class Leading {
    private static final int MOST_UNDER_WAY = 256;

    /** So many entries, or bytes, are logged though nobody waits for it, so that roots may cover them anywhere. */
    private static final int MOST_UNLOGGED = 256;

    private static final long MOST_UNLOGGED_BYTES = 1 << 20;

    /** Whose flushes have no more changes between them will probably flush the next one as well. */
    private static final int FEW = 8;

    private final Self self;
    private final ShardLog log;
    private final ReplicaSet set;
    private final TreeMap<Integer, Follower> followers = new TreeMap<>();
    private final LinkedHashMap<Member, ImageCopy> copies = new LinkedHashMap<>();
    private final List<ReplicaSet> proposed = new ArrayList<>();
    private boolean acting;
    private boolean confirmed;
    private long commit;
    private long stable;
    private long durable;
    private long logWanted;
    private long logAskedNanos;
    private long flushed = -1;
    private long flushWanted;
    private boolean flushesOften;
    private long proposedNanos;
    private long actsAskedNanos;
    private boolean resigned;
    private long resignedNanos;

    /** The primary's side of {@code set}; {@code shard} is what was known of the shard before. */
    Leading(Self self, ReplicaSet set, Message.Shard shard) {
        this.self = self;
        this.log = self.log();
        this.set = set;
        this.commit = log.visible();
        this.logWanted = log.visible(); // A flush may wait since the epoch before.
        Checks.that(
                isSelf(set.primary()),
                "only the primary leads",
                set.epoch(),
                set.primary().node());
        this.stable = shard.stable();
        this.durable = shard.durable();
        long now = self.clock().nanos();
        for (Member member : set.inSync()) {
            if (member.node() != self.member().node()) {
                followers.put(member.node(), new Follower(member, now));
            }
        }
        log.beginEpoch(set.epoch());
        askToAct(now);
        if (Mutant.on("mirror.act-before-said")) {
            act();
        }
    }

    private void askToAct(long now) {
        actsAskedNanos = now;
        self.out().act(set.epoch());
    }

    /** It is in the ordered log that this member acts in this epoch: from now on it does. */
    void act() {
        if (!acting) {
            acting = true;
            log.log(logWanted);
            advance();
        }
    }

    /** Positions of the shard as this primary knows them. */
    Message.Shard shard() {
        return new Message.Shard(commit, stable, durable);
    }

    /**
     * Every in-sync replica has answered, so commit has come to where the logs were the same when this epoch began:
     * everything that anybody was told or saw is visible here. It may serve.
     */
    boolean isConfirmed() {
        return confirmed;
    }

    /** Whether another set was proposed of which the outcome is not known. */
    boolean isChanging() {
        return !proposed.isEmpty();
    }

    /**
     * Whether everybody who might claim has lately promised not to: the in-sync replicas of this set, and of every set
     * that was proposed, for it may count already.
     */
    boolean leaseRuns() {
        long now = self.clock().nanos();
        boolean runs = !hasResigned() && leaseRuns(set, now);
        if (!Mutant.on("mirror.lease-of-old-set-only")) {
            for (ReplicaSet next : proposed) {
                runs &= leaseRuns(next, now);
            }
        }
        return runs || Mutant.on("mirror.serve-without-lease");
    }

    private boolean leaseRuns(ReplicaSet members, long now) {
        for (Member member : members.inSync()) {
            if (!isSelf(member) && !leaseRuns(member, now)) {
                return false;
            }
        }
        return true;
    }

    private boolean leaseRuns(Member member, long now) {
        Follower follower = followers.get(member.node());
        return follower != null
                && follower.member.equals(member)
                && follower.answered
                && now - follower.answeredNanos < Terms.LEASE_NANOS;
    }

    /** Changes were held here: they go out, to be logged at once if a flush is to be expected. */
    void numbered() {
        flushesOften &= log.held() - flushWanted <= FEW;
        if (flushesOften && acting) {
            logUpTo(log.held());
        }
        send(false);
        advance();
    }

    /** Somebody waits until everything up to {@code upTo} is on stable storage everywhere, and is told if it is. */
    void wantLogged(long upTo) {
        flushesOften = upTo - flushWanted <= FEW;
        flushWanted = upTo;
        flushed = Mutant.on("mirror.answer-flush-once") ? flushed : Math.min(flushed, upTo - 1);
        wantStable(upTo);
    }

    /** A root wants to cover everything up to {@code upTo}. */
    void wantStable(long upTo) {
        if (upTo > logWanted) {
            logUpTo(upTo);
            send(true);
        }
        advance();
    }

    private void logUpTo(long upTo) {
        logWanted = upTo;
        logAskedNanos = self.clock().nanos();
        log.log(upTo);
    }

    void have(Message.Have have) {
        Follower follower = follower(have.route().from());
        if (follower == null || have.held() > log.held()) {
            Checks.that(follower == null, "nobody holds more of this epoch than its primary", have.held(), log.held());
            return;
        }
        long now = self.clock().nanos();
        follower.heardNanos = now;
        if (have.held() > follower.held || have.logged() > follower.logged) {
            follower.progressNanos = now;
        }
        boolean hadNoRoom = have.sentNanos() == follower.sentNanos && have.held() + 1 < follower.next;
        boolean hasMoreRoom = have.rooted() > follower.rooted;
        follower.held = Math.max(follower.held, have.held());
        follower.logged = Math.max(follower.logged, have.logged());
        follower.rooted = Math.max(follower.rooted, have.rooted());
        if (hadNoRoom && hasMoreRoom) {
            Marks.reached("mirror.room-again");
            follower.next = follower.held + 1;
        }
        follower.next = Math.max(follower.next, follower.held + 1);
        long countedFrom = Mutant.on("mirror.lease-from-answer") ? now : have.sentNanos();
        if (!follower.answered || countedFrom > follower.answeredNanos) {
            follower.answered = true;
            follower.answeredNanos = countedFrom;
            follower.roundNanos = now - have.sentNanos();
        }
        advance();
        logInTime(now);
        send(false);
    }

    /** Another replica asks where its log and this one fork. */
    void past(Message.Past past) {
        Member from = past.route().from();
        Follower follower = follower(from);
        if (follower == null) {
            follower = new Follower(from, self.clock().nanos());
            followers.put(from.node(), follower);
        }
        follower.heardNanos = self.clock().nanos();
        if (follower.compared) {
            return; // Said before; from then on its log went where this one's did.
        }
        long fork = forkWith(past);
        if (fork < past.held() && !Mutant.on("mirror.no-rewind")) {
            Marks.reached("mirror.rewind");
            self.out().send(new Message.Rewind(past.route().back(), past.head(), fork));
            return;
        }
        follower.compared = true;
        follower.held = fork;
        follower.next = fork + 1;
        follower.mixture = past.mixture();
        send(false);
    }

    /** Where the histories do not reach what a root of the other has, that is in both: it was stable. */
    private long forkWith(Message.Past past) {
        long fork = log.history().forkWith(past.history(), Math.min(log.held(), past.held()));
        long rooted = past.rooted();
        boolean reach = log.history().reaches(rooted) && past.history().reaches(rooted);
        if (fork >= rooted || reach || rooted > log.held()) {
            return fork;
        }
        return rooted;
    }

    /** A follower has said how far its image is. */
    void laid(Message.Laid laid) {
        Follower follower = follower(laid.route().from());
        if (follower != null && follower.compared) {
            long now = self.clock().nanos();
            follower.heardNanos = now;
            copyFor(follower).laid(laid, now);
            sendImage(follower, now);
        }
    }

    /** A piece of an image was read. */
    void imageRead() {
        long now = self.clock().nanos();
        followers.values().forEach(follower -> sendImage(follower, now));
    }

    private ImageCopy copyFor(Follower follower) {
        return copies.computeIfAbsent(follower.member, member -> new ImageCopy(self, follower, set.epoch()));
    }

    /**
     * Sends of an image what is due, to who lacks entries that are not kept, or has a part of one; as long as it is in
     * no set, nor in one that may come to count: who is in a set holds what was acknowledged, and stays so.
     */
    private void sendImage(Follower follower, long now) {
        boolean inSet = isInSet(follower);
        boolean needs = follower.compared && (follower.beyondReplay || follower.isMixture());
        boolean listens = now - follower.heardNanos < Terms.SILENCE_NANOS;
        if (!listens) {
            log.images().pause(follower.member.node());
        } else if (needs && !inSet && confirmed && self.authority().isCurrent(follower.member)) {
            copyFor(follower).send(now);
        }
    }

    /** Whether it is in the set, or in one that may come to count. */
    private boolean isInSet(Follower follower) {
        boolean inSet = set.has(follower.member);
        for (ReplicaSet next : proposed) {
            inSet |= next.has(follower.member);
        }
        return inSet;
    }

    /** Images that are under way. */
    List<ImageStatus> images() {
        return copies.values().stream().flatMap(copy -> copy.status().stream()).toList();
    }

    /** Nodes that can't be brought up to date from the entries that are kept: they get an image. */
    List<Integer> beyondReplay() {
        return followers.values().stream()
                .filter(follower -> follower.beyondReplay)
                .map(follower -> follower.member.node())
                .filter(self.copies().nodes()::contains)
                .toList();
    }

    /** Looks at the time: what is to be sent again, whose turn it is to leave or to join. */
    void tick() {
        long now = self.clock().nanos();
        for (Follower follower : followers.values()) {
            if (follower.next > follower.held + 1 && now - follower.progressNanos > follower.resendNanos()) {
                Marks.reached("mirror.send-again");
                follower.next = follower.held + 1;
                follower.progressNanos = now;
            }
            send(follower, now, now - follower.sentNanos > pause(follower));
            sendImage(follower, now);
        }
        logInTime(now);
        advance();
        if (!acting && now - actsAskedNanos > Terms.PROPOSE_NANOS) {
            askToAct(now);
        }
        if (proposed.isEmpty()) {
            proposeNext(now);
            giveWay(now);
        } else if (now - proposedNanos > Terms.PROPOSE_NANOS) {
            propose(proposed.stream().anyMatch(this::namesWhoWent) ? present(now) : proposed.getLast(), now);
        }
    }

    /** Whether it is a set that never counts, if it is not in the log yet: nobody may hear of that. */
    private boolean namesWhoWent(ReplicaSet next) {
        return next.inSync().stream().anyMatch(member -> !self.copies().nodes().contains(member.node()));
    }

    /** Those who are well and stay, as the next set. */
    private ReplicaSet present(long now) {
        return new ReplicaSet(set.epoch() + 1, self.member(), wellIn(now));
    }

    /** Followers can't ask for it, and their roots need it as well. */
    private void logInTime(long now) {
        long unlogged = log.visible() - logWanted;
        if (!acting || unlogged <= 0) {
            return;
        }
        boolean many = unlogged >= MOST_UNLOGGED || log.bytesAfter(logWanted) >= MOST_UNLOGGED_BYTES;
        if (many || now - logAskedNanos > Terms.LOG_NANOS) {
            wantStable(log.visible());
        }
    }

    private long pause(Follower follower) {
        boolean behind = follower.told < commit || follower.logged < logWanted;
        return behind ? Terms.RESEND_NANOS : Terms.RENEW_NANOS;
    }

    /** The log certainly has not taken, and will not take, {@code refused}. */
    void refused(ReplicaSet refused) {
        proposed.remove(refused);
        advance();
    }

    /** Something is on stable storage here, or in a root. */
    void progressed() {
        advance();
    }

    /** Tells the members that this one serves no more, which has to be true. */
    void resign() {
        for (Member member : set.inSync()) {
            if (!isSelf(member)) {
                self.out().send(new Message.Resign(new Message.Route(self.member(), member, set.epoch())));
            }
        }
    }

    /** Whether it has told the members that it serves no more in this epoch, and they may claim. */
    boolean hasResigned() {
        return resigned && !Mutant.on("mirror.give-way-and-serve");
    }

    /**
     * Its copy is to be taken away: once somebody who stays can take over, it serves no more in this epoch, and says
     * so until another set is told. It may still propose one, as any primary that has no lease: if they all died.
     */
    private void giveWay(long now) {
        boolean gives =
                resigned || confirmed && self.copies().leaves(self.member().node()) && mayFollow(now);
        if (gives && proposed.isEmpty() && (!resigned || now - resignedNanos > Terms.RESEND_NANOS)) {
            Marks.reached("mirror.gives-way");
            resigned = true;
            resignedNanos = now;
            resign();
        }
    }

    /** Whether somebody who stays is in the set, and well. */
    private boolean mayFollow(long now) {
        return set.inSync().stream()
                .filter(member -> !Mutant.on("mirror.who-leaves-leads"))
                .anyMatch(member -> !isSelf(member)
                        && !self.copies().leaves(member.node())
                        && leaseRuns(member, now)
                        && isWellIn(member, now));
    }

    /** What is known of this very start of its node; null if nothing is. */
    private @Nullable Follower follower(Member from) {
        Follower follower = followers.get(from.node());
        return follower != null && follower.member.equals(from) ? follower : null;
    }

    private void send(boolean ask) {
        long now = self.clock().nanos();
        for (Follower follower : followers.values()) {
            send(follower, now, ask);
        }
    }

    private void send(Follower follower, long now, boolean ask) {
        if (hasResigned()) {
            return; // An answer would be a promise not to claim.
        }
        boolean asked = false;
        boolean lacks = follower.next <= log.held() && follower.next < log.firstKept();
        if (lacks && follower.compared && !follower.beyondReplay) {
            Marks.reached("mirror.beyond-replay");
        }
        follower.beyondReplay = follower.compared && lacks;
        boolean sends = follower.compared && !lacks && !follower.isMixture();
        while (sends && follower.next <= log.held() && follower.next - follower.held <= MOST_UNDER_WAY) {
            if (follower.next == follower.held + 1) {
                follower.progressNanos = now;
            }
            long sure = Mutant.on("mirror.skip-what-may-be-taken-back") ? log.held() : stable;
            Batch batch = isInSet(follower) ? log.batch(follower.next) : log.batch(follower.next, sure);
            send(follower, now, batch);
            follower.next = batch.last() + 1;
            asked = true;
        }
        if (ask && !asked && follower.compared) {
            send(follower, now, Batch.none(follower.next - 1));
        }
    }

    private void send(Follower follower, long now, Batch batch) {
        Checks.that(follower.compared, "entries go to who was compared", follower.member.node());
        Message.Route route = new Message.Route(self.member(), follower.member, set.epoch());
        Position previous = log.history().at(batch.first() - 1);
        follower.sentNanos = now;
        follower.told = commit;
        self.out().send(new Message.Append(route, previous, batch, shard(), logWanted, now));
    }

    /** Moves the positions of the shard as far as they go. */
    private void advance() {
        if (!acting) {
            return;
        }
        boolean leaseRuns = leaseRuns();
        long heldByAll = Mutant.on("mirror.acknowledge-before-held") ? log.held() : least(true, log.held());
        if (leaseRuns && heldByAll > commit) {
            commit = heldByAll;
            log.open(commit);
        }
        Checks.that(commit == log.visible() && commit <= log.held(), "a primary's readers see commit", commit);
        stable = Math.max(stable, Mutant.on("mirror.stable-is-commit") ? commit : least(false, log.logged()));
        log.stable(stable);
        durable = Math.max(durable, leastSafe());
        Checks.that(durable <= log.held(), "what is durable everywhere is held here", durable, log.held());
        log.durable(durable);
        confirmed |= leaseRuns;
        Checks.that(stable <= log.held(), "what is stable is held here", stable, log.held());
        long done = Math.min(stable, commit);
        if (leaseRuns && done > flushed) {
            flushed = done;
            self.out().flushed(done);
        }
    }

    /** The least held (or logged) position of those without whom nothing is acknowledged; {@code own} is this one's. */
    private long least(boolean held, long own) {
        long least = own;
        if (!Mutant.on("mirror.acknowledge-under-new-set-only") || proposed.isEmpty()) {
            least = least(set, held, least);
        }
        if (!held && Mutant.on("mirror.flush-under-old-set-only")) {
            return least;
        }
        for (ReplicaSet next : proposed) {
            least = least(next, held, least);
        }
        return least;
    }

    private long least(ReplicaSet members, boolean held, long bound) {
        long least = bound;
        for (Member member : members.inSync()) {
            if (!isSelf(member)) {
                Follower follower = follower(member);
                least = Math.min(least, follower == null ? 0 : held ? follower.held : follower.logged);
            }
        }
        return least;
    }

    private long leastSafe() {
        long own = Math.max(log.logged(), log.rooted());
        long absent = Mutant.on("mirror.forget-the-absent") ? own : 0;
        long least = own;
        for (int node : self.copies().nodes()) {
            if (node != self.member().node() && !Mutant.on("mirror.trim-by-own-log")) {
                Follower follower = followers.get(node);
                least = Math.min(least, follower == null ? absent : follower.safe());
            }
        }
        return least;
    }

    private boolean isSelf(Member member) {
        return member.equals(self.member());
    }

    private void proposeNext(long now) {
        List<Member> next = wellIn(now);
        if (next.size() == set.inSync().size()) {
            addJoiner(next);
        }
        if (next.size() != set.inSync().size()) {
            propose(new ReplicaSet(set.epoch() + 1, self.member(), next), now);
        }
    }

    /** This one, and whoever of the set is well and stays. */
    private List<Member> wellIn(long now) {
        List<Member> members = new ArrayList<>();
        for (Member member : set.inSync()) {
            if (isSelf(member) || isWellIn(member, now) && !self.copies().leaves(member.node())) {
                members.add(member);
            }
        }
        return members;
    }

    private boolean isWellIn(Member member, long now) {
        Follower follower = follower(member);
        return follower != null
                && self.authority().isCurrent(member)
                && now - follower.heardNanos < (hasResigned() ? Terms.GIVE_WAY_NANOS : Terms.SILENCE_NANOS);
    }

    /** Adds one replica that has what the set has: everything acknowledged held, everything stable logged. */
    private void addJoiner(List<Member> next) {
        for (Follower follower : followers.values()) {
            boolean logged = follower.logged >= stable || Mutant.on("mirror.join-without-logged");
            boolean held = follower.held >= commit || Mutant.on("mirror.join-without-held");
            boolean whole = follower.compared && !follower.beyondReplay && !follower.isMixture();
            boolean ready = whole && follower.answered && held && logged;
            if (ready
                    && (confirmed || Mutant.on("mirror.join-before-confirmed"))
                    && !set.has(follower.member)
                    && self.copies().stays(follower.member.node())
                    && self.authority().isCurrent(follower.member)) {
                Marks.reached("mirror.join");
                next.add(follower.member);
                return;
            }
            if (follower.compared && !set.has(follower.member) && follower.logged < stable) {
                logWanted = Math.max(logWanted, stable);
            }
        }
    }

    private void propose(ReplicaSet next, long now) {
        Checks.that(next.epoch() == set.epoch() + 1, "a proposal is for the next epoch", next.epoch(), set.epoch());
        Checks.that(
                isSelf(next.primary()),
                "a primary proposes itself",
                next.primary().node());
        if (!proposed.contains(next)) {
            proposed.add(next);
        }
        proposedNanos = now;
        self.out().propose(next);
    }
}
