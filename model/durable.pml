/* durable.pml: what a power cut of the record store takes. T1 is on disk before anything is said or
 * sent; T2 may be lost, and only repeats an upsert then. The log is written in order: what reaches
 * the disk brings everything before it. A power cut ends writers and relay too; the vector store and
 * what is under way to it stay. Stamps come from the record store: those of a transaction that was
 * lost are drawn again.
 *
 *   ASYNCT1  T1 is answered before it is on disk
 */
#ifndef POWERCUTS
#define POWERCUTS 2
#endif
typedef Store { byte row; byte pending_stamp; byte next_stamp = 1 }
Store committed; /* what transactions see */
Store on_disk;
byte point = 0;
byte point_stamp = 0;
byte acknowledged = 0; /* the highest text that a client was told is stored */
byte cuts = 0;
byte epoch = 0;        /* a writer or relay of an earlier one is dead */
byte writes = 0;
hidden byte violates_durable, violates_I1, violates_convergence;

inline copy(to, from) {
  to.row = from.row; to.pending_stamp = from.pending_stamp; to.next_stamp = from.next_stamp
}

/* An upsert that stays under way as long as may be. */
proctype Upsert(byte sent_stamp; byte content) {
end:
  atomic {
    if
    :: sent_stamp > point_stamp -> point_stamp = sent_stamp; point = content
    :: else
    fi }
}

/* Writers, one after another: creation, then updates; text and stamp are the same number. */
active proctype Writer() {
  byte st, born;
end:
  do
  :: atomic { writes < 2 -> writes++; born = epoch;
       st = committed.next_stamp; committed.next_stamp++;
       committed.row = st; committed.pending_stamp = st;
#ifndef ASYNCT1
       copy(on_disk, committed)
#endif
     };
     atomic { if :: epoch == born -> acknowledged = st :: else fi }; /* the reply */
     if
     :: atomic { epoch == born -> run Upsert(st, st) };
        if
        :: atomic { epoch == born && point_stamp >= st -> /* T2, not awaited on disk */
             if :: committed.pending_stamp == st -> committed.pending_stamp = 0 :: else fi }
        :: true
        fi
     :: true
     fi;
     st = 0
  od
}

active proctype Disk() {
end:
  do
  :: atomic { on_disk.pending_stamp != committed.pending_stamp || on_disk.row != committed.row ->
       copy(on_disk, committed) }
  :: atomic { cuts < POWERCUTS -> cuts++; epoch++; copy(committed, on_disk) }
  od
}

active proctype Relay() {
  byte st, born;
end:
  do
  :: atomic { committed.pending_stamp != 0 -> born = epoch; st = committed.pending_stamp;
       if :: st > point_stamp -> point_stamp = st; point = committed.row :: else fi };
     atomic {
       if
       :: epoch == born && committed.pending_stamp == st -> committed.pending_stamp = 0
       :: else
       fi;
       st = 0 }
  od
}

active proctype Invariants() {
end:
  do
  :: atomic { acknowledged > on_disk.row -> assert(violates_durable) }
     /* I1: a stamp that the index holds was committed, and is. */
  :: atomic { point_stamp != 0 && point_stamp >= committed.next_stamp -> assert(violates_I1) }
  od
}

init {
  timeout -> assert((committed.pending_stamp == 0 && point == committed.row) || violates_convergence)
}
