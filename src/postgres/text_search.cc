#include "postgres/text_search.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "base/check.h"
#include "base/limits.h"
#include "postgres/queries.h"
#include "postgres/search_calls.h"
#include "postgres/text_score.h"

namespace datastorage::postgres {
namespace {

// So many of the common words are asked for together at most.
constexpr std::size_t kTogetherCountMax = 8;
constexpr std::string_view kDoing = "search by words";

Call CountOfWords(const std::vector<std::string>& words) {
  ArrayValue array(ElementType::kText);
  for (const std::string& of_term : words) array.Add(std::string_view(of_term));
  Call call{.name = NameOf(Query::kCountWords)};
  call.parameters.Add(array).Add(kScoredCountMax + 1);
  return call;
}

bool IsBetterHit(const TextHit& a, const TextHit& b) {
  return a.bm25 != b.bm25 ? a.bm25 > b.bm25 : a.id < b.id;
}

// A record that was looked at, whether it is a candidate or not.
struct Looked {
  RecordId id;
  std::int64_t length = 0;
  std::vector<double> frequencies;  // Of the terms.
};

class TextSearch {
 public:
  TextSearch(Sessions& sessions, std::string_view text, const Filter& filter, Deadline deadline)
      : sessions_(sessions),
        filter_(filter),
        deadline_(deadline),
        terms_(SearchTermsOf(text)),
        counter_(terms_) {}

  Result<std::vector<TextHit>> Run(int limit) {
    if (terms_.empty()) return std::vector<TextHit>();
    DS_RETURN_IF_ERROR(TakeStock());
    if (!is_complete_) {
      DS_ASSIGN_OR_RETURN(const std::vector<Call> calls, ChooseCandidates());
      DS_RETURN_IF_ERROR(Fetch(calls));
    }
    if (!is_complete_ && candidates_.size() < static_cast<std::size_t>(limit)) {
      DS_ASSIGN_OR_RETURN(Call any, WordsCall(QueryOfAny(terms_), filter_, limit));
      DS_RETURN_IF_ERROR(Fetch({std::move(any)}));
    }
    return Best(static_cast<std::size_t>(limit));
  }

 private:
  // The statistics, and the newest records that match. In a small store that is all.
  Result<void> TakeStock() {
    std::vector<std::string> words(terms_.size());
    std::transform(terms_.begin(), terms_.end(), words.begin(), QueryOf);
    DS_ASSIGN_OR_RETURN(const Call newest, NewestCall(filter_, kSampleCount));
    DS_ASSIGN_OR_RETURN(
        const std::vector<Rows> rows,
        sessions_.Read(
            kDoing,
            {ByIndexOnly(), newest, {.name = NameOf(Query::kStoreSize)}, CountOfWords(words)},
            deadline_));
    const Rows& sample = rows[1];
    std::int64_t word_count = 0;
    counts_.assign(terms_.size(), 0);
    for (int row = 0; row < sample.count(); ++row) {
      Looked record = Look(sample, row);
      word_count += record.length;
      for (std::size_t i = 0; i < terms_.size(); ++i) counts_[i] += record.frequencies[i] > 0;
      if (sample.Bool(row, 3)) AddCandidate(std::move(record));
    }
    is_complete_ = sample.count() < kSampleCount;
    const double looked_at = std::max(sample.count(), 1);
    statistics_.record_count = sample.count();
    // Records without words count as of one word all together.
    statistics_.mean_length =
        static_cast<double>(std::max<std::int64_t>(word_count, 1)) / looked_at;
    if (!is_complete_) Extrapolate(rows[2].Integer(0, 0), rows[3], looked_at);
    statistics_.term_counts.assign(counts_.begin(), counts_.end());
    return {};
  }

  // From counts in the newest records to those in the store.
  void Extrapolate(std::int64_t store_size, const Rows& held, double looked_at) {
    const auto size = static_cast<double>(store_size);
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      const std::int64_t count = held.Integer(static_cast<int>(i), 0);
      const bool is_exact = count <= kScoredCountMax;
      const double expected = static_cast<double>(counts_[i]) * size / looked_at;
      counts_[i] = is_exact ? count : std::max(count, static_cast<std::int64_t>(expected));
    }
    const std::int64_t most = *std::max_element(counts_.begin(), counts_.end());
    statistics_.record_count = std::max({size, looked_at, static_cast<double>(most)});
  }

  Result<std::vector<Call>> ChooseCandidates() {
    std::vector<std::size_t> by_count(terms_.size());
    std::iota(by_count.begin(), by_count.end(), std::size_t{0});
    std::sort(by_count.begin(), by_count.end(), [&](std::size_t a, std::size_t b) {
      return std::pair(counts_[a], a) < std::pair(counts_[b], b);
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
      DS_ASSIGN_OR_RETURN(Call any, WordsCall(QueryOfAny(rare), filter_, kScoredCountMax));
      calls.push_back(std::move(any));
    }
    if (!common.empty() && room > 0) {
      DS_RETURN_IF_ERROR(AddTogether(std::move(common), room, calls));
    }
    return calls;
  }

  // Of the common words, the rarest of which come first: the records that hold as few of these
  // together as fits, then as many as there is room for of those that hold one word less.
  Result<void> AddTogether(std::vector<SearchTerm> terms,
                           std::int64_t room,
                           std::vector<Call>& calls) {
    terms.resize(std::min(terms.size(), kTogetherCountMax));
    std::vector<std::string> together;
    for (; !terms.empty(); terms.pop_back()) together.push_back(QueryOfAll(terms));
    DS_ASSIGN_OR_RETURN(const std::vector<Rows> rows,
                        sessions_.Read(kDoing, {ByIndexOnly(), CountOfWords(together)}, deadline_));
    for (std::size_t i = 0; i < together.size() && room > 0; ++i) {
      const std::int64_t count = rows[1].Integer(static_cast<int>(i), 0);
      const bool is_last = i + 1 == together.size();
      const bool next_fits = !is_last && rows[1].Integer(static_cast<int>(i) + 1, 0) <= room;
      if (next_fits) continue;  // It holds these too.
      DS_ASSIGN_OR_RETURN(Call all, WordsCall(together[i], filter_, static_cast<int>(room)));
      calls.push_back(std::move(all));
      room -= count;
    }
    return {};
  }

  Result<void> Fetch(const std::vector<Call>& calls) {
    if (calls.empty()) return {};
    std::vector<Call> all{ByIndexOnly()};
    all.insert(all.end(), calls.begin(), calls.end());
    DS_ASSIGN_OR_RETURN(const std::vector<Rows> results, sessions_.Read(kDoing, all, deadline_));
    for (const Rows& rows : results) {
      for (int row = 0; row < rows.count(); ++row) AddCandidate(Look(rows, row));
    }
    return {};
  }

  Looked Look(const Rows& rows, int row) {
    Looked record{.id = rows.Id(row, 0), .length = rows.Integer(row, 1), .frequencies = {}};
    if (rows.IsNull(row, 2)) {
      record.frequencies.assign(terms_.size(), 0);
    } else {
      record.frequencies = counter_.FrequenciesOf(rows.Bytes(row, 2));
    }
    return record;
  }

  void AddCandidate(Looked record) {
    const bool has_any = std::any_of(record.frequencies.begin(),
                                     record.frequencies.end(),
                                     [](double frequency) { return frequency > 0; });
    if (has_any && seen_.insert(record.id).second) candidates_.push_back(std::move(record));
  }

  std::vector<TextHit> Best(std::size_t limit) const {
    const Bm25 bm25(statistics_);
    std::vector<TextHit> hits;
    hits.reserve(candidates_.size());
    for (const Looked& record : candidates_) {
      hits.push_back({.id = record.id, .bm25 = bm25.Score(record.frequencies, record.length)});
    }
    const std::size_t count = std::min(hits.size(), limit);
    std::partial_sort(
        hits.begin(), hits.begin() + static_cast<std::ptrdiff_t>(count), hits.end(), IsBetterHit);
    hits.resize(count);
    return hits;
  }

  Sessions& sessions_;
  const Filter& filter_;
  const Deadline deadline_;
  const std::vector<SearchTerm> terms_;
  TermCounter counter_;
  TextStatistics statistics_;
  std::vector<std::int64_t> counts_;  // Of records that hold each term.
  bool is_complete_ = false;          // Every record that matches is a candidate.
  std::set<RecordId> seen_;
  std::vector<Looked> candidates_;
};

}  // namespace

Result<std::vector<TextHit>> SearchText(
    Sessions& sessions, std::string_view text, const Filter& filter, int limit, Deadline deadline) {
  DS_CHECK(limit > 0 && limit <= limits::kSearchCandidateCountMax);
  return TextSearch(sessions, text, filter, deadline).Run(limit);
}

}  // namespace datastorage::postgres
