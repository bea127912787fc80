// A store of a test's own, and what reads from it.
#pragma once

#include <string>

#include "postgres/record_reader.h"
#include "postgres/store_session.h"

namespace datastorage::postgres {

inline constexpr const char* kTestSpace = "model/t1";

struct ReaderSession : StoreSession {
  Sessions sessions{{.connection = {.conninfo = test::PostgresServer::Shared().Conninfo(database)},
                     .writer_count = 1,
                     .reader_count = 4}};
  RecordReader reader{sessions};

  ReaderSession() {
    Ask("INSERT INTO vector_set (engine, space, projection, pending_rule, state) VALUES ('scan', "
        "'" +
        std::string(kTestSpace) + "', '', 'where_embedding_is_missing', 'live')");
  }

  std::vector<ReadOutcome> Read(const std::vector<RecordRef>& refs) {
    auto outcomes = reader.Read(refs, kTestSpace, Soon());
    if (!outcomes.has_value()) ADD_FAILURE() << outcomes.error().message;
    return outcomes.has_value() ? *outcomes : std::vector<ReadOutcome>(refs.size());
  }
  ReadOutcome ReadOne(const RecordRef& ref) { return Read({ref}).at(0); }

  Stamp Raise(Stamp floor) {
    const auto highest = reader.RaiseStamps(floor, Soon());
    if (!highest.has_value()) ADD_FAILURE() << highest.error().message;
    return highest.value_or(-1);
  }
};

// A creation of a record with a text and its embedding.
inline CreateOp ReadableCreation(const std::string& key, const Embedding& vector) {
  CreateOp create = CreationOf(key);
  std::get<Execution>(create.body).summary = "text of " + key;
  create.text_hash = HashOf(key);
  create.embeddings = {{kTestSpace, *create.text_hash, vector}};
  return create;
}

}  // namespace datastorage::postgres
