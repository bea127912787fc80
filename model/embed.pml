/* embed.pml: two relays embed a record's text while the record is patched. The bytes that two relays
 * compute for one text differ. Storing an embedding commits only if the record's text is still the one
 * that was embedded, and takes a fresh stamp; the stored embedding is the only source of what is sent.
 * Patches that leave the text alone take a stamp too, and keep the embedding.
 *
 *   UNGUARDED  stores an embedding whatever the record's text is by now
 *   SAMESTAMP  stores it under the stamp that the record has already
 *   SENDOWN    sends the bytes just computed, not the stored ones
 */
byte text = 1;              /* the committed text */
byte row_stamp = 1;
byte embedded_text = 0;     /* the text that the stored embedding was made of; 0: there is none */
byte embedding = 0;         /* its bytes */
byte pending_stamp = 1;     /* 0: no pending row */
byte next_stamp = 2;
byte point_stamp = 0;
byte point_text = 0;        /* 0: a tombstone, or nothing */
byte point_embedding = 0;
hidden byte violates_I2, violates_one_stamp_one_content;

#ifndef PATCHES
#define PATCHES 2
#endif
active proctype Patch() {
  byte count = 0;
  do
  :: atomic { count < PATCHES ->
       count++;
       row_stamp = next_stamp; pending_stamp = next_stamp; next_stamp++;
       if
       :: text++; embedded_text = 0; embedding = 0
       :: true /* another member: text and embedding stay */
       fi }
  :: break
  od
}

inline upsert() {
  if
  :: sent_stamp > point_stamp ->
       point_stamp = sent_stamp; point_text = sent_text; point_embedding = sent_embedding
  :: sent_stamp == point_stamp ->
       assert((point_text == sent_text && point_embedding == sent_embedding) ||
              violates_one_stamp_one_content)
  :: else
  fi
}

active [2] proctype Relay() {
  byte leased, read_text, sent_stamp, sent_text, sent_embedding;
end:
  do
  :: atomic { pending_stamp != 0 -> leased = pending_stamp; read_text = text };
     if
     :: embedded_text == 0 ->
          /* The model runs; then the embedding is stored. */
          atomic {
            if
#ifdef UNGUARDED
            :: true ->
#else
            :: text == read_text ->
#endif
                 embedded_text = read_text; embedding = 1 + _pid;
#ifndef SAMESTAMP
                 row_stamp = next_stamp; pending_stamp = next_stamp; next_stamp++;
#endif
            :: else
            fi;
            leased = 0 };
     :: else
     fi;
     /* Reads what is to be sent; the request may arrive late. */
     atomic { sent_stamp = row_stamp; sent_text = embedded_text; sent_embedding = embedding;
#ifdef SENDOWN
       if :: embedded_text != 0 && leased == 0 -> sent_embedding = 1 + _pid :: else fi;
#endif
     };
     atomic { upsert() };
     atomic {
       if :: leased != 0 && pending_stamp == leased -> pending_stamp = 0 :: else fi;
       leased = 0; read_text = 0; sent_stamp = 0; sent_text = 0; sent_embedding = 0 }
  od
}

active proctype Invariants() {
end:
  do
  :: atomic { pending_stamp == 0 &&
       (embedded_text != text || point_text != text || point_embedding != embedding) ->
       assert(violates_I2) }
  od
}
