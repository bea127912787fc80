// A database of a test's own with records and the tables of pgvector, which are those of a live
// set.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "postgres/pgvector_index.h"
#include "postgres/pgvector_schema.h"
#include "postgres/store_session.h"
#include "support/random_points.h"

namespace datastorage::postgres {

// `with_records`: the store's schema is there too.
inline std::string MakeVectorDatabase(
    bool with_records, test::PostgresServer& server = test::PostgresServer::Shared()) {
  const std::string name = with_records && &server == &test::PostgresServer::Shared()
                               ? MakeStoreDatabase()
                               : server.MakeDatabase();
  const auto owner = OpenSession(server.Conninfo(name));
  if (with_records && &server != &test::PostgresServer::Shared()) {
    EXPECT_TRUE(Migrate(*owner, AllMigrations(), "", Soon()).has_value());
  }
  const auto installed = InstallPgvector(*owner, "", Soon());
  if (!installed.has_value()) ADD_FAILURE() << installed.error().message;
  return name;
}

struct VectorSession {
  static constexpr const char* kSpace = "space";

  explicit VectorSession(PgvectorIndex::Options options = {},
                         test::PostgresServer& of = test::PostgresServer::Shared(),
                         VectorWriteMode mode = VectorWriteMode::kDeferred)
      : server(of),
        database(MakeVectorDatabase(true, of)),
        index(sessions, options),
        committer(sessions.writers(), clock, mode) {
    Register("live");
    EXPECT_EQ(index.Claim(1, Soon()).value(), 1);
  }

  void Register(const std::string& state) {
    Ask("INSERT INTO vector_set (engine, space, projection, pending_rule, state) VALUES"
        " ('pgvector', 'space', '', 'where_embedding_is_missing', '" +
        state + "')");
  }
  std::vector<WriteOutcome> Commit(const std::vector<WriteOp>& operations) {
    auto outcomes = committer.Commit(operations, CommitMode::kEachForItself, Soon());
    if (!outcomes.has_value()) ADD_FAILURE() << outcomes.error().message;
    return outcomes.has_value() ? *outcomes : std::vector<WriteOutcome>(operations.size());
  }
  std::string Ask(const std::string& sql) { return server.Run(database, sql); }
  std::vector<RecordId> Nearest(const Embedding& query, const Filter& filter, int count) {
    const auto found = index.Nearest(query, filter, count, Soon());
    if (!found.has_value()) ADD_FAILURE() << found.error().message;
    std::vector<RecordId> ids;
    if (found.has_value()) {
      for (const Neighbor& hit : found->hits) ids.push_back(hit.id);
    }
    return ids;
  }

  test::PostgresServer& server;
  ManualClock clock;
  std::string database;
  Sessions sessions{{.connection = {.conninfo = server.Conninfo(database)}}};
  PgvectorIndex index;
  Committer committer;
};

inline CreateOp EmbeddedCreation(const std::string& key, const Embedding& vector) {
  CreateOp create = CreationOf(key, key);
  create.text_hash = HashOf("text of " + key);
  create.embeddings.push_back({VectorSession::kSpace, *create.text_hash, vector});
  return create;
}

}  // namespace datastorage::postgres
