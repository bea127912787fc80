// The searches of the store over a database of its own.
#pragma once

#include <memory>
#include <string>

#include "postgres/record_search.h"
#include "postgres/store_session.h"
#include "support/random_records.h"

namespace datastorage::postgres {

inline constexpr const char* kSearchSpace = "model/t1";

struct SearchSession : StoreSession {
  Sessions sessions{{.connection = {.conninfo = test::PostgresServer::Shared().Conninfo(database)},
                     .writer_count = 1,
                     .reader_count = 2}};
  RecordSearch search{sessions};

  void MakeLiveSet() {
    Ask(std::string("INSERT INTO vector_set (engine, space, projection, pending_rule, state)"
                    " VALUES ('scan', '") +
        kSearchSpace + "', '', 'where_embedding_is_missing', 'live')");
  }

  // The schema refuses some of what RandomRecords makes.
  void AllowEveryValue() {
    Ask("DO $$ DECLARE name text; BEGIN"
        " FOR name IN SELECT conname FROM pg_constraint"
        " WHERE conrelid = 'record'::regclass AND contype = 'c' LOOP"
        " EXECUTE format('ALTER TABLE record DROP CONSTRAINT %I', name);"
        " END LOOP; END $$");
  }
};

// Members of every kind; a third each has an embedding, is pending, has no text.
inline std::vector<WriteOp> RandomCreations(RandomRecords& random, std::size_t count) {
  std::vector<WriteOp> operations;
  for (std::size_t i = 0; i < count; ++i) {
    CreateOp create;
    create.id = random.Id();
    create.attempt = random.Id();
    create.body = random.Body(random.Kind(), "key-" + std::to_string(i));
    create.now = random.Time();
    if (i % 3 != 0) create.text_hash = Sha256{};
    if (i % 3 == 1) {
      SpacedEmbedding embedding{.space = kSearchSpace, .text_hash = Sha256{}};
      for (float& component : embedding.vector) {
        component = static_cast<float>(random.Below(2'001)) / 20'000.0F - 0.05F;
      }
      create.embeddings.push_back(embedding);
    }
    operations.emplace_back(create);
  }
  return operations;
}

}  // namespace datastorage::postgres
