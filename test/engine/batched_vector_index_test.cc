#include "engine/batched_vector_index.h"

#include <gmock/gmock.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/uuid.h"
#include "engine/separate_fixture.h"

namespace datastorage {
namespace {

VectorWrite AWrite(Stamp stamp = 1) {
  return {SystemUuidSource().MakeVersion7(), stamp, FakeEmbedder::VectorOf("disk full"), {}};
}

Deadline In(std::chrono::milliseconds time) {
  return Deadline::In(time);
}

class BatchedVectorIndexTest : public testing::Test {
 protected:
  // Calls of the server stand still from here on, until it is opened.
  void Close() {
    server_.before_apply = [this] {
      std::unique_lock lock(mutex_);
      ++waiting_;
      changed_.notify_all();
      changed_.wait(lock, [this] { return is_open_; });
    };
  }
  void AwaitWaiting(int count) {
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(
        changed_.wait_for(lock, std::chrono::seconds(20), [&] { return waiting_ >= count; }));
  }
  void Open() {
    const std::lock_guard lock(mutex_);
    is_open_ = true;
    changed_.notify_all();
  }
  std::jthread Apply(VectorWrite write, Deadline deadline, std::optional<ErrorCode>* failure) {
    return std::jthread([this, write, deadline, failure] {
      const auto results = index_.Apply({&write, 1}, deadline);
      ++answered_;
      if (!results.has_value()) {
        *failure = results.error().code;
      } else {
        EXPECT_EQ(results->size(), 1U);
      }
    });
  }

  SwitchedVectorIndex server_;
  BatchedVectorIndex index_{ThreadRuntime(), server_};
  std::atomic<int> answered_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  int waiting_ = 0;
  bool is_open_ = false;
};

// Threads may come too late to be gathered, and then it is tried again.
TEST_F(BatchedVectorIndexTest, GathersWhatComesWhileCallsAreUnderWay) {
  constexpr std::size_t kCount = 40;
  const Deadline deadline = In(std::chrono::seconds(60));
  for (bool has_gathered = false; !has_gathered;) {
    ASSERT_FALSE(deadline.HasPassed());
    server_.apply_count = waiting_ = 0;
    is_open_ = false;
    Close();
    std::vector<VectorWrite> writes;
    std::array<std::optional<ErrorCode>, kCount> failures;
    {
      std::vector<std::jthread> callers;
      for (std::size_t i = 0; i < kCount; ++i) {
        writes.push_back(AWrite(static_cast<Stamp>(i) + 1));
        callers.push_back(Apply(writes.back(), deadline, &failures[i]));
        if (i < 2) AwaitWaiting(static_cast<int>(i) + 1);
      }
      Open();
    }
    EXPECT_THAT(failures, testing::Each(std::nullopt));
    const auto points = server_.inner.Points();
    for (const VectorWrite& write : writes) EXPECT_EQ(points.at(write.id).stamp, write.stamp);
    has_gathered = server_.apply_count.load() < static_cast<int>(kCount) / 2;
  }
}

TEST_F(BatchedVectorIndexTest, AppliesTwoWritesOfOneIdOneAfterTheOther) {
  Close();
  const VectorWrite first = AWrite(1);
  VectorWrite second = first, third = first;
  second.stamp = 2;
  third.stamp = 3;
  std::array<std::optional<ErrorCode>, 5> failures;
  {
    std::vector<std::jthread> callers;
    for (int i = 0; i < 2; ++i) {
      callers.push_back(
          Apply(AWrite(), In(std::chrono::seconds(60)), &failures[static_cast<std::size_t>(i)]));
      AwaitWaiting(i + 1);
    }
    for (const VectorWrite& write : {third, first, second}) {
      callers.push_back(Apply(write, In(std::chrono::seconds(60)), &failures[callers.size()]));
    }
    Open();
  }
  EXPECT_THAT(failures, testing::Each(std::nullopt));
  EXPECT_EQ(server_.inner.Points().at(first.id).stamp, 3);
}

TEST_F(BatchedVectorIndexTest, FailsForAWritesOwnSakeOnlyWhereThatIs) {
  constexpr int kCount = 12;
  Close();
  std::array<std::optional<ErrorCode>, kCount> failures;
  std::vector<VectorWrite> writes;
  for (int i = 0; i < kCount; ++i) writes.push_back(AWrite(i + 1));
  server_.poison = writes[7].id;
  {
    std::vector<std::jthread> callers;
    for (int i = 0; i < kCount; ++i) {
      callers.push_back(Apply(writes[static_cast<std::size_t>(i)],
                              In(std::chrono::seconds(60)),
                              &failures[static_cast<std::size_t>(i)]));
      if (i < 2) AwaitWaiting(i + 1);
    }
    Open();
  }
  for (int i = 0; i < kCount; ++i)
    EXPECT_EQ(failures[static_cast<std::size_t>(i)].has_value(), i == 7) << i;
}

// What failed may have failed by the deadline of whoever made the call, or with its connection.
TEST_F(BatchedVectorIndexTest, TriesOnceMoreForTheOthersOfACallThatFailed) {
  Close();
  std::array<std::optional<ErrorCode>, 6> failures;
  {
    std::vector<std::jthread> callers;
    for (std::size_t i = 0; i < 2; ++i) {
      callers.push_back(Apply(AWrite(), In(std::chrono::seconds(60)), &failures[i]));
      AwaitWaiting(static_cast<int>(i) + 1);
    }
    for (std::size_t i = 2; i < failures.size(); ++i) {
      callers.push_back(Apply(AWrite(), In(std::chrono::seconds(60)), &failures[i]));
    }
    server_.failing_calls = 1;  // The next one.
    Open();
  }
  EXPECT_EQ(std::count(failures.begin(), failures.end(), ErrorCode::kUnavailable), 1);
  EXPECT_EQ(std::count(failures.begin(), failures.end(), std::nullopt), 5);
}

TEST_F(BatchedVectorIndexTest, TellsEveryoneThatTheServerIsAway) {
  server_.is_down = true;
  std::optional<ErrorCode> failure;
  Apply(AWrite(), In(std::chrono::seconds(60)), &failure).join();
  EXPECT_EQ(failure, ErrorCode::kUnavailable);
}

// Who gives up leaves nothing behind, and keeps nobody else from being answered.
TEST_F(BatchedVectorIndexTest, LetsACallerGoAtItsDeadline) {
  Close();
  std::array<std::optional<ErrorCode>, 4> failures;
  const VectorWrite late = AWrite(), patient = AWrite();
  {
    std::vector<std::jthread> callers;
    for (int i = 0; i < 2; ++i) {
      callers.push_back(
          Apply(AWrite(), In(std::chrono::seconds(60)), &failures[static_cast<std::size_t>(i)]));
      AwaitWaiting(i + 1);
    }
    Apply(late, In(std::chrono::milliseconds(20)), &failures[2]).join();
    EXPECT_EQ(failures[2], ErrorCode::kDeadlineExceeded);
    EXPECT_EQ(answered_.load(), 1);
    callers.push_back(Apply(patient, In(std::chrono::seconds(60)), &failures[3]));
    Open();
  }
  EXPECT_EQ(failures[3], std::nullopt);
  EXPECT_FALSE(server_.inner.Points().contains(late.id));
  EXPECT_TRUE(server_.inner.Points().contains(patient.id));
}

}  // namespace
}  // namespace datastorage
