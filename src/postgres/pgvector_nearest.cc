// PgvectorIndex::Nearest. The planner is not trusted with filter, order and limit together: what it
// takes for cheap may return a part of what matches without a word. So rows are counted first; few
// are compared one by one; among many, the nearest codes in memory say which rows to ask for, or a
// graph is walked through where a segment is not in memory; and what came back is checked.
#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <tuple>
#include <utility>

#include "postgres/filter_sql.h"
#include "postgres/half_vector.h"
#include "postgres/pgvector_index.h"

namespace datastorage::postgres {
namespace {

// Measured: where comparing all that match costs what the graph costs.
constexpr double kCrossover = 13;
constexpr std::int64_t kExactRowCountMost = 20'000;
// How often a search begins again because segments were built or merged since it was planned.
constexpr int kTryCountMax = 4;
// Rows of a segment: up to where little width will do, and beyond eight of these (segment 0).
constexpr std::int64_t kSmallSegmentMost = 16'384;
constexpr std::int64_t kLargeSegmentMost = 65'536;
constexpr int kOversizeWidth = 400;
constexpr int kWidthOfFew = 80;          // Together, where there are not many segments.
constexpr int kSearchWidthMost = 1'000;  // The extension's own bound.

// Both vectors are rounded, each turned by at most 2^-11; and sums of 384 floats.
constexpr float kScoreError = 2 * 0x1p-11F + 1e-4F;

// The plan is a loop over the few rows that match, whatever the planner believes of the filter.
constexpr std::string_view kLoopSettings =
    "SELECT set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', "
    "true),"
    " set_config('max_parallel_workers_per_gather', '0', true)";
// The plan is a walk through the graph that looks each record up: no other order is at hand. What a
// walk that goes on finds too late for the order is kept: the hits are sorted here.
constexpr std::string_view kGraphSettings =
    "SELECT set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', "
    "true),"
    " set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),"
    " set_config('enable_sort', 'off', true),"
    " set_config('max_parallel_workers_per_gather', '0', true),"
    " set_config('hnsw.iterative_scan', 'relaxed_order', true),"
    " set_config('hnsw.ef_search', $1::text, true)";
// The plan is a loop over the candidates that looks each up by the keys.
constexpr std::string_view kCandidateSettings =
    "SELECT set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', "
    "true),"
    " set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),"
    " set_config('max_parallel_workers_per_gather', '0', true)";
constexpr std::string_view kHeadSettings =
    "SELECT set_config('enable_seqscan', 'on', true), set_config('enable_sort', 'on', true)";

// Of coded segments: how many rows to ask for beside those that are wanted, since some were
// dropped, and where a filter leaves too few, how much further to go before a graph is walked.
constexpr int kSpareCandidateCount = 24;
constexpr int kCandidateGrowth = 12;
constexpr int kCandidateCountMost = 8'192;

Call CallOf(std::string sql, Parameters parameters = {}) {
  Call call;
  call.sql = std::move(sql);
  call.parameters = std::move(parameters);
  return call;
}

// Rows of record_id stamp distance, from `first` on.
void Collect(const Rows& rows, int first, std::vector<Neighbor>& hits) {
  for (int row = 0; row < rows.count(); ++row) {
    if (rows.IsNull(row, first)) continue;
    hits.push_back({rows.Id(row, first),
                    rows.Integer(row, first + 1),
                    static_cast<float>(1 - rows.Real(row, first + 2))});
  }
}

std::int64_t RowCountOf(const CodedSegments& segments) {
  std::int64_t count = 0;
  for (const auto& segment : segments) count += segment->row_count();
  return count;
}

void KeepBest(std::vector<Neighbor>& hits, int count_max) {
  std::sort(hits.begin(), hits.end(), [](const Neighbor& a, const Neighbor& b) {
    return a.score != b.score ? a.score > b.score : a.id < b.id;
  });
  if (hits.size() > static_cast<std::size_t>(count_max)) {
    hits.resize(static_cast<std::size_t>(count_max));
  }
}

}  // namespace

// Segments that are searched by one statement.
struct PgvectorIndex::Group {
  int width = 0;
  std::vector<BodySegment> segments{};
};

// $1 is the vector; the filter's values follow.
struct PgvectorIndex::Question {
  const Embedding& vector;
  Parameters parameters{};
  std::string relation{};
  std::string condition{};  // Over `relation` AS r; empty: everything.
  int count_max = 0;
  // What the body is read of; what is not here, is not in the plan either. Empty: everything.
  std::vector<BodySegment> segments{};
  // What it ought to have been read of: the live ones of the last snapshot that lacked one.
  std::optional<std::vector<BodySegment>> others{};

  void Compare(const std::vector<BodySegment>& live) {
    if (segments.empty()) return;
    const auto identity = [](const BodySegment& each) {
      return std::tuple(each.number, each.made, each.IsEmpty());
    };
    if (!std::ranges::includes(segments, live, {}, identity, identity)) {
      others = live;
    }
  }
  // A subquery's text.
  static std::string Body(const std::vector<BodySegment>& segments) {
    if (segments.empty()) return "vector_body";
    std::string text = "(SELECT record_id, v FROM vector_body WHERE segment IN (";
    for (const BodySegment& segment : segments) {
      if (text.back() != '(') text += ",";
      text += std::to_string(segment.number);
    }
    return text + "))";
  }
  bool HasFilter() const { return !condition.empty(); }
  std::string Limit() const { return " LIMIT " + std::to_string(count_max); }
  // Joins `relation` to a table of vectors.
  std::string Join(const std::string& table) const {
    if (!HasFilter()) return "";
    return " JOIN " + relation + " AS r ON r.id = " + table + ".record_id WHERE " + condition;
  }
  // The nearest of `inner`, a subquery of record_id and distance, with the stamps they stand at.
  Call NearestOf(const std::string& inner) const {
    return CallOf("SELECT n.record_id, p.stamp, n.distance FROM (" + inner +
                      ") AS n JOIN vector_point AS p ON p.record_id = n.record_id",
                  parameters);
  }
  // Each is looked up in the one segment that it is of; a filter then takes what was found.
  Call AmongCandidates(const std::vector<Candidate>& candidates) const {
    ArrayValue ids(ElementType::kUuid), numbers(ElementType::kBigint);
    for (const Candidate& candidate : candidates) {
      ids.Add(candidate.id);
      numbers.Add(candidate.segment);
    }
    const std::size_t next = parameters.size() + 1;
    Call call = NearestOf(
        "SELECT b.record_id, b.distance FROM unnest($" + std::to_string(next) + "::uuid[], $" +
        std::to_string(next + 1) +
        "::bigint[]) AS c (record_id, segment) CROSS JOIN LATERAL"
        " (SELECT v.record_id, v.v <=> $1::halfvec AS distance FROM vector_body AS v"
        " WHERE v.record_id = c.record_id AND v.segment = c.segment::integer OFFSET 0) AS b" +
        Join("b") + " ORDER BY b.distance" + Limit());
    call.parameters.Add(ids).Add(numbers);
    return call;
  }
  Call ThroughGraphs(const std::vector<BodySegment>& walked) const {
    return NearestOf("SELECT b.record_id, b.v <=> $1::halfvec AS distance FROM " + Body(walked) +
                     " AS b" + Join("b") + " ORDER BY b.v <=> $1::halfvec" + Limit());
  }
  // With a filter: sorted first, and looked up in this order until enough pass.
  Call InHead() const {
    return NearestOf(
        "SELECT h.record_id, h.distance FROM (SELECT record_id,"
        " v <=> $1::halfvec AS distance FROM vector_head ORDER BY distance" +
        (HasFilter() ? " OFFSET 0" : Limit()) + ") AS h" + Join("h") + " ORDER BY h.distance" +
        Limit());
  }
};

Result<Neighbors> PgvectorIndex::Nearest(const Embedding& query,
                                         const Filter& filter,
                                         int count_max,
                                         Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const VectorMark tables, KnownTables(deadline));
  Question question{.vector = query};
  question.count_max = count_max;
  question.parameters.Add(std::string_view(HalfVectorBytes(query)));
  if (!options_.joins_records && !Matches(filter, {})) {  // Without a leaf: all or nothing.
    return Neighbors{{}, kScoreError, true, false};
  }
  if (options_.joins_records && !filter.IsEverything()) {
    question.relation = RelationOf(filter);
    DS_ASSIGN_OR_RETURN(question.condition, CompileFilter(filter, question.parameters));
  }
  question.segments = tables.segments;
  for (int attempt = 1;; ++attempt) {
    DS_ASSIGN_OR_RETURN(Neighbors found, Near(question, tables, deadline));
    if (!question.others.has_value()) return found;
    question.segments.clear();
    if (attempt < kTryCountMax) question.segments = *std::move(question.others);
    question.others.reset();
  }
}

Result<Neighbors> PgvectorIndex::Near(Question& question,
                                      const VectorMark& tables,
                                      Deadline deadline) {
  std::int64_t row_count = 0;
  for (const BodySegment& segment : tables.segments) row_count += segment.row_count;
  const auto crossover =
      static_cast<std::int64_t>(kCrossover * std::sqrt(static_cast<double>(row_count)));
  const std::int64_t row_count_max =
      std::max(std::clamp(crossover, options_.exact_row_count_least, kExactRowCountMost),
               std::int64_t{question.count_max});
  if (question.HasFilter() || row_count <= row_count_max) {
    bool has_too_many = false;
    Result<Neighbors> found =
        Exact(question, question.HasFilter() ? row_count_max : 0, deadline, has_too_many);
    if (!found.has_value() || !has_too_many) return found;
  }
  DS_ASSIGN_OR_RETURN(Neighbors found, ByCodes(question, deadline));
  if (found.hits.size() == static_cast<std::size_t>(question.count_max)) return found;
  // The graphs gave up before they had met all that match.
  bool has_too_many = false;
  return Exact(question, 0, deadline, has_too_many);
}

// Compares all that match, if they are at most `row_count_max` (0: however many).
Result<Neighbors> PgvectorIndex::Exact(Question& question,
                                       std::int64_t row_count_max,
                                       Deadline deadline,
                                       bool& has_too_many) {
  const std::string most = std::to_string(row_count_max);
  const std::string most_and_one = std::to_string(row_count_max + 1);
  std::string head = "vector_head AS h", body = Question::Body(question.segments) + " AS b";
  std::string sql = "WITH ";
  if (question.HasFilter()) {
    sql += "matching AS MATERIALIZED (SELECT r.id FROM " + question.relation + " AS r WHERE " +
           question.condition + (row_count_max > 0 ? " LIMIT " + most_and_one : "") + "), ";
    head = "matching AS m JOIN vector_head AS h ON h.record_id = m.id";
    body =
        "matching AS m JOIN " + Question::Body(question.segments) + " AS b ON b.record_id = m.id";
  }
  sql += row_count_max > 0 ? "size AS MATERIALIZED (SELECT count(*) AS n FROM matching), "
                           : "size AS (SELECT 0::bigint AS n), ";
  // A sum is not what the vector index is ordered by: it cannot be used, and leave rows out.
  sql +=
      "near AS MATERIALIZED (SELECT held.record_id, held.distance FROM (SELECT h.record_id,"
      " 0 + (h.v <=> $1::halfvec) AS distance FROM " +
      head + " UNION ALL SELECT b.record_id, 0 + (b.v <=> $1::halfvec) FROM " + body + ") AS held" +
      (row_count_max > 0 ? " WHERE (SELECT n FROM size) <= " + most : "") +
      " ORDER BY held.distance" + question.Limit() +
      ")"
      " SELECT size.n, near.record_id, p.stamp, near.distance FROM size LEFT JOIN"
      " (near JOIN vector_point AS p ON p.record_id = near.record_id) ON true";
  std::vector<Call> calls{Unprepared(VectorQuery::kReadVectorMark)};
  if (row_count_max > 0) calls.push_back(CallOf(std::string(kLoopSettings)));
  calls.push_back(CallOf(std::move(sql), question.parameters));
  DS_ASSIGN_OR_RETURN(const std::vector<Rows> rows,
                      sessions_.Read("search vectors one by one", calls, deadline));
  DS_ASSIGN_OR_RETURN(const VectorMark now, Note(rows.front()));
  question.Compare(now.segments);
  has_too_many = row_count_max > 0 && rows.back().Integer(0, 0) > row_count_max;
  Neighbors found;
  Collect(rows.back(), 1, found.hits);
  KeepBest(found.hits, question.count_max);
  found.score_error = kScoreError;
  found.is_exhausted = found.hits.size() < static_cast<std::size_t>(question.count_max);
  return found;
}

// A small graph needs little width: the nearest are spread over all of them.
std::vector<PgvectorIndex::Group> PgvectorIndex::GroupsOf(const std::vector<BodySegment>& segments,
                                                          int count_max) const {
  Group small{options_.search_width_small, {}}, large{options_.search_width_large, {}};
  for (const BodySegment& segment : segments) {
    Group& group = segment.row_count > kSmallSegmentMost ? large : small;
    group.segments.push_back(segment);
    if (segment.row_count > kLargeSegmentMost) group.width = kOversizeWidth;
  }
  std::vector<Group> groups;
  for (Group& group : {std::ref(small), std::ref(large)}) {
    if (group.segments.empty()) continue;
    const int wanted =
        std::max(2 * count_max, kWidthOfFew) / static_cast<int>(group.segments.size());
    group.width = std::clamp(wanted, group.width, std::max(group.width, kSearchWidthMost));
    groups.push_back(std::move(group));
  }
  return groups;
}

// What is in memory by codes, the rest through graphs. A filter may leave too few of the first
// candidates; then more are asked for, and in the end all graphs.
Result<Neighbors> PgvectorIndex::ByCodes(Question& question, Deadline deadline) {
  CodedSegments coded;
  if (options_.codes != nullptr) coded = options_.codes->Held(question.segments);
  const std::int64_t coded_count = RowCountOf(coded);
  const int count = question.count_max;
  int candidate_count = count + std::max(count / 2, kSpareCandidateCount);
  while (coded_count > 0) {
    DS_ASSIGN_OR_RETURN(
        const std::vector<Candidate> candidates,
        NearestByCodes(
            question.vector, coded, static_cast<std::size_t>(candidate_count), deadline));
    DS_ASSIGN_OR_RETURN(Neighbors found, Approximate(question, coded, candidates, deadline));
    if (!found.hits.empty() || question.others.has_value()) return found;
    if (candidate_count >= std::min<std::int64_t>(kCandidateCountMost, coded_count)) break;
    candidate_count = std::min(candidate_count * kCandidateGrowth, kCandidateCountMost);
  }
  return Approximate(question, {}, {}, deadline);
}

// Head and body in one snapshot: a vector that moves meanwhile is in one of them. Empty where the
// body, or the candidates of what is in memory, gave fewer than were asked for.
Result<Neighbors> PgvectorIndex::Approximate(Question& question,
                                             const CodedSegments& coded,
                                             const std::vector<Candidate>& candidates,
                                             Deadline deadline) {
  std::vector<Call> calls{Unprepared(VectorQuery::kReadVectorMark)};
  std::vector<std::size_t> body_at;
  std::vector<BodySegment> others;
  for (const BodySegment& segment : question.segments) {
    const bool is_coded = std::ranges::any_of(
        coded, [&](const auto& each) { return each->number() == segment.number; });
    // Nothing is in what was empty: had it a row by now, Compare would see that.
    if (!is_coded && !segment.IsEmpty()) others.push_back(segment);
  }
  if (!coded.empty()) {
    calls.push_back(CallOf(std::string(kCandidateSettings)));
    body_at.push_back(calls.size());
    calls.push_back(question.AmongCandidates(candidates));
  }
  std::vector<Group> groups = GroupsOf(others, question.count_max);
  if (question.segments.empty()) groups = {{kOversizeWidth, {}}};
  for (const Group& group : groups) {
    calls.push_back(CallOf(std::string(kGraphSettings)));
    calls.back().parameters.Add(std::string_view(std::to_string(group.width)));
    body_at.push_back(calls.size());
    calls.push_back(question.ThroughGraphs(group.segments));
  }
  calls.push_back(CallOf(std::string(kHeadSettings)));
  calls.push_back(question.InHead());
  DS_ASSIGN_OR_RETURN(const std::vector<Rows> rows,
                      sessions_.Read("search vectors", calls, deadline));
  DS_ASSIGN_OR_RETURN(const VectorMark now, Note(rows.front()));
  question.Compare(now.segments);
  // What is not among the candidates may be nearer than what another segment gave.
  const std::int64_t asked = static_cast<std::int64_t>(candidates.size());
  if (asked < RowCountOf(coded) && rows[body_at.front()].count() < question.count_max) {
    return Neighbors{};
  }
  Neighbors found;
  for (const std::size_t at : body_at) Collect(rows[at], 0, found.hits);
  if (found.hits.size() < static_cast<std::size_t>(question.count_max)) return Neighbors{};
  Collect(rows.back(), 0, found.hits);
  KeepBest(found.hits, question.count_max);
  found.score_error = kScoreError;
  found.may_miss = true;
  return found;
}

}  // namespace datastorage::postgres
