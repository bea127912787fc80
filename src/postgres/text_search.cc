#include "postgres/text_search.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "base/check.h"
#include "postgres/queries.h"
#include "postgres/search_calls.h"
#include "postgres/text_score.h"

namespace datastorage::postgres {
namespace {

// So many of the common words are asked for together at most.
constexpr std::size_t kTogetherCountMax = 8;
constexpr std::string_view kDoing = "search by words";

// The planner knows little of how common words are, and reading the whole table is never meant.
Call ByIndexOnly() {
  Call call;
  call.sql = "SET LOCAL enable_seqscan = off";
  return call;
}

Call AskAbout(Query query, const std::vector<std::string>& words, int count) {
  ArrayValue array(ElementType::kText);
  for (const std::string& of_term : words) array.Add(std::string_view(of_term));
  Call call{.name = NameOf(query)};
  call.parameters.Add(array).Add(count);
  return call;
}

bool IsBetterHit(const TextHit& a, const TextHit& b) {
  return a.bm25 != b.bm25 ? a.bm25 > b.bm25 : a.id < b.id;
}

class TextSearch {
 public:
  TextSearch(Sessions& sessions, std::string_view text, const Filter& filter, Deadline deadline)
      : sessions_(sessions), terms_(SearchTermsOf(text)), filter_(filter), deadline_(deadline) {}

  Result<std::vector<TextHit>> Run(int limit) {
    if (terms_.empty()) return std::vector<TextHit>();
    DS_RETURN_IF_ERROR(Count());
    DS_ASSIGN_OR_RETURN(const std::vector<Call> calls, ChooseCandidates());
    TextScorer scorer(terms_, statistics_);
    DS_RETURN_IF_ERROR(Score(calls, scorer));
    if (!is_complete_ && hits_.size() < static_cast<std::size_t>(limit)) {
      DS_ASSIGN_OR_RETURN(Call any, WordsCall(QueryOfAny(terms_), filter_, limit));
      DS_RETURN_IF_ERROR(Score({std::move(any)}, scorer));
    }
    const std::size_t count = std::min(hits_.size(), static_cast<std::size_t>(limit));
    const auto end = hits_.begin() + static_cast<std::ptrdiff_t>(count);
    std::partial_sort(hits_.begin(), end, hits_.end(), IsBetterHit);
    hits_.resize(count);
    return std::move(hits_);
  }

 private:
  Result<void> Count() {
    std::vector<std::string> words;
    for (const SearchTerm& term : terms_) words.push_back(QueryOf(term));
    DS_ASSIGN_OR_RETURN(const std::vector<Rows> rows,
                        sessions_.Read(kDoing,
                                       {AskAbout(Query::kTextSample, words, kSampleCount),
                                        ByIndexOnly(),
                                        AskAbout(Query::kCountWords, words, kScoredCountMax + 1)},
                                       deadline_));
    const Rows& sample = rows.front();
    const std::int64_t looked_at = sample.Integer(0, 0);
    const bool is_whole = looked_at < kSampleCount;
    std::int64_t record_count = is_whole ? looked_at : std::max(looked_at, sample.Integer(0, 2));
    for (int i = 0; i < sample.count(); ++i) {
      const std::int64_t held = rows.back().Integer(i, 0);
      const std::int64_t expected =
          looked_at == 0 ? 0 : sample.Integer(i, 3) * record_count / looked_at;
      const bool is_exact = held <= kScoredCountMax;
      counts_.push_back(is_exact ? held : std::max(held, expected));
    }
    record_count = std::max(record_count, *std::max_element(counts_.begin(), counts_.end()));
    statistics_.record_count = static_cast<double>(record_count);
    // Records whose words are none or not yet seen count as of one word.
    const std::int64_t word_count = std::max<std::int64_t>(sample.Integer(0, 1), 1);
    statistics_.mean_length =
        static_cast<double>(word_count) / static_cast<double>(std::max<std::int64_t>(looked_at, 1));
    statistics_.term_counts.assign(counts_.begin(), counts_.end());
    return {};
  }

  Result<std::vector<Call>> ChooseCandidates() {
    std::vector<std::size_t> by_count(terms_.size());
    std::iota(by_count.begin(), by_count.end(), std::size_t{0});
    std::stable_sort(by_count.begin(), by_count.end(), [&](std::size_t a, std::size_t b) {
      return counts_[a] < counts_[b];
    });
    std::vector<SearchTerm> rare;
    std::vector<SearchTerm> common;
    std::int64_t room = kScoredCountMax;
    for (const std::size_t term : by_count) {
      const bool fits = common.empty() && counts_[term] <= room;
      if (fits) room -= counts_[term];
      (fits ? rare : common).push_back(terms_[term]);
    }
    is_complete_ = common.empty();
    std::vector<Call> calls;
    if (!rare.empty()) {
      DS_RETURN_IF_ERROR(Add(WordsCall(QueryOfAny(rare), filter_, kScoredCountMax), calls));
    }
    if (is_complete_) return calls;
    if (common.size() > 1 && room > 0) {
      DS_ASSIGN_OR_RETURN(const std::string together, StrictEnough(common, room));
      DS_RETURN_IF_ERROR(Add(WordsCall(together, filter_, static_cast<int>(room)), calls));
    }
    DS_RETURN_IF_ERROR(Add(NewestWordsCall(QueryOfAny(terms_), filter_, kSampleCount), calls));
    return calls;
  }

  static Result<void> Add(Result<Call> call, std::vector<Call>& calls) {
    if (!call.has_value()) return call.error();
    calls.push_back(*std::move(call));
    return {};
  }

  // The fewest of the rarest words whose records together fit; all of them if none do.
  Result<std::string> StrictEnough(std::vector<SearchTerm> terms, std::int64_t room) {
    terms.resize(std::min(terms.size(), kTogetherCountMax));
    std::vector<std::string> together;
    for (; terms.size() > 1; terms.pop_back()) together.push_back(QueryOfAll(terms));
    DS_ASSIGN_OR_RETURN(
        const std::vector<Rows> rows,
        sessions_.Read(kDoing,
                       {ByIndexOnly(), AskAbout(Query::kCountWords, together, kScoredCountMax + 1)},
                       deadline_));
    std::size_t chosen = 0;
    for (std::size_t i = 0; i < together.size(); ++i) {
      if (rows.back().Integer(static_cast<int>(i), 0) <= room) chosen = i;
    }
    return together[chosen];
  }

  Result<void> Score(const std::vector<Call>& calls, TextScorer& scorer) {
    std::vector<Call> all{ByIndexOnly()};
    all.insert(all.end(), calls.begin(), calls.end());
    DS_ASSIGN_OR_RETURN(const std::vector<Rows> results, sessions_.Read(kDoing, all, deadline_));
    for (const Rows& rows : results) {
      for (int row = 0; row < rows.count(); ++row) {
        const RecordId id = rows.Id(row, 0);
        if (!seen_.insert(id).second) continue;
        const double score = scorer.Score(rows.Bytes(row, 2), rows.Integer(row, 1));
        if (score > 0) hits_.push_back({.id = id, .bm25 = score});
      }
    }
    return {};
  }

  Sessions& sessions_;
  const std::vector<SearchTerm> terms_;
  const Filter& filter_;
  const Deadline deadline_;
  TextStatistics statistics_;
  std::vector<std::int64_t> counts_;  // Of the terms.
  bool is_complete_ = false;          // Every record that matches is a candidate.
  std::set<RecordId> seen_;
  std::vector<TextHit> hits_;
};

}  // namespace

Result<std::vector<TextHit>> SearchText(
    Sessions& sessions, std::string_view text, const Filter& filter, int limit, Deadline deadline) {
  DS_CHECK(limit > 0 && limit <= kScoredCountMax);
  return TextSearch(sessions, text, filter, deadline).Run(limit);
}

}  // namespace datastorage::postgres
