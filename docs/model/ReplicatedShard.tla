--------------------------- MODULE ReplicatedShard ---------------------------
(* One replicated shard: epochs, incarnations, leases, joint acknowledgement, joining, and who may start after all have  *)
(* restarted. The words are those of docs/internals/mirror.md; what is left out is bytes, roots and the replay queue.    *)
(*                                                                                                                      *)
(* Time: a lease is counted from sending, a promise from answering, the drift is within the bound. All that the model    *)
(* keeps of it is the consequence: a promise is over only after the leases that rest on it are (PromiseOver).            *)
(*                                                                                                                      *)
(* The network loses, delays, repeats and reorders: a message once sent may arrive at any later time, any number of      *)
(* times, or never. Proposals to the ordered log, too, may be taken long after their sender has died.                    *)
EXTENDS Naturals, Sequences, FiniteSets

CONSTANTS Members, First, MaxEpoch, MaxLog, MaxIncarnation, MaxMessages, Bugs

VARIABLES
  control,      \* the ordered log: set records; the epoch is the index
  proposals,    \* on their way to it
  messages,     \* on their way between members
  seen,         \* of each member: the last epoch it was told
  incarnation,  \* of each member
  memorySince,  \* the incarnation since which its memory is unbroken
  role,
  log,          \* held: the epoch of each entry
  logged,       \* how many of them are on stable storage
  applied,      \* how many are visible
  have,         \* what a primary knows that others hold in this epoch ...
  haveLogged,   \* ... and have logged
  next,         \* the set that a primary has proposed, or NoSet
  lease,        \* lease[p][s]: the lease of p that rests on s is running
  promised,     \* s does not claim
  acknowledged, \* <<position, epoch>> of what clients were told ...
  flushed       \* ... and of what they were told to be durable

vars == <<control, proposals, messages, seen, incarnation, memorySince, role, log, logged, applied, have, haveLogged,
          next, lease, promised, acknowledged, flushed>>
data == <<log, logged>>
knowledge == <<have, haveLogged>>

NoSet == [primary |-> First, isr |-> {}]
Min(a, b) == IF a < b THEN a ELSE b
Max(a, b) == IF a > b THEN a ELSE b
Bug(name) == name \in Bugs

Me(m) == <<m, incarnation[m]>>
Now(m) == control[seen[m]]
Isr(m) == Now(m).isr
Newest == control[Len(control)]
Others(p, set) == {x \in set : x[1] # p}
Leads(p) == role[p] \in {"primary", "changing", "confirming"}
LeaseRuns(p) == \A x \in Others(p, Isr(p)) : lease[p][x[1]]
Serves(p) == role[p] \in {"primary", "changing"} /\ LeaseRuns(p)

(* The members that must hold a change: of both sets while a change of set is open. *)
Deciders(p) == Others(p, IF role[p] = "changing" /\ ~Bug("acknowledge under the new set only") THEN Isr(p) \cup next[p].isr
                         ELSE IF role[p] = "changing" THEN next[p].isr ELSE Isr(p))
HeldByAll(p, n) == \A x \in Deciders(p) : have[p][x[1]] >= n
LoggedByAll(p, n) == logged[p] >= n /\ \A x \in Deciders(p) : haveLogged[p][x[1]] >= n

Init ==
  /\ control = <<[primary |-> First, isr |-> {<<m, 1>> : m \in Members}]>>
  /\ proposals = {} /\ messages = {}
  /\ seen = [m \in Members |-> 1]
  /\ incarnation = [m \in Members |-> 1]
  /\ memorySince = [m \in Members |-> 1]
  /\ role = [m \in Members |-> IF m = First THEN "primary" ELSE "secondary"]
  /\ log = [m \in Members |-> <<>>]
  /\ logged = [m \in Members |-> 0]
  /\ applied = [m \in Members |-> 0]
  /\ have = [p \in Members |-> [s \in Members |-> 0]]
  /\ haveLogged = [p \in Members |-> [s \in Members |-> 0]]
  /\ next = [m \in Members |-> NoSet]
  /\ lease = [p \in Members |-> [s \in Members |-> FALSE]]
  /\ promised = [m \in Members |-> m # First]
  /\ acknowledged = {} /\ flushed = {}

----------------------------------------------------------------------------
(* A change on its way. *)

Write(p) ==
  /\ Serves(p) /\ role[p] = "primary" /\ Len(log[p]) < MaxLog
  /\ log' = [log EXCEPT ![p] = Append(@, seen[p])]
  /\ UNCHANGED <<control, proposals, messages, seen, incarnation, memorySince, role, logged, applied, knowledge, next,
                 lease, promised, acknowledged, flushed>>

(* Entry i, or none (i = 0): then it only asks for the lease and says how far the commit is. *)
Send(p, s, i) ==
  /\ Leads(p) /\ s # p /\ i <= Len(log[p])
  /\ messages' = messages \cup
       {[kind |-> "append", from |-> Me(p), to |-> Me(s), epoch |-> seen[p], at |-> i, commit |-> applied[p],
         entry |-> IF i = 0 THEN 0 ELSE log[p][i], previous |-> IF i <= 1 THEN 0 ELSE log[p][i - 1]]}
  /\ messages' # messages
  /\ UNCHANGED <<control, proposals, seen, incarnation, memorySince, role, data, applied, knowledge, next, lease,
                 promised, acknowledged, flushed>>

Matches(s, m) == IF m.at <= 1 THEN TRUE ELSE IF Len(log[s]) < m.at - 1 THEN FALSE ELSE log[s][m.at - 1] = m.previous
Has(s, m) == IF m.at = 0 \/ Len(log[s]) < m.at THEN FALSE ELSE log[s][m.at] = m.entry

Receive(s, m) ==
  /\ m.kind = "append" /\ m.to[1] = s /\ m.to = Me(s)
  /\ m.epoch = seen[s] /\ m.from[1] = Now(s).primary
  /\ role[s] \in {"secondary", "idle"} /\ Matches(s, m)
  /\ LET conflict == m.at > 0 /\ Len(log[s]) >= m.at /\ ~Has(s, m)
         rewound == IF m.at = 0 \/ Has(s, m) \/ (conflict /\ Bug("no rewind")) THEN log[s]
                    ELSE Append(SubSeq(log[s], 1, m.at - 1), m.entry)
         holds == IF Bug("answer for more than is known to match") THEN Len(rewound) ELSE m.at
     IN /\ log' = [log EXCEPT ![s] = rewound]
        /\ logged' = [logged EXCEPT ![s] = IF rewound = log[s] THEN @ ELSE Min(@, m.at - 1)]
        /\ applied' = [applied EXCEPT ![s] = Max(IF conflict THEN Min(@, m.at - 1) ELSE @,
                                                 IF Bug("apply beyond commit") THEN Len(rewound) ELSE Min(m.commit, m.at))]
        /\ messages' = messages \cup {[kind |-> "have", from |-> Me(s), to |-> m.from, epoch |-> m.epoch, held |-> holds,
                                       logged |-> Min(logged'[s], holds)]}
        /\ promised' = [promised EXCEPT ![s] = @ \/ role[s] = "secondary"]
  /\ UNCHANGED <<control, proposals, seen, incarnation, memorySince, role, knowledge, next, lease, acknowledged, flushed>>

Learn(p, m) ==
  /\ m.kind = "have" /\ m.to[1] = p /\ m.to = Me(p) /\ Leads(p)
  /\ m.epoch = seen[p] \/ Bug("count an answer of an older epoch")
  /\ m.from[2] = incarnation[m.from[1]] \/ m.from \in Isr(p)
  /\ have' = [have EXCEPT ![p][m.from[1]] = Max(@, m.held)]
  /\ haveLogged' = [haveLogged EXCEPT ![p][m.from[1]] = Max(@, m.logged)]
  /\ lease' = [lease EXCEPT ![p][m.from[1]] = @ \/ (m.from \in Isr(p)
                 /\ (promised[m.from[1]] \/ Bug("count the lease from the answer")))]
  /\ UNCHANGED <<control, proposals, messages, seen, incarnation, memorySince, role, data, applied, next, promised,
                 acknowledged, flushed>>

Log(m) ==
  /\ logged[m] < Len(log[m])
  /\ logged' = [logged EXCEPT ![m] = Len(log[m])]
  /\ UNCHANGED <<control, proposals, messages, seen, incarnation, memorySince, role, log, applied, knowledge, next, lease,
                 promised, acknowledged, flushed>>

(* The gate; a client is told at once, since that binds most. A new primary serves when its tail is confirmed. *)
Open(p) ==
  /\ Leads(p) /\ applied[p] < Len(log[p])
  /\ HeldByAll(p, applied[p] + 1) \/ Bug("acknowledge before all hold it")
  /\ applied' = [applied EXCEPT ![p] = @ + 1]
  /\ acknowledged' = IF Serves(p) THEN acknowledged \cup {<<applied'[p], log[p][applied'[p]]>>} ELSE acknowledged
  /\ UNCHANGED <<control, proposals, messages, seen, incarnation, memorySince, role, data, knowledge, next, lease, promised,
                 flushed>>

Confirmed(p) ==
  /\ role[p] = "confirming" /\ applied[p] = Len(log[p])
  /\ role' = [role EXCEPT ![p] = "primary"]
  /\ UNCHANGED <<control, proposals, messages, seen, incarnation, memorySince, data, applied, knowledge, next, lease,
                 promised, acknowledged, flushed>>

Flush(p) ==
  /\ Serves(p) /\ applied[p] > 0 /\ LoggedByAll(p, applied[p])
  /\ flushed' = flushed \cup {<<n, log[p][n]>> : n \in 1..applied[p]}
  /\ flushed' # flushed
  /\ acknowledged' = acknowledged \cup flushed'
  /\ UNCHANGED <<control, proposals, messages, seen, incarnation, memorySince, role, data, applied, knowledge, next, lease,
                 promised>>

----------------------------------------------------------------------------
(* Sets. *)

LeaseOver(p, s) ==
  /\ lease[p][s]
  /\ lease' = [lease EXCEPT ![p][s] = FALSE]
  /\ UNCHANGED <<control, proposals, messages, seen, incarnation, memorySince, role, data, applied, knowledge, next,
                 promised, acknowledged, flushed>>

PromiseOver(s) ==
  /\ promised[s]
  /\ (\A p \in Members : ~lease[p][s]) \/ Bug("claim before the promise is over")
  /\ promised' = [promised EXCEPT ![s] = FALSE]
  /\ UNCHANGED <<control, proposals, messages, seen, incarnation, memorySince, role, data, applied, knowledge, next, lease,
                 acknowledged, flushed>>

Propose(m, set, newRole) ==
  /\ Len(control) < MaxEpoch
  /\ proposals' = proposals \cup {[base |-> seen[m], set |-> set]}
  /\ next' = [next EXCEPT ![m] = set]
  /\ role' = [role EXCEPT ![m] = newRole]
  /\ UNCHANGED <<control, messages, seen, incarnation, memorySince, data, applied, knowledge, lease, promised,
                 acknowledged, flushed>>

Remove(p, x) ==
  /\ role[p] = "primary" /\ x \in Others(p, Isr(p))
  /\ Propose(p, [primary |-> p, isr |-> Isr(p) \ {x}], "changing")

Join(p, s) ==
  /\ role[p] = "primary" /\ s # p /\ Me(s) \notin Isr(p)
  /\ (IF Bug("join without having logged") THEN have ELSE haveLogged)[p][s] >= Len(log[p])
  /\ Propose(p, [primary |-> p, isr |-> {x \in Isr(p) : x[1] # s} \cup {Me(s)}], "changing")

Claim(s) ==
  /\ role[s] = "secondary" /\ ~promised[s]
  /\ Propose(s, [primary |-> s, isr |-> {x \in Isr(s) : x[1] # Now(s).primary}], "claiming")

(* After a restart, alone. That a lease and the drift have passed since the start: nobody's lease rests on it. *)
Unbroken(x) == memorySince[x[1]] <= x[2]
Last(m) == IF logged[m] = 0 THEN 0 ELSE log[m][logged[m]]
Furthest(m) == \A x \in Newest.isr : Last(x[1]) < Last(m) \/ (Last(x[1]) = Last(m) /\ logged[x[1]] <= logged[m])
StartAlone(m) ==
  /\ role[m] = "idle" /\ seen[m] = Len(control) /\ \A p \in Members : ~lease[p][m]
  /\ \E x \in Newest.isr :
       /\ x[1] = m /\ x[2] < incarnation[m]
       /\ \/ Unbroken(x)
          \/ \A y \in Newest.isr : ~Unbroken(y) /\ Furthest(m)
          \/ Bug("start alone with broken memory")
  /\ Propose(m, [primary |-> m, isr |-> {Me(m)}], "claiming")

(* The ordered log takes one record for an epoch, and none that names an incarnation that has ended. *)
Take ==
  /\ \E r \in proposals :
       /\ r.base = Len(control) /\ control' = Append(control, r.set)
       /\ (\A x \in r.set.isr : x = Me(x[1])) \/ Bug("take a set that names the dead")
  /\ UNCHANGED <<proposals, messages, seen, incarnation, memorySince, role, data, applied, knowledge, next, lease, promised,
                 acknowledged, flushed>>

Told(m) ==
  /\ seen[m] < Len(control)
  /\ LET set == control[seen[m] + 1]
         led == role[m] \in {"primary", "changing"}
     IN /\ seen' = [seen EXCEPT ![m] = @ + 1]
        /\ role' = [role EXCEPT ![m] =
             IF Me(m) \notin set.isr THEN "idle"
             ELSE IF set.primary # m THEN "secondary"
             ELSE IF led THEN "primary" ELSE "confirming"]
  /\ have' = [have EXCEPT ![m] = [s \in Members |-> 0]]
  /\ haveLogged' = [haveLogged EXCEPT ![m] = [s \in Members |-> 0]]
  /\ next' = [next EXCEPT ![m] = NoSet]
  /\ lease' = [lease EXCEPT ![m] = [s \in Members |-> FALSE]]
  /\ promised' = [promised EXCEPT ![m] = role'[m] = "secondary" /\ ~Bug("name a secondary without its promise")]
  /\ UNCHANGED <<control, proposals, messages, incarnation, memorySince, data, applied, acknowledged, flushed>>

----------------------------------------------------------------------------
(* Misfortune. *)

Reborn(m) ==
  /\ incarnation[m] < MaxIncarnation
  /\ incarnation' = [incarnation EXCEPT ![m] = IF Bug("restart under the old incarnation") THEN @ ELSE @ + 1]
  /\ role' = [role EXCEPT ![m] = IF Bug("restart under the old incarnation") /\ Now(m).primary # m THEN "secondary" ELSE "idle"]
  /\ applied' = [applied EXCEPT ![m] = 0]
  /\ have' = [have EXCEPT ![m] = [s \in Members |-> 0]]
  /\ haveLogged' = [haveLogged EXCEPT ![m] = [s \in Members |-> 0]]
  /\ next' = [next EXCEPT ![m] = NoSet]
  /\ lease' = [lease EXCEPT ![m] = [s \in Members |-> FALSE]]
  /\ UNCHANGED <<control, proposals, messages, seen>>

Dies(m) ==
  /\ Reborn(m)
  /\ promised' = [promised EXCEPT ![m] = FALSE]
  /\ UNCHANGED <<memorySince, data, acknowledged, flushed>>

(* What only memories held and no member of the newest set remembers is gone, and may be. *)
LosesPower(m) ==
  /\ Reborn(m)
  /\ promised' = [promised EXCEPT ![m] = FALSE]
  /\ log' = [log EXCEPT ![m] = SubSeq(@, 1, logged[m])]
  /\ memorySince' = [memorySince EXCEPT ![m] = incarnation'[m]]
  /\ acknowledged' = IF \E x \in Newest.isr : memorySince'[x[1]] <= x[2] THEN acknowledged ELSE flushed
  /\ UNCHANGED <<logged, flushed>>

Next ==
  \/ \E p \in Members : Write(p) \/ Open(p) \/ Confirmed(p) \/ Flush(p) \/ Log(p)
  \/ \E p, s \in Members : \E i \in 0..MaxLog : Send(p, s, i)
  \/ \E m \in messages : \E s \in Members : Receive(s, m) \/ Learn(s, m)
  \/ \E p, s \in Members : LeaseOver(p, s) \/ Join(p, s)
  \/ \E p \in Members : \E x \in Isr(p) : Remove(p, x)
  \/ \E s \in Members : PromiseOver(s) \/ Claim(s) \/ StartAlone(s) \/ Told(s) \/ Dies(s) \/ LosesPower(s)
  \/ Take

Spec == Init /\ [][Next]_vars

----------------------------------------------------------------------------
Holds(m, a) == Len(log[m]) >= a[1] /\ log[m][a[1]] = a[2]

(* M5 *) OneServes == \A p, q \in Members : Serves(p) /\ Serves(q) => p = q
(* M6 *) LogsMatch == \A a, b \in Members : \A n \in 1..Min(Len(log[a]), Len(log[b])) :
           log[a][n] = log[b][n] => \A k \in 1..n : log[a][k] = log[b][k]
(* M4 *) AcknowledgedIsHeld == \A x \in Newest.isr : Unbroken(x) => \A a \in acknowledged : Holds(x[1], a)
         FlushedIsLogged == \A x \in Newest.isr : \A a \in flushed : Holds(x[1], a) /\ logged[x[1]] >= a[1]
(* M2 *) ServedIsWhole == \A p \in Members : Serves(p) => \A a \in acknowledged : Holds(p, a)
(* M1 *) VisibleIsHeld == \A m \in Members : Me(m) \in Newest.isr => \A n \in 1..applied[m] :
           n <= Len(log[m]) => \A x \in Newest.isr : Unbroken(x) => Holds(x[1], <<n, log[m][n]>>)

(* For a model that ends. *)
Bounded == Cardinality(messages) <= MaxMessages
=============================================================================
