// Lists and nearest records against what is worked out here from all records.
#include "postgres/record_search.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "base/limits.h"
#include "postgres/search_calls.h"
#include "postgres/search_session.h"
#include "schema/members.h"

namespace datastorage::postgres {
namespace {

using testing::IsEmpty;

class RecordSearches : public testing::Test {
 protected:
  RecordSearches() {
    store_.AllowEveryValue();
    store_.MakeLiveSet();
  }

  std::vector<Record> AllRecords() {
    ListQuery everything;
    everything.limit = limits::kListPageCountMax;
    const auto page = store_.search.List(everything, Soon());
    EXPECT_TRUE(page.has_value());
    return page->records;
  }

  // The ids of every page, each begun where the one before ended.
  std::vector<RecordId> IdsOfPages(ListQuery query) {
    std::vector<RecordId> ids;
    for (int page_count = 0; page_count < 100; ++page_count) {
      const auto page = store_.search.List(query, Soon());
      EXPECT_TRUE(page.has_value()) << page.error().message;
      if (!page.has_value()) return ids;
      for (const Record& record : page->records) ids.push_back(record.id);
      if (!page->has_more) return ids;
      const Record& last = page->records.back();
      query.after = KeysetPosition{schema::ValueOf(last, query.sort.member), last.id};
    }
    ADD_FAILURE() << "the pages do not end";
    return ids;
  }

  void ExpectNearest(const Embedding& query,
                     const Filter& filter,
                     std::vector<SimilarHit> expected) {
    std::sort(expected.begin(), expected.end(), [](const SimilarHit& a, const SimilarHit& b) {
      return a.similarity != b.similarity ? a.similarity > b.similarity : a.id < b.id;
    });
    ASSERT_GT(expected.size(), 10U);
    expected.resize(std::min<std::size_t>(expected.size(), 50));
    const auto hits = store_.search.ExactNearest(query, kSearchSpace, filter, 50, Soon());
    ASSERT_TRUE(hits.has_value()) << hits.error().message;
    ASSERT_EQ(hits->size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(hits->at(i).id, expected[i].id) << i;
      EXPECT_EQ(hits->at(i).similarity, expected[i].similarity) << i;
      EXPECT_GT(hits->at(i).stamp, 0);
    }
  }

  SearchSession store_;
  RandomRecords random_{7};
};

// Absent last both ways; ties by id, in the same direction.
bool ComesBefore(const Record& a, const Record& b, const SortOrder& order) {
  const auto value_a = schema::ValueOf(a, order.member);
  const auto value_b = schema::ValueOf(b, order.member);
  if (value_a.has_value() != value_b.has_value()) return value_a.has_value();
  const int compared = value_a.has_value() ? Compare(*value_a, *value_b) : 0;
  if (compared != 0) return (compared < 0) != order.is_descending;
  return order.is_descending ? b.id < a.id : a.id < b.id;
}

TEST_F(RecordSearches, ListPagesInEveryOrder) {
  store_.Commit(RandomCreations(random_, 60), CommitMode::kAllOrNothing);
  std::vector<Record> records = AllRecords();
  ASSERT_EQ(records.size(), 60U);
  for (int member = 0; member < kMemberCount; ++member) {
    for (const bool is_descending : {true, false}) {
      ListQuery query;
      query.sort = {static_cast<Member>(member), is_descending};
      query.limit = 23;
      std::sort(records.begin(), records.end(), [&](const Record& a, const Record& b) {
        return ComesBefore(a, b, query.sort);
      });
      std::vector<RecordId> expected;
      for (const Record& record : records) expected.push_back(record.id);
      EXPECT_EQ(IdsOfPages(query), expected)
          << Describe(query.sort.member).name << (is_descending ? " down" : " up");
    }
  }
}

TEST_F(RecordSearches, ListCountsAllThatMatchAndSkipsWhatIsAskedTo) {
  store_.Commit(RandomCreations(random_, 60), CommitMode::kAllOrNothing);
  const std::vector<Record> records = AllRecords();
  ListQuery query;
  query.kind = RecordKind::kWorkflow;
  query.filter = Filter::Range(Member::kSummary, FilterBound{std::string(), true}, std::nullopt);
  query.limit = 2;
  query.wants_count = true;
  std::vector<RecordId> expected;
  for (const Record& record : records) {
    const bool has_summary = schema::ValueOf(record, Member::kSummary).has_value();
    if (KindOf(record.body) == RecordKind::kWorkflow && has_summary) expected.push_back(record.id);
  }
  ASSERT_GT(expected.size(), 4U);
  query.offset = static_cast<int>(expected.size()) - 3;
  const auto page = store_.search.List(query, Soon());
  ASSERT_TRUE(page.has_value());
  EXPECT_TRUE(page->has_more);
  EXPECT_EQ(page->count, static_cast<std::int64_t>(expected.size()));
  ASSERT_EQ(page->records.size(), 2U);
  EXPECT_EQ(page->records[0].id, expected[expected.size() - 3]);
  const auto matching = static_cast<std::int64_t>(expected.size());
  for (const std::int64_t cap : {std::int64_t{0}, std::int64_t{3}, std::int64_t{1'000}}) {
    EXPECT_EQ(*store_.search.Count(FilterOf(query), cap, Soon()), std::min(cap, matching));
  }
}

// More embeddings than a page holds; equal ones tie by id.
TEST_F(RecordSearches, ExactNearestIsBruteForce) {
  constexpr std::size_t kCount = 3'600;
  std::vector<WriteOp> operations = RandomCreations(random_, kCount);
  for (std::size_t i = 7; i < 60; i += 3) {
    std::get<CreateOp>(operations[i]).embeddings = std::get<CreateOp>(operations[4]).embeddings;
  }
  store_.Commit(operations, CommitMode::kAllOrNothing);
  const Embedding query = std::get<CreateOp>(operations[4]).embeddings[0].vector;
  std::vector<SimilarHit> expected;
  std::vector<SimilarHit> of_kind;
  for (const WriteOp& operation : operations) {
    const auto& create = std::get<CreateOp>(operation);
    if (create.embeddings.empty()) continue;
    expected.push_back(
        {.id = create.id, .stamp = 0, .similarity = Dot(query, create.embeddings[0].vector)});
    if (KindOf(create.body) == RecordKind::kWorkflow) of_kind.push_back(expected.back());
  }
  const Filter workflows = Filter::Equals(Member::kKind, std::string("workflow"));
  ExpectNearest(query, {}, expected);
  ExpectNearest(query, workflows, of_kind);
  EXPECT_THAT(*store_.search.ExactNearest(query, "unknown", {}, 5, Soon()), IsEmpty());
}

TEST_F(RecordSearches, StopAtTheirDeadline) {
  store_.Commit(RandomCreations(random_, 3), CommitMode::kAllOrNothing);
  const Deadline passed = Deadline::In(std::chrono::milliseconds(-1));
  ListQuery query;
  query.limit = 1;
  EXPECT_EQ(CodeOf(store_.search.List(query, passed)), ErrorCode::kDeadlineExceeded);
  EXPECT_EQ(CodeOf(store_.search.Count({}, 1, passed)), ErrorCode::kDeadlineExceeded);
  EXPECT_EQ(CodeOf(store_.search.ExactNearest(Embedding{}, kSearchSpace, {}, 1, passed)),
            ErrorCode::kDeadlineExceeded);
  EXPECT_EQ(CodeOf(store_.search.TextSearch("web", {}, 1, passed)), ErrorCode::kDeadlineExceeded);
}

TEST_F(RecordSearches, SurviveTheLossOfTheirSession) {
  store_.Commit(RandomCreations(random_, 30), CommitMode::kAllOrNothing);
  const auto before = store_.search.ExactNearest(Embedding{}, kSearchSpace, {}, 5, Soon());
  ASSERT_EQ(before->size(), 5U);
  store_.Ask(
      "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
      " WHERE datname = current_database() AND pid <> pg_backend_pid()");
  const auto after = store_.search.ExactNearest(Embedding{}, kSearchSpace, {}, 5, Soon());
  ASSERT_TRUE(after.has_value()) << after.error().message;
  EXPECT_EQ(after->size(), 5U);
}

}  // namespace
}  // namespace datastorage::postgres
