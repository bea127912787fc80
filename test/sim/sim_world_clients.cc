// What the clients of a simulated history do, and what they check of the answers.
#include "base/limits.h"
#include "schema/record_json.h"
#include "schema/validate.h"
#include "sim/sim_world.h"

namespace datastorage {
namespace {

using namespace std::chrono_literals;

Remediation BodyOf(const std::string& key, const std::string& summary) {
  Remediation body;
  body.name = "restart";
  body.namespace_ = "shop";
  body.phase = "processing";
  body.action_type = "restart_pod";
  body.status = "running";
  body.start_time = WallTime(std::chrono::seconds(1'700'000'000));
  body.remediation_request_id = key;
  body.summary = summary;
  return body;
}

CreateRequest RequestFor(RecordBody body, WriteMode mode) {
  CreateRequest request;
  request.body = std::move(body);
  const std::string& key = NaturalKeyOf(request.body);
  request.content_hash = Sha256Of({"content", key});
  request.mode = mode;
  return request;
}

std::string SummaryOf(const Record& record) {
  return std::get<Remediation>(record.body).summary.value_or("");
}

bool IsUnknown(const Error& error) {
  return error.code == ErrorCode::kOutcomeUnknown;
}

}  // namespace

void SimWorld::RunClient(int number) {
  SimRandom random = runtime_.random().Fork();
  std::vector<std::string> own;
  for (int i = 0; i < options_.plan.operation_count; ++i) {
    runtime_.Sleep(random.SomeTime(5s));
    const std::size_t choice = random.Below(10);
    if (own.empty() || choice < 4) {
      const std::string key = "k" + std::to_string(number) + "x" + std::to_string(++key_count_);
      own.push_back(key);
      known_[key].key = key;
      CreateOne(known_[key], random);
      continue;
    }
    Known& known = known_[own[random.Below(own.size())]];
    if (choice < 6) {
      PatchOne(known, random);
    } else if (choice == 6) {
      EraseOne(known, random);
    } else {
      SearchFor(known, random);
    }
  }
}

void SimWorld::CreateOne(Known& known, SimRandom& random) {
  const bool is_strict = random.Chance(400);
  const SimPart part = is_strict ? SimPart::kStrictCreations : SimPart::kDefaultCreations;
  if (!options_.plan.Has(part)) return;
  CreateRequest request = RequestFor(BodyOf(known.key, "failure of " + known.key + " first"),
                                     is_strict ? WriteMode::kStrict : WriteMode::kDefault);
  if (random.Chance(300)) {
    request.claim = IdempotencyClaim{"claim " + known.key, Sha256Of({"request", known.key})};
  }
  const Duration budget = random.Chance(200) ? random.SomeTime(2s) : Duration(30s);
  ++tally_.create_count;
  std::optional<Result<WriteReply>> reply;
  const bool is_done =
      Ask(AnyReplica(random), is_strict ? "strict" : "create", [&](SimReplica::Engine& engine) {
        reply = engine.writes.Create(request, Deadline::In(budget, runtime_));
        Tell(engine, std::nullopt, *reply);
        if (reply->has_value()) CheckSynced(**reply);
      });
  if (!is_done || (!reply->has_value() && IsUnknown(reply->error()))) {
    known.is_unsure = true;
    return;
  }
  if (!reply->has_value()) {
    if (is_strict) ++tally_.strict_refused_count;
    // I8, and the same of a default creation that says that nothing was stored.
    refused_keys_.insert(known.key);
    known_.erase(known.key + " ");
    known.is_unsure = true;
    return;
  }
  if ((*reply)->status != ReplyStatus::kCreated) {
    Fail("I7", "a new key was answered with status " + std::to_string(int((*reply)->status)));
    return;
  }
  ++tally_.acknowledged_count;
  known.record = (*reply)->record;
  const Record& record = *known.record;
  known.was_embedded = record.vector == VectorState::kSynced ||
                       record.vector_reason == PendingReason::kVectorStoreUnavailable ||
                       record.vector_reason == PendingReason::kVectorStoreBusy;
}

void SimWorld::PatchOne(Known& known, SimRandom& random) {
  if (!options_.plan.Has(SimPart::kPatches)) return;
  if (!known.record.has_value() || known.is_unsure || known.is_erased) return;
  SendPatch(known, random, false);
}

// `meets_erasure`: another client erases the record meanwhile, so it may be gone.
void SimWorld::SendPatch(Known& known, SimRandom& random, bool meets_erasure) {
  const std::string summary =
      "failure of " + known.key + " version" + std::to_string(known.record->version + 1);
  PatchRequest request;
  request.ref = known.record->id;
  request.patch = *schema::ParseJson(R"({"summary":")" + summary + R"("})");
  request.if_match_version = known.record->version;
  std::optional<Result<WriteReply>> reply;
  ++tally_.patch_count;
  const Duration budget = random.Chance(200) ? random.SomeTime(2s) : Duration(30s);
  const bool is_done = Ask(AnyReplica(random), "patch", [&](SimReplica::Engine& engine) {
    reply = engine.writes.Patch(request, Deadline::In(budget, runtime_));
    Tell(engine, known.record->id, *reply);
    if (reply->has_value()) CheckSynced(**reply);
  });
  if (!is_done || (!reply->has_value() && IsUnknown(reply->error()))) {
    known.is_unsure = true;
    return;
  }
  if (!reply->has_value()) return;  // Nothing was changed: CheckEnd holds it to that.
  if (meets_erasure && (*reply)->status != ReplyStatus::kUpdated) return;
  if ((*reply)->status != ReplyStatus::kUpdated) {
    Fail("update",
         "a patch of the current version was answered with status " +
             std::to_string(int((*reply)->status)));
    return;
  }
  known.record = (*reply)->record;
  known.was_embedded = known.record->vector == VectorState::kSynced;
}

void SimWorld::EraseOne(Known& known, SimRandom& random) {
  if (!options_.plan.Has(SimPart::kErasures)) return;
  if (!known.record.has_value() || known.is_unsure || known.is_erased) return;
  ++tally_.erase_count;
  std::unique_ptr<Task> rival;
  if (options_.plan.Has(SimPart::kPatches) && random.Chance(400)) {
    rival = runtime_.Spawn(
        "rival", [this, &known, own = random.Fork()]() mutable { SendPatch(known, own, true); });
  }
  std::optional<Result<CommittedWrite>> reply;
  const bool is_done = Ask(AnyReplica(random), "erase", [&](SimReplica::Engine& engine) {
    const EraseOp erase{
        known.record->id, engine.ids->MakeVersion4(), runtime_.WallNow(), "client", "simulated"};
    reply = engine.writer.Erase(erase, Deadline::In(30s, runtime_));
    WriteReply erased;
    erased.status = ReplyStatus::kUpdated;
    Tell(engine, erase.id, reply->has_value() ? Result<WriteReply>(erased) : reply->error());
  });
  if (rival != nullptr) rival->Join();
  if (!is_done || (!reply->has_value() && IsUnknown(reply->error()))) {
    known.is_unsure = true;
  } else if (reply->has_value()) {
    known.is_erased = true;
  }
}

void SimWorld::SearchFor(const Known& known, SimRandom& random) {
  if (!options_.plan.Has(SimPart::kSearches)) return;
  ++tally_.search_count;
  const bool must_be_found =
      known.record.has_value() && !known.is_unsure && !known.is_erased && !is_tampered_;
  const int loss_count = loss_count_;
  const bool is_semantic = random.Chance(500);
  SearchRequest request;
  request.text = known.record.has_value() ? SummaryOf(*known.record) : "failure of nothing";
  request.mode = is_semantic ? SearchMode::kSemantic : SearchMode::kHybrid;
  request.limit = 50;
  std::optional<Result<SearchReply>> reply;
  const WallTime begin = runtime_.WallNow();
  const bool is_done = Ask(AnyReplica(random), "search", [&](SimReplica::Engine& engine) {
    if (!engine.sets.unapplied().Ids().empty()) ++tally_.search_unapplied_count;
    if (!inner_.State()->pending.empty()) ++tally_.search_pending_count;
    reply = engine.searches.Search(request, Deadline::In(30s, runtime_));
  });
  if (!is_done || !reply->has_value()) return;
  const SearchReply& answer = **reply;
  bool is_by_text = !is_semantic;
  bool is_by_meaning = known.was_embedded;
  for (const Degradation& degradation : answer.degraded) {
    if (degradation.code == DegradedCode::kTextUnavailable) is_by_text = false;
    if (degradation.code == DegradedCode::kEmbedderUnavailable) {
      is_by_meaning = false;
      is_by_text = true;
    }
    if (degradation.code == DegradedCode::kIndexUnavailable) ++tally_.search_exact_count;
  }
  if (!answer.degraded.empty()) ++tally_.search_degraded_count;
  CheckAnswer(answer, begin);
  // A loss of the index that was mended while the search was at work counts as well.
  if (!must_be_found || loss_count != loss_count_ || (!is_by_text && !is_by_meaning)) return;
  ++tally_.found_check_count;
  for (const SearchHit& hit : answer.hits) {
    if (hit.record.id == known.record->id) return;
  }
  Fail("I6",
       std::string("an acknowledged record is not found by ") +
           (is_semantic ? "meaning" : "words") + ": " + known.key + " version " +
           std::to_string(known.record->version));
}

}  // namespace datastorage
