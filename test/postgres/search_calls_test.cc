// The plans of lists and searches over many records: DS_PLAN_RECORD_COUNT of them, or 100,000.
#include "postgres/search_calls.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <regex>
#include <set>

#include "postgres/generated_records.h"
#include "postgres/search_costs.h"
#include "postgres/text_search.h"
#include "postgres/word_sample.h"

namespace datastorage::postgres {
namespace {

int RecordCount() {
  const char* const count = std::getenv("DS_PLAN_RECORD_COUNT");
  return count != nullptr ? std::stoi(count) : 100'000;
}

TEST(SearchCalls, FetchPagesOfTheCursorThatTheyOpen) {
  const auto call = NearestCall("space", {});
  EXPECT_TRUE(call->sql.starts_with("DECLARE nearest "));
  EXPECT_EQ(FetchCall(7).sql, "FETCH 7 FROM nearest");
}

TEST(SearchCalls, LookForFewRecordsBeforeTheySort) {
  const Filter of_workflow = Filter::Equals(Member::kWorkflowId, std::string("x"));
  const Filter by_name = Filter::Equals(Member::kName, std::string("x"));
  const auto finds_first = [](const Filter& filter) {
    ListQuery query;
    query.filter = filter;
    return ListCalls(query)->back().sql.find("OFFSET 0)") != std::string::npos;
  };
  EXPECT_TRUE(finds_first(of_workflow));
  EXPECT_TRUE(finds_first(Filter::And({by_name, of_workflow})));
  EXPECT_TRUE(finds_first(Filter::Or({of_workflow, Filter::Equals(Member::kId, std::string())})));
  EXPECT_FALSE(finds_first(Filter::Or({of_workflow, by_name})));
  EXPECT_FALSE(finds_first(Filter::Not(of_workflow)));
  EXPECT_FALSE(finds_first({}));
}

TEST(SearchCalls, PutTheKindIntoTheFilterOfAList) {
  ListQuery query;
  query.filter = Filter::Equals(Member::kName, std::string("x"));
  EXPECT_EQ(CanonicalText(FilterOf(query)), CanonicalText(query.filter));
  query.kind = RecordKind::kWorkflow;
  EXPECT_EQ(CanonicalText(FilterOf(query)),
            CanonicalText(Filter::And(
                {Filter::Equals(Member::kKind, std::string("workflow")), query.filter})));
}

TEST(SearchCalls, MatchWordsTogetherWithoutARecordTwice) {
  SearchSession store;
  store.MakeLiveSet();
  GenerateRecords(store, 4'000);
  const std::string both = "'w0' & 'w1'";
  const auto call = TogetherCall({both, both + " | 'w1' & 'w2'", "'w0' | 'w1'"}, {}, 1'000);
  const auto rows = store.sessions.ReadOne("match", *call, Soon());
  ASSERT_TRUE(rows.has_value()) << rows.error().message;
  ASSERT_EQ(rows->count(), 1'000);
  std::vector<std::string> ids;
  for (int row = 0; row < rows->count(); ++row) ids.push_back(rows->Id(row, 0).ToString());
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), ids.size());
  // Those of the first query first.
  const std::string matching =
      store.Ask("SELECT string_agg(id::text, ' ') FROM record WHERE words @@ 'w0 & w1'");
  const auto matching_count = static_cast<std::ptrdiff_t>((matching.size() + 1) / 37);
  ASSERT_GT(matching_count, 50);
  ASSERT_LT(matching_count, 900);
  EXPECT_TRUE(std::all_of(ids.begin(), ids.begin() + matching_count, [&](const std::string& id) {
    return matching.find(id) != std::string::npos;
  }));
}

// The parts of a plan that read a partition with records in it, or sort.
class Plan {
 public:
  explicit Plan(const Rows& rows) {
    for (int row = 0; row < rows.count(); ++row) text_.append(rows.Text(row, 0)).append("\n");
  }

  const std::string& text() const { return text_; }
  bool Sorts() const {
    return std::regex_search(text_, std::regex("(^|->  )(Incremental )?Sort\\b"));
  }
  bool ReadsWholePartition() const {
    return std::regex_search(text_, std::regex("Seq Scan on (record|embedding)_202[45]"));
  }
  bool Uses(const std::string& columns) const {
    return std::regex_search(
        text_, std::regex("(using|on) (record|embedding)_20\\d\\d_\\d\\d_" + columns));
  }

 private:
  std::string text_;
};

class Plans {
 public:
  explicit Plans(int record_count) {
    store_.MakeLiveSet();
    GenerateRecords(store_, record_count);
    session_ = *StoreOpener(store_.database)(Soon());
  }

  // Of the last call, after those before it, in one transaction.
  Plan Of(std::vector<Call> calls) {
    Call& explained = calls.back();
    const std::string opening = "DECLARE nearest NO SCROLL CURSOR FOR ";
    if (explained.sql.starts_with(opening)) explained.sql.erase(0, opening.size());
    for (const NamedStatement& statement : AllStatements()) {
      if (statement.name == explained.name) explained.sql = statement.sql;
    }
    explained.name = {};
    explained.sql.insert(0, "EXPLAIN (COSTS OFF) ");
    const auto rows = session_->Run("explain", std::move(calls), Soon());
    EXPECT_TRUE(rows.has_value()) << rows.error().message;
    return Plan(rows->back());
  }

  void ExpectIndexed(const std::string& what, std::vector<Call> calls, const std::string& columns) {
    const Plan plan = Of(std::move(calls));
    EXPECT_TRUE(plan.Uses(columns)) << what << "\n" << plan.text();
    EXPECT_FALSE(plan.ReadsWholePartition()) << what << "\n" << plan.text();
  }

  void ExpectOrdered(const std::string& what, const ListQuery& query, const std::string& columns) {
    for (const int limit : {1, 50, 1'000}) {
      // Where hardly more match than a page holds, sorting them is as good.
      if (limit == 1'000 && !query.filter.IsEverything()) continue;
      ListQuery page = query;
      page.limit = limit;
      ExpectIndexed(what, *ListCalls(page), columns);
      const Plan plan = Of(*ListCalls(page));
      EXPECT_FALSE(plan.Sorts()) << what << "\n" << plan.text();
    }
  }

  void CountWords() {
    const auto made = RefreshWordSample(*session_, {}, Soon());
    EXPECT_TRUE(made.has_value() && *made);
  }

  SearchSession& store() { return store_; }

 private:
  SearchSession store_;
  std::unique_ptr<Connection> session_;
};

KeysetPosition Middle(bool has_time) {
  const WallTime time(std::chrono::seconds(1'730'000'000));
  KeysetPosition position{.value = std::nullopt,
                          .id = *Uuid::Parse("0192c000-0000-7000-8000-000000000000")};
  if (has_time) position.value = time;
  return position;
}

void CheckLists(Plans& plans) {
  ListQuery query;
  for (const bool is_descending : {true, false}) {
    query.sort = {Member::kCreatedAt, is_descending};
    query.after = std::nullopt;
    plans.ExpectOrdered("first page", query, "created_at_id_idx");
    query.after = Middle(true);
    plans.ExpectOrdered("later page", query, "created_at_id_idx");
    query.kind = RecordKind::kWorkflow;
    plans.ExpectOrdered("of a kind", query, "(kind_)?created_at_id_idx");
    query.kind = std::nullopt;
    query.sort.member = Member::kId;
    query.after = Middle(false);
    plans.ExpectOrdered("by id", query, "pkey");
  }
  query.sort = {};
  query.after = Middle(true);
  query.filter = Filter::Equals(Member::kNamespace, std::string("namespace7"));
  plans.ExpectOrdered("of a namespace", query, "created_at_id_idx");
}

// What few records match is found first and then sorted.
void CheckSmallLists(Plans& plans) {
  ListQuery query;
  query.limit = 1;
  query.filter = Filter::Equals(Member::kWorkflowId, std::string("workflow7"));
  plans.ExpectIndexed("of a workflow", *ListCalls(query), "workflow_id_kind_idx");
  plans.ExpectIndexed("count", {*CountCall(query.filter, 100)}, "workflow_id_kind_idx");
  query.filter = Filter::AnyOf(Member::kRemediationRequestId,
                               {std::string("request7"), std::string("request8")});
  plans.ExpectIndexed("of requests", *ListCalls(query), "remediation_request_id_kind_idx");
  plans.ExpectIndexed("nearest", {*NearestCall(kSearchSpace, query.filter)}, "pkey");
  const WallTime from(std::chrono::seconds(1'730'000'000));
  const Filter hour = Filter::Range(Member::kCreatedAt,
                                    FilterBound{from, true},
                                    FilterBound{from + std::chrono::hours(1), false});
  plans.ExpectIndexed("count of an hour", {*CountCall(hour, 1'000)}, "created_at_id_idx");
  plans.ExpectIndexed("count of all", {*CountCall({}, std::nullopt)}, "");
}

// Each word is one probe of an index.
void CheckWordSample(Plans& plans) {
  const std::vector<std::string> words{"w0", "w4000"};
  std::vector<Call> calls = WordSampleCalls(words, kSampleCount);
  const Plan documents = plans.Of({ByIndexOnly(), calls[1]});
  EXPECT_NE(documents.text().find("word_sample_pkey"), std::string::npos) << documents.text();
  plans.ExpectIndexed("statistics", {ByIndexOnly(), calls[0]}, "");
  Call making{.name = NameOf(Query::kMakeWordSample)};
  making.parameters.Add(20'000).Add(4).Add(RecordCount());
  const Plan sample = plans.Of({ByIndexOnly(), making});
  EXPECT_NE(sample.text().find("Sample Scan on record_2024"), std::string::npos) << sample.text();
  EXPECT_FALSE(sample.ReadsWholePartition()) << sample.text();
}

void CheckTextSearches(Plans& plans) {
  ArrayValue words(ElementType::kText);
  words.Add(std::string_view("'w0'"));
  words.Add(std::string_view("'w1' <-> 'w2'"));
  Call counting{.name = NameOf(Query::kCountWords)};
  counting.parameters.Add(words).Add(kScoredCountMax + 1);
  plans.ExpectIndexed("count words", {ByIndexOnly(), counting}, "words_idx");
  const Filter filter = Filter::Equals(Member::kNamespace, std::string("namespace7"));
  for (const std::string_view query : {"'w0'", "'w0' | 'w4000'", "('w0' & 'w1') | 'w3' <-> 'w4'"}) {
    plans.ExpectIndexed("words", {ByIndexOnly(), *WordsCall(query, {}, 4'096)}, "words_idx");
    plans.ExpectIndexed(
        "words of some", {ByIndexOnly(), *WordsCall(query, filter, 4'096)}, "words_idx");
  }
  const std::vector<std::string> together{"('w0') & ('w1') & ('w2')", "('w0')"};
  for (const Filter& of : {Filter(), filter}) {
    plans.ExpectIndexed(
        "together", {ByIndexOnly(), *TogetherCall(together, of, 1'024)}, "words_idx");
    plans.ExpectIndexed(
        "rare words", {ByIndexOnly(), *RareWordsCall("'w4000' | 'w1'", of, 3'073)}, "words_idx");
    plans.ExpectIndexed("newest matches",
                        {ByIndexOnly(), *NewestMatchesCall("'w0' | 'w1'", of, kSampleCount)},
                        "created_at_id_idx");
  }
  for (const Filter& of : {Filter(), filter}) {
    plans.ExpectIndexed(
        "count a phrase",
        {ByIndexOnly(), *PhraseCall("'w0' & 'w1'", "'w0' <-> 'w1'", of, {10'000, 256})},
        "words_idx");
  }
  CheckWordSample(plans);
  plans.ExpectIndexed(
      "newest of all", {ByIndexOnly(), *NewestCall({}, 2'000)}, "created_at_id_idx");
  plans.ExpectIndexed(
      "newest", {ByIndexOnly(), *NewestCall(filter, kSampleCount)}, "created_at_id_idx");
}

// One test, so that the records are made once.
TEST(SearchCalls, UseIndexesAndSortNoMoreThanAPage) {
  Plans plans(RecordCount());
  CheckLists(plans);
  CheckSmallLists(plans);
  CheckTextSearches(plans);
  PrintTextCosts(plans.store(), RecordCount(), "without counts of words");
  plans.CountWords();
  PrintTextCosts(plans.store(), RecordCount(), "with counts of words");
}

}  // namespace
}  // namespace datastorage::postgres
