/* original.pml: the order of the Go original: BEGIN, INSERT under a serial id, send the vector under
 * that id, COMMIT. The database may be killed once; a sequence's step is durable only with a later
 * commit, so that the id is drawn again. A second creation follows; when the vector store fails, its
 * fallback commits the record alone. Nothing here holds; each of these shows another way to fail:
 *
 *   SHOWN      a search may show what is not committed
 *   ORPHAN     a vector stays whose record never was, and nobody knows
 *   ADOPTED    a vector leads to another record: its id was drawn twice
 *   UNINDEXED  a record stays that nobody will ever index
 */
#define IDS 3
byte row[IDS];         /* the committed text of each serial id; 0: none */
byte point[IDS];
byte next_id = 1;      /* the sequence, as it is in memory */
byte durable_next_id = 1;
byte kills = 0;
byte faults = 0;
bool is_running = true; /* the database, and the transaction inside it */
hidden byte violates_shown, violates_orphan, violates_adopted, violates_unindexed;

inline create(text) {
  atomic { id = next_id; next_id++; is_running = true }; /* BEGIN; INSERT ... RETURNING id */
  if
  :: point[id] = text                                     /* the vector */
  :: atomic { faults == 0 -> faults++ }                   /* the vector store is down: go on alone */
  fi;
  if
  :: atomic { row[id] = text; durable_next_id = next_id } /* COMMIT */
  :: atomic { kills == 0 -> kills++; next_id = durable_next_id } /* kill -9 of the database */
  fi
}

active proctype Writer() {
  byte id;
  create(1);
  create(2)
}

active proctype Search() {
  byte id = 1;
  if :: id = 1 :: id = 2 fi;
#ifdef SHOWN
  assert(point[id] == 0 || row[id] != 0 || violates_shown) /* the index's answer is the answer */
#endif
}

init {
  byte id = 1;
  timeout;
  do
  :: id < IDS ->
#ifdef ORPHAN
     assert(point[id] == 0 || row[id] != 0 || violates_orphan);
#endif
#ifdef ADOPTED
     assert(point[id] == 0 || row[id] == 0 || point[id] == row[id] || violates_adopted);
#endif
#ifdef UNINDEXED
     assert(row[id] == 0 || point[id] != 0 || violates_unindexed);
#endif
     id++
  :: else -> break
  od
}
