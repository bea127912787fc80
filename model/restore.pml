/* restore.pml: the record store is restored from a backup while the index stays as it is, so that
 * stamps in the index lie above the sequence. At start, before anything is written: if the index's
 * highest stamp is not below the sequence, the sequence is raised above it; rows that were pending in the
 * backup are settled, since the index refuses their old stamps and they cover no difference; then every
 * difference is enqueued. The service is down while it is restored; no request is under way.
 *
 *   NORAISE    the sequence stays where the backup has it
 *   KEEPROWS   a row that was pending in the backup is taken to cover its record's difference
 *   NOENQUEUE  differences are left as they are
 */
#define RECORDS 2
typedef Store { byte row[RECORDS]; byte pending_stamp[RECORDS]; byte next_stamp = 1 }
Store now;
Store backup;
byte point[RECORDS];
byte point_stamp[RECORDS];
byte writes = 0;
hidden byte violates_I2, violates_I6;

inline upsert(id, new_stamp, content) {
  if :: new_stamp > point_stamp[id] -> point_stamp[id] = new_stamp; point[id] = content :: else fi
}
inline settle(id, settled) {
  if :: now.pending_stamp[id] == settled -> now.pending_stamp[id] = 0 :: else fi
}
/* Contents are numbered apart from stamps, which are drawn twice. */
inline write_some() {
  if :: id = 0 :: id = 1 fi;
  atomic { writes++; st = now.next_stamp; now.next_stamp++;
    now.row[id] = writes; now.pending_stamp[id] = st };
  if
  :: atomic { upsert(id, st, now.row[id]) };
     atomic { assert(point[id] == now.row[id] || violates_I6); settle(id, st) } /* synced */
  :: true /* pending */
  fi
}
inline relay_all() {
  id = 0;
  do
  :: id < RECORDS ->
     atomic {
       if
       :: now.pending_stamp[id] != 0 -> upsert(id, now.pending_stamp[id], now.row[id]);
            settle(id, now.pending_stamp[id])
       :: else
       fi };
     id++
  :: else -> break
  od
}
inline copy(to, from) {
  to.row[0] = from.row[0]; to.row[1] = from.row[1];
  to.pending_stamp[0] = from.pending_stamp[0]; to.pending_stamp[1] = from.pending_stamp[1];
  to.next_stamp = from.next_stamp
}
#define HIGHEST (point_stamp[0] > point_stamp[1] -> point_stamp[0] : point_stamp[1])

init {
  byte id, st;
  do :: writes < 2 -> write_some() :: break od;
  if :: relay_all() :: true fi;
  copy(backup, now);
  do :: writes < 4 -> write_some() :: break od;
  if :: relay_all() :: true fi;
restore:
  copy(now, backup);
start:
#ifndef NORAISE
  if :: (HIGHEST) >= now.next_stamp -> now.next_stamp = (HIGHEST) + 1 :: else fi;
#endif
#ifndef KEEPROWS
  relay_all();
#endif
#ifndef NOENQUEUE
  id = 0;
  do
  :: id < RECORDS ->
     if
     :: point[id] != now.row[id] && now.pending_stamp[id] == 0 ->
          now.pending_stamp[id] = now.next_stamp; now.next_stamp++
     :: else
     fi;
     id++
  :: else -> break
  od;
#endif
  do :: writes < 6 -> write_some() :: break od;
  relay_all();
  assert((now.pending_stamp[0] == 0 && now.pending_stamp[1] == 0 &&
          point[0] == now.row[0] && point[1] == now.row[1]) || violates_I2)
}
