/* refresh.pml: a vector index whose acknowledged writes become visible to searches only after a
 * refresh. An acknowledged record must be found at once. STRICT: a strict creation instead.
 *
 *   EARLY       T2 does not wait for a refresh
 *   ANYREFRESH  T2 waits for a refresh to end after V, though it may have begun before V
 */
#define NONE   0
#define INTENT 1
#define DUE    2
byte row = 0;
byte pending_kind = NONE;
byte held = 0;           /* what the index has stored */
byte visible = 0;        /* what searches see of it */
byte begun_count = 0;    /* refreshes begun; each ends before the next begins */
byte ended_count = 0;
bool is_acknowledged = false;
hidden byte violates_I6;

active proctype Refresher() {
  byte snapshot;
end:
  do
  :: atomic { begun_count < 4 -> begun_count++; snapshot = held };
     atomic { visible = snapshot; ended_count = begun_count }
  od
}

active proctype Writer() {
  byte mark;
#ifdef STRICT
T0:
  pending_kind = INTENT;
#else
T1:
  atomic { row = 1; pending_kind = DUE };
#endif
V:
#ifdef ANYREFRESH
  atomic { held = 1; mark = ended_count }; /* the next to end may have begun before V */
#else
  atomic { held = 1; mark = begun_count };
#endif
#ifdef STRICT
T1_strict:
  atomic { row = 1; pending_kind = DUE };
#endif
reply:
#ifdef EARLY
  pending_kind = NONE;
  is_acknowledged = true;
#else
  is_acknowledged = true;
end_T2:
  atomic { ended_count > mark -> pending_kind = NONE }
#endif
}

active proctype Search() {
  bool was_acknowledged;
  bool is_pending;
  byte seen;
  was_acknowledged = is_acknowledged;
  is_pending = pending_kind == DUE;
  seen = visible;
  assert(!was_acknowledged || ((is_pending || seen != 0) && row != 0) || violates_I6)
}
