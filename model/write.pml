/* write.pml: every write of ONE record, with its pending row and its point in ONE vector set that is
 * kept on another server.
 *
 *   default   T1 {record, pending(s, due)} · V upsert (id, s) · T2 delete pending if its stamp is s
 *   strict    T0 {pending(s, intent)} · V · T1' {pending(s, intent) becomes due; record} · T2
 *             V failed: abort {pending(fresh stamp, due)}, reply "rolled back", also where the abort
 *             did not come through. T0 whose answer is lost is sent again, and may come late
 *   relay     an intent past its lease becomes (fresh stamp, due) first: that fences its writer. A due
 *             row: read the record, embed it if it is not, upsert it (no record: a tombstone), T2
 *   reconciler enqueues a due row where it believes that the point differs and no row is there, and
 *             gives a due row that is there a fresh stamp
 *
 * A crash may end a writer or a relay at every step; a request may be lost, applied without its answer
 * arriving, delivered as late as may be, or twice; an answer to COMMIT may be lost. A crash before a
 * writer's first commit leaves nothing: each writer may as well stay out.
 *
 * Contents: a text is named by the stamp that first carried it; 0 is "nothing to index".
 *
 * Remove a guard with one of these, and the check must fail:
 *   NOCAS       the vector store applies a write whatever its stamp
 *   NOGUARD     T2 deletes the pending row whatever its stamp
 *   NOTOMB      a deletion removes the point, and its stamp with it
 *   NOFENCE     T1' asks for the absence of the record only, not for its intent
 *   STALEFENCE  an intent that is aborted or fenced keeps its stamp
 *   STAMPEARLY  an update or erasure draws its stamp before it locks the record
 *   LOSTISFAILED  a lost answer to COMMIT of T1' is taken for a failure
 *   EARLYSYNCED a default write answers "synced" without waiting for V
 *
 * Choose who takes part: TWOSTRICT, CREATE, UPDATE, TWOUPDATES, ERASE, RECONCILE, TWORELAYS, EMBEDLATER (texts
 * may be committed before they are embedded). ONET0: T0 is not repeated. TRACE prints one line an event, as
 * test/sim/protocol_event.h reads them. For random runs, PATIENT lets leases end, and writers stay
 * out, only when nothing else can happen: else intents hardly live.
 */
#ifndef MAXCRASHES
#define MAXCRASHES 1
#endif
#ifndef MAXFAULTS
#define MAXFAULTS 1
#endif

/* ---- what is committed in the record store ---- */
#define NONE   0
#define INTENT 1
#define DUE    2
byte row = 0;            /* the committed text; 0: no record */
byte row_stamp = 0;
bool is_embedded = false;
bool was_erased = false; /* an erased id never comes back */
byte pending_kind = NONE;
byte pending_stamp = 0;
byte next_stamp = 1;     /* the sequence */
#define CONTENT (row * is_embedded)     /* what the index should hold */

/* ---- what the vector store holds: a point, or a tombstone (content 0 under a stamp) ---- */
byte point = 0;
byte point_stamp = 0;

/* ---- one request under way for each actor ---- */
#define STRICT_A 0
#define STRICT_B 1
#define CREATOR  2
#define UPDATER  3
#define UPDATER_B 4
#define ERASER   5
#define RELAY_A  6
#define RELAY_B  7
#define RECONCILER 8 /* these two send nothing */
#define SEARCHER 9
#define NOBODY   0 /* nobody waits for the answer */
#define WAITING  1
#define ANSWERED 2
#define FAILED   3
typedef Request { byte stamp; byte content; byte answer } /* stamp 0: nothing is under way */
Request request[8];

byte crashes = 0;
byte faults = 0;
byte repeated_T0[2]; /* the stamp of the intent that a repetition of T0 began */
byte rolled_back[2]; /* texts of which a strict creation said that they are not stored */

/* Named so that a violated assertion says which invariant it was. */
hidden byte violates_I2, violates_I3, violates_I6, violates_I8, violates_stamps, violates_convergence;

#ifdef TRACE
mtype = { begin_intent, create, update, erase, consume_intent, abort_intent, fence, store_embedding,
          enqueue, renew, send_vector, answer_vector, search_shows, crash };
mtype = { synced, pending, rolledback, unknown };
#define EVENT(kind, actor, stamp) printf("event %e actor=%d stamp=%d\n", kind, actor, stamp);
#define ACTS(kind, actor) printf("event %e actor=%d\n", kind, actor);
#define CARRIES(kind, actor, stamp, content) \
  printf("event %e actor=%d stamp=%d content=%d\n", kind, actor, stamp, content);
#define WRITES(kind, actor, stamp, text, content) \
  printf("event %e actor=%d stamp=%d text=%d content=%d\n", kind, actor, stamp, text, content);
#define APPLIES(actor, stamp, content, did) \
  printf("event apply_at_store actor=%d stamp=%d content=%d applied=%d\n", \
         actor, stamp, content, did);
#define SETTLES(actor, stamp, did) \
  printf("event settle actor=%d stamp=%d deleted=%d\n", actor, stamp, did);
#define REPLY(actor, what) printf("event reply actor=%d said=%e\n", actor, what);
#else
#define EVENT(kind, actor, stamp)
#define ACTS(kind, actor)
#define CARRIES(kind, actor, stamp, content)
#define WRITES(kind, actor, stamp, text, content)
#define APPLIES(actor, stamp, content, did)
#define SETTLES(actor, stamp, did)
#define REPLY(actor, what)
#endif

#ifdef PATIENT
#define LEASE_IS_OVER timeout
#define STAYS_OUT timeout
#else
#define LEASE_IS_OVER true /* at any time: nothing may rest on clocks */
#define STAYS_OUT true
#endif
#define FAULT faults < MAXFAULTS -> faults++
#define CRASH atomic { crashes < MAXCRASHES -> crashes++; ACTS(crash, me) goto done }
#define MY_INTENT (pending_kind == INTENT && pending_stamp == st)

inline draw(into) { into = next_stamp; next_stamp++ }

inline set_due(new_stamp) { pending_kind = DUE; pending_stamp = new_stamp }

/* ---- the vector store ---- */
inline apply(i) {
#if defined(NOCAS)
  point_stamp = request[i].stamp; point = request[i].content;
  APPLIES(i, request[i].stamp, request[i].content, 1)
#elif defined(NOTOMB)
  if
  :: request[i].content == 0 ->
       point_stamp = 0; point = 0;
       APPLIES(i, request[i].stamp, 0, 1)
  :: request[i].content != 0 && request[i].stamp > point_stamp ->
       point_stamp = request[i].stamp; point = request[i].content;
       APPLIES(i, request[i].stamp, request[i].content, 1)
  :: else -> APPLIES(i, request[i].stamp, request[i].content, 0) skip
  fi;
#else
  if
  :: request[i].stamp > point_stamp ->
       APPLIES(i, request[i].stamp, request[i].content, 1)
       point_stamp = request[i].stamp; point = request[i].content
  :: else -> APPLIES(i, request[i].stamp, request[i].content, 0) skip
  fi;
#endif
}

inline tell(i, how) {
  if :: request[i].answer == WAITING -> request[i].answer = how :: else fi
}

inline forget(i) { request[i].stamp = 0; request[i].content = 0 }

#define UNDER_WAY(i) request[i].stamp != 0
#define DELIVER(i) \
  /* applied and answered */ \
  :: atomic { UNDER_WAY(i) -> apply(i); tell(i, ANSWERED); forget(i) } \
  /* applied, its answer lost */ \
  :: atomic { UNDER_WAY(i) && FAULT; apply(i); tell(i, FAILED); forget(i) } \
  /* lost */ \
  :: atomic { UNDER_WAY(i) && FAULT; tell(i, FAILED); forget(i) } \
  /* applied and answered, and delivered once more later */ \
  :: atomic { UNDER_WAY(i) && FAULT; apply(i); tell(i, ANSWERED) }

proctype VectorStore() {
end:
  do
  DELIVER(STRICT_A) DELIVER(STRICT_B) DELIVER(CREATOR) DELIVER(UPDATER) DELIVER(UPDATER_B)
  DELIVER(ERASER) DELIVER(RELAY_A) DELIVER(RELAY_B)
  od
}

inline send(i, new_stamp, new_content) {
  CARRIES(send_vector, me, new_stamp, new_content)
  request[i].stamp = new_stamp; request[i].content = new_content; request[i].answer = WAITING
}

/* ---- T2 ---- */
inline settle_row(i, settled_stamp) {
#ifdef NOGUARD
  SETTLES(i, settled_stamp, 1)
  pending_kind = NONE; pending_stamp = 0;
#else
  if
  :: pending_kind == DUE && pending_stamp == settled_stamp ->
       SETTLES(i, settled_stamp, 1)
       pending_kind = NONE; pending_stamp = 0
  :: else -> SETTLES(i, settled_stamp, 0) skip
  fi;
#endif
}

/* An intent becomes due: by its own writer (abort), or by a relay once its lease is over (fence). */
inline end_intent() {
#ifndef STALEFENCE
  draw(pending_stamp);
#endif
  pending_kind = DUE;
}

inline commit_intended() {
  row = st; row_stamp = st; is_embedded = true; set_due(st);
  EVENT(consume_intent, me, st)
}

/* ---- strict creation; `attempt` names its place in rolled_back ---- */
inline begin_intent_row() {
  draw(st); pending_kind = INTENT; pending_stamp = st;
  WRITES(begin_intent, me, st, st, st)
}
inline abort_intent_row() { end_intent(); EVENT(abort_intent, me, pending_stamp) }
inline say_rolled_back() { rolled_back[attempt] = st; REPLY(me, rolledback) }
#define MAY_BEGIN (row == 0 && !was_erased && pending_kind != INTENT)

/* T0, sent once more: it carries no name by which it could be found to have committed. */
proctype RepeatedT0(byte me; byte attempt) {
  byte st = 0;
  if
  :: atomic { MAY_BEGIN -> begin_intent_row(); repeated_T0[attempt] = st }
  :: true
  fi;
  st = 0
}

proctype StrictCreation(byte me; byte attempt) {
  byte st = 0;
end_T0:
  if
  :: atomic { MAY_BEGIN -> begin_intent_row() }
     /* The answer to COMMIT is lost, and time runs out: it may commit, also after the reply. */
  :: atomic { MAY_BEGIN && FAULT;
       if :: begin_intent_row(); REPLY(me, unknown) goto done :: REPLY(me, unknown) skip fi };
     if
     :: atomic { MAY_BEGIN -> begin_intent_row() }
     :: true
     fi;
     goto done
  :: atomic { STAYS_OUT -> REPLY(me, rolledback) goto done } /* or was refused */
#ifndef ONET0
  :: atomic { FAULT; run RepeatedT0(me, attempt) };
     goto end_T0
     /* It finds its own intent, which the repetition began. */
  :: atomic { pending_kind == INTENT && repeated_T0[attempt] == pending_stamp ->
       st = pending_stamp }
#endif
  fi;
V:
  if
  :: atomic { true -> send(me, st, st) }
  :: CRASH
  fi;
V_answer:
  if
  :: atomic { request[me].answer == ANSWERED -> ACTS(answer_vector, me) skip }
  :: request[me].answer == FAILED -> goto abort
  :: atomic { request[me].answer == WAITING && FAULT; request[me].answer = NOBODY };
     goto abort /* its deadline passed; the request is still under way */
  :: CRASH
  fi;
T1_strict:
  if
#ifdef NOFENCE
  :: atomic { row == 0 && !was_erased -> row = st; row_stamp = st; is_embedded = true;
       EVENT(consume_intent, me, st)
       settle_row(me, st) }
#else
  :: atomic { MY_INTENT -> commit_intended() }
#endif
  :: atomic { !MY_INTENT -> say_rolled_back(); goto done } /* fenced */
     /* The answer to COMMIT is lost, and the attempt is looked for: found, it goes on. */
  :: atomic { MY_INTENT && FAULT; commit_intended() };
#ifdef LOSTISFAILED
     goto abort
#endif
  :: atomic { MY_INTENT && FAULT;
       if :: commit_intended(); REPLY(me, unknown) goto done :: REPLY(me, unknown) skip fi };
     goto outcome_open
  :: goto abort /* T1' is refused: a key is taken, the store is out of order */
  :: CRASH
  fi;
reply:
  atomic { REPLY(me, synced) assert(point_stamp >= st || violates_I6) };
T2: /* batched: may as well come before the reply, which changes nothing */
  if
  :: atomic { true -> settle_row(me, st) }
  :: CRASH
  fi;
  goto done;
abort:
  if
  :: atomic { MY_INTENT -> abort_intent_row(); say_rolled_back() }
  :: atomic { !MY_INTENT -> say_rolled_back() }
  :: atomic { MY_INTENT && FAULT;
       if :: abort_intent_row(); REPLY(me, unknown) goto done :: REPLY(me, unknown) skip fi };
     goto outcome_open
  :: atomic { MY_INTENT && FAULT; say_rolled_back() };
     goto abort_late /* its intent stands, and a relay ends it */
  :: CRASH
  fi;
  goto done;
abort_late:
  if
  :: atomic { MY_INTENT -> abort_intent_row() }
  :: true
  fi;
  goto done;
outcome_open: /* said "unknown"; what was sent to the record store may commit yet */
  if
  :: atomic { MY_INTENT && request[me].answer == ANSWERED -> commit_intended() }
  :: atomic { MY_INTENT -> abort_intent_row() }
  :: true
  fi;
done:
  atomic { request[me].answer = NOBODY; st = 0 }
}

/* ---- default creation, update, erasure ---- */
inline commit_write(actor) {
  if
  :: actor == ERASER ->
       row = 0; row_stamp = 0; is_embedded = false; was_erased = true;
       EVENT(erase, me, st)
  :: actor != ERASER ->
       row = st; row_stamp = st; is_embedded = true;
#ifdef EMBEDLATER
       if :: is_embedded = true :: is_embedded = false fi;
#endif
#ifdef TRACE
       if
       :: actor == CREATOR -> WRITES(create, me, st, row, CONTENT)
       :: else -> WRITES(update, me, st, row, CONTENT)
       fi;
#endif
  fi;
  set_due(st);
}

#define MAY_COMMIT ((me == CREATOR && row == 0 && !was_erased && pending_kind != INTENT) || \
                    (me != CREATOR && row != 0))

proctype DefaultWrite(byte me) {
  byte st = 0;
  byte content = 0;
#ifdef STAMPEARLY
end_early:
  atomic { MAY_COMMIT -> draw(st) };
#define DRAW skip
#else
#define DRAW draw(st)
#endif
end_T1:
  if
  :: atomic { MAY_COMMIT -> DRAW; commit_write(me); content = CONTENT }
     /* The answer to COMMIT is lost, and time runs out: it may commit, also after the reply. */
  :: atomic { MAY_COMMIT && FAULT;
       if
       :: DRAW; commit_write(me); REPLY(me, unknown) goto done
       :: REPLY(me, unknown) skip
       fi };
     if
     :: atomic { MAY_COMMIT -> DRAW; commit_write(me) }
     :: true
     fi;
     goto done
  :: atomic { STAYS_OUT -> REPLY(me, rolledback) goto done } /* or was refused */
  fi;
V:
  if
  :: atomic { content != 0 || me == ERASER -> send(me, st, content) }
     /* not embedded, no slot free, the breaker is open; also the crash before V */
  :: atomic { true -> REPLY(me, pending) goto done }
  fi;
V_answer:
  if
  :: atomic { request[me].answer == ANSWERED -> ACTS(answer_vector, me) skip }
#ifdef EARLYSYNCED
  :: request[me].answer == WAITING
#endif
     /* refused or out of time: also the crash after V, but for what is not said */
  :: atomic { request[me].answer == FAILED -> REPLY(me, pending) goto done }
  :: atomic { request[me].answer == WAITING && FAULT; REPLY(me, pending) goto done }
  :: CRASH
  fi;
#ifndef NOTOMB
reply:
  atomic { REPLY(me, synced) assert(point_stamp >= st || violates_I6) };
#endif
T2: /* batched: may as well come before the reply, which changes nothing */
  if
  :: atomic { true -> settle_row(me, st) }
  :: CRASH
  fi;
done:
  atomic { request[me].answer = NOBODY; st = 0; content = 0 }
}

/* ---- relay: it never ends; crashed, the next one takes its place, under another name ---- */
#define LACKS_EMBEDDING (row != 0 && !is_embedded && row_stamp == st)
proctype Relay(byte place) {
  byte st = 0;
#ifdef TRACE
  byte me = place;
#define RENAME me = me + 10
#else
#define me place
#define RENAME skip
#endif
#ifdef EMBEDLATER
  byte text = 0;
#endif
end:
  do
  :: atomic { pending_kind == INTENT && LEASE_IS_OVER -> end_intent(); EVENT(fence, me, pending_stamp) skip }
  :: /* lease */
     atomic { pending_kind == DUE && request[place].stamp == 0 -> st = pending_stamp };
     /* read the record, and act on what is found */
     if
     :: atomic { row == 0 -> send(place, st, 0) }
     :: atomic { row != 0 && !LACKS_EMBEDDING -> send(place, row_stamp, CONTENT) }
#ifdef EMBEDLATER
     :: atomic { LACKS_EMBEDDING -> text = row };
        /* The model has run: stored if the text is the same still, and under a fresh stamp. */
        atomic {
          if
          :: row == text -> draw(row_stamp); set_due(row_stamp); is_embedded = true;
               WRITES(store_embedding, me, row_stamp, row, row) skip
          :: else
          fi;
          text = 0 };
        goto released
#endif
     fi;
     if
     :: atomic { request[place].answer == ANSWERED -> ACTS(answer_vector, me)
          settle_row(me, st) }
     :: request[place].answer == FAILED
     :: atomic { crashes < MAXCRASHES -> crashes++; ACTS(crash, me) RENAME }
     fi;
released:
     atomic { request[place].answer = NOBODY; st = 0 }
  od
}
#undef me

/* ---- reconciler: what it compares may be out of date; it never touches an intent ---- */
inline make_due() {
  draw(st); set_due(st);
  if :: row != 0 -> row_stamp = st :: else fi;
}
proctype Reconciler() {
  byte st = 0;
end:
  if
  :: atomic { pending_kind == NONE -> make_due(); EVENT(enqueue, RECONCILER, st) st = 0 }
  :: atomic { pending_kind == DUE -> make_due(); EVENT(renew, RECONCILER, st) st = 0 }
  fi
}

#ifdef TRACE
/* What a search reads when it confirms its candidates. */
proctype Search() {
  byte count = 0;
end:
  do
  :: atomic { count < 2 && row != 0 -> count++; EVENT(search_shows, SEARCHER, row_stamp) skip }
  od
}
#endif

proctype Invariants() {
end:
  do
     /* I2: the point has the record's content, or a pending row is there. */
  :: atomic { row != 0 && pending_kind == NONE && point != CONTENT -> assert(violates_I2) }
  :: atomic { row != 0 && pending_kind == NONE && !is_embedded -> assert(violates_I2) }
     /* I3: a point without a record has a pending row. */
  :: atomic { row == 0 && point != 0 && pending_kind == NONE -> assert(violates_I3) }
     /* I8: what was rolled back is never there. */
  :: atomic { row != 0 && (row == rolled_back[0] || row == rolled_back[1]) -> assert(violates_I8) }
#ifndef STAMPEARLY
     /* A due row of a record has the record's stamp: so T2 and a late upsert speak of the same. */
  :: atomic { row != 0 && pending_kind == DUE && pending_stamp != row_stamp -> assert(violates_stamps) }
#endif
  od
}

init {
  atomic {
    run Invariants(); run VectorStore();
#ifdef TRACE
    run Search();
#endif
    run StrictCreation(STRICT_A, 0);
#ifdef TWOSTRICT
    run StrictCreation(STRICT_B, 1);
#endif
#ifdef CREATE
    run DefaultWrite(CREATOR);
#endif
#ifdef UPDATE
    run DefaultWrite(UPDATER);
#endif
#ifdef TWOUPDATES
    run DefaultWrite(UPDATER_B);
#endif
#ifdef ERASE
    run DefaultWrite(ERASER);
#endif
#ifdef RECONCILE
    run Reconciler();
#endif
    run Relay(RELAY_A);
#ifdef TWORELAYS
    run Relay(RELAY_B);
#endif
  }
  (timeout && pending_kind != INTENT) ->
    assert((pending_kind == NONE && point == CONTENT) || violates_convergence)
}
