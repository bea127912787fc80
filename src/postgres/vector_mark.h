// VectorMark: whose pgvector's tables are and what their body consists of, as read_vector_mark
// tells it at the beginning of whatever uses them.
//
// Threads: none.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "domain/vector_set.h"
#include "postgres/values.h"

namespace datastorage::postgres {

struct BodySegment {
  std::int64_t number = 0;     // 0 takes single rows; others never take another.
  std::int64_t row_count = 0;  // When it was built; of segment 0 about.
  // Drawn when it was built: a database that was put back to an earlier time gives numbers anew.
  std::int64_t made = 0;

  // Not even a page: only segment 0 ever is.
  bool IsEmpty() const { return row_count == 0; }
  bool IsSame(const BodySegment& other) const {
    return number == other.number && made == other.made;
  }
};

struct VectorMark {
  VectorSetId set = 0;  // 0: nobody's.
  bool is_head_full = false;
  std::uint32_t vector_type = 0;      // The server's number of the type; 0: it has lost pgvector.
  std::vector<BodySegment> segments;  // By rising numbers.
};

// Of "0:17:0,3:8192:40013".
std::vector<BodySegment> SegmentsOf(std::string_view text);

// Of the row that VectorQuery::kReadVectorMark returns.
VectorMark MarkOf(const Rows& rows);

}  // namespace datastorage::postgres
