/* keys.pml: two creations, one default and one strict, each under an id of its own, with one natural
 * key (an idempotency key is claimed alike). A key is claimed in the transaction that writes the record
 * (strict: the intent), and freed in the one that aborts or fences the intent. At most one record.
 *
 *   CLAIMLATE  looks the key up, and claims it in a transaction of its own after the record's
 *   FREEEARLY  the relay frees the key of an intent before it fences its writer
 *   NEVERFREED the relay fences an intent and keeps its key
 */
#define FREE    0
#define STRICT  1
#define DEFAULT 2
byte holder = FREE;
bool has_intent = false; /* of the strict creation */
bool has_row[3];
bool is_refused = false; /* the default creation was told that the key is taken */
hidden byte violates_I7, violates_freed;

active proctype StrictCreation() {
T0:
  if
  :: atomic { holder == FREE -> holder = STRICT; has_intent = true }
  :: holder != FREE -> goto done
  fi;
  if
  :: true
  :: goto done /* killed */
  fi;
T1_strict:
  if
  :: atomic { has_intent -> has_intent = false; has_row[STRICT] = true }
  :: !has_intent
  fi;
done:
  skip
}

active proctype DefaultCreation() {
#ifdef CLAIMLATE
  if
  :: holder == FREE
  :: holder != FREE -> goto done
  fi;
  has_row[DEFAULT] = true;
  if :: holder == FREE -> holder = DEFAULT :: else fi;
#else
end_T1: /* an intent under way answers 409: the client asks again; a record is final */
  do
  :: atomic { holder == FREE -> holder = DEFAULT; has_row[DEFAULT] = true; break }
  :: holder == STRICT && has_row[STRICT] -> is_refused = true; break
  od;
#endif
done:
  skip
}

active proctype Relay() {
end:
  do
#ifdef FREEEARLY
  :: atomic { has_intent && holder == STRICT -> holder = FREE };
     has_intent = false
#else
  :: atomic { has_intent ->
       has_intent = false;
#ifndef NEVERFREED
       holder = FREE
#endif
     }
#endif
  od
}

active proctype Invariants() {
end:
  do :: atomic { has_row[STRICT] && has_row[DEFAULT] -> assert(violates_I7) } od
}

init { timeout -> assert(has_row[STRICT] || has_row[DEFAULT] || violates_freed) }
