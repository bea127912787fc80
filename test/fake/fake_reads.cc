// The reading half of FakeRecordStore.
#include <algorithm>
#include <cmath>
#include <set>

#include "base/check.h"
#include "fake/fake_record_store.h"
#include "schema/members.h"

namespace datastorage {
namespace {

std::vector<Record> MatchingRecords(const FakeState& state, const Filter& filter) {
  std::vector<Record> matching;
  for (const auto& [id, stored] : state.records) {
    Record record = state.AsRead(stored);
    if (Matches(filter, schema::FilterMembersOf(record))) matching.push_back(std::move(record));
  }
  return matching;
}

// -1: `a` comes first; absent values come last, ties go by id, all in the given direction.
struct ListOrder {
  SortOrder sort;

  int Compare(const std::optional<MemberValue>& a,
              RecordId a_id,
              const std::optional<MemberValue>& b,
              RecordId b_id) const {
    if (a.has_value() != b.has_value()) return a.has_value() ? -1 : 1;
    const int by_value = a.has_value() ? datastorage::Compare(*a, *b) : 0;
    const int by_id = a_id < b_id ? -1 : (b_id < a_id ? 1 : 0);
    const int order = by_value != 0 ? by_value : by_id;
    return sort.is_descending ? -order : order;
  }
  bool operator()(const Record& a, const Record& b) const {
    return Compare(schema::ValueOf(a, sort.member), a.id, schema::ValueOf(b, sort.member), b.id) <
           0;
  }
};

std::vector<std::string> WordsOf(std::string_view text) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    const bool is_upper = c >= 'A' && c <= 'Z';
    const bool is_word = is_upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                         static_cast<unsigned char>(c) >= 0x80;
    if (is_word) {
      words.back().push_back(is_upper ? static_cast<char>(c - 'A' + 'a') : c);
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

std::vector<std::string> SearchedWords(const Record& record) {
  std::vector<std::string> words;
  for (const Member member :
       {Member::kSummary, Member::kRootCause, Member::kRecommendation, Member::kErrorMessage}) {
    const std::optional<MemberValue> text = schema::ValueOf(record, member);
    if (!text.has_value()) continue;
    for (std::string& word : WordsOf(std::get<std::string>(*text))) {
      words.push_back(std::move(word));
    }
  }
  return words;
}

// Okapi BM25 with the usual constants.
double Bm25(const std::set<std::string>& query,
            const std::vector<std::string>& words,
            const std::map<std::string, double>& weights,
            double mean_length) {
  double score = 0;
  for (const std::string& term : query) {
    const auto count = static_cast<double>(std::count(words.begin(), words.end(), term));
    if (count == 0) continue;
    const double length = static_cast<double>(words.size()) / mean_length;
    score += weights.at(term) * count * 2.2 / (count + 1.2 * (0.25 + 0.75 * length));
  }
  return score;
}

}  // namespace

Result<std::vector<ReadOutcome>> FakeRecordStore::Read(std::span<const RecordRef> refs,
                                                       std::string_view space,
                                                       Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const std::shared_ptr<const FakeState> state, Snapshot(deadline));
  std::vector<ReadOutcome> outcomes;
  for (const RecordRef& ref : refs) {
    ReadOutcome& outcome = outcomes.emplace_back();
    RecordId id;
    if (const auto* by_key = std::get_if<NaturalKey>(&ref)) {
      const auto held = state->keys.find({by_key->kind, by_key->key});
      const auto erased = state->erased_keys.find({by_key->kind, by_key->key});
      if (held != state->keys.end()) id = held->second.id;
      if (erased != state->erased_keys.end()) id = erased->second;
    } else {
      id = std::get<RecordId>(ref);
    }
    if (state->erasures.count(id) > 0) {
      outcome.status = ReadStatus::kErased;
      outcome.id = id;
    }
    const auto found = state->records.find(id);
    if (found == state->records.end()) continue;
    outcome.status = ReadStatus::kFound;
    outcome.id = id;
    outcome.record = state->AsRead(found->second);
    if (const auto embedding = state->CurrentEmbedding(id, space)) {
      outcome.embedding = {std::string(space), embedding->text_hash, embedding->vector};
    }
  }
  return outcomes;
}

Result<std::vector<Record>> FakeRecordStore::History(RecordId id, Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const std::shared_ptr<const FakeState> state, Snapshot(deadline));
  std::vector<Record> versions;
  const auto found = state->records.find(id);
  if (found == state->records.end()) {
    if (state->erasures.count(id) > 0) return versions;
    return NotFound("no such record");
  }
  for (const FakeVersion& version : found->second.versions) versions.push_back(version.record);
  std::reverse(versions.begin(), versions.end());
  return versions;
}

Result<ListPage> FakeRecordStore::List(const ListQuery& query, Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const std::shared_ptr<const FakeState> state, Snapshot(deadline));
  std::vector<Record> records = MatchingRecords(*state, query.filter);
  if (query.kind.has_value()) {
    std::erase_if(records,
                  [&](const Record& record) { return KindOf(record.body) != *query.kind; });
  }
  ListPage page;
  if (query.wants_count) page.count = static_cast<std::int64_t>(records.size());
  const ListOrder order{query.sort};
  std::sort(records.begin(), records.end(), order);
  if (query.after.has_value()) {
    std::erase_if(records, [&](const Record& record) {
      return order.Compare(schema::ValueOf(record, query.sort.member),
                           record.id,
                           query.after->value,
                           query.after->id) <= 0;
    });
  }
  const auto skipped = std::min(records.size(), static_cast<std::size_t>(query.offset));
  records.erase(records.begin(), records.begin() + static_cast<std::ptrdiff_t>(skipped));
  page.has_more = records.size() > static_cast<std::size_t>(query.limit);
  if (page.has_more) records.resize(static_cast<std::size_t>(query.limit));
  page.records = std::move(records);
  return page;
}

Result<std::int64_t> FakeRecordStore::Count(const Filter& filter,
                                            std::int64_t cap,
                                            Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const std::shared_ptr<const FakeState> state, Snapshot(deadline));
  return std::min(cap, static_cast<std::int64_t>(MatchingRecords(*state, filter).size()));
}

Result<std::vector<SimilarHit>> FakeRecordStore::ExactNearest(const Embedding& query,
                                                              std::string_view space,
                                                              const Filter& filter,
                                                              int limit,
                                                              Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const std::shared_ptr<const FakeState> state, Snapshot(deadline));
  std::vector<SimilarHit> hits;
  for (const Record& record : MatchingRecords(*state, filter)) {
    const auto embedding = state->CurrentEmbedding(record.id, space);
    if (embedding.has_value()) {
      hits.push_back({record.id, record.stamp, Dot(query, embedding->vector)});
    }
  }
  std::sort(hits.begin(), hits.end(), [](const SimilarHit& a, const SimilarHit& b) {
    return a.similarity != b.similarity ? a.similarity > b.similarity : a.id < b.id;
  });
  if (hits.size() > static_cast<std::size_t>(limit)) hits.resize(static_cast<std::size_t>(limit));
  return hits;
}

Result<std::vector<TextHit>> FakeRecordStore::TextSearch(std::string_view text,
                                                         const Filter& filter,
                                                         int limit,
                                                         Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const std::shared_ptr<const FakeState> state, Snapshot(deadline));
  const std::vector<std::string> asked = WordsOf(text);
  const std::set<std::string> query(asked.begin(), asked.end());
  std::map<std::string, double> weights;
  double word_count = 0;
  for (const Record& record : MatchingRecords(*state, {})) {
    const std::vector<std::string> words = SearchedWords(record);
    word_count += static_cast<double>(words.size());
    for (const std::string& term : query) {
      if (std::find(words.begin(), words.end(), term) != words.end()) weights[term] += 1;
    }
  }
  const auto record_count = static_cast<double>(state->records.size());
  for (auto& [term, weight] : weights) {
    weight = std::max(1e-6, std::log((record_count - weight + 0.5) / (weight + 0.5)));
  }
  std::vector<TextHit> hits;
  for (const Record& record : MatchingRecords(*state, filter)) {
    const double score = Bm25(query, SearchedWords(record), weights, word_count / record_count);
    if (score > 0) hits.push_back({record.id, score});
  }
  std::sort(hits.begin(), hits.end(), [](const TextHit& a, const TextHit& b) {
    return a.bm25 != b.bm25 ? a.bm25 > b.bm25 : a.id < b.id;
  });
  if (hits.size() > static_cast<std::size_t>(limit)) hits.resize(static_cast<std::size_t>(limit));
  return hits;
}

Result<std::vector<StoredEmbedding>> FakeRecordStore::ScanEmbeddings(std::string_view space,
                                                                     RecordId after,
                                                                     int limit,
                                                                     Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const std::shared_ptr<const FakeState> state, Snapshot(deadline));
  std::vector<StoredEmbedding> page;
  for (auto at = state->records.upper_bound(after); at != state->records.end(); ++at) {
    if (page.size() == static_cast<std::size_t>(limit)) break;
    const auto embedding = state->CurrentEmbedding(at->first, space);
    if (!embedding.has_value()) continue;
    StoredEmbedding& stored = page.emplace_back();
    stored.id = at->first;
    stored.stamp = at->second.current().stamp;
    stored.vector = embedding->vector;
    stored.members = schema::FilterMembersOf(at->second.current());
    std::erase_if(stored.members.values,
                  [](const auto& value) { return value.first == Member::kVector; });
  }
  return page;
}

Result<std::vector<StoredId>> FakeRecordStore::ScanIds(VectorSetId set,
                                                       RecordId after,
                                                       int limit,
                                                       Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const std::shared_ptr<const FakeState> state, Snapshot(deadline));
  const auto found = state->sets.find(set);
  const std::string space = found != state->sets.end() ? found->second.space : "";
  std::map<RecordId, StoredId> all;
  for (auto at = state->records.upper_bound(after); at != state->records.end(); ++at) {
    const bool is_embedded =
        found != state->sets.end() && state->CurrentEmbedding(at->first, space).has_value();
    all[at->first] = {.id = at->first,
                      .record_stamp = at->second.current().stamp,
                      .has_text = at->second.text_hash.has_value(),
                      .has_embedding = is_embedded,
                      .pending_stamp = std::nullopt};
  }
  for (auto at = state->pending.upper_bound({set, after});
       at != state->pending.end() && at->first.first == set;
       ++at) {
    StoredId& stored = all[at->first.second];
    stored.id = at->first.second;
    stored.pending_stamp = at->second.stamp;
  }
  std::vector<StoredId> page;
  for (const auto& [id, stored] : all) {
    if (page.size() == static_cast<std::size_t>(limit)) break;
    page.push_back(stored);
  }
  return page;
}

Result<PendingIdPage> FakeRecordStore::PendingIds(VectorSetId set, Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const std::shared_ptr<const FakeState> state, Snapshot(deadline));
  PendingIdPage page;
  const VectorSet* live = state->LiveSet();
  page.is_live = live != nullptr && live->id == set;
  for (const auto& [place, row] : state->pending) {
    if (place.first == set) page.ids.push_back({place.second, row.stamp, row.reason});
  }
  return page;
}

Result<std::vector<PendingTally>> FakeRecordStore::TallyPending(Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const std::shared_ptr<const FakeState> state, Snapshot(deadline));
  std::map<std::tuple<VectorSetId, PendingReason, bool>, PendingTally> tallies;
  for (const auto& [place, row] : state->pending) {
    const bool is_parked = row.state == FakePendingState::kParked;
    auto [tally, is_new] = tallies.try_emplace({place.first, row.reason, is_parked});
    const WallTime oldest = is_new ? row.since : std::min(tally->second.oldest, row.since);
    tally->second = {place.first, row.reason, is_parked, tally->second.count + 1, oldest};
  }
  std::vector<PendingTally> all;
  for (const auto& [key, tally] : tallies) all.push_back(tally);
  return all;
}

Result<std::vector<VectorSet>> FakeRecordStore::Sets(Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const std::shared_ptr<const FakeState> state, Snapshot(deadline));
  std::vector<VectorSet> sets;
  for (const auto& [id, set] : state->sets) sets.push_back(set);
  return sets;
}

Result<std::string> FakeRecordStore::Secret(std::string_view name, Deadline deadline) {
  DS_RETURN_IF_ERROR(Snapshot(deadline));
  const std::lock_guard lock(mutex_);
  const auto [kept, is_new] = secrets_.try_emplace(std::string(name));
  if (is_new) {
    for (int i = 0; i < 2; ++i) {
      const Uuid random = SystemUuidSource().MakeVersion4();
      kept->second.append(random.bytes.begin(), random.bytes.end());
    }
  }
  return kept->second;
}

Result<std::string> FakeRecordStore::Note(std::string_view name, Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const std::shared_ptr<const FakeState> state, Snapshot(deadline));
  const auto found = state->notes.find(name);
  return found == state->notes.end() ? std::string() : found->second;
}

Result<void> FakeRecordStore::KeepNote(std::string_view name,
                                       std::string_view text,
                                       Deadline deadline) {
  return Change(deadline, [name, text](FakeState& state) -> Result<void> {
    state.notes[std::string(name)] = text;
    return {};
  });
}

Result<void> FakeRecordStore::Check(Deadline deadline) {
  DS_RETURN_IF_ERROR(Snapshot(deadline));
  return {};
}

}  // namespace datastorage
