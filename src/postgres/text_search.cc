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
  TextSearch(Sessions& sessions,
             TextSamples& samples,
             const TextQuestion& question,
             Deadline deadline)
      : sessions_(sessions),
        samples_(samples),
        filter_(question.filter),
        deadline_(deadline),
        terms_(SearchTermsOf(question.text)),
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
    std::shared_ptr<const TextSample> sample = samples_.Current();
    std::vector<std::size_t> counted;  // Terms that are not known to be common.
    std::vector<std::string> words;
    for (std::size_t i = 0; i < terms_.size(); ++i) {
      if (sample != nullptr && sample->IsSurelyOver(terms_[i], kScoredCountMax)) continue;
      counted.push_back(i);
      words.push_back(QueryOf(terms_[i]));
    }
    const int newest_count = sample == nullptr ? kSampleCount : kNewestCount;
    DS_ASSIGN_OR_RETURN(const Call newest, NewestCall(filter_, newest_count));
    DS_ASSIGN_OR_RETURN(
        const std::vector<Rows> rows,
        sessions_.Read(
            kDoing,
            {ByIndexOnly(), newest, {.name = NameOf(Query::kStoreSize)}, CountOfWords(words)},
            deadline_));
    const Rows& records = rows[1];
    counts_.assign(terms_.size(), 0);
    for (int row = 0; row < records.count(); ++row) {
      Looked record = Look(records, row);
      for (std::size_t i = 0; i < terms_.size(); ++i) counts_[i] += record.frequencies[i] > 0;
      if (records.Bool(row, 3)) AddCandidate(std::move(record));
    }
    const std::int64_t store_size = rows[2].Integer(0, 0);
    if (sample == nullptr) {
      sample = SampleOf(records, store_size);
      is_complete_ = records.count() < kSampleCount;
      if (!is_complete_) samples_.Keep(sample);
    }
    statistics_.record_count = records.count();
    statistics_.mean_length = sample->MeanLength();
    if (!is_complete_) Extrapolate(*sample, store_size, counted, rows[3]);
    statistics_.term_counts.assign(counts_.begin(), counts_.end());
    return {};
  }

  static std::shared_ptr<const TextSample> SampleOf(const Rows& records, std::int64_t store_size) {
    auto sample = std::make_shared<TextSample>();
    for (int row = 0; row < records.count(); ++row) {
      const bool has_words = !records.IsNull(row, 2);
      sample->Add(records.Integer(row, 1),
                  has_words ? records.Bytes(row, 2) : std::span<const std::uint8_t>());
    }
    sample->Finish(store_size);
    return sample;
  }

  // From what is known of the newest records to counts in the store. `held`: of the terms that were
  // counted.
  void Extrapolate(const TextSample& sample,
                   std::int64_t store_size,
                   const std::vector<std::size_t>& counted,
                   const Rows& held) {
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      counts_[i] = std::max(counts_[i], sample.EstimateOf(terms_[i], store_size));
    }
    for (std::size_t i = 0; i < counted.size(); ++i) {
      const std::int64_t count = held.Integer(static_cast<int>(i), 0);
      std::int64_t& known = counts_[counted[i]];
      known = count <= kScoredCountMax ? count : std::max(count, known);
    }
    const std::int64_t most = *std::max_element(counts_.begin(), counts_.end());
    statistics_.record_count =
        std::max({static_cast<double>(store_size), statistics_.record_count, double(most)});
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
  TextSamples& samples_;
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

Result<std::vector<TextHit>> SearchText(Sessions& sessions,
                                        TextSamples& samples,
                                        const TextQuestion& question,
                                        Deadline deadline) {
  DS_CHECK(question.limit > 0 && question.limit <= limits::kSearchCandidateCountMax);
  return TextSearch(sessions, samples, question, deadline).Run(question.limit);
}

}  // namespace datastorage::postgres
