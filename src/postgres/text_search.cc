#include "postgres/text_search.h"

#include <algorithm>
#include <set>

#include "base/check.h"
#include "base/limits.h"
#include "postgres/queries.h"
#include "postgres/search_calls.h"
#include "postgres/term_plan.h"
#include "postgres/text_score.h"
#include "postgres/word_sample.h"

namespace datastorage::postgres {
namespace {

// So many phrases are counted, and so many records are read to count one.
constexpr std::size_t kPhraseCountMax = 4;
constexpr int kPhraseLookCountMax = 10'000;
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
      Plan();
      DS_RETURN_IF_ERROR(FetchCandidates());
      if (!plan_.rare.empty() && rare_count_ > kScoredCountMax) {
        // They were rare among the newest records only.
        DS_RETURN_IF_ERROR(CountRare());
        Plan();
        DS_RETURN_IF_ERROR(FetchCandidates());
      }
    }
    if (!is_complete_ && candidates_.size() < static_cast<std::size_t>(limit)) {
      DS_ASSIGN_OR_RETURN(Call any, WordsCall(QueryOfAny(terms_), filter_, limit));
      DS_RETURN_IF_ERROR(Fetch({std::move(any)}));
    }
    return Best(static_cast<std::size_t>(limit));
  }

 private:
  // How many records hold each term.
  Result<void> TakeStock() {
    std::vector<std::string> stems;
    for (const SearchTerm& stem : StemsOf(terms_)) stems.push_back(stem.front());
    std::vector<Call> calls = WordSampleCalls(stems, kSampleCount);
    calls.insert(calls.begin(), ByIndexOnly());
    DS_ASSIGN_OR_RETURN(const std::vector<Rows> rows, sessions_.Read(kDoing, calls, deadline_));
    const WordSample sample = ReadWordSample(std::span(rows).subspan(1));
    if (sample.is_small || sample.looked_at == 0) return TakeNewest();
    statistics_.mean_length = sample.mean_length;
    statistics_.record_count = sample.record_count;
    const double scale = sample.record_count / sample.looked_at;
    std::size_t stem = 0;
    for (const SearchTerm& term : terms_) {
      const auto first = sample.documents.begin() + static_cast<std::ptrdiff_t>(stem);
      const auto last = first + static_cast<std::ptrdiff_t>(term.size());
      counts_.push_back(static_cast<double>(*std::min_element(first, last)) * scale);
      stem += term.size();
    }
    return CountPhrases();
  }

  // Without a count of words, by the newest records that match. In a small store that is all.
  Result<void> TakeNewest() {
    DS_ASSIGN_OR_RETURN(const Call newest, NewestCall(filter_, kSampleCount));
    DS_ASSIGN_OR_RETURN(
        const std::vector<Rows> rows,
        sessions_.Read(
            kDoing, {ByIndexOnly(), newest, {.name = NameOf(Query::kStoreSize)}}, deadline_));
    const Rows& looked_at = rows[1];
    std::int64_t word_count = 0;
    counts_.assign(terms_.size(), 0);
    for (int row = 0; row < looked_at.count(); ++row) {
      Looked record = Look(looked_at, row);
      word_count += record.length;
      for (std::size_t i = 0; i < terms_.size(); ++i) counts_[i] += record.frequencies[i] > 0;
      if (looked_at.Bool(row, 3)) AddCandidate(std::move(record));
    }
    has_newest_ = true;
    is_complete_ = looked_at.count() < kSampleCount;
    const double count = std::max(looked_at.count(), 1);
    // Records without words count as of one word all together.
    statistics_.mean_length = static_cast<double>(std::max<std::int64_t>(word_count, 1)) / count;
    statistics_.record_count = looked_at.count();
    if (is_complete_) return {};
    const auto size = static_cast<double>(rows[2].Integer(0, 0));
    statistics_.record_count = std::max(size, count);
    for (double& held : counts_) held *= statistics_.record_count / count;
    return {};
  }

  // A phrase may be rare although its words are common: of records that hold them, some are read.
  Result<void> CountPhrases() {
    std::vector<std::size_t> phrases;
    std::vector<Call> calls{ByIndexOnly()};
    for (std::size_t i = 0; i < terms_.size() && phrases.size() < kPhraseCountMax; ++i) {
      if (terms_[i].size() == 1 || counts_[i] <= kScoredCountMax) continue;
      Call& call = calls.emplace_back(Call{.name = NameOf(Query::kCountPhrase)});
      call.parameters.Add(std::string_view(QueryOfAll(StemsOf({terms_[i]}))));
      call.parameters.Add(std::string_view(QueryOf(terms_[i]))).Add(kPhraseLookCountMax);
      phrases.push_back(i);
    }
    if (phrases.empty()) return {};
    DS_ASSIGN_OR_RETURN(const std::vector<Rows> rows, sessions_.Read(kDoing, calls, deadline_));
    for (std::size_t i = 0; i < phrases.size(); ++i) {
      const auto looked_at = static_cast<double>(rows[i + 1].Integer(0, 0));
      const auto held = static_cast<double>(rows[i + 1].Integer(0, 1));
      double& count = counts_[phrases[i]];
      // Where there are more records than were read it stays a common one, found among others.
      count = looked_at < kPhraseLookCountMax
                  ? held
                  : std::max<double>(count * held / looked_at, kScoredCountMax + 1);
    }
    return {};
  }

  void Plan() {
    plan_ = PlanTerms(terms_, counts_);
    is_complete_ = plan_.common.empty();
  }

  // All records of the rare terms, and with the same trip what is looked at of the common ones.
  Result<void> FetchCandidates() {
    std::vector<Call> calls{ByIndexOnly()};
    if (!plan_.rare.empty()) {
      const std::string any = QueryOfAny(TermsAt(terms_, plan_.rare));
      DS_ASSIGN_OR_RETURN(Call rare, RareWordsCall(any, filter_, kScoredCountMax + 1));
      calls.push_back(std::move(rare));
    }
    if (!plan_.common.empty()) DS_RETURN_IF_ERROR(AddCommon(calls));
    DS_ASSIGN_OR_RETURN(const std::vector<Rows> results, sessions_.Read(kDoing, calls, deadline_));
    std::size_t next = 1;
    if (!plan_.rare.empty()) TakeRare(results[next++]);
    for (; next < results.size(); ++next) TakeAll(results[next]);
    return {};
  }

  // Their number is exact if all came.
  void TakeRare(const Rows& rows) {
    rare_count_ = rows.count();
    std::vector<double> counts(terms_.size(), 0);
    for (int row = 0; row < rows.count(); ++row) {
      Looked record = Look(rows, row);
      for (const std::size_t term : plan_.rare) counts[term] += record.frequencies[term] > 0;
      if (rows.Bool(row, 3)) AddCandidate(std::move(record));
    }
    if (rare_count_ > kScoredCountMax) return;
    for (const std::size_t term : plan_.rare) counts_[term] = counts[term];
  }

  Result<void> AddCommon(std::vector<Call>& calls) {
    const std::vector<SearchTerm> common = TermsAt(terms_, plan_.common);
    if (!has_newest_) {
      DS_ASSIGN_OR_RETURN(Call newest,
                          NewestMatchesCall(QueryOfAny(common), filter_, kSampleCount));
      calls.push_back(std::move(newest));
      has_newest_ = true;
    }
    if (plan_.together.empty()) return {};
    DS_ASSIGN_OR_RETURN(Call call, TogetherCall(plan_.together, filter_, kTogetherCountMax));
    calls.push_back(std::move(call));
    return {};
  }

  // Exactly, or that there are more than can be read.
  Result<void> CountRare() {
    std::vector<std::string> words;
    words.reserve(plan_.rare.size());
    for (const std::size_t term : plan_.rare) words.push_back(QueryOf(terms_[term]));
    DS_ASSIGN_OR_RETURN(const std::vector<Rows> rows,
                        sessions_.Read(kDoing, {ByIndexOnly(), CountOfWords(words)}, deadline_));
    for (std::size_t i = 0; i < plan_.rare.size(); ++i) {
      counts_[plan_.rare[i]] = static_cast<double>(rows[1].Integer(static_cast<int>(i), 0));
    }
    return {};
  }

  Result<void> Fetch(const std::vector<Call>& calls) {
    std::vector<Call> all{ByIndexOnly()};
    all.insert(all.end(), calls.begin(), calls.end());
    DS_ASSIGN_OR_RETURN(const std::vector<Rows> results, sessions_.Read(kDoing, all, deadline_));
    for (const Rows& rows : results) TakeAll(rows);
    return {};
  }

  void TakeAll(const Rows& rows) {
    for (int row = 0; row < rows.count(); ++row) AddCandidate(Look(rows, row));
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
    TextStatistics statistics = statistics_;
    statistics.term_counts = counts_;
    const double most = *std::max_element(counts_.begin(), counts_.end());
    statistics.record_count = std::max(statistics.record_count, most);
    const Bm25 bm25(statistics);
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
  TextStatistics statistics_;   // Without the counts of the terms.
  std::vector<double> counts_;  // Of records that hold each term, about.
  TermPlan plan_;
  int rare_count_ = 0;        // Records that hold a rare term.
  bool has_newest_ = false;   // The newest records were looked at.
  bool is_complete_ = false;  // Every record that matches is a candidate.
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
