#include "support/random_spans.h"

namespace datastorage {
namespace {

Sha256 HashOf(std::string_view what, std::size_t number) {
  return Sha256Of({what, std::to_string(number)});
}

RecordId IdOf(const WriteOp& operation) {
  return std::visit([](const auto& of_type) { return of_type.id; }, operation);
}

}  // namespace

RandomSpans::RandomSpans(std::uint64_t seed, std::size_t id_count) : random_(seed) {
  for (std::size_t i = 0; i < id_count; ++i) ids_.push_back(random_.Id());
}

const std::vector<std::string>& RandomSpans::Spaces() {
  static const std::vector<std::string> spaces{"small/t1", "large/t1"};
  return spaces;
}

// An id always stands for one kind and key, and some ids share their key.
NaturalKey RandomSpans::KeyOf(std::size_t index) const {
  const std::size_t key = index % (ids_.size() * 5 / 8);
  return {static_cast<RecordKind>(key % kRecordKindCount), "key-" + std::to_string(key)};
}

Embedding RandomSpans::Vector() {
  Embedding vector{};
  for (float& component : vector) component = static_cast<float>(random_.Below(1'000)) - 500.0F;
  vector[0] += 0.5F;
  Normalize(vector);
  return vector;
}

std::optional<IdempotencyClaim> RandomSpans::Claim() {
  if (random_.Chance(50)) return std::nullopt;
  return IdempotencyClaim{"claim-" + std::to_string(random_.Below(8)),
                          HashOf("request", random_.Below(2))};
}

VectorSet RandomSpans::Set() {
  return {.engine = "scan",
          .space = Spaces()[random_.Below(Spaces().size())],
          .projection = random_.Chance(20) ? "p1" : "",
          .pending_rule =
              random_.Chance(50) ? PendingRule::kWhereEmbeddingIsMissing : PendingRule::kEverySet,
          .state = static_cast<VectorSetState>(random_.Below(3))};
}

PendingReason RandomSpans::Reason() {
  return static_cast<PendingReason>(random_.Below(kPendingReasonCount));
}

void RandomSpans::FillText(std::optional<Sha256>& text_hash,
                           std::vector<SpacedEmbedding>& embeddings) {
  const std::size_t text = random_.Below(4);
  if (text == 0) return;
  text_hash = HashOf("text", text);
  for (const std::string& space : Spaces()) {
    if (random_.Chance(40)) embeddings.push_back({space, *text_hash, Vector()});
  }
}

BeginIntentOp RandomSpans::Intent(std::size_t index, WallTime now) {
  const NaturalKey key = KeyOf(index);
  return {.id = ids_[index],
          .kind = key.kind,
          .natural_key = key.key,
          .content_hash = HashOf("content", random_.Below(2)),
          .claim = Claim(),
          .now = now,
          .lease_until = now + std::chrono::minutes(random_.Below(90))};
}

CreateOp RandomSpans::Create(std::size_t index, WallTime now) {
  const NaturalKey key = KeyOf(index);
  CreateOp create;
  create.id = ids_[index];
  create.attempt = random_.Id();
  create.body = random_.Body(key.kind, key.key);
  create.content_hash = HashOf("content", random_.Below(2));
  create.now = now;
  create.claim = Claim();
  FillText(create.text_hash, create.embeddings);
  create.pending_reason = Reason();
  const auto intent = intents_.find(create.id);
  if (intent != intents_.end() && random_.Chance(70)) create.consumes_intent = intent->second;
  if (random_.Chance(2)) create.consumes_intent = static_cast<Stamp>(random_.Below(50));
  return create;
}

UpdateOp RandomSpans::Update(std::size_t index, WallTime now) {
  const NaturalKey key = KeyOf(index);
  UpdateOp update;
  update.id = ids_[index];
  update.attempt = random_.Id();
  update.expected_version = versions_[update.id];
  if (random_.Chance(15)) ++update.expected_version;
  update.body = random_.Body(key.kind, key.key);
  update.claims_only = random_.Chance(20);
  update.now = now;
  update.claim = Claim();
  FillText(update.text_hash, update.embeddings);
  update.pending_reason = Reason();
  return update;
}

WriteOp RandomSpans::Any(WallTime now) {
  const std::size_t index = random_.Below(ids_.size());
  const RecordId id = ids_[index];
  const std::size_t form = random_.Below(100);
  if (form < 10) return Intent(index, now);
  if (form < 40) return Create(index, now);
  if (form < 65) return Update(index, now);
  if (form < 68) return EraseOp{id, random_.Id(), now, "operator", "asked to"};
  if (form < 74) {
    const auto intent = intents_.find(id);
    return AbortIntentOp{id, intent != intents_.end() ? intent->second : Stamp{1}};
  }
  if (form < 90) {
    return StoreEmbeddingOp{
        id,
        {Spaces()[random_.Below(Spaces().size())], HashOf("text", 1 + random_.Below(3)), Vector()}};
  }
  return EnqueuePendingOp{
      static_cast<VectorSetId>(random_.Below(4)), id, Reason(), random_.Chance(30)};
}

std::vector<WriteOp> RandomSpans::Next(WallTime now) {
  std::vector<WriteOp> operations;
  for (std::size_t count = 1 + random_.Below(6); count > 0; --count) {
    operations.push_back(Any(now));
  }
  return operations;
}

void RandomSpans::Learn(const std::vector<WriteOp>& operations,
                        const std::vector<WriteOutcome>& outcomes) {
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const WriteOutcome& outcome = outcomes[i];
    if (outcome.status == WriteStatus::kIntentBegun) intents_[outcome.id] = outcome.stamp;
    if (outcome.status == WriteStatus::kStale || outcome.status == WriteStatus::kUpdated ||
        outcome.status == WriteStatus::kCreated) {
      versions_[IdOf(operations[i])] = outcome.version;
    }
  }
}

}  // namespace datastorage
