// Reads of records: by id or key, their history, lists.
#include "base/check.h"
#include "base/limits.h"
#include "sqlite/filter_sql.h"
#include "sqlite/natural_key_hash.h"
#include "sqlite/record_rows.h"
#include "sqlite/sqlite_record_store.h"

namespace datastorage {

using sqlite::Connection;
using sqlite::ConnectionPool;
using sqlite::Query;
using sqlite::SqlPart;
using sqlite::Statement;
using sqlite::StatementRun;

namespace {

Result<ReadOutcome> ReadById(Connection& reader, RecordId id) {
  ReadOutcome outcome;
  outcome.status = ReadStatus::kFound;
  outcome.id = id;
  StatementRun reading(reader.At(Query::kReadRecord));
  DS_ASSIGN_OR_RETURN(const bool is_there, reading.BindId(id).Next());
  if (is_there) {
    DS_ASSIGN_OR_RETURN(outcome.record, sqlite::ReadRecord(reading));
    return outcome;
  }
  StatementRun use(reader.At(Query::kIdUse));
  DS_ASSIGN_OR_RETURN(const bool is_used, use.BindId(id).BindId(id).BindId(id).Next());
  const bool is_erased = is_used && use.Text(0) == "erased";
  outcome.status = is_erased ? ReadStatus::kErased : ReadStatus::kNotFound;
  if (!is_erased) outcome.id = RecordId();
  return outcome;
}

Result<ReadOutcome> ReadByKey(Connection& reader, const NaturalKey& key) {
  {
    StatementRun holder(reader.At(Query::kNaturalKey));
    holder.BindText(NameOf(key.kind)).BindText(key.key);
    DS_ASSIGN_OR_RETURN(const bool is_held, holder.Next());
    if (is_held) return ReadById(reader, holder.Id(0));
  }
  const Sha256 key_hash = sqlite::NaturalKeyHash(key.kind, key.key);
  StatementRun erased(reader.At(Query::kErasedKey));
  DS_ASSIGN_OR_RETURN(const bool was_erased, erased.BindBlob(key_hash).Next());
  if (!was_erased) return ReadOutcome{};
  ReadOutcome outcome;
  outcome.status = ReadStatus::kErased;
  outcome.id = erased.Id(0);
  return outcome;
}

Result<void> AddEmbedding(Connection& reader, std::string_view space, ReadOutcome& outcome) {
  if (space.empty() || outcome.status != ReadStatus::kFound) return {};
  StatementRun reading(reader.At(Query::kStoredEmbedding));
  DS_ASSIGN_OR_RETURN(const bool is_there, reading.BindId(outcome.id).BindText(space).Next());
  if (!is_there) return {};
  SpacedEmbedding embedding{.space = std::string(space),
                            .text_hash = reading.Hash(0).value_or(Sha256{})};
  DS_ASSIGN_OR_RETURN(embedding.vector, sqlite::ReadEmbedding(reading, 1));
  outcome.embedding = std::move(embedding);
  return {};
}

Result<std::vector<Record>> ReadRecords(StatementRun& reading) {
  std::vector<Record> records;
  while (true) {
    DS_ASSIGN_OR_RETURN(const bool has_row, reading.Next());
    if (!has_row) return records;
    DS_ASSIGN_OR_RETURN(Record record, sqlite::ReadRecord(reading));
    records.push_back(std::move(record));
  }
}

Result<std::int64_t> CountIn(Connection& reader, const SqlPart& filter, std::int64_t cap) {
  DS_ASSIGN_OR_RETURN(
      Statement* const statement,
      reader.GetDynamic(Query::kCountRecords,
                        sqlite::Substitute(SqlOf(Query::kCountRecords), "{filter}", filter.text)));
  StatementRun counting(*statement);
  filter.BindTo(counting);
  DS_RETURN_IF_ERROR(counting.BindInteger(cap).Next());
  return counting.Integer(0);
}

Filter WithKind(const ListQuery& query) {
  if (!query.kind.has_value()) return query.filter;
  return Filter::And(
      {Filter::Equals(Member::kKind, std::string(NameOf(*query.kind))), query.filter});
}

}  // namespace

Result<std::vector<ReadOutcome>> SqliteRecordStore::Read(std::span<const RecordRef> refs,
                                                         std::string_view space,
                                                         Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const ConnectionPool::Lease reader, BeginRead(deadline));
  std::vector<ReadOutcome> outcomes;
  outcomes.reserve(refs.size());
  for (const RecordRef& ref : refs) {
    const auto* id = std::get_if<RecordId>(&ref);
    DS_ASSIGN_OR_RETURN(
        ReadOutcome outcome,
        id != nullptr ? ReadById(*reader, *id) : ReadByKey(*reader, std::get<NaturalKey>(ref)));
    DS_RETURN_IF_ERROR(AddEmbedding(*reader, space, outcome));
    outcomes.push_back(std::move(outcome));
  }
  return outcomes;
}

Result<std::vector<Record>> SqliteRecordStore::History(RecordId id, Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const ConnectionPool::Lease reader, BeginRead(deadline));
  {
    StatementRun reading(reader->At(Query::kRecordHistory));
    reading.BindId(id).BindId(id);
    DS_ASSIGN_OR_RETURN(std::vector<Record> versions, ReadRecords(reading));
    if (!versions.empty()) return versions;
  }
  DS_ASSIGN_OR_RETURN(const ReadOutcome outcome, ReadById(*reader, id));
  if (outcome.status == ReadStatus::kErased) return std::vector<Record>();
  return NotFound("no such record");
}

Result<ListPage> SqliteRecordStore::List(const ListQuery& query, Deadline deadline) {
  DS_CHECK(query.limit >= 1 && query.limit <= limits::kListPageCountMax);
  DS_CHECK(!query.after.has_value() || query.offset == 0);
  DS_ASSIGN_OR_RETURN(const SqlPart filter, sqlite::CompileFilter(WithKind(query)));
  const SqlPart after = query.after.has_value() ? sqlite::CompileAfter(query.sort, *query.after)
                                                : SqlPart{"TRUE", {}};
  std::string sql = sqlite::Substitute(SqlOf(Query::kListRecords), "{filter}", filter.text);
  sql = sqlite::Substitute(
      sqlite::Substitute(sql, "{after}", after.text), "{order}", sqlite::CompileOrder(query.sort));

  DS_ASSIGN_OR_RETURN(const ConnectionPool::Lease reader, BeginRead(deadline));
  ListPage page;
  if (query.wants_count) {
    constexpr std::int64_t kNoCap = -1;
    DS_ASSIGN_OR_RETURN(page.count, CountIn(*reader, filter, kNoCap));
  }
  DS_ASSIGN_OR_RETURN(Statement* const statement,
                      reader->GetDynamic(Query::kListRecords, std::move(sql)));
  StatementRun reading(*statement);
  filter.BindTo(reading);
  after.BindTo(reading);
  // One more than asked for tells whether there is a next page.
  reading.BindInteger(query.limit + 1).BindInteger(query.offset);
  DS_ASSIGN_OR_RETURN(page.records, ReadRecords(reading));
  page.has_more = page.records.size() > static_cast<std::size_t>(query.limit);
  if (page.has_more) page.records.pop_back();
  return page;
}

Result<std::int64_t> SqliteRecordStore::Count(const Filter& filter,
                                              std::int64_t cap,
                                              Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const SqlPart part, sqlite::CompileFilter(filter));
  DS_ASSIGN_OR_RETURN(const ConnectionPool::Lease reader, BeginRead(deadline));
  return CountIn(*reader, part, cap);
}

}  // namespace datastorage
