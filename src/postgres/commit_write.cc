// The statements that write what a wave changes.
#include <algorithm>
#include <bit>

#include "base/check.h"
#include "base/limits.h"
#include "postgres/commit_wave.h"
#include "postgres/natural_key_hash.h"
#include "postgres/queries.h"

namespace datastorage::postgres {
namespace {

static_assert(std::endian::native == std::endian::little, "embeddings are stored little-endian");

std::span<const std::uint8_t> BytesOf(const Embedding& embedding) {
  return {reinterpret_cast<const std::uint8_t*>(embedding.data()), sizeof(Embedding)};
}

void AddOptional(ArrayValue& array, const std::optional<Stamp>& value) {
  if (value.has_value()) {
    array.Add(std::int64_t{*value});
  } else {
    array.AddNull();
  }
}

class Writer {
 public:
  std::vector<Call> Take() { return std::move(calls_); }

  Parameters& Add(Query query) {
    return calls_.emplace_back(Call{.name = NameOf(query)}).parameters;
  }

  void AddIds(Query query, const std::vector<RecordId>& ids) {
    if (ids.empty()) return;
    ArrayValue values(ElementType::kUuid);
    for (const RecordId& id : ids) values.Add(id);
    Add(query).Add(values);
  }

  void AddNames(const WaveChanges& changes) {
    if (!changes.freed_names.empty()) {
      ArrayValue kinds(ElementType::kText), keys(ElementType::kText);
      for (const auto& [kind, key] : changes.freed_names) {
        kinds.Add(std::string_view(kind));
        keys.Add(std::string_view(key));
      }
      Add(Query::kFreeNaturalKeys).Add(kinds).Add(keys);
    }
    if (changes.finished_names.empty()) return;
    ArrayValue kinds(ElementType::kText), keys(ElementType::kText), stamps(ElementType::kBigint);
    for (const auto& [name, stamp] : changes.finished_names) {
      kinds.Add(std::string_view(name.first));
      keys.Add(std::string_view(name.second));
      AddOptional(stamps, stamp);
    }
    Add(Query::kFinishNaturalKeys).Add(kinds).Add(keys).Add(stamps);
  }

  void AddClaims(const WaveChanges& changes) {
    if (!changes.freed_claims.empty()) {
      ArrayValue keys(ElementType::kText);
      for (const std::string& key : changes.freed_claims) keys.Add(std::string_view(key));
      Add(Query::kFreeIdempotencyKeys).Add(keys);
    }
    if (!changes.adopted_claims.empty()) {
      ArrayValue keys(ElementType::kText), ids(ElementType::kUuid), versions(ElementType::kBigint);
      for (const WaveChanges::Adoption& adoption : changes.adopted_claims) {
        keys.Add(std::string_view(adoption.key));
        ids.Add(adoption.id);
        versions.Add(adoption.version);
      }
      Add(Query::kAdoptIdempotencyKeys).Add(keys).Add(ids).Add(versions);
    }
    AddIds(Query::kFinishIntentClaims, changes.finished_intents);
    AddIds(Query::kFreeIntentClaims, changes.aborted_intents);
    if (changes.last_claim.has_value()) {
      Add(Query::kPurgeIdempotencyKeys)
          .Add(*changes.last_claim - limits::kIdempotencyKeyLifetime)
          .Add(limits::kIdempotencyPurgeCountMax);
    }
  }

  void AddRecords(WaveChanges& changes) {
    for (Call& call : changes.inserted.TakeCalls()) calls_.push_back(std::move(call));
    if (!changes.updated.empty()) {
      calls_.push_back({NameOf(Query::kKeepRecordVersions), changes.updated.Ids()});
      calls_.push_back({NameOf(Query::kUpdateRecords), changes.updated.ForUpdate()});
    }
    if (changes.raised.empty()) return;
    ArrayValue ids(ElementType::kUuid), stamps(ElementType::kBigint);
    for (const auto& [id, stamp] : changes.raised) {
      ids.Add(id);
      stamps.Add(std::int64_t{stamp});
    }
    Add(Query::kRaiseRecordStamps).Add(ids).Add(stamps);
  }

  void AddEmbeddings(const WaveChanges& changes) {
    if (!changes.changed_texts.empty()) {
      ArrayValue ids(ElementType::kUuid), hashes(ElementType::kBytea);
      for (const auto& [id, text_hash] : changes.changed_texts) {
        ids.Add(id);
        hashes.Add(text_hash);
      }
      Add(Query::kDropStaleEmbeddings).Add(ids).Add(hashes);
    }
    if (!changes.dropped_embeddings.empty()) {
      ArrayValue ids(ElementType::kUuid), spaces(ElementType::kText);
      for (const auto& [id, space] : changes.dropped_embeddings) {
        ids.Add(id);
        spaces.Add(std::string_view(space));
      }
      Add(Query::kDropEmbeddings).Add(ids).Add(spaces);
    }
    // As NewRecordColumns: the server walks along the arrays.
    constexpr std::size_t kRowCountMax = 64;
    const std::span<const WaveChanges::NewEmbedding> embeddings = changes.embeddings;
    for (std::size_t from = 0; from < embeddings.size(); from += kRowCountMax) {
      InsertEmbeddings(embeddings.subspan(from, std::min(kRowCountMax, embeddings.size() - from)));
    }
  }

  void InsertEmbeddings(std::span<const WaveChanges::NewEmbedding> embeddings) {
    ArrayValue ids(ElementType::kUuid), spaces(ElementType::kText), stamps(ElementType::kBigint),
        hashes(ElementType::kBytea), vectors(ElementType::kBytea);
    for (const WaveChanges::NewEmbedding& each : embeddings) {
      ids.Add(each.id);
      spaces.Add(std::string_view(each.embedding->space));
      stamps.Add(std::int64_t{each.stamp});
      hashes.Add(std::optional<Sha256>(each.embedding->text_hash));
      vectors.Add(BytesOf(each.embedding->vector));
    }
    Add(Query::kInsertEmbeddings).Add(ids).Add(spaces).Add(stamps).Add(hashes).Add(vectors);
  }

  void AddPoints(const WaveChanges& changes, const WaveState& state, VectorWriteMode mode) {
    if (!WritesPoints(changes)) return;
    const auto set = std::find_if(state.sets.begin(), state.sets.end(), [](const ActiveSet& each) {
      return each.tables.has_value();
    });
    DS_CHECK(set != state.sets.end());
    PointWrites::Target target{.set = set->id, .vector_type = set->tables->vector_type};
    target.writes_body = set->tables->is_head_full || mode == VectorWriteMode::kInline;
    target.is_prepared = true;
    PointWrites points(target);
    for (const WaveChanges::Point& each : changes.points) {
      points.Add(each.id, each.stamp, each.vector, each.is_new);
    }
    for (Call& call : points.Take()) calls_.push_back(std::move(call));
    if (changes.raised_points.empty()) return;
    ArrayValue ids(ElementType::kUuid), stamps(ElementType::kBigint);
    for (const auto& [id, stamp] : changes.raised_points) {
      ids.Add(id);
      stamps.Add(std::int64_t{stamp});
    }
    calls_.push_back({.name = NameOf(VectorQuery::kRaisePoints)});
    calls_.back().parameters.Add(ids).Add(stamps);
  }

  void AddPending(const WaveChanges& changes, const WaveState& state) {
    if (!changes.dropped_pending.empty()) {
      ArrayValue sets(ElementType::kBigint), ids(ElementType::kUuid);
      for (const auto& [id, set] : changes.dropped_pending) {
        sets.Add(std::int64_t{set});
        ids.Add(id);
      }
      Add(Query::kDropPending).Add(sets).Add(ids);
    }
    if (changes.put_pending.empty()) return;
    ArrayValue sets(ElementType::kBigint), ids(ElementType::kUuid), stamps(ElementType::kBigint),
        states(ElementType::kText), dues(ElementType::kTimestamptz), counts(ElementType::kBigint),
        reasons(ElementType::kText), sinces(ElementType::kTimestamptz);
    for (const auto& place : changes.put_pending) {
      const WaveState::Pending& row = state.pending.at(place);
      sets.Add(std::int64_t{place.second});
      ids.Add(place.first);
      stamps.Add(std::int64_t{row.stamp});
      states.Add(std::string_view(row.state));
      dues.Add(row.due_at);
      counts.Add(row.attempt_count);
      reasons.Add(std::string_view(row.reason));
      sinces.Add(row.since);
    }
    Add(Query::kPutPending)
        .Add(sets)
        .Add(ids)
        .Add(stamps)
        .Add(states)
        .Add(dues)
        .Add(counts)
        .Add(reasons)
        .Add(sinces);
  }

  void AddErasures(const std::vector<WaveChanges::Erasure>& erasures) {
    if (erasures.empty()) return;
    ArrayValue ids(ElementType::kUuid), kinds(ElementType::kText), versions(ElementType::kBigint),
        stamps(ElementType::kBigint), attempts(ElementType::kUuid),
        times(ElementType::kTimestamptz), actors(ElementType::kText), whys(ElementType::kText),
        hashes(ElementType::kBytea);
    for (const auto& [operation, head, stamp] : erasures) {
      ids.Add(operation->id);
      kinds.Add(std::string_view(head.kind));
      versions.Add(head.version);
      stamps.Add(std::int64_t{stamp});
      attempts.Add(operation->attempt);
      times.Add(operation->now);
      actors.Add(std::string_view(operation->actor));
      whys.Add(std::string_view(operation->why));
      hashes.Add(std::optional<Sha256>(NaturalKeyHash(head.kind, head.natural_key)));
    }
    Add(Query::kNoteErasures)
        .Add(ids)
        .Add(kinds)
        .Add(versions)
        .Add(stamps)
        .Add(attempts)
        .Add(times)
        .Add(actors)
        .Add(whys);
    Add(Query::kKeepErasedKeys).Add(hashes).Add(ids);
    Add(Query::kEraseContent).Add(ids);
  }

 private:
  std::vector<Call> calls_;
};

}  // namespace

bool WritesPoints(const WaveChanges& changes) {
  return !changes.points.empty() || !changes.raised_points.empty();
}

std::vector<Call> WriteCalls(WaveChanges& changes, const WaveState& state, VectorWriteMode mode) {
  Writer writer;
  writer.AddNames(changes);
  writer.AddRecords(changes);
  writer.AddErasures(changes.erasures);
  writer.AddEmbeddings(changes);
  writer.AddPoints(changes, state, mode);
  writer.AddPending(changes, state);
  writer.AddClaims(changes);
  return writer.Take();
}

}  // namespace datastorage::postgres
