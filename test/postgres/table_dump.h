// The tables of a store as the lines that FakeRecordStore::Dump writes.
#pragma once

#include <functional>
#include <string>

#include "fake/store_dump.h"
#include "postgres/session.h"

namespace datastorage::postgres {

struct DumpQuery {
  const char* table;
  // u: uuid, t: text, i: integer, s: stamp, b: bytes, w: time.
  const char* columns;
  const char* sql;
};

inline constexpr DumpQuery kDumpQueries[] = {
    {"record",
     "utisubbwwt",
     "SELECT id, kind, version, stamp, attempt, content_hash, text_hash, created_at, updated_at,"
     " body::text FROM record"},
    {"record_version",
     "uisuwt",
     "SELECT record_id, version, stamp, attempt, updated_at, body::text FROM record_version"},
    {"natural_key", "ttus", "SELECT kind, key, id, intent_stamp FROM natural_key"},
    {"erased_key", "u", "SELECT id FROM erased_key"},
    {"erasure",
     "utisuwtt",
     "SELECT id, kind, version, stamp, attempt, erased_at, actor, why FROM erasure"},
    {"erased_attempt", "uiu", "SELECT record_id, version, attempt FROM erased_attempt"},
    {"idempotency_key",
     "tbiuiw",
     "SELECT key, request_hash, http_status, id, version, created_at FROM idempotency_key"},
    {"vector_set",
     "ittttt",
     "SELECT set_id, engine, space, projection, pending_rule, state FROM vector_set"},
    {"embedding", "utsbb", "SELECT record_id, space, stamp, text_hash, v FROM embedding"},
    {"pending_vector",
     "iustwitw",
     "SELECT set_id, record_id, stamp, state, due_at, attempts, reason, since"
     " FROM pending_vector"},
};

// What the fake calls a stamp of the store.
using StampTranslation = std::function<Stamp(Stamp)>;

inline void AddColumn(const Rows& rows, int row, int column, char type, DumpLine& line) {
  if (type == 'u') {
    line.Id(rows.Id(row, column));
  } else if (type == 't') {
    line.Text(rows.Text(row, column));
  } else if (type == 'i') {
    line.Integer(rows.Integer(row, column));
  } else if (type == 'b') {
    line.Bytes(rows.Bytes(row, column));
  } else {
    line.Time(rows.Time(row, column));
  }
}

inline std::string DumpTables(Connection& session, const StampTranslation& fake_of) {
  StoreDump dump;
  for (const DumpQuery& query : kDumpQueries) {
    const auto rows = session.RunOne("dump", {.sql = query.sql}, Soon());
    EXPECT_TRUE(rows.has_value()) << query.sql;
    for (int row = 0; rows.has_value() && row < rows->count(); ++row) {
      DumpLine line(query.table);
      for (int column = 0; query.columns[column] != '\0'; ++column) {
        const char type = query.columns[column];
        if (rows->IsNull(row, column)) {
          line.Null();
        } else if (type == 's') {
          line.Integer(fake_of(rows->Integer(row, column)));
        } else {
          AddColumn(*rows, row, column, type, line);
        }
      }
      dump.Add(line);
    }
  }
  return dump.ToText();
}

// A dump without the lines of one table.
inline std::string Without(const std::string& table, const std::string& dump) {
  std::string kept;
  for (std::size_t at = 0; at < dump.size();) {
    const std::size_t end = dump.find('\n', at) + 1;
    const std::string line = dump.substr(at, end - at);
    if (!line.starts_with(table + " ")) kept += line;
    at = end;
  }
  return kept;
}

}  // namespace datastorage::postgres
