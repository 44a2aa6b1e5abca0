package dev.holdfast.mirror;

import dev.holdfast.base.Checks;
import dev.holdfast.base.Marks;
import dev.holdfast.base.Mutant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One start of one replica of a shard: knows its role, hands events to the side it is on ({@link Leading},
 * {@link Following}), and claims the shard when it may. It moves no bytes and waits for nothing: one event in, effects
 * out. All calls on the shard's loop.
 *
 * <ol>
 *   <li>The role follows the newest set that was told; a proposal changes nothing but what is acknowledged.
 *   <li>A claim is made only by a secondary whose promise is over, or, after a long silence, by who holds all that
 *       anybody may have been told of.
 *   <li>A message of another epoch, from anybody but the primary or to another start, changes nothing.
 * </ol>
 */
public final class Replica {
    private static final Message.Shard NOTHING = new Message.Shard(0, 0, 0);

    private final Self self;
    private final Member member;
    private Role role = Role.IDLE;
    private Optional<ReplicaSet> set = Optional.empty();
    private Optional<Leading> leading = Optional.empty();
    private Optional<Following> following = Optional.empty();
    private Optional<ReplicaSet> claim = Optional.empty();
    private long claimedNanos;
    private long reign;
    private boolean ended;

    /** The newest epoch of which a person has accepted that others' copies are lost. */
    private int accepted;

    /** A replica that knows of no set yet; {@link #told} when the ordered log was replayed. */
    public Replica(Self self) {
        this.self = self;
        this.member = self.member();
    }

    /** What it is. */
    public Role role() {
        return role;
    }

    /** The epoch it goes by; 0 before the first. */
    public int epoch() {
        return set.map(ReplicaSet::epoch).orElse(0);
    }

    /** The set that it goes by; none before the first, or when it has ended. */
    public Optional<ReplicaSet> set() {
        return ended ? Optional.empty() : set;
    }

    /** Which start of which node this is. */
    public Member member() {
        return member;
    }

    /** Whether changes may be numbered, reads answered, and what was opened acknowledged, at this moment. */
    public boolean serves() {
        return !ended
                && (role == Role.PRIMARY || role == Role.CHANGING)
                && leading.orElseThrow().leaseRuns();
    }

    /**
     * Whether changes may be numbered here: what it held as the epoch began is confirmed. They are acknowledged only
     * while it {@link #serves}.
     */
    public boolean numbers() {
        return !ended && !hasResigned() && (role == Role.PRIMARY || role == Role.CHANGING);
    }

    private boolean hasResigned() {
        return leading.filter(Leading::hasResigned).isPresent();
    }

    /** The epoch since which it leads in a row, as far as it knows; 0 if it does not lead. */
    public long reign() {
        return ended || hasResigned() ? 0 : reign;
    }

    /** The newest epoch that began after a loss; see {@link Authority#lossEpoch}. */
    public long lossEpoch() {
        return self.authority().lossEpoch();
    }

    /** Positions of the shard as they are known here. */
    public Message.Shard shard() {
        return leading.map(Leading::shard)
                .orElse(following.map(Following::shard).orElse(NOTHING));
    }

    /** As primary: nodes that can't be brought up to date from the entries that are kept. */
    public List<Integer> beyondReplay() {
        return leading.map(Leading::beyondReplay).orElse(List.of());
    }

    /** As primary: images that other nodes get at the moment. */
    public List<ImageStatus> images() {
        return leading.map(Leading::images).orElse(List.of());
    }

    /**
     * The store below keeps nothing any more: from now on this replica says and does nothing, as if its process had
     * ended, so that the others go on without it.
     */
    public void end() {
        Marks.reached("mirror.ended");
        ended = true;
    }

    /** As {@link #end}, because the process stops: who leads tells the others, which do not wait for its lease then. */
    public void resign() {
        leading.filter(side -> !ended).ifPresent(Leading::resign);
        ended |= !Mutant.on("mirror.resign-and-serve");
    }

    /** The ordered log has decided something. */
    public void told() {
        Optional<ReplicaSet> newest = self.authority().newest();
        if (ended || newest.isEmpty() || newest.get().epoch() == epoch()) {
            leading.filter(side -> self.authority().isActedIn()).ifPresent(Leading::act);
            settle();
            return;
        }
        ReplicaSet next = newest.get();
        Checks.that(next.epoch() > epoch(), "epochs increase", next.epoch(), epoch());
        Message.Shard shard = shard();
        boolean led = role == Role.PRIMARY || role == Role.CHANGING;
        boolean inARow = leading.isPresent() && !hasResigned() && next.epoch() == epoch() + 1;
        reign = !next.primary().equals(member) ? 0 : inARow ? reign : next.epoch();
        set = newest;
        self.log().images().told(absentFrom(next), next.primary().equals(member));
        leading = Optional.empty();
        following = Optional.empty();
        claim = Optional.empty();
        if (next.primary().equals(member)) {
            if (led) {
                Marks.reached("mirror.set-changed");
            } else {
                Marks.reached("mirror.primary-changed");
            }
            become(Role.CONFIRMING);
            leading = Optional.of(new Leading(self, next, shard));
            settle();
        } else {
            become(next.has(member) ? Role.SECONDARY : Role.CATCHING_UP);
            following = Optional.of(new Following(self, next, shard));
        }
    }

    /**
     * A person has accepted that what this replica lacks is lost. If {@code newest} is still the newest epoch, it
     * claims the next one alone, as soon as nobody has spoken for as long as a lease could rest on this node.
     */
    public void acceptLoss(int newest) {
        accepted = newest;
    }

    private boolean isLossAccepted() {
        boolean silent = following.orElseThrow().silenceNanos() > Terms.ALONE_NANOS;
        return accepted == epoch()
                && (silent || Mutant.on("mirror.accept-loss-at-once"))
                && self.log().images().mixture().equals(Position.START);
    }

    /** Others keep copies now than before. */
    public void copiesChanged() {
        set.filter(now -> !ended)
                .ifPresent(now ->
                        self.log().images().told(absentFrom(now), now.primary().equals(member)));
        settle();
    }

    /** A message has come, maybe late, maybe again. */
    public void received(Message message) {
        Message.Route route = message.route();
        boolean late =
                route.epoch() < epoch() && Mutant.on("mirror.count-older-epochs") && message instanceof Message.Have;
        if (ended || !route.to().equals(member) || (route.epoch() != epoch() && !late)) {
            return;
        }
        boolean leads = leading.isPresent();
        boolean fromPrimary = route.from().equals(set.orElseThrow().primary());
        boolean claims = role == Role.CLAIMING && !Mutant.on("mirror.claimant-answers");
        boolean takes = following.isPresent() && fromPrimary && !claims;
        switch (message) {
            case Message.Append append when takes -> following.get().append(append);
            case Message.Rewind rewind when takes -> following.get().rewind(rewind);
            case Message.Resign resign when takes -> following.get().resigned();
            case Message.Image image
            when takes && role == Role.CATCHING_UP -> following.get().image(image);
            case Message.ImageEnd end
            when takes && role == Role.CATCHING_UP -> following.get().imageEnd(end);
            case Message.Laid laid when leads -> leading.get().laid(laid);
            case Message.Have have when leads -> leading.get().have(have);
            case Message.Past past
            when leads && self.authority().isCurrent(route.from()) ->
                leading.get().past(past);
            default -> {}
        }
        settle();
    }

    /** Changes were numbered and held here; says nothing if that ended since. */
    public void numbered() {
        whoLeads().ifPresent(Leading::numbered);
        settle();
    }

    /** Somebody waits until all that is visible now is on stable storage everywhere: {@link Outbox#flushed} says so. */
    public void flush() {
        whoLeads().ifPresent(side -> side.wantLogged(self.log().visible()));
        settle();
    }

    /** A root here could cover everything up to {@code upTo}, which is visible, if it were stable. */
    public void wantStable(long upTo) {
        whoLeads().ifPresent(side -> side.wantStable(upTo));
        settle();
    }

    /** Entries came to stable storage here, or a root that covers more is durable. */
    public void logged() {
        if (ended) {
            return;
        }
        leading.ifPresent(Leading::progressed);
        if (role != Role.CLAIMING || Mutant.on("mirror.claimant-answers")) {
            following.ifPresent(Following::progressed);
        }
        settle();
    }

    /** A piece of an image for another replica was read. */
    public void imageRead() {
        whoLeads().ifPresent(Leading::imageRead);
        settle();
    }

    /** There may be room for more of the image that is laid here. */
    public void imageRoom() {
        following.filter(side -> !ended && role == Role.CATCHING_UP).ifPresent(Following::sayLaid);
        settle();
    }

    /** A proposal of this replica is certainly not, or for nothing, in the ordered log. */
    public void refused(ReplicaSet proposal) {
        if (ended) {
            return;
        }
        leading.ifPresent(side -> side.refused(proposal));
        if (claim.equals(Optional.of(proposal))) {
            claim = Optional.empty();
            become(set.orElseThrow().has(member) ? Role.SECONDARY : Role.CATCHING_UP);
        }
        settle();
    }

    /** Looks at the time; to be called every few milliseconds. */
    public void tick() {
        if (ended) {
            return;
        }
        leading.ifPresent(Leading::tick);
        switch (role) {
            case SECONDARY -> {
                following.orElseThrow().tick();
                List<Member> survivors = survivors();
                if (following.orElseThrow().mayClaim(patience(survivors)) || Mutant.on("mirror.claim-before-promise")) {
                    claim(survivors);
                }
            }
            case CATCHING_UP -> {
                following.orElseThrow().tick();
                if (mayStartAlone()) {
                    Marks.reached("mirror.start-alone");
                    claim(List.of(member));
                } else if (isLossAccepted()) {
                    Marks.reached("mirror.loss-accepted");
                    claim(List.of(member));
                }
            }
            case CLAIMING -> {
                if (self.clock().nanos() - claimedNanos > Terms.PROPOSE_NANOS) {
                    claim(claim.orElseThrow().inSync());
                }
            }
            case IDLE, CONFIRMING, PRIMARY, CHANGING -> {}
        }
        settle();
    }

    private List<Integer> absentFrom(ReplicaSet members) {
        List<Integer> inSync = members.inSync().stream().map(Member::node).toList();
        return self.copies().nodes().stream()
                .filter(node -> !inSync.contains(node))
                .toList();
    }

    private Optional<Leading> whoLeads() {
        return leading.filter(side -> !ended);
    }

    private void settle() {
        if (leading.isPresent() && leading.get().isConfirmed()) {
            become(leading.get().isChanging() ? Role.CHANGING : Role.PRIMARY);
        }
        checkInvariants();
    }

    private void claim(List<Member> inSync) {
        ReplicaSet next = new ReplicaSet(epoch() + 1, member, inSync);
        Checks.that(inSync.contains(member), "who claims is in its set", next.epoch());
        become(Role.CLAIMING);
        claim = Optional.of(next);
        claimedNanos = self.clock().nanos();
        self.out().propose(next);
    }

    /**
     * The set without its primary, and without those that have started again since, or whose copies are to be taken
     * away, other than this one.
     */
    private List<Member> survivors() {
        ReplicaSet now = set.orElseThrow();
        List<Member> survivors = new ArrayList<>();
        for (Member candidate : now.inSync()) {
            boolean stays = candidate.equals(member) || !leaves(candidate);
            if (stays && !candidate.equals(now.primary()) && self.authority().isCurrent(candidate)) {
                survivors.add(candidate);
            }
        }
        return survivors;
    }

    /** Whose copy is to be taken away lets others claim first, if there are any. */
    private long patience(List<Member> survivors) {
        boolean lets = leaves(member) && survivors.size() > 1 && !Mutant.on("mirror.who-leaves-claims");
        return lets ? Terms.GIVE_WAY_NANOS : 0;
    }

    private boolean leaves(Member candidate) {
        return self.copies().leaves(candidate.node());
    }

    /**
     * Whether this process may open an epoch alone: nobody has spoken for so long that no lease can rest on this node,
     * or all that could have one have ended; and it has all that anybody may have been told. That is so if its memory
     * is unbroken since it was in a set that holds everything; or if all members of such sets have lost theirs, and
     * nobody has logged more.
     */
    private boolean mayStartAlone() {
        boolean silent = following.orElseThrow().silenceNanos() > Terms.ALONE_NANOS;
        if (!self.log().images().mixture().equals(Position.START)) {
            return false;
        }
        if (!silent && self.authority().isNobodyLeft()) {
            Marks.reached("mirror.nobody-left");
            silent = true;
        }
        if (!silent && !Mutant.on("mirror.start-alone-at-once")) {
            return false;
        }
        boolean named = false;
        boolean anyUnbroken = false;
        boolean furthest = true;
        Position mine = self.authority().start(member.node()).orElseThrow().logged();
        for (ReplicaSet holders : self.authority().holders()) {
            for (Member holder : holders.inSync()) {
                boolean own = holder.node() == member.node();
                if (own && (isUnbroken(holder) || Mutant.on("mirror.start-alone-with-broken-memory"))) {
                    return true;
                }
                Position its =
                        self.authority().start(holder.node()).orElseThrow().logged();
                named |= own;
                anyUnbroken |= isUnbroken(holder) && !Mutant.on("mirror.start-beside-memory");
                furthest &= its.compareTo(mine) <= 0;
            }
        }
        if (!named || anyUnbroken || !furthest) {
            return false;
        }
        Marks.reached("mirror.start-from-what-was-logged");
        return true;
    }

    /** Whether the newest start of a node still has the memory that {@code named} had. */
    private boolean isUnbroken(Member named) {
        return self.authority().start(named.node()).orElseThrow().memorySince() <= named.incarnation();
    }

    private void become(Role next) {
        Checks.that(
                role == next || role.mayBecome(next),
                "a role follows from the one before",
                role.ordinal(),
                next.ordinal());
        role = next;
    }

    private void checkInvariants() {
        ShardLog log = self.log();
        Checks.that(leading.isEmpty() || following.isEmpty(), "a replica is on one side", epoch());
        Checks.that(role.leads() == leading.isPresent(), "who leads is on the leading side", role.ordinal());
        Checks.that(role.leads() == reign > 0 && reign <= epoch(), "who leads has a reign", reign, epoch());
        Checks.that(log.visible() <= log.held() && log.logged() <= log.held(), "positions are held", log.held());
    }
}
