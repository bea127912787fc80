// SegmentCodes: segments of pgvector's body as 8-bit codes in memory, so that a search finds what
// may be nearest by a scan, and asks the server for these rows only instead of for a walk through a
// graph. A segment never takes another row, so its codes hold for as long as it lives; a row that
// was dropped since is not found any more when the server is asked for it.
//
// Threads: SegmentCodes may be called concurrently; a CodedSegment once nothing is added to it.
// Memory:  about 0.4 KB a row. What a running search still reads is let go of when it ends.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "codes/quantized_vector.h"
#include "domain/embedding.h"
#include "postgres/vector_mark.h"

namespace datastorage::postgres {

class CodedSegment {
 public:
  static constexpr std::size_t kBlockRowCount = 1'024;
  struct Block {
    alignas(64) std::array<std::int8_t, kBlockRowCount * kEmbeddingDimensionCount> codes;
    std::array<float, kBlockRowCount> scales;
    std::array<Uuid, kBlockRowCount> ids;
    std::size_t row_count = 0;
  };

  explicit CodedSegment(std::int64_t number) : number_(number) {}

  void Add(const Uuid& id, const Embedding& vector);

  std::int64_t number() const { return number_; }
  std::int64_t row_count() const { return row_count_; }
  const std::vector<std::unique_ptr<Block>>& blocks() const { return blocks_; }

 private:
  const std::int64_t number_;
  std::int64_t row_count_ = 0;
  std::vector<std::unique_ptr<Block>> blocks_;
};

using CodedSegments = std::vector<std::shared_ptr<const CodedSegment>>;

struct Candidate {
  Uuid id;
  std::int64_t segment = 0;
};

// The `count_max` rows whose codes are nearest to the query, in no order: all, where there are no
// more. Errors: kDeadlineExceeded.
Result<std::vector<Candidate>> NearestByCodes(const Embedding& query,
                                              const CodedSegments& segments,
                                              std::size_t count_max,
                                              Deadline deadline);

class SegmentCodes {
 public:
  explicit SegmentCodes(std::int64_t byte_count_max) : byte_count_max_(byte_count_max) {}

  // Those of `wanted` that are in memory.
  CodedSegments Held(std::span<const BodySegment> wanted) const;

  // Lets go of what is not live any more, or has to make room for larger ones, and returns which
  // of the live ones to add next: of what fits into the memory the largest. nullopt: none.
  std::optional<BodySegment> Next(std::span<const BodySegment> live);
  void Add(const BodySegment& segment, std::shared_ptr<const CodedSegment> codes);

  std::int64_t RowCount() const;

 private:
  using Key = std::pair<std::int64_t, std::int64_t>;  // Number and `made`.

  const std::int64_t byte_count_max_;
  mutable std::mutex mutex_;
  std::map<Key, std::shared_ptr<const CodedSegment>> held_;
};

}  // namespace datastorage::postgres
