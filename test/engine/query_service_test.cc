#include "engine/query_service.h"

#include <gmock/gmock.h>

#include <functional>
#include <map>

#include "engine/engine_fixture.h"

namespace datastorage {
namespace {

class QueryServiceTest : public EngineFixture {
 protected:
  ListRequest Request(Member sort, bool is_descending, int limit) {
    ListRequest request;
    request.kind = RecordKind::kRemediation;
    request.sort = {sort, is_descending};
    request.limit = limit;
    request.now = ThreadRuntime().WallNow();
    return request;
  }

  // Walks all pages; `between` runs after each.
  std::vector<Record> Walk(
      ListRequest request, const std::function<void()>& between = [] {}) {
    std::vector<Record> walked;
    for (;;) {
      const auto page = queries_->List(request, Soon());
      EXPECT_TRUE(page.has_value()) << page.error().message;
      if (!page.has_value()) return walked;
      walked.insert(walked.end(), page->records.begin(), page->records.end());
      if (page->next_cursor.empty()) return walked;
      request.cursor = page->next_cursor;
      between();
    }
  }
};

TEST_F(QueryServiceTest, ShowsEveryRecordOnceWhileWritersWork) {
  for (int i = 0; i < 60; ++i) Create("rr-" + std::to_string(i), "disk full");
  int created_count = 60;
  for (const bool is_descending : {true, false}) {
    const int before_count = created_count;
    const auto walked = Walk(Request(Member::kCreatedAt, is_descending, 7), [&] {
      if (created_count < before_count + 30) {
        Create("rr-" + std::to_string(created_count++), "written during the walk");
      }
    });
    std::map<RecordId, int> seen;
    for (const Record& record : walked) ++seen[record.id];
    int old_count = 0;
    for (const Record& record : walked) {
      EXPECT_EQ(seen[record.id], 1);
      const std::string& key = NaturalKeyOf(record.body);
      if (std::stoi(key.substr(3)) < before_count) ++old_count;
    }
    EXPECT_EQ(old_count, before_count);
  }
}

TEST_F(QueryServiceTest, PutsRecordsWithoutTheSortMemberLastBothWays) {
  for (int i = 0; i < 9; ++i) {
    Remediation record = ARemediation("rr-" + std::to_string(i), "disk full");
    if (i % 3 != 0) record.severity = "level-" + std::to_string(i);
    ASSERT_TRUE(writes_->Create(RequestFor(record), Soon()).has_value());
  }
  for (const bool is_descending : {true, false}) {
    const auto walked = Walk(Request(Member::kSeverity, is_descending, 2));
    ASSERT_EQ(walked.size(), 9U);
    for (std::size_t i = 0; i < walked.size(); ++i) {
      EXPECT_EQ(std::get<Remediation>(walked[i].body).severity.has_value(), i < 6) << i;
    }
  }
}

TEST_F(QueryServiceTest, RefusesACursorOfAnotherList) {
  for (int i = 0; i < 3; ++i) Create("rr-" + std::to_string(i), "disk full");
  ListRequest request = Request(Member::kCreatedAt, true, 2);
  request.cursor = queries_->List(request, Soon())->next_cursor;
  ASSERT_FALSE(request.cursor.empty());
  EXPECT_TRUE(queries_->List(request, Soon()).has_value());
  EXPECT_EQ(queries_->CursorTime(request.cursor).value(), request.now);

  ListRequest other_filter = request;
  other_filter.filter = Filter::Equals(Member::kPhase, std::string("failed"));
  EXPECT_EQ(queries_->List(other_filter, Soon()).error().code, ErrorCode::kInvalidArgument);
  ListRequest other_sort = request;
  other_sort.sort.member = Member::kName;
  EXPECT_EQ(queries_->List(other_sort, Soon()).error().code, ErrorCode::kInvalidArgument);
  EXPECT_FALSE(queries_->CursorTime("abcd").has_value());
}

TEST_F(QueryServiceTest, KeepsCursorsValidOverARestart) {
  for (int i = 0; i < 3; ++i) Create("rr-" + std::to_string(i), "disk full");
  ListRequest request = Request(Member::kCreatedAt, true, 2);
  request.cursor = queries_->List(request, Soon())->next_cursor;
  Restart();
  EXPECT_EQ(queries_->List(request, Soon())->records.size(), 1U);
}

TEST_F(QueryServiceTest, CountsAllThatMatchRegardlessOfThePage) {
  for (int i = 0; i < 5; ++i) Create("rr-" + std::to_string(i), "disk full");
  ListRequest request = Request(Member::kCreatedAt, true, 2);
  request.wants_count = true;
  const auto page = queries_->List(request, Soon());
  EXPECT_EQ(page->count, 5);
  EXPECT_EQ(page->records.size(), 2U);
}

TEST_F(QueryServiceTest, GivesEveryVersionNewestFirst) {
  Record record = Create("rr-1", "disk full");
  record = writes_->Patch(PatchFor(record, R"({"status":"success"})"), Soon())->record;
  const auto history = queries_->History(record.id, Soon());
  ASSERT_TRUE(history.has_value());
  ASSERT_EQ(history->size(), 2U);
  EXPECT_EQ((*history)[0].version, 2);
  EXPECT_EQ((*history)[1].version, 1);
  EXPECT_EQ(std::get<Remediation>((*history)[1].body).status, "running");
  EXPECT_EQ(queries_->History(RecordId{}, Soon()).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace datastorage
