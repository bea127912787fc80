// The statements of pgvector's tables, and the ones that write points: the same in a commit of
// records and in PgvectorIndex::Apply.
//
// Threads: none.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "domain/embedding.h"
#include "domain/vector_set.h"
#include "postgres/connection.h"

namespace datastorage::postgres {

// What sets of pgvector call their engine.
inline constexpr std::string_view kPgvectorEngine = "pgvector";

// Where new vectors go.
enum class VectorWriteMode : std::uint8_t {
  kDeferred,  // To the head; HeadMover brings them into the vector index.
  kInline,    // Into the vector index, by the write itself.
};

enum class VectorQuery : std::uint8_t {
  kBuildSegment,
  kClaimVectors,
  kCountLivePoints,
  kDropBodyVectors,
  kDropHeadVectors,
  kDropRetiredSegments,
  kHeldPoints,
  kHighestPointStamp,
  kMeasureHead,
  kMergeSegments,
  kMoveHead,
  kPurgeTombstones,
  kPutBodyVectors,
  kPutHeadVectors,
  kRaisePoints,
  kReadSegment,
  kReadVectorMark,
  kScanPoints,
  kTakePoints,
  kCount,
};

// The file's stem, in sql/postgres/pgvector.
std::string_view NameOf(VectorQuery query);
// A call of it that needs nothing prepared.
Call Unprepared(VectorQuery query);

// What a commit of records needs prepared where a set's vectors are in its database.
const std::vector<NamedStatement>& PointStatements();

// Points to be written, each id once.
class PointWrites {
 public:
  struct Target {
    VectorSetId set = 0;            // Whose mark the tables must bear; 0: any.
    std::uint32_t vector_type = 0;  // The server's number of the type.
    bool writes_body = false;       // Else the head.
    bool is_prepared = false;       // PointStatements are.
  };

  explicit PointWrites(const Target& target);

  // Without a vector: a tombstone. `is_new`: nothing is held of the id, neither head nor body.
  void Add(Uuid id, Stamp stamp, const Embedding* vector, bool is_new);

  // The calls, none where there is nothing to write. The first returns the ids that were taken: the
  // others were refused for the stamp that is held.
  std::vector<Call> Take();

 private:
  Call CallOf(VectorQuery query) const;

  const Target target_;
  ArrayValue ids_, stamps_, are_live_;
  ArrayValue old_ids_, old_stamps_;
  ArrayValue live_ids_, live_stamps_, vectors_;
};

}  // namespace datastorage::postgres
