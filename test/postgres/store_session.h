// A migrated database of a test's own, a copy of one that is migrated once.
#pragma once

#include <memory>
#include <string>

#include "postgres/committer.h"
#include "postgres/migrate.h"
#include "postgres/queries.h"
#include "postgres/session.h"
#include "postgres/sessions.h"
#include "support/manual_clock.h"

namespace datastorage::postgres {

// The name of a database with the schema and nothing in it, but for the set "scan" of `space`.
inline std::string MakeStoreDatabase() {
  test::PostgresServer& server = test::PostgresServer::Shared();
  static const std::string original = [&] {
    const std::string name = server.MakeDatabase();
    const auto owner = OpenSession(server.Conninfo(name));
    const auto migrated = Migrate(*owner, AllMigrations(), "", Soon());
    if (!migrated.has_value()) ADD_FAILURE() << migrated.error().message;
    return name;
  }();
  return server.MakeDatabase(original);
}

// Opens sessions of a writer, in which every statement is prepared.
inline ConnectionPool::Opener StoreOpener(const std::string& database) {
  const std::string conninfo = test::PostgresServer::Shared().Conninfo(database);
  return WriterOpener({.conninfo = conninfo}, true);
}

inline Sha256 HashOf(std::string_view text) {
  return Sha256Of({text});
}

inline CreateOp CreationOf(const std::string& key, const std::string& content = "content") {
  Execution body;
  body.workflow_id = "workflow";
  body.execution_id = key;
  body.action_type = "restart";
  body.target_resource = "deployment/shop";
  body.cluster_name = "east";
  body.start_time = WallTime(std::chrono::seconds(1'700'000'000));
  CreateOp create;
  create.id = SystemUuidSource().MakeVersion7();
  create.attempt = SystemUuidSource().MakeVersion4();
  create.body = body;
  create.content_hash = HashOf(content);
  create.now = WallTime(std::chrono::seconds(1'800'000'000));
  return create;
}

inline UpdateOp UpdateOf(const CreateOp& create, std::int64_t expected_version) {
  UpdateOp update;
  update.id = create.id;
  update.attempt = SystemUuidSource().MakeVersion4();
  update.expected_version = expected_version;
  update.body = create.body;
  update.now = create.now + std::chrono::seconds(1);
  return update;
}

// The write path over a database of its own.
struct StoreSession {
  std::string database = MakeStoreDatabase();
  ManualClock clock;
  ConnectionPool pool{8, StoreOpener(database)};
  Committer committer{pool, clock};

  std::vector<WriteOutcome> Commit(const std::vector<WriteOp>& operations,
                                   CommitMode mode = CommitMode::kEachForItself) {
    auto outcomes = committer.Commit(operations, mode, Soon());
    if (!outcomes.has_value()) ADD_FAILURE() << outcomes.error().message;
    return outcomes.has_value() ? *outcomes : std::vector<WriteOutcome>(operations.size());
  }
  std::string Ask(const std::string& sql) {
    return test::PostgresServer::Shared().Run(database, sql);
  }
};

}  // namespace datastorage::postgres
