// Goal: whatever of the exchange of a commit is lost, nobody is told that a write failed which is
// stored, or stored twice.
// Method: a proxy cuts the connection after byte n in either direction; then the answer of the
// engine's settled commit is compared with what another session finds. By default every byte of
// the answer to COMMIT, every byte of COMMIT itself, and every kStride-th of all else; with
// DS_CUT_STRIDE=1 every byte.
#include <array>
#include <cstdlib>
#include <iostream>

#include "engine/settled_commit.h"
#include "postgres/committer_store.h"
#include "postgres/store_session.h"
#include "support/cutting_proxy.h"

namespace datastorage::postgres {
namespace {

using test::CuttingProxy;
using Direction = CuttingProxy::Direction;

constexpr std::size_t kStride = 48;
// What is sent last: bind and execute of COMMIT, and the end of the pipeline.
constexpr std::size_t kCommitByteCount = 60;

std::size_t Stride() {
  const char* const text = std::getenv("DS_CUT_STRIDE");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : kStride;
}

class CommitCutTest : public testing::Test {
 protected:
  // Of one direction of the exchange.
  struct Extent {
    std::size_t byte_count = 0;
    std::size_t whole_from = 0;  // From here on every byte counts.
  };
  struct Tally {
    int cut_count = 0;
    int told_count = 0;       // The store answered, by another session where it had to.
    int recovered_count = 0;  // It was lost, and found out: stored.
    int repeated_count = 0;   // It was lost, and found out: not stored, so done again.
    int refused_count = 0;    // An error, and nothing stored: right, and not needed.
  };

  ConnectionPool::Opener ThroughTheProxy() {
    return [this](Deadline deadline) {
      return OpenStore("host=127.0.0.1 user=postgres sslmode=disable gssencmode=disable port=" +
                           std::to_string(proxy_.port()) + " dbname=" + direct_.database,
                       deadline);
    };
  }
  static Result<std::unique_ptr<Connection>> OpenStore(const std::string& conninfo,
                                                       Deadline deadline) {
    DS_ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection,
                        Connection::Open({.conninfo = conninfo}, deadline));
    DS_RETURN_IF_ERROR(connection->Prepare(AllStatements(), deadline));
    return connection;
  }

  Result<WriteOutcome> Commit(const WriteOp& operation) {
    return CommitSettled(
               ThreadRuntime(), store_, {&operation, 1}, CommitMode::kEachUnlessBlocked, Soon())
        .front();
  }
  // A session is open and idle, so that what comes next is the exchange alone.
  void Warm() { ASSERT_TRUE(pool_.Acquire(Soon()).has_value()); }

  // Learns the exchange from one that is not cut.
  void Measure(const WriteOp& operation) {
    Warm();
    proxy_.Mark();
    ASSERT_TRUE(Commit(operation).has_value());
    extents_ = {};
    for (const CuttingProxy::Turn& turn : proxy_.Turns()) {
      Extent& extent = extents_.at(static_cast<std::size_t>(turn.direction));
      extent.whole_from = extent.byte_count;
      extent.byte_count += turn.byte_count;
    }
    extents_[0].whole_from = extents_[0].byte_count - kCommitByteCount;
    ASSERT_EQ(proxy_.Turns().size(), 4U) << "two round trips";
  }

  // Whether the operation's own attempt is stored.
  bool IsStored(const AttemptRef& attempt) {
    const auto settled = direct_.committer.SettleAttempts({&attempt, 1}, Soon());
    EXPECT_TRUE(settled.has_value());
    return settled.has_value() && settled->at(0).is_committed;
  }

  // Returns whether it was stored.
  bool CutOnce(const WriteOp& operation, const AttemptRef& attempt) {
    (void)store_.TakeAnswers();
    const Result<WriteOutcome> outcome = Commit(operation);
    if (proxy_.has_cut()) ++tally_.cut_count;
    const auto answers = store_.TakeAnswers();
    const bool was_unknown = answers.front() == ErrorCode::kOutcomeUnknown;
    const bool is_stored = IsStored(attempt);
    if (outcome.has_value()) {
      // As if nothing had happened: not as the replay of itself.
      EXPECT_EQ(NameOf(outcome->status), NameOf(wanted_));
      EXPECT_TRUE(is_stored) << "acknowledged, and lost";
      if (!was_unknown) {
        ++tally_.told_count;
      } else if (outcome->is_recovered) {
        ++tally_.recovered_count;
      } else {
        ++tally_.repeated_count;
      }
    } else {
      EXPECT_EQ(outcome.error().code, ErrorCode::kUnavailable) << outcome.error().message;
      EXPECT_FALSE(was_unknown) << "it could have been found out";
      EXPECT_FALSE(is_stored) << "told to have failed, and stored";
      ++tally_.refused_count;
    }
    return is_stored;
  }

  // `next` makes an operation and its attempt; `stored` hears of those that were stored.
  template <class Next, class Stored>
  void Sweep(const Next& next, const Stored& stored) {
    for (const Direction direction : {Direction::kToServer, Direction::kToClient}) {
      const Extent extent = extents_.at(static_cast<std::size_t>(direction));
      for (std::size_t n = 0; n <= extent.byte_count; ++n) {
        if (n < extent.whole_from && n % Stride() != 0) continue;
        SCOPED_TRACE("cut after byte " + std::to_string(n) + " of " +
                     std::to_string(extent.byte_count) +
                     (direction == Direction::kToServer ? " to the server" : " to the client"));
        Warm();
        proxy_.CutAfter(
            direction, n, n % 2 == 0 ? CuttingProxy::Cut::kReset : CuttingProxy::Cut::kClose);
        const auto [operation, attempt] = next();
        if (CutOnce(operation, attempt)) stored();
        if (HasFailure()) return;
        proxy_.Mark();
      }
    }
  }

  void Print(const char* what) const {
    std::cout << what << ": " << tally_.cut_count << " cuts, answered " << tally_.told_count
              << ", found to be stored " << tally_.recovered_count << ", done again "
              << tally_.repeated_count << ", refused with nothing stored " << tally_.refused_count
              << "\n";
    EXPECT_GT(tally_.recovered_count, 0);
    EXPECT_GT(tally_.repeated_count, 0);
    EXPECT_EQ(tally_.refused_count, 0) << "one cut costs nobody his write";
  }

  StoreSession direct_;
  CuttingProxy proxy_{test::PostgresServer::Shared().socket_path()};
  ConnectionPool pool_{1, ThroughTheProxy()};
  Committer committer_{pool_, direct_.clock};
  CommitterStore store_{committer_};
  std::array<Extent, 2> extents_{};
  Tally tally_;
  WriteStatus wanted_ = WriteStatus::kCreated;
};

TEST_F(CommitCutTest, LosesAndDoublesNoCreation) {
  int next_key = 10'001;
  const auto next = [&] {
    CreateOp create = CreationOf("key-" + std::to_string(++next_key));
    // Done twice, it would answer as a replay.
    create.claim = IdempotencyClaim{"claim-" + std::to_string(next_key), HashOf("request")};
    return std::pair<WriteOp, AttemptRef>(create, {create.id, create.attempt});
  };
  Measure(next().first);
  int stored_count = 1;
  Sweep(next, [&] { ++stored_count; });
  Print("creation");
  EXPECT_EQ(direct_.Ask("SELECT count(*) FROM record"), std::to_string(stored_count));
  EXPECT_EQ(direct_.Ask("SELECT count(*) FROM natural_key"), std::to_string(stored_count));
  EXPECT_EQ(direct_.Ask("SELECT count(*) FROM record_version"), "0");
}

TEST_F(CommitCutTest, LosesAndDoublesNoPatch) {
  const CreateOp create = CreationOf("key");
  direct_.Commit({create});
  std::int64_t version = 1;
  wanted_ = WriteStatus::kUpdated;
  const auto next = [&] {
    // Done twice, it would be stale.
    const UpdateOp update = UpdateOf(create, version);
    return std::pair<WriteOp, AttemptRef>(update, {update.id, update.attempt});
  };
  Measure(next().first);
  ++version;
  Sweep(next, [&] { ++version; });
  Print("patch");
  EXPECT_EQ(direct_.Ask("SELECT version FROM record"), std::to_string(version));
  EXPECT_EQ(direct_.Ask("SELECT count(DISTINCT attempt) FROM record_version"),
            std::to_string(version - 1));
}

// A connection that passes nothing is given up at the deadline; what became of the write is found
// out as soon as it passes again.
TEST_F(CommitCutTest, FindsOutWhatBecameOfACommitWhoseAnswerIsHeldUp) {
  const CreateOp create = CreationOf("key");
  Warm();
  proxy_.Stall();
  const WriteOp operation = create;
  const auto outcome = committer_.Commit(
      {&operation, 1}, CommitMode::kEachForItself, Deadline::In(Duration(200'000)));
  EXPECT_EQ(CodeOf(outcome), ErrorCode::kDeadlineExceeded) << "COMMIT was never sent";
  proxy_.Resume();
  EXPECT_FALSE(IsStored({create.id, create.attempt}));
  const auto again = committer_.Commit({&operation, 1}, CommitMode::kEachForItself, Soon());
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ(again->front().status, WriteStatus::kCreated);
}

}  // namespace
}  // namespace datastorage::postgres
