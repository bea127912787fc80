// Random filters select the same records in SQL as the reference evaluator says, on at least
// 100,000 decisions of a filter about a record.
#include <gtest/gtest.h>

#include <set>

#include "schema/members.h"
#include "sqlite/sqlite_record_store.h"
#include "support/random_filters.h"
#include "support/random_records.h"
#include "support/temporary_folder.h"

namespace datastorage {
namespace {

constexpr std::uint64_t kSeed = 20'240'607;
constexpr std::size_t kRecordCount = 200;
constexpr std::size_t kFilterCount = 1'500;
constexpr const char* kSpace = "model/t1";

class FilterSql : public testing::Test {
 protected:
  FilterSql() {
    auto opened = SqliteRecordStore::Open({.directory = folder_.path()});
    DS_CHECK(opened.has_value());
    store_ = *std::move(opened);
    DS_CHECK(store_
                 ->RegisterSet({.engine = "scan",
                                .space = kSpace,
                                .projection = "",
                                .state = VectorSetState::kLive},
                               Deadline::Never())
                 .has_value());
    Fill();
  }

  // A third of the records each: with an embedding, pending, without a text.
  void Fill() {
    std::vector<WriteOp> operations;
    Embedding vector{};
    vector[0] = 1;
    for (std::size_t i = 0; i < kRecordCount; ++i) {
      CreateOp create;
      create.id = random_.Id();
      create.attempt = random_.Id();
      create.body = random_.Body(random_.Kind(), "key-" + std::to_string(i));
      create.now = random_.Time();
      if (i % 3 != 0) create.text_hash = Sha256{};
      if (i % 3 == 1) create.embeddings.push_back({kSpace, Sha256{}, vector});
      operations.emplace_back(create);
      refs_.emplace_back(create.id);
    }
    const auto outcomes = store_->Commit(operations, CommitMode::kAllOrNothing, Deadline::Never());
    DS_CHECK(outcomes.has_value());
    for (const WriteOutcome& outcome : *outcomes) DS_CHECK(outcome.status == WriteStatus::kCreated);
  }

  TemporaryFolder folder_;
  RandomRecords random_{kSeed};
  std::unique_ptr<SqliteRecordStore> store_;
  std::vector<RecordRef> refs_;
};

TEST_F(FilterSql, SelectsWhatTheReferenceEvaluatorMatches) {
  const auto read = store_->Read(refs_, "", Deadline::Never());
  ASSERT_TRUE(read.has_value());
  std::vector<FilterMembers> members;
  for (const ReadOutcome& outcome : *read) {
    ASSERT_EQ(outcome.status, ReadStatus::kFound);
    members.push_back(schema::FilterMembersOf(outcome.record));
  }
  RandomFilters filters(kSeed, members);
  std::size_t decisions = 0;
  std::size_t matches = 0;
  for (std::size_t i = 0; i < kFilterCount; ++i) {
    ListQuery query;
    query.filter = filters.Next(4);
    query.limit = static_cast<int>(kRecordCount);
    const auto page = store_->List(query, Deadline::Never());
    ASSERT_TRUE(page.has_value()) << CanonicalText(query.filter);
    std::set<std::string> selected;
    for (const Record& record : page->records) selected.insert(record.id.ToString());
    for (std::size_t j = 0; j < members.size(); ++j) {
      const std::string id = std::get<RecordId>(refs_[j]).ToString();
      const bool is_match = Matches(query.filter, members[j]);
      ASSERT_EQ(selected.count(id) > 0, is_match) << CanonicalText(query.filter) << " about " << id;
      ++decisions;
      matches += is_match ? 1 : 0;
    }
  }
  std::printf("decisions: %zu, matches: %zu\n", decisions, matches);
  EXPECT_GE(decisions, 100'000U);
  // A test in which nearly all or nearly nothing matches would prove little.
  EXPECT_GT(matches, decisions / 10);
  EXPECT_LT(matches, decisions * 9 / 10);
}

}  // namespace
}  // namespace datastorage
