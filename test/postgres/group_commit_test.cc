// The engine's group commit over PostgreSQL, while other sessions hold rows.
#include <atomic>
#include <optional>
#include <thread>

#include "engine/group_committer.h"
#include "postgres/committer_store.h"
#include "postgres/store_session.h"

namespace datastorage::postgres {
namespace {

using std::chrono::milliseconds;

class GroupCommitTest : public testing::Test {
 protected:
  GroupCommitTest() {
    store_.Commit({blocked_});
    EXPECT_TRUE(
        holder_->RunScript("hold", "BEGIN; SELECT FROM record FOR UPDATE", Soon()).has_value());
  }

  Result<WriteOutcome> CommitOne(const WriteOp& operation, Deadline deadline = Soon()) {
    return group_.CommitEach({operation}, nullptr, deadline).front();
  }
  static std::optional<WriteStatus> StatusOf(const Result<WriteOutcome>& result) {
    return result.has_value() ? std::optional(result->status) : std::nullopt;
  }
  static std::int64_t VersionOf(const Result<WriteOutcome>& result) {
    return result.has_value() ? result->version : -1;
  }
  void LetGo() { holder_->Rollback(); }

  StoreSession store_;
  const CreateOp blocked_ = CreationOf("blocked");
  std::unique_ptr<Connection> holder_ =
      *Connection::Open({.conninfo = test::PostgresServer::Shared().Conninfo(store_.database),
                         .idle_in_transaction_timeout = std::chrono::minutes(10)},
                        Soon());
  CommitterStore port_{store_.committer};
  Metrics metrics_;
  GroupCommitter group_{ThreadRuntime(), port_, metrics_};
};

TEST_F(GroupCommitTest, LetsABlockedRowDelayNobodyElse) {
  std::atomic<bool> is_decided = false;
  std::jthread patch([&] {
    EXPECT_EQ(StatusOf(CommitOne(UpdateOf(blocked_, 1))), WriteStatus::kUpdated);
    is_decided = true;
  });
  std::vector<std::jthread> writers;
  for (int writer = 0; writer < 8; ++writer) {
    writers.emplace_back([&, writer] {
      for (int i = 0; i < 10; ++i) {
        const std::string key = std::to_string(writer) + "-" + std::to_string(i);
        EXPECT_EQ(StatusOf(CommitOne(CreationOf(key))), WriteStatus::kCreated);
      }
    });
  }
  for (std::jthread& writer : writers) writer.join();
  EXPECT_FALSE(is_decided) << "while they were done, it waited";
  LetGo();
  patch.join();
  EXPECT_EQ(store_.Ask("SELECT count(*) FROM record"), "81");
}

TEST_F(GroupCommitTest, KeepsTheOrderOfOneRecordsUpdates) {
  std::jthread patches([&] {
    const auto results = group_.CommitEach(
        {UpdateOf(blocked_, 1), UpdateOf(blocked_, 2), CreationOf("other"), UpdateOf(blocked_, 3)},
        nullptr,
        Soon());
    EXPECT_EQ(VersionOf(results[0]), 2);
    EXPECT_EQ(VersionOf(results[1]), 3);
    EXPECT_EQ(StatusOf(results[2]), WriteStatus::kCreated);
    EXPECT_EQ(VersionOf(results[3]), 4);
  });
  const Deadline deadline = Soon();
  while (store_.Ask("SELECT count(*) FROM record") != "2" && !deadline.HasPassed()) {
  }
  LetGo();
}

TEST_F(GroupCommitTest, TellsForCertainThatABlockedWriteDidNotHappen) {
  const auto refused = CommitOne(UpdateOf(blocked_, 1), Deadline::In(milliseconds(900)));
  EXPECT_EQ(CodeOf(refused), ErrorCode::kUnavailable);
  LetGo();
  EXPECT_EQ(StatusOf(CommitOne(CreationOf("other"))), WriteStatus::kCreated);
  EXPECT_EQ(store_.Ask("SELECT version FROM record WHERE execution_id = 'blocked'"), "1");
}

}  // namespace
}  // namespace datastorage::postgres
