// Searches over many records, beside a reader of all of them. Asked for by the environment:
// DS_TEST_VECTOR_COUNT records (20,000), of which each DS_TEST_SEGMENT_ROWS (8,192) are built as
// one segment and eight segments merged up to DS_TEST_MERGED_ROWS (0); DS_TEST_SEARCH_WIDTHS
// "20/100,40/150" of small and of large segments, whose recall is shown only.
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <unordered_set>

#include "postgres/head_mover.h"
#include "postgres/segment_loader.h"
#include "postgres/vector_session.h"

namespace datastorage::postgres {
namespace {

constexpr int kClusterCount = 64;
constexpr int kTrialCount = 100;

int Asked(const char* name, int everyday) {
  const char* const wanted = std::getenv(name);
  return wanted != nullptr ? std::atoi(wanted) : everyday;
}

int RecordCount() {
  return Asked("DS_TEST_VECTOR_COUNT", 20'000);
}

std::vector<PgvectorIndex::Options> Widths() {
  const char* const wanted = std::getenv("DS_TEST_SEARCH_WIDTHS");
  if (wanted == nullptr) return {{}};
  std::vector<PgvectorIndex::Options> widths;
  std::istringstream text(wanted);
  char separator = ',';
  for (PgvectorIndex::Options each; separator == ','; widths.push_back(each)) {
    text >> each.search_width_small >> separator >> each.search_width_large;
    if (!(text >> separator)) separator = ' ';
  }
  return widths;
}

// Records in clusters, most of their vectors in segments, some moved into the body one by one, some
// still in the head.
struct ManyRecords {
  ManyRecords() {
    for (int i = 0; i < kClusterCount; ++i) centers.push_back(random.Unit());
    SegmentBuilder::Options options;
    options.row_count = Asked("DS_TEST_SEGMENT_ROWS", 8'192);
    options.merged_row_count_max = Asked("DS_TEST_MERGED_ROWS", 0);
    SegmentBuilder builder(store.sessions, metrics, options);
    const Deadline deadline = Deadline::In(std::chrono::minutes(30));
    for (int left = RecordCount() - 1'000; left > 0;) {
      const int count = std::min(left, static_cast<int>(options.row_count));
      Create(count);
      EXPECT_EQ(builder.Build(deadline).value(), count);
      EXPECT_TRUE(builder.Merge(deadline).has_value());
      left -= count;
    }
    Create(500);
    HeadMover mover(ThreadRuntime(), store.sessions, metrics, {.batch_count = 500});
    EXPECT_EQ(mover.RunOnce(Soon()).value(), 500);
    Create(500);
    store.Ask("ANALYZE");
    SegmentLoader loader(ThreadRuntime(), store.sessions, codes, metrics, {});
    while (loader.LoadOne().value()) {
    }
  }

  void Create(int count) {
    std::vector<WriteOp> operations;
    for (int i = 0; i < count; ++i) {
      const std::size_t number = ids.size();
      vectors.push_back(random.Near(centers[random.Below(kClusterCount)], 0.8));
      CreateOp create = EmbeddedCreation(std::to_string(number), vectors.back());
      auto& body = std::get<Execution>(create.body);
      body.cluster_name = number % 1'000 == 7 ? "one-in-a-thousand" : "other";
      body.action_type = number % 100 == 7 ? "one-in-a-hundred" : "other";
      body.target_resource = number % 10 == 7 ? "one-in-ten" : "other";
      ids.push_back(create.id);
      operations.emplace_back(std::move(create));
      if (operations.size() < 500 && i + 1 < count) continue;
      store.Commit(operations);
      operations.clear();
    }
  }

  // The numbers of the matching records, nearest first.
  std::vector<std::size_t> Ranked(const Embedding& query, std::size_t step) const {
    std::vector<std::pair<float, std::size_t>> scored;
    for (std::size_t i = step > 1 ? 7 : 0; i < ids.size(); i += step) {
      scored.emplace_back(-Dot(query, vectors[i]), i);
    }
    std::sort(scored.begin(), scored.end());
    std::vector<std::size_t> ranked;
    for (const auto& [score, number] : scored) ranked.push_back(number);
    return ranked;
  }

  VectorSession store;
  RandomPoints random{17};
  Metrics metrics;
  std::vector<Embedding> centers;
  std::vector<Embedding> vectors;
  std::vector<RecordId> ids;
  SegmentCodes codes{std::int64_t{1} << 30};
};

class PgvectorNearestTest : public testing::Test {
 protected:
  struct Case {
    std::string name;
    Filter filter;
    std::size_t step;  // One record in so many matches.
  };

  static ManyRecords& Shared() {
    static ManyRecords records;
    return records;
  }
  // At ten of the forty that are asked for.
  static double Recall(PgvectorIndex& index, const Case& each, const std::string& what) {
    ManyRecords& records = Shared();
    int found_count = 0, wanted_count = 0;
    std::vector<double> milliseconds;
    for (int trial = 0; trial < kTrialCount; ++trial) {
      const Embedding query =
          records.random.Near(records.centers[records.random.Below(kClusterCount)], 0.8);
      const std::vector<std::size_t> ranked = records.Ranked(query, each.step);
      const auto begin = std::chrono::steady_clock::now();
      const auto found = index.Nearest(query, each.filter, 40, Soon());
      const auto end = std::chrono::steady_clock::now();
      milliseconds.push_back(std::chrono::duration<double, std::milli>(end - begin).count());
      EXPECT_TRUE(found.has_value()) << found.error().message;
      if (!found.has_value()) return 0;
      EXPECT_EQ(found->hits.size(), std::min<std::size_t>(40, ranked.size())) << each.name;
      std::unordered_set<RecordId> hits;
      for (const Neighbor& hit : found->hits) hits.insert(hit.id);
      for (std::size_t i = 0; i < std::min<std::size_t>(10, ranked.size()); ++i) {
        ++wanted_count;
        found_count += hits.contains(records.ids[ranked[i]]) ? 1 : 0;
      }
      EXPECT_EQ(found->is_exhausted, ranked.size() < 40);
    }
    std::sort(milliseconds.begin(), milliseconds.end());
    const double recall = double{1} * found_count / wanted_count;
    std::printf("%s, %s of %d match: recall@10 %.4f; %.1f ms, p95 %.1f ms\n",
                what.c_str(),
                each.name.c_str(),
                RecordCount(),
                recall,
                milliseconds[milliseconds.size() / 2],
                milliseconds[milliseconds.size() * 95 / 100]);
    std::fflush(stdout);
    return recall;
  }
  static std::vector<Case> Cases() {
    return {
        {"0.1 %", Filter::Equals(Member::kClusterName, std::string("one-in-a-thousand")), 1'000},
        {"1 %", Filter::Equals(Member::kActionType, std::string("one-in-a-hundred")), 100},
        {"10 %", Filter::Equals(Member::kTargetResource, std::string("one-in-ten")), 10},
        {"100 %", Filter::Equals(Member::kKind, std::string("execution")), 1},
        {"everything", Filter(), 1}};
  }
};

// The service asks for four times the ten that it wants, and ranks what it gets by exact cosines.
TEST_F(PgvectorNearestTest, FindsTheNearestWhateverShareMatches) {
  for (const PgvectorIndex::Options& options : Widths()) {
    PgvectorIndex index(Shared().store.sessions, options);
    for (const Case& each : Cases()) {
      const std::string widths = std::to_string(options.search_width_small) + "/" +
                                 std::to_string(options.search_width_large);
      const double recall = Recall(index, each, "widths " + widths);
      if (std::getenv("DS_TEST_SEARCH_WIDTHS") != nullptr) continue;
      EXPECT_GE(recall, 0.98) << each.name;
    }
  }
}

// What is not in segments is the head and segment 0, and few enough: nothing is missed.
TEST_F(PgvectorNearestTest, FindsTheNearestByCodesWhateverShareMatches) {
  PgvectorIndex index(Shared().store.sessions, {.codes = &Shared().codes});
  for (const Case& each : Cases()) EXPECT_GE(Recall(index, each, "codes"), 0.998) << each.name;
}

class PgvectorCountTest : public PgvectorNearestTest, public testing::WithParamInterface<bool> {};

TEST_P(PgvectorCountTest, GivesAsManyAsAreAskedForOrAllThatMatch) {
  ManyRecords& records = Shared();
  PgvectorIndex index(records.store.sessions, {.codes = GetParam() ? &records.codes : nullptr});
  for (const Case& each : Cases()) {
    for (const int count : {1, 10, 100, 1'000, 4'096}) {
      const Embedding query = records.random.Near(records.centers[3], 0.5);
      const std::size_t matching = records.Ranked(query, each.step).size();
      const auto found = index.Nearest(query, each.filter, count, Soon());
      ASSERT_TRUE(found.has_value()) << found.error().message;
      EXPECT_EQ(found->hits.size(),
                std::min<std::size_t>(static_cast<std::size_t>(count), matching))
          << each.name << ", " << count;
      std::unordered_set<RecordId> ids;
      for (const Neighbor& hit : found->hits) EXPECT_TRUE(ids.insert(hit.id).second);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Codes, PgvectorCountTest, testing::Bool(), [](const auto& run) {
  return run.param ? "InMemory" : "None";
});

TEST_F(PgvectorNearestTest, SaysWhatItKnowsOfItsScores) {
  ManyRecords& records = Shared();
  const Embedding query = records.random.Near(records.centers[5], 0.7);
  for (const Case& each : Cases()) {
    const auto found = records.store.index.Nearest(query, each.filter, 15, Soon()).value();
    const std::vector<std::size_t> ranked = records.Ranked(query, each.step);
    std::unordered_map<RecordId, std::size_t> numbers;
    for (const std::size_t number : ranked) numbers[records.ids[number]] = number;
    for (const Neighbor& hit : found.hits) {
      const float cosine = Dot(query, records.vectors[numbers.at(hit.id)]);
      EXPECT_NEAR(hit.score, cosine, found.score_error);
      numbers.erase(hit.id);
    }
    // One by one, nothing that was left out can be better than both errors; the graph says so.
    EXPECT_EQ(found.may_miss, each.step <= 10) << each.name;
    if (found.may_miss) continue;
    for (const auto& [id, number] : numbers) {
      EXPECT_LE(Dot(query, records.vectors[number]), found.hits.back().score + found.score_error);
    }
  }
}

// How often `part` is in `text`.
int CountOf(const std::string& text, const std::string& part) {
  int count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

// The plans that the server carried out, as its log tells them.
class PlanLog {
 public:
  explicit PlanLog(const VectorSession& store) : path_(LogOf(store.server)) {
    for (const char* const setting :
         {"session_preload_libraries = 'auto_explain'", "auto_explain.log_min_duration = 0"}) {
      store.server.Run(store.database, "ALTER DATABASE " + store.database + " SET " + setting);
    }
  }

  // REQUIRES: `index` connects after this log was made.
  std::string Of(PgvectorIndex& index, const Filter& filter) {
    EXPECT_TRUE(
        index.Nearest(Embedding{1}, filter, 40, Soon()).has_value());  // Knows the segments.
    const std::size_t begin = Text().size();
    EXPECT_TRUE(index.Nearest(Embedding{1}, filter, 40, Soon()).has_value());
    return Text().substr(begin);
  }

 private:
  static std::string LogOf(const test::PostgresServer& server) {
    const std::string socket = server.socket_path();
    return socket.substr(0, socket.rfind('/')) + "/log";
  }
  std::string Text() const {
    std::ostringstream text;
    text << std::ifstream(path_).rdbuf();
    return text.str();
  }

  std::string path_;
};

// With a filter few matches are compared by their keys, and sorted; more than few by the graph of
// each segment, which gives the order. The head is sorted. No segment is read whole.
TEST_F(PgvectorNearestTest, ReadsSegmentsByTheirIndexesOnly) {
  VectorSession& store = Shared().store;
  PlanLog log(store);
  Sessions sessions({.connection = {.conninfo = store.server.Conninfo(store.database)}});
  PgvectorIndex index(sessions, {});
  const int segment_count =
      std::stoi(store.Ask("SELECT count(*) FROM vector_segment WHERE retired_at IS NULL"));
  for (const Case& each : Cases()) {
    const std::string plans = log.Of(index, each.filter);
    const int graph = each.step > 10 ? 0 : 1;
    const int compared = each.filter.IsEverything() ? 0 : 1;
    EXPECT_EQ(CountOf(plans, "Seq Scan on vector_body"), 0) << each.name << plans;
    EXPECT_EQ(CountOf(plans, "->  Sort"), graph + compared) << each.name << plans;
    EXPECT_EQ(CountOf(plans, "_v_idx on vector_body"), graph * segment_count) << plans;
    EXPECT_EQ(CountOf(plans, "_pkey on vector_body"), compared * (segment_count + 1)) << plans;
  }
}

// With the segments in memory, by no graph but that of segment 0: the candidates are looked up.
TEST_F(PgvectorNearestTest, LooksCandidatesUpByTheirKeys) {
  VectorSession& store = Shared().store;
  PlanLog log(store);
  Sessions sessions({.connection = {.conninfo = store.server.Conninfo(store.database)}});
  PgvectorIndex index(sessions, {.codes = &Shared().codes});
  for (const Case& each : Cases()) {
    if (each.step > 10) continue;
    const std::string plans = log.Of(index, each.filter);
    EXPECT_EQ(CountOf(plans, "Seq Scan on vector_body"), 0) << each.name << plans;
    EXPECT_EQ(CountOf(plans, "Hash Join"), 0) << each.name << plans;
    EXPECT_EQ(CountOf(plans, "_v_idx on vector_body"), 0) << plans;
    EXPECT_GE(CountOf(plans, "by_cosine on vector_body_0"), 1) << plans;
    EXPECT_NE(CountOf(plans, "Index Cond: ((record_id = c.record_id) AND (segment = "), 0) << plans;
  }
}

// Segment 0 is not asked while it is empty; its first row is found by who knew it as empty.
TEST_F(PgvectorNearestTest, AsksSegmentZeroOnlyForWhatIsInIt) {
  VectorSession store;
  PlanLog log(store);
  Sessions sessions({.connection = {.conninfo = store.server.Conninfo(store.database)}});
  PgvectorIndex index(sessions, {.exact_row_count_least = 10});
  RandomPoints random(5);
  const auto create = [&](int count) {
    std::vector<WriteOp> operations;
    for (int i = 0; i < count; ++i) {
      operations.emplace_back(EmbeddedCreation(std::to_string(i) + "/" + std::to_string(count),
                                               i == 0 ? Embedding{1} : random.Unit()));
    }
    store.Commit(operations);
    return std::get<CreateOp>(operations.front()).id;
  };
  (void)create(400);
  Metrics metrics;
  SegmentBuilder builder(store.sessions, metrics, {.row_count = 400});
  ASSERT_EQ(builder.Build(Soon()).value(), 400);
  const std::string plans = log.Of(index, {});
  EXPECT_EQ(CountOf(plans, "on vector_body_0"), 0);
  EXPECT_NE(CountOf(plans, "_v_idx on vector_body_1"), 0) << plans;
  const RecordId moved = create(1);
  HeadMover mover(ThreadRuntime(), store.sessions, metrics, {.batch_count = 10});
  ASSERT_EQ(mover.RunOnce(Soon()).value(), 1);
  const auto found = index.Nearest(Embedding{1}, {}, 5, Soon()).value();
  EXPECT_TRUE(std::any_of(
      found.hits.begin(), found.hits.end(), [&](const Neighbor& hit) { return hit.id == moved; }));
  EXPECT_NE(CountOf(log.Of(index, {}), "on vector_body_0"), 0);
}

// Many records match and few of them have a vector: the graph gives up, and the rest is compared.
TEST_F(PgvectorNearestTest, FindsFewVectorsAmongManyRecordsThatMatch) {
  VectorSession store({.exact_row_count_least = 10});
  RandomPoints random(3);
  std::vector<WriteOp> operations;
  for (int i = 0; i < 400; ++i) {
    CreateOp create = EmbeddedCreation(std::to_string(i), random.Unit());
    auto& body = std::get<Execution>(create.body);
    body.cluster_name = i % 2 == 0 ? "bare" : "other";
    if (i % 2 == 0 && i >= 6) {
      create.embeddings.clear();
      create.text_hash.reset();
    }
    operations.emplace_back(std::move(create));
  }
  store.Commit(operations);
  Metrics metrics;
  HeadMover mover(ThreadRuntime(), store.sessions, metrics, {.batch_count = 1'000});
  ASSERT_EQ(mover.RunOnce(Soon()).value(), 203);
  (void)store.index.AwaitVisible(Soon());
  const Filter bare = Filter::Equals(Member::kClusterName, std::string("bare"));
  for (int again = 0; again < 2; ++again) {  // The size of the body is known from the first on.
    const auto found = store.index.Nearest(random.Unit(), bare, 5, Soon()).value();
    EXPECT_EQ(found.hits.size(), 3U);
    EXPECT_TRUE(found.is_exhausted);
    EXPECT_FALSE(found.may_miss);
  }
  // And as many as there are, through the graph.
  const auto found = store.index.Nearest(random.Unit(), {}, 5, Soon()).value();
  EXPECT_EQ(found.hits.size(), 5U);
}

}  // namespace
}  // namespace datastorage::postgres
