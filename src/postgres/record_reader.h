// RecordReader: records by name, their history, pages of ids and embeddings, and the highest stamp;
// what RecordStore promises of the methods of these names (ports/record_store.h).
//
// Each reads one snapshot, in one round trip. Threads: safe to call concurrently.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "domain/query.h"
#include "postgres/sessions.h"

namespace datastorage::postgres {

class RecordReader {
 public:
  explicit RecordReader(Sessions& sessions) : sessions_(sessions) {}

  Result<std::vector<ReadOutcome>> Read(std::span<const RecordRef> refs,
                                        std::string_view space,
                                        Deadline deadline);
  Result<std::vector<Record>> History(RecordId id, Deadline deadline);
  Result<std::vector<StoredEmbedding>> ScanEmbeddings(std::string_view space,
                                                      RecordId after,
                                                      int limit,
                                                      Deadline deadline);
  Result<std::vector<StoredId>> ScanIds(VectorSetId set,
                                        RecordId after,
                                        int limit,
                                        Deadline deadline);

  // Where the sequence is high enough already nobody waits. To raise it is a second round trip: it
  // waits for the commits that are under way, and holds up those that come.
  Result<Stamp> RaiseStamps(Stamp floor, Deadline deadline);

 private:
  Sessions& sessions_;
};

}  // namespace datastorage::postgres
