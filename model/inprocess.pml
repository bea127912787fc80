/* inprocess.pml: the index lives in the process that writes, and is filled from the stored embeddings
 * when it starts: no pending row but where something is missing. Instead an id is entered among the
 * unapplied writes before COMMIT, and leaves only once the index holds the write, or a pending row
 * hands it to the relay. A caller's deadline may pass inside its own commit; the transaction then
 * commits, or does not, after the caller has answered "unknown".
 * Order of a search: (1) unapplied writes and pending ids, (2) the index, (3) the record store.
 *
 *   ENTERLATE   the id is entered after the commit
 *   LEAVEEARLY  a caller that gives up takes its entry with it
 *   NOHANDOVER  a write that the index refused leaves without a pending row
 *   BLINDUPDATE an update applies what it knew before its commit, and does not read back what is
 *               committed: the relay may have stored an embedding in between
 *   INDEXFIRST  a search reads the index before the entries
 */
byte row = 0;       /* the committed text; 0: no record */
byte row_stamp = 0;
bool is_embedded = false;
byte next_stamp = 1;
bool is_pending = false;
byte point = 0;
byte point_stamp = 0;
byte unapplied = 0; /* entries of this id; two writes may hold it at once */
byte refusals = 0;  /* of the index; the relay's are temporary */
bool has_lacked_embedding = false; /* at some moment since the search began */
hidden byte violates_I2, violates_found, violates_I6;

inline apply(new_stamp, content) {
  if :: new_stamp > point_stamp -> point_stamp = new_stamp; point = content :: else fi
}
inline leave() { unapplied-- }
#define CONTENT (row * is_embedded)

/* The transaction: here the caller's deadline may pass, while the commit runs on. */
inline commit_write() {
  st = next_stamp; next_stamp++;
  row_stamp = st;
  if
  :: row = st; is_embedded = true; is_pending = false; content = st
  :: row = st; is_embedded = false; is_pending = true; has_lacked_embedding = true; content = 0
  :: row != 0 -> content = row * knew_embedding /* another member: text and embedding stay */
  fi
}

proctype Writer() {
  byte st = 0;
  byte content = 0;
  bool knew_embedding = false;
  bool gave_up = false;
#ifdef BLINDUPDATE
  knew_embedding = is_embedded;
#endif
#ifndef ENTERLATE
enter:
  unapplied++;
#endif
COMMIT:
  if
  :: atomic { true -> commit_write() }
  :: /* the deadline passes: the caller answers "unknown"; who runs the commit keeps the entry */
     gave_up = true;
#ifdef LEAVEEARLY
     leave();
#endif
     if
     :: atomic { true -> commit_write() }
     :: true -> goto nothing /* it did not commit */
     fi
  fi;
#ifdef LEAVEEARLY
  if :: gave_up -> goto done :: else fi;
#endif
#ifdef ENTERLATE
  unapplied++;
#endif
apply_in_process:
  if
#ifdef BLINDUPDATE
  :: atomic { true -> apply(st, content) }
#else
  :: atomic { true -> st = row_stamp; content = CONTENT }; atomic { apply(st, content) }
#endif
  :: atomic { refusals == 0 -> refusals++;
#ifndef NOHANDOVER
       is_pending = true; row_stamp = next_stamp; next_stamp++ /* EnqueuePending raises both */
#endif
     }
  fi;
nothing:
#ifdef LEAVEEARLY
  if :: !gave_up -> leave() :: else fi;
#else
  leave();
#endif
done:
  skip
}

/* Finishes what is pending: embeds, enters the id, stores the embedding, applies, leaves. */
proctype Relay() {
  byte st, content, text;
end:
  do
  :: atomic { is_pending -> text = row };
     unapplied++;
     atomic {
       if
       :: row == text ->
            row_stamp = next_stamp; next_stamp++;
            is_embedded = true; is_pending = false
       :: else
       fi };
     atomic { true -> st = row_stamp; content = CONTENT }; atomic { apply(st, content) };
     unapplied--;
     atomic { st = 0; content = 0; text = 0 }
  od
}

proctype Search() {
  byte committed_before;
  bool is_candidate;
  byte seen;
  atomic { committed_before = row; has_lacked_embedding = !is_embedded };
#ifdef INDEXFIRST
  seen = point;
  is_candidate = is_pending || unapplied > 0;
#else
  is_candidate = is_pending || unapplied > 0;
  seen = point;
#endif
  /* By meaning it is found if it had an embedding all the while; else text and `degraded` say so. */
  assert(committed_before == 0 || is_candidate || seen != 0 || has_lacked_embedding ||
         violates_found)
}

proctype Invariants() {
end:
  do
  :: atomic { row != 0 && !is_pending && unapplied == 0 && point != CONTENT -> assert(violates_I2) }
  :: atomic { row != 0 && !is_pending && !is_embedded -> assert(violates_I2) }
  od
}

init {
  atomic { run Invariants(); run Writer(); run Writer(); run Relay(); run Search() }
  timeout -> assert((unapplied == 0 && !is_pending && point == CONTENT) || violates_I6)
}
