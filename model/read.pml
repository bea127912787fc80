/* read.pml: one search beside the writes of one record: a creation (default, or STRICT), an update, an
 * erasure. Order of a search: (1) ids pending now, (2) the vector index, (3) one read of the record
 * store that confirms the candidates, and scores anew where the stamps differ or a row is pending.
 *
 *   VECFIRST   reads the index before the pending ids
 *   NOHYDRATE  shows the candidates of the index as they are
 *   NORESCORE  keeps the index's score whatever the record's stamp
 */
#define NONE   0
#define INTENT 1
#define DUE    2
byte row = 0;  /* the committed text, which is its stamp too; 0: no record */
byte pending_kind = NONE;
byte pending_stamp = 0;
byte point = 0;
hidden byte violates_found, violates_I4, violates_score;

inline commit(content, stamp) { atomic { row = content; pending_kind = DUE; pending_stamp = stamp } }
inline settle(stamp) {
  atomic { if :: pending_stamp == stamp -> pending_kind = NONE; pending_stamp = 0 :: else fi }
}

proctype Writer() {
#ifdef STRICT
T0:
  atomic { pending_kind = INTENT; pending_stamp = 1 };
V_strict:
  point = 1;
T1_strict:
  if
  :: commit(1, 1); settle(1)
  :: /* gives up: aborted under a fresh stamp, the relay writes the tombstone */
     atomic { pending_kind = DUE; pending_stamp = 2 };
     point = 0; settle(2); goto done
  fi;
#else
T1:
  commit(1, 1); point = 1; settle(1);
#endif
update:
  commit(3, 3); point = 3; settle(3);
erase:
  commit(0, 4); point = 0; settle(4);
done:
  skip
}

proctype Search() {
  byte committed_before;
  bool is_pending;
  byte seen;     /* what the index named; 0: not a candidate */
  byte confirmed;
  byte shown = 0;
  byte scored_as = 0;
  committed_before = row;
#ifdef VECFIRST
  seen = point;
  is_pending = pending_kind != NONE;
#else
  is_pending = pending_kind != NONE;
  seen = point;
#endif
#ifdef NOHYDRATE
  atomic { confirmed = row; shown = seen; scored_as = seen };
  assert(shown == 0 || row != 0 || violates_I4);
#else
  atomic {
    confirmed = row;
    if
    :: (is_pending || seen != 0) && confirmed != 0 -> shown = confirmed;
         scored_as = confirmed;
#ifdef NORESCORE
         if :: seen != 0 -> scored_as = seen :: else fi;
#endif
    :: else
    fi;
    assert(shown == 0 || row != 0 || violates_I4)
  };
#endif
  /* Committed before the search began, and there to the end: found. */
  assert(committed_before == 0 || confirmed == 0 || shown != 0 || violates_found);
  /* And never under a text that it had no more when it was confirmed. */
  assert(shown == 0 || scored_as == confirmed || violates_score)
}

init { atomic { run Writer(); run Search() } }
