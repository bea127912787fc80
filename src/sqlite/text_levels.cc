#include "sqlite/text_levels.h"

#include <sqlite3.h>

#include <algorithm>
#include <memory>

#include "base/limits.h"

namespace datastorage::sqlite {
namespace {

// Where the index keeps its structure: FTS5_STRUCTURE_ROWID.
constexpr const char* kReadStructure = "SELECT block FROM record_text_data WHERE id = 10";
constexpr const char* kWriteStructure = "UPDATE record_text_data SET block = ? WHERE id = 10";

// Room for the levels of newer and smaller segments below that of all older ones.
constexpr std::size_t kKeptLevelCount = 16;
constexpr std::size_t kCookieByteCount = 4;
constexpr std::size_t kVarintByteCountMax = 9;
// Segments under a merge that has begun, and all segments: two numbers a level, both zero.
constexpr std::size_t kEmptyLevelByteCount = 2;

// Reads numbers of 7 bits a byte, the high ones first, until the end or one that is too long.
class Varints {
 public:
  Varints(std::span<const std::uint8_t> bytes, std::size_t from) : bytes_(bytes), at_(from) {}

  std::uint64_t Next() {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i + 1 < kVarintByteCountMax && at_ < bytes_.size(); ++i) {
      const std::uint8_t byte = bytes_[at_++];
      value = (value << 7U) | (byte & 0x7FU);
      if (byte < 0x80U) return value;
    }
    is_whole_ = false;
    return 0;
  }
  std::size_t at() const { return at_; }
  bool is_whole() const { return is_whole_; }

 private:
  std::span<const std::uint8_t> bytes_;
  std::size_t at_;
  bool is_whole_ = true;
};

struct Closer {
  void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Handle = std::unique_ptr<sqlite3, Closer>;
using Prepared = std::unique_ptr<sqlite3_stmt, Closer>;

Prepared Prepare(const Handle& handle, const char* sql) {
  sqlite3_stmt* statement = nullptr;
  sqlite3_prepare_v2(handle.get(), sql, -1, &statement, nullptr);
  return Prepared(statement);
}

int Fold(const Handle& handle) {
  std::optional<std::vector<std::uint8_t>> folded;
  {
    const Prepared reading = Prepare(handle, kReadStructure);
    if (sqlite3_step(reading.get()) != SQLITE_ROW) return sqlite3_extended_errcode(handle.get());
    const auto* const bytes =
        static_cast<const std::uint8_t*>(sqlite3_column_blob(reading.get(), 0));
    folded = FoldedTextStructure(
        {bytes, static_cast<std::size_t>(sqlite3_column_bytes(reading.get(), 0))});
  }
  if (!folded.has_value()) return SQLITE_OK;
  const Prepared writing = Prepare(handle, kWriteStructure);
  sqlite3_bind_blob(
      writing.get(), 1, folded->data(), static_cast<int>(folded->size()), SQLITE_STATIC);
  if (sqlite3_step(writing.get()) != SQLITE_DONE) return sqlite3_extended_errcode(handle.get());
  return SQLITE_OK;
}

}  // namespace

// A cookie of 4 bytes; then how many levels, segments and writes there are; then, level by level,
// its two counts and three numbers a segment.
std::optional<std::vector<std::uint8_t>> FoldedTextStructure(
    std::span<const std::uint8_t> structure) {
  Varints reading(structure, kCookieByteCount);
  const std::uint64_t level_count = reading.Next();
  const std::uint64_t segment_count = reading.Next();
  const std::size_t writes_begin = reading.at();
  reading.Next();
  const std::size_t writes_end = reading.at();
  if (!reading.is_whole() || segment_count != 1 || level_count <= kKeptLevelCount) return {};
  for (std::uint64_t level = 1; level < level_count; ++level) {
    if (reading.Next() != 0 || reading.Next() != 0 || !reading.is_whole()) return {};
  }
  const std::size_t last_begin = reading.at();
  const bool is_merging = reading.Next() != 0;
  const bool has_segment = reading.Next() == 1;
  for (int number = 0; number < 3; ++number) reading.Next();
  const bool ends_there = reading.is_whole() && reading.at() == structure.size();
  if (is_merging || !has_segment || !ends_there) return {};

  std::vector<std::uint8_t> folded(structure.begin(), structure.begin() + kCookieByteCount);
  const auto append = [&](std::size_t from, std::size_t until) {
    const auto part = structure.subspan(from, until - from);
    folded.insert(folded.end(), part.begin(), part.end());
  };
  folded.push_back(static_cast<std::uint8_t>(kKeptLevelCount));
  folded.push_back(1);
  append(writes_begin, writes_end);
  folded.resize(folded.size() + kEmptyLevelByteCount * (kKeptLevelCount - 1));
  append(last_begin, structure.size());
  return folded;
}

int FoldTextLevels(const std::string& path, const std::string& vfs) {
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(path.c_str(),
                                   &opened,
                                   SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE,
                                   vfs.empty() ? nullptr : vfs.c_str());
  const Handle handle(opened);
  if (code != SQLITE_OK) return code;
  sqlite3_extended_result_codes(opened, 1);
  sqlite3_busy_timeout(opened, static_cast<int>(limits::kDatabaseBusyTimeout.count()));
  // Connection forbids to write what belongs to the text index; here it is meant. A log of some
  // pages is left to the writer, who looks how its checkpoints end.
  sqlite3_db_config(opened, SQLITE_DBCONFIG_DEFENSIVE, 0, nullptr);
  sqlite3_wal_autocheckpoint(opened, 0);
  sqlite3_exec(opened, "PRAGMA synchronous = FULL", nullptr, nullptr, nullptr);
  return Fold(handle);
}

}  // namespace datastorage::sqlite
