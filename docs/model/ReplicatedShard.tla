--------------------------- MODULE ReplicatedShard ---------------------------
(* One replicated shard: epochs, incarnations, leases, joint acknowledgement, joining, void sets, and who may start      *)
(* alone. The words are those of docs/internals/mirror.md; left out are bytes, roots and the replay queue.               *)
(*                                                                                                                      *)
(* Network: what a primary has sent in an epoch is what its log was then, for that only grows (sent, commit). It may      *)
(* arrive at any later time, any number of times, or never, also after its sender has died. A proposal may be taken into *)
(* the ordered log long after who made it has died.                                                                      *)
(*                                                                                                                      *)
(* Time: a lease is counted from sending, a promise from answering, the drift is within the bound. All that is kept of    *)
(* it is what follows: a promise is over only after every lease that rests on it (PromiseOver).                          *)
EXTENDS Naturals, Sequences, FiniteSets

CONSTANTS Members, First, MaxEpoch, MaxLog, MaxStarts, Bugs

VARIABLES
  control,      \* the ordered log: set records; the epoch is the index
  acts,         \* the epochs of which it says that their primary acts
  started,      \* and the newest start of each member that stands in it
  proposals,    \* on their way to it
  seen,         \* of each member: the newest epoch that it was told
  inc,          \* its incarnation
  since,        \* the incarnation since which its memory is unbroken
  role,
  log,          \* held: the epoch of each entry
  logged,       \* how many of them are on stable storage
  applied,      \* how many are visible
  compared,     \* the epoch in which its log was compared with the primary's
  promised,     \* the epoch in which it has answered that it would not claim, 0 when that is over
  next,         \* the in-sync set that a primary has proposed
  know,         \* know[p][s]: the newest answer of s that p has heard in its epoch
  lease,        \* lease[p][s]: the lease of p that rests on s is running
  sent,         \* by epoch: the entries that its primary has sent ...
  commit,       \* ... and how far it has said that they may be applied
  acknowledged, \* <<position, epoch>> of what clients were told ...
  flushed       \* ... and of what they were told to be durable

ordered == <<control, acts, started, proposals>>
process == <<seen, inc, role>>
store == <<since, log, logged, applied>>
talk == <<compared, promised, know, lease, sent, commit>>
clients == <<acknowledged, flushed>>
vars == <<ordered, process, store, talk, next, clients>>

Min(a, b) == IF a < b THEN a ELSE b
Max(a, b) == IF a > b THEN a ELSE b
Least(set) == CHOOSE a \in set : \A b \in set : a <= b
Bug(name) == name \in Bugs

Silence == [inc |-> 0, held |-> 0, logged |-> 0]
Nobody == [s \in Members |-> Silence]
NoLease == [s \in Members |-> FALSE]

Me(m) == <<m, inc[m]>>
Now(m) == control[seen[m]]
Isr(m) == Now(m).isr
Leads(m) == role[m] \in {"confirming", "primary", "changing"}
Follows(m) == role[m] \in {"idle", "secondary"}
PrimaryLives(s) == LET p == Now(s).primary IN p = Me(p[1]) /\ seen[p[1]] = seen[s] /\ Leads(p[1])

(* In all of these: others than the primary itself. Both sets count while a change of set is open. *)
Others(p, set) == {x \in set : x[1] # p}
BothSets(p) == Others(p, Isr(p) \cup next[p])
Deciders(p) == IF Bug("acknowledge under the new set only") /\ next[p] # {} THEN Others(p, next[p]) ELSE BothSets(p)
Answers(p, x) == know[p][x[1]].inc = x[2]
HeldByAll(p, n) == \A x \in Deciders(p) : Answers(p, x) /\ know[p][x[1]].held >= n
LoggedByAll(p, n) == logged[p] >= n /\ \A x \in Deciders(p) : Answers(p, x) /\ know[p][x[1]].logged >= n
Stable(p) == Least({logged[p]} \cup {know[p][x[1]].logged : x \in Others(p, Isr(p))})

LeaseRuns(p) == \A x \in (IF Bug("lease of the old set only") THEN Others(p, Isr(p)) ELSE BothSets(p)) :
                  Answers(p, x) /\ lease[p][x[1]]
Serves(p) ==
  /\ role[p] \in {"primary", "changing"} /\ LeaseRuns(p)
  /\ seen[p] \in acts \/ Bug("act before the log says so")

Init ==
  /\ control = <<[primary |-> <<First, 1>>, isr |-> {<<m, 1>> : m \in Members}]>>
  /\ started = [m \in Members |-> [inc |-> 1, since |-> 1, last |-> <<0, 0>>]]
  /\ acts = {1} /\ proposals = {}
  /\ seen = [m \in Members |-> 1] /\ inc = [m \in Members |-> 1]
  /\ role = [m \in Members |-> IF m = First THEN "primary" ELSE "secondary"]
  /\ since = [m \in Members |-> 1]
  /\ log = [m \in Members |-> <<>>] /\ logged = [m \in Members |-> 0] /\ applied = [m \in Members |-> 0]
  /\ compared = [m \in Members |-> 1] /\ promised = [m \in Members |-> IF m = First THEN 0 ELSE 1]
  /\ next = [m \in Members |-> {}]
  /\ know = [p \in Members |-> Nobody] /\ lease = [p \in Members |-> NoLease]
  /\ sent = [e \in 1..MaxEpoch |-> <<>>] /\ commit = [e \in 1..MaxEpoch |-> 0]
  /\ acknowledged = {} /\ flushed = {}

----------------------------------------------------------------------------
(* A change on its way. *)

Write(p) ==
  /\ Serves(p) /\ role[p] = "primary" /\ Len(log[p]) < MaxLog
  /\ log' = [log EXCEPT ![p] = Append(@, seen[p])]
  /\ sent' = [sent EXCEPT ![seen[p]] = log'[p]]
  /\ UNCHANGED <<ordered, process, since, logged, applied, compared, promised, know, lease, commit, next, clients>>

Same(s, e, n) == n <= Len(log[s]) /\ n <= Len(sent[e]) /\ SubSeq(log[s], 1, n) = SubSeq(sent[e], 1, n)
Fork(s, e) == CHOOSE n \in 0..MaxLog : Same(s, e, n) /\ \A k \in 0..MaxLog : Same(s, e, k) => k <= n

(* PAST, REWIND and the first answer: what is after the fork point was acknowledged by nobody. *)
Compare(s) ==
  LET e == seen[s]
      p == Now(s).primary[1]
      kept == IF Bug("no rewind") THEN Len(log[s]) ELSE Fork(s, e)
  IN /\ Follows(s) /\ compared[s] # e /\ PrimaryLives(s)
     /\ log' = [log EXCEPT ![s] = SubSeq(@, 1, kept)]
     /\ logged' = [logged EXCEPT ![s] = Min(@, kept)]
     /\ applied' = [applied EXCEPT ![s] = Min(@, kept)]
     /\ compared' = [compared EXCEPT ![s] = e]
     /\ promised' = [promised EXCEPT ![s] = e]
     /\ know' = [know EXCEPT ![p][s] = [inc |-> inc[s], held |-> kept, logged |-> logged'[s]]]
     /\ lease' = [lease EXCEPT ![p][s] = TRUE]
     /\ UNCHANGED <<ordered, process, since, sent, commit, next, clients>>

Receive(s) ==
  LET e == seen[s]
      n == Len(log[s])
  IN /\ Follows(s) /\ compared[s] = e /\ n < Len(sent[e])
     /\ log' = [log EXCEPT ![s] = Append(@, sent[e][n + 1])]
     /\ UNCHANGED <<ordered, process, since, logged, applied, talk, next, clients>>

Apply(s) ==
  LET most == IF Bug("apply beyond commit") THEN Len(log[s]) ELSE Min(commit[seen[s]], Len(log[s]))
  IN /\ Follows(s) /\ compared[s] = seen[s] /\ applied[s] < most
     /\ applied' = [applied EXCEPT ![s] = most]
     /\ UNCHANGED <<ordered, process, since, log, logged, talk, next, clients>>

(* An answer. One that arrives later says nothing that it would not have said at once, but that no lease rests on it. *)
Answer(s) ==
  LET e == seen[s]
      p == Now(s).primary[1]
  IN /\ Follows(s) /\ compared[s] = e /\ PrimaryLives(s)
     /\ know' = [know EXCEPT ![p][s] = [inc |-> inc[s], held |-> Len(log[s]), logged |-> logged[s]]]
     /\ lease' = [lease EXCEPT ![p][s] = TRUE]
     /\ promised' = [promised EXCEPT ![s] = e]
     /\ UNCHANGED <<ordered, process, store, compared, sent, commit, next, clients>>

Log(m) ==
  /\ role[m] # "down" /\ logged[m] < Len(log[m])
  /\ logged' = [logged EXCEPT ![m] = Len(log[m])]
  /\ UNCHANGED <<ordered, process, since, log, applied, talk, next, clients>>

(* The gate; a client is told at once, since that binds most. *)
Open(p) ==
  /\ Serves(p) /\ applied[p] < Len(log[p])
  /\ HeldByAll(p, applied[p] + 1) \/ Bug("acknowledge before all hold it")
  /\ applied' = [applied EXCEPT ![p] = @ + 1]
  /\ commit' = [commit EXCEPT ![seen[p]] = applied'[p]]
  /\ acknowledged' = acknowledged \cup {<<applied'[p], log[p][applied'[p]]>>}
  /\ UNCHANGED <<ordered, process, since, log, logged, compared, promised, know, lease, sent, next, flushed>>

Flush(p) ==
  /\ Serves(p) /\ applied[p] > 0 /\ LoggedByAll(p, applied[p])
  /\ flushed' = flushed \cup {<<n, log[p][n]>> : n \in 1..applied[p]}
  /\ flushed' # flushed
  /\ acknowledged' = acknowledged \cup flushed'
  /\ UNCHANGED <<ordered, process, store, talk, next>>

----------------------------------------------------------------------------
(* Sets. *)

LeaseOver(p, s) ==
  /\ lease[p][s]
  /\ lease' = [lease EXCEPT ![p][s] = FALSE]
  /\ UNCHANGED <<ordered, process, store, compared, promised, know, sent, commit, next, clients>>

PromiseOver(s) ==
  /\ promised[s] # 0 /\ Follows(s)
  /\ (\A p \in Members : ~lease[p][s]) \/ Bug("claim before the promise is over")
  /\ promised' = [promised EXCEPT ![s] = 0]
  /\ UNCHANGED <<ordered, process, store, compared, know, lease, sent, commit, next, clients>>

(* Nobody proposes whom the ordered log knows to have ended. *)
Living(set) == {x \in set : started[x[1]].inc = x[2]}

Propose(m, set, newRole) ==
  /\ Len(control) < MaxEpoch
  /\ proposals' = IF seen[m] < Len(control) THEN proposals ELSE proposals \cup {[by |-> Me(m), isr |-> set]}
  /\ next' = [next EXCEPT ![m] = IF newRole = "changing" THEN set ELSE {}]
  /\ role' = [role EXCEPT ![m] = newRole]
  /\ UNCHANGED <<control, acts, started, seen, inc, store, talk, clients>>

Remove(p, x) ==
  /\ role[p] = "primary" /\ x \in Others(p, Isr(p))
  /\ Propose(p, Living(Isr(p) \ {x}), "changing")

Join(p, s) ==
  LET who == <<s, IF Bug("count what another incarnation said") THEN inc[s] ELSE know[p][s].inc>>
  IN /\ role[p] = "primary" /\ s # p /\ know[p][s].inc > 0 /\ who \notin Isr(p)
     /\ know[p][s].held >= applied[p]
     /\ know[p][s].logged >= Stable(p) \/ Bug("join without having logged")
     /\ Propose(p, {x \in Isr(p) : x[1] # s} \cup {who}, "changing")

Claim(s) ==
  /\ role[s] = "secondary" /\ promised[s] = 0
  /\ Propose(s, Living(Isr(s) \ {Now(s).primary}), "claiming")

Void(k) ==
  LET p == control[k].primary
  IN ~Bug("no set is void") /\ started[p[1]].inc > p[2] /\ k \notin acts
Holders == UNION {control[k].isr : k \in {i \in 1..Len(control) : \A j \in (i + 1)..Len(control) : Void(j)}}
SaysLost(x) == started[x[1]].inc > x[2] /\ started[x[1]].since > x[2]
Further(a, b) == a[1] > b[1] \/ (a[1] = b[1] /\ a[2] > b[2])

(* After a restart. That nobody spoke for a lease and the drift: no lease rests on it. *)
(* Of a set that nobody is left of no process speaks, so that no lease has to run out. *)
NobodyLeft ==
  LET set == control[Len(control)]
  IN \A x \in set.isr : started[x[1]].inc # x[2] \/ (x = set.primary /\ Bug("start alone beside the primary"))

StartAlone(m) ==
  /\ role[m] = "idle" /\ seen[m] = Len(control)
  /\ promised[m] = 0 \/ NobodyLeft
  /\ \E x \in Holders : x[1] = m /\ x[2] < inc[m]
  /\ \/ \E x \in Holders : x[1] = m /\ since[m] <= x[2]
     \/ /\ \A y \in Holders : SaysLost(y) \/ Bug("start alone before all have said that they lost")
        /\ \A y \in Holders : ~Further(started[y[1]].last, started[m].last)
  /\ Propose(m, {Me(m)}, "claiming")

(* The ordered log takes one record for an epoch, and none that names an incarnation that has ended. *)
Take(r) ==
  /\ r.isr # {} /\ r.isr = Living(r.isr)
  /\ control' = Append(control, [primary |-> r.by, isr |-> r.isr])
  /\ proposals' = {}
  /\ UNCHANGED <<acts, started, process, store, talk, next, clients>>

(* It is certain that the proposal is not in the ordered log and never will be. *)
Refused(m) ==
  /\ role[m] \in {"changing", "claiming"}
  /\ \A e \in 1..Len(control) : e > seen[m] => control[e].primary # Me(m)
  /\ proposals' = {r \in proposals : r.by # Me(m)}
  /\ next' = [next EXCEPT ![m] = {}]
  /\ role' = [role EXCEPT ![m] = IF @ = "changing" THEN "primary" ELSE IF Me(m) \in Isr(m) THEN "secondary" ELSE "idle"]
  /\ UNCHANGED <<control, acts, started, seen, inc, store, talk, clients>>

Told(m) ==
  LET e == seen[m] + 1
      set == control[e]
      led == role[m] \in {"primary", "changing"}
  IN /\ role[m] # "down" /\ e <= Len(control)
     /\ seen' = [seen EXCEPT ![m] = e]
     /\ role' = [role EXCEPT ![m] = IF Me(m) \notin set.isr THEN "idle" ELSE IF set.primary # Me(m) THEN "secondary"
                                    ELSE IF led THEN "primary" ELSE "confirming"]
     /\ sent' = IF set.primary = Me(m) THEN [sent EXCEPT ![e] = log[m]] ELSE sent
     /\ commit' = IF set.primary = Me(m) /\ led THEN [commit EXCEPT ![e] = applied[m]] ELSE commit
     /\ next' = [next EXCEPT ![m] = {}]
     /\ know' = [know EXCEPT ![m] = Nobody]
     /\ lease' = [lease EXCEPT ![m] = NoLease]
     /\ compared' = [compared EXCEPT ![m] = 0]
     /\ promised' = [promised EXCEPT ![m] = IF set.primary = Me(m) \/ Bug("be told without a promise") THEN 0 ELSE e]
     /\ UNCHANGED <<ordered, inc, store, clients>>

(* A record that comes late counts for nothing: when its set is not the newest, or its primary has started again. *)
Acts(p) ==
  /\ Leads(p) /\ seen[p] = Len(control) /\ seen[p] \notin acts
  /\ acts' = acts \cup {seen[p]}
  /\ UNCHANGED <<control, started, proposals, process, store, talk, next, clients>>

(* Every member has said where its log forks from this one: what anybody was told or saw is before that. *)
Confirmed(p) ==
  /\ role[p] = "confirming" /\ \A x \in Others(p, Isr(p)) : Answers(p, x)
  /\ role' = [role EXCEPT ![p] = "primary"]
  /\ applied' = [applied EXCEPT ![p] = Max(@, Least({Len(log[p])} \cup {know[p][x[1]].held : x \in Others(p, Isr(p))}))]
  /\ commit' = [commit EXCEPT ![seen[p]] = applied'[p]]
  /\ UNCHANGED <<ordered, seen, inc, since, log, logged, compared, promised, know, lease, sent, next, clients>>

----------------------------------------------------------------------------
(* Misfortune. *)

Ends(m) ==
  /\ role[m] # "down"
  /\ role' = [role EXCEPT ![m] = "down"]
  /\ applied' = [applied EXCEPT ![m] = 0]
  /\ next' = [next EXCEPT ![m] = {}]
  /\ know' = [know EXCEPT ![m] = Nobody]
  /\ lease' = [lease EXCEPT ![m] = NoLease]
  /\ compared' = [compared EXCEPT ![m] = 0]
  /\ promised' = [promised EXCEPT ![m] = 0]
  /\ seen' = [seen EXCEPT ![m] = 1]
  /\ UNCHANGED <<ordered, inc, sent, commit>>

Dies(m) == Ends(m) /\ inc[m] < MaxStarts /\ UNCHANGED <<since, log, logged, clients>>

(* What is true of the holders, whoever knows it already. *)
Idle(k) ==
  LET p == control[k].primary
  IN k \notin acts /\ (inc[p[1]] > p[2] \/ role[p[1]] = "down")
HolderSets == {i \in 1..Len(control) : \A j \in (i + 1)..Len(control) : Idle(j)}
Unbroken(x) == since[x[1]] <= x[2]
Remembers(m, x) == x[1] # m /\ Unbroken(x)

(* What was not flushed may be gone when nobody remembers it who would have to. *)
LosesPower(m) ==
  /\ Ends(m) /\ inc[m] < MaxStarts
  /\ log' = [log EXCEPT ![m] = SubSeq(@, 1, logged[m])]
  /\ since' = [since EXCEPT ![m] = inc[m] + 1]
  /\ acknowledged' = IF \E x \in UNION {control[k].isr : k \in HolderSets} : Remembers(m, x) THEN acknowledged ELSE flushed
  /\ UNCHANGED <<logged, flushed>>

Starts(m) ==
  /\ role[m] = "down" /\ inc[m] < MaxStarts
  /\ inc' = [inc EXCEPT ![m] = @ + 1]
  /\ role' = [role EXCEPT ![m] = "idle"]
  /\ seen' = [seen EXCEPT ![m] = Len(control)]
  /\ started' = [started EXCEPT ![m] = [inc |-> inc'[m], since |-> since[m],
                   last |-> IF logged[m] = 0 THEN <<0, 0>> ELSE <<log[m][logged[m]], logged[m]>>]]
  /\ proposals' = {r \in proposals : r.by[1] # m}
  /\ promised' = [promised EXCEPT ![m] = IF Bug("start alone within the lease") THEN 0 ELSE Len(control)]
  /\ UNCHANGED <<control, acts, store, compared, know, lease, sent, commit, next, clients>>

Next ==
  \/ \E p \in Members : Write(p) \/ Open(p) \/ Confirmed(p) \/ Acts(p) \/ Flush(p) \/ Log(p) \/ Told(p)
  \/ \E s \in Members : Compare(s) \/ Receive(s) \/ Apply(s) \/ Answer(s) \/ PromiseOver(s) \/ Claim(s) \/ StartAlone(s)
  \/ \E p, s \in Members : LeaseOver(p, s) \/ Join(p, s)
  \/ \E p \in Members : \E x \in Isr(p) : Remove(p, x)
  \/ \E r \in proposals : Take(r)
  \/ \E m \in Members : Refused(m) \/ Dies(m) \/ LosesPower(m) \/ Starts(m)

Spec == Init /\ [][Next]_vars

----------------------------------------------------------------------------
Holds(m, a) == Len(log[m]) >= a[1] /\ log[m][a[1]] = a[2]
HolderMembers == UNION {control[k].isr : k \in HolderSets}

(* M5 *) OneServes == \A p, q \in Members : Serves(p) /\ Serves(q) => p = q
(* M6 *) LogsMatch == \A a, b \in Members : \A n \in 1..Min(Len(log[a]), Len(log[b])) :
           log[a][n] = log[b][n] => \A k \in 1..n : log[a][k] = log[b][k]
(* M4 *) AcknowledgedIsHeld == \A x \in HolderMembers : Unbroken(x) => \A a \in acknowledged : Holds(x[1], a)
         FlushedIsLogged == \A x \in HolderMembers : \A a \in flushed : Holds(x[1], a) /\ logged[x[1]] >= a[1]
(* M2 *) ServedIsWhole == \A p \in Members : Serves(p) => \A a \in acknowledged : Holds(p, a) /\ applied[p] >= a[1]
(* M1 *) VisibleIsHeld == \A m \in Members : Me(m) \in HolderMembers => \A n \in 1..applied[m] :
           \A x \in HolderMembers : Unbroken(x) => Holds(x[1], <<n, log[m][n]>>)

(* For the checker: what was said in an epoch that everybody has left is of no consequence. *)
Matters(e) == \E m \in Members : role[m] # "down" /\ seen[m] <= e
View == <<ordered, process, store, compared, promised, know, lease, next, clients,
          [e \in 1..MaxEpoch |-> IF Matters(e) THEN <<sent[e], commit[e]>> ELSE <<>>]>>
=============================================================================
