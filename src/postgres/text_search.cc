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

// So many phrases are counted; for each so many records are read, and so many hits kept.
constexpr std::size_t kPhraseCountMax = 4;
constexpr PhraseLook kPhraseLook{.looked_at_max = 10'000, .limit = 256};
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
        // They were rare by the last count of words only.
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
    has_newest_.assign(terms_.size(), true);
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
    const std::vector<std::size_t> phrases = PhrasesToCount(terms_, counts_, kPhraseCountMax);
    if (phrases.empty()) return {};
    std::vector<Call> calls{ByIndexOnly()};
    for (const std::size_t phrase : phrases) {
      const std::string words = QueryOfAll(StemsOf({terms_[phrase]}));
      DS_ASSIGN_OR_RETURN(Call call,
                          PhraseCall(words, QueryOf(terms_[phrase]), filter_, kPhraseLook));
      calls.push_back(std::move(call));
    }
    DS_ASSIGN_OR_RETURN(const std::vector<Rows> rows, sessions_.Read(kDoing, calls, deadline_));
    for (std::size_t i = 0; i < phrases.size(); ++i) TakePhrase(phrases[i], rows[i + 1]);
    return {};
  }

  void TakePhrase(std::size_t phrase, const Rows& rows) {
    const double word_count = counts_[phrase];
    const auto looked_at = static_cast<double>(rows.Integer(0, 3));
    double count = static_cast<double>(rows.Integer(0, 4));
    const bool is_whole = looked_at < kPhraseLook.looked_at_max;
    // Of as many records as hold its rarest word, at most.
    if (!is_whole) count = std::max(count, 1.0) * std::max(word_count / looked_at, 1.0);
    for (std::size_t term = 0; term < terms_.size(); ++term) {
      if (terms_[term] != terms_[phrase]) continue;
      counts_[term] = count;
      if (!is_whole || count > kScoredCountMax) word_counts_[term] = word_count;
    }
    if (!rows.IsNull(0, 0)) TakeAll(rows);
  }

  void Plan() {
    std::vector<double> counts = counts_;
    for (std::size_t term = 0; term < terms_.size(); ++term) {
      counts[term] = std::max(counts[term], word_counts_[term]);
    }
    plan_ = PlanTerms(terms_, counts);
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
    if (rare_count_ > kScoredCountMax) {
      is_complete_ = false;
      return;
    }
    for (const std::size_t term : plan_.rare) counts_[term] = counts[term];
  }

  Result<void> AddCommon(std::vector<Call>& calls) {
    std::vector<std::size_t> unseen;
    for (const std::size_t term : plan_.common) {
      if (!has_newest_[term]) unseen.push_back(term);
      has_newest_[term] = true;
    }
    if (!unseen.empty()) {
      const std::string any = QueryOfAny(TermsAt(terms_, unseen));
      DS_ASSIGN_OR_RETURN(Call newest, NewestMatchesCall(any, filter_, kSampleCount));
      calls.push_back(std::move(newest));
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
  bool is_complete_ = false;  // Every record that matches is a candidate.
  // Of each term, whether the newest records that hold it are candidates; and of a phrase which
  // too many records may hold, how many hold its rarest word: what the index goes along for it.
  std::vector<bool> has_newest_ = std::vector<bool>(terms_.size());
  std::vector<double> word_counts_ = std::vector<double>(terms_.size());
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
