// QueryService: reads of current records, histories and lists, with signed cursors.
//
// Threads:   safe to call concurrently.
// Ownership: keeps references to what it is given; all must outlive it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "domain/query.h"
#include "ports/record_store.h"

namespace datastorage {

struct ListRequest {
  std::optional<RecordKind> kind;
  Filter filter;
  SortOrder sort;
  int limit = 0;
  int offset = 0;
  std::string cursor;  // Empty: the first page.
  bool wants_count = false;
  WallTime now;  // What relative times in `filter` were resolved against: CursorTime when paging.
};

struct ListReply {
  std::vector<Record> records;
  std::string next_cursor;  // Empty on the last page.
  std::optional<std::int64_t> count;
};

class QueryService {
 public:
  QueryService(RecordStore& store, Metrics& metrics);

  // Reads the secret that cursors are signed with. REQUIRES: called once, before the rest.
  Result<void> Open(Deadline deadline);

  // One outcome a ref, in order. A NaturalKey finds the record of its kind.
  // Errors: kUnavailable, kDeadlineExceeded, kInternal.
  Result<std::vector<ReadOutcome>> Get(std::span<const RecordRef> refs, Deadline deadline);

  // Newest version first. Errors: as Get, and kNotFound.
  Result<std::vector<Record>> History(RecordId id, Deadline deadline);

  // Errors: as Get, and kInvalidArgument for a cursor that is not ours or belongs to another
  // kind, filter or sort.
  Result<ListReply> List(const ListRequest& request, Deadline deadline);

  // The `now` of the walk that a cursor belongs to. Errors: kInvalidArgument.
  Result<WallTime> CursorTime(std::string_view cursor) const;

 private:
  RecordStore& store_;
  Metrics& metrics_;
  std::string cursor_secret_;
};

}  // namespace datastorage
