// Everything that a SQLite database file of ours holds, in the text of StoreDump. Reads the file
// by itself: no code of the store has a part in it.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <array>
#include <string>

#include "fake/store_dump.h"

namespace datastorage {

struct DumpQuery {
  const char* table;
  const char* sql;
};

inline constexpr std::array kDumpQueries{
    DumpQuery{"record",
              "SELECT id, kind, version, stamp, attempt, content_hash, text_hash, created_at, "
              "updated_at, body FROM record"},
    DumpQuery{"record_version",
              "SELECT record_id, version, stamp, attempt, updated_at, body FROM record_version"},
    DumpQuery{"natural_key", "SELECT kind, key, id, intent_stamp FROM natural_key"},
    DumpQuery{"erased_key", "SELECT id FROM erased_key"},
    DumpQuery{"erasure",
              "SELECT id, kind, version, stamp, attempt, erased_at, actor, why FROM erasure"},
    DumpQuery{"erased_attempt", "SELECT record_id, version, attempt FROM erased_attempt"},
    DumpQuery{"idempotency_key",
              "SELECT key, request_hash, http_status, id, version, created_at "
              "FROM idempotency_key"},
    DumpQuery{"vector_set",
              "SELECT set_id, engine, space, projection, pending_rule, state FROM vector_set"},
    DumpQuery{"embedding", "SELECT record_id, space, stamp, text_hash, v FROM embedding"},
    DumpQuery{"pending_vector",
              "SELECT set_id, record_id, stamp, state, due_at, attempts, reason, since "
              "FROM pending_vector"},
    DumpQuery{"stamp", "SELECT next FROM stamp"},
};

inline void AddColumn(sqlite3_stmt* row, int column, DumpLine& line) {
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(row, column));
  switch (sqlite3_column_type(row, column)) {
    case SQLITE_INTEGER: line.Integer(sqlite3_column_int64(row, column)); return;
    case SQLITE_TEXT: {
      const void* text = sqlite3_column_text(row, column);
      line.Text({static_cast<const char*>(text), size});
      return;
    }
    case SQLITE_BLOB: {
      const void* bytes = sqlite3_column_blob(row, column);
      line.Bytes({static_cast<const std::uint8_t*>(bytes), size});
      return;
    }
    default: line.Null();
  }
}

inline std::string DumpOfDirectory(const std::string& directory) {
  sqlite3* connection = nullptr;
  const std::string path = directory + "/datastorage.db";
  EXPECT_EQ(sqlite3_open_v2(path.c_str(), &connection, SQLITE_OPEN_READWRITE, nullptr), SQLITE_OK);
  sqlite3_exec(connection, "BEGIN", nullptr, nullptr, nullptr);
  StoreDump dump;
  for (const DumpQuery& query : kDumpQueries) {
    sqlite3_stmt* row = nullptr;
    EXPECT_EQ(sqlite3_prepare_v2(connection, query.sql, -1, &row, nullptr), SQLITE_OK)
        << sqlite3_errmsg(connection);
    while (sqlite3_step(row) == SQLITE_ROW) {
      DumpLine line(query.table);
      for (int column = 0; column < sqlite3_column_count(row); ++column) {
        AddColumn(row, column, line);
      }
      dump.Add(line);
    }
    sqlite3_finalize(row);
  }
  sqlite3_close(connection);
  return dump.ToText();
}

// Runs a statement whose only row and column is a text or number.
inline std::string QueryFile(const std::string& directory, const std::string& sql) {
  sqlite3* connection = nullptr;
  const std::string path = directory + "/datastorage.db";
  EXPECT_EQ(sqlite3_open_v2(path.c_str(), &connection, SQLITE_OPEN_READWRITE, nullptr), SQLITE_OK);
  sqlite3_stmt* row = nullptr;
  EXPECT_EQ(sqlite3_prepare_v2(connection, sql.c_str(), -1, &row, nullptr), SQLITE_OK)
      << sqlite3_errmsg(connection);
  std::string answer;
  const int code = sqlite3_step(row);
  if (code == SQLITE_ROW) {
    const void* text = sqlite3_column_text(row, 0);
    if (text != nullptr) answer = static_cast<const char*>(text);
  } else if (code != SQLITE_DONE) {
    answer = sqlite3_errmsg(connection);
  }
  sqlite3_finalize(row);
  sqlite3_close(connection);
  return answer;
}

}  // namespace datastorage
