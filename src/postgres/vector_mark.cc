#include "postgres/vector_mark.h"

#include <charconv>

namespace datastorage::postgres {

std::vector<BodySegment> SegmentsOf(std::string_view text) {
  std::vector<BodySegment> segments;
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  while (at < end) {
    BodySegment& segment = segments.emplace_back();
    for (std::int64_t* part : {&segment.number, &segment.row_count, &segment.made}) {
      at = std::from_chars(at, end, *part).ptr;
      if (at < end) ++at;
    }
  }
  return segments;
}

VectorMark MarkOf(const Rows& rows) {
  VectorMark mark;
  if (!rows.IsNull(0, 0)) mark.set = rows.Integer(0, 0);
  mark.is_head_full = rows.Bool(0, 1);
  if (!rows.IsNull(0, 2)) mark.vector_type = static_cast<std::uint32_t>(rows.Integer(0, 2));
  mark.segments = SegmentsOf(rows.Text(0, 3));
  return mark;
}

}  // namespace datastorage::postgres
