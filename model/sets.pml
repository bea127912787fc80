/* sets.pml: a second vector set, of another engine or model, is registered while a record is written.
 * Set A is live; B is registered at any time, with a due row for the record if there is one. STRICT: a
 * strict creation, whose intents are those of the sets there at T0.
 *
 *   ONEROW   one pending row a record: whoever settles it, settles it for both sets
 *   NOLOCK   T1 reads the list of sets without the lock that registration waits for
 *   NOTADDED T1' writes no row for a set that came since T0
 */
#define NONE   0
#define INTENT 1
#define DUE    2
byte row = 0;
byte row_stamp = 0;
byte next_stamp = 1;
byte pending_kind[2]; /* A, B */
byte pending_stamp[2];
byte point[2];
byte point_stamp[2];
bool is_registered = false; /* B */
hidden byte violates_I2;

inline upsert(set, new_stamp, content) {
  atomic { if :: new_stamp > point_stamp[set] -> point_stamp[set] = new_stamp; point[set] = content
              :: else fi }
}
inline settle(set, settled_stamp) {
  atomic {
    if
    :: pending_kind[set] == DUE && pending_stamp[set] == settled_stamp ->
         pending_kind[set] = NONE; pending_stamp[set] = 0;
#ifdef ONEROW
         pending_kind[1 - set] = NONE; pending_stamp[1 - set] = 0
#endif
    :: else
    fi }
}
inline leave_row(set, kind) { pending_kind[set] = kind; pending_stamp[set] = st }

/* commits a text with a row for A, and for B if `has_b`; then V and T2 for A; the relays do B */
inline default_write() {
#ifdef NOLOCK
  has_b = is_registered;
#endif
  atomic {
#ifndef NOLOCK
    has_b = is_registered;
#endif
    st = next_stamp; next_stamp++;
    row = st; row_stamp = st; leave_row(0, DUE);
    if :: has_b -> leave_row(1, DUE) :: else fi };
  upsert(0, st, st);
  settle(0, st)
}

proctype Writer() {
  byte st = 0;
  bool has_b = false;
  bool has_intent_b = false;
#ifdef STRICT
T0:
  atomic {
    st = next_stamp; next_stamp++;
    leave_row(0, INTENT);
    has_intent_b = is_registered;
    if :: has_intent_b -> leave_row(1, INTENT) :: else fi };
V:
  upsert(0, st, st);
  if :: has_intent_b -> upsert(1, st, st) :: else fi;
T1_strict:
  atomic {
    row = st; row_stamp = st; leave_row(0, DUE);
    has_b = is_registered;
#ifdef NOTADDED
    has_b = has_intent_b;
#endif
    if :: has_b -> leave_row(1, DUE) :: else fi };
T2:
  settle(0, st);
  if :: has_intent_b -> settle(1, st) :: else fi;
#else
  default_write();
#endif
  default_write() /* the update */
}

/* Registration: one transaction with the list locked; backfill is the relay's. */
proctype Register() {
  if
  :: atomic {
       is_registered = true;
       if :: row != 0 -> pending_kind[1] = DUE; pending_stamp[1] = row_stamp :: else fi }
  :: true
  fi
}

proctype Relay(byte set) {
  byte st = 0;
end:
  do
  :: atomic { pending_kind[set] == DUE -> st = pending_stamp[set] };
     upsert(set, row_stamp, row);
     settle(set, st)
  od
}

proctype Invariants() {
end:
  do
  :: atomic { row != 0 && pending_kind[0] == NONE && point[0] != row -> assert(violates_I2) }
  :: atomic { row != 0 && is_registered && pending_kind[1] == NONE && point[1] != row ->
       assert(violates_I2) }
  od
}

init { atomic { run Invariants(); run Writer(); run Register(); run Relay(0); run Relay(1) } }
