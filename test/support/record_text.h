// Outcomes and records as text, so that tests compare whole answers and show how they differ.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "domain/attempt.h"
#include "domain/query.h"
#include "domain/write.h"
#include "schema/record_json.h"

namespace datastorage {

inline std::string TextOf(const WriteOutcome& outcome) {
  return std::string(NameOf(outcome.status)) + " " + outcome.id.ToString() + " version " +
         std::to_string(outcome.version) + " stamp " + std::to_string(outcome.stamp) +
         " replayed " + std::to_string(outcome.replayed_http_status) +
         (outcome.has_pending ? " pending" : "");
}

inline std::string TextOf(const Record& record) {
  return schema::ToText(schema::RecordToJson(record)) + " stamp " + std::to_string(record.stamp);
}

inline std::string TextOf(const SpacedEmbedding& embedding) {
  return embedding.space + " " + ToHex(embedding.text_hash) + " " +
         std::to_string(embedding.vector[0]);
}

inline std::string TextOf(const ReadOutcome& outcome) {
  switch (outcome.status) {
    case ReadStatus::kNotFound: return "not found";
    case ReadStatus::kErased: return "erased " + outcome.id.ToString();
    case ReadStatus::kFound: break;
  }
  return TextOf(outcome.record) +
         (outcome.embedding.has_value() ? " embedding " + TextOf(*outcome.embedding) : "");
}

inline std::string TextOf(const PendingVector& row) {
  return std::to_string(row.set) + " " + row.id.ToString() + " " + std::to_string(row.stamp) +
         (row.is_intent ? " intent attempts " : " attempts ") + std::to_string(row.attempt_count) +
         " " + std::string(NameOf(row.reason));
}

inline std::string TextOf(const AttemptOutcome& outcome) {
  if (!outcome.is_committed) return "nothing";
  return "version " + std::to_string(outcome.version) + " stamp " + std::to_string(outcome.stamp);
}

inline std::string TextOf(const StoredId& stored) {
  const auto text = [](const std::optional<Stamp>& stamp) {
    return stamp.has_value() ? std::to_string(*stamp) : "-";
  };
  return stored.id.ToString() + " " + text(stored.record_stamp) + (stored.has_text ? " text" : "") +
         (stored.has_embedding ? " embedded " : " ") + text(stored.pending_stamp);
}

inline std::string TextOf(const PendingId& id) {
  return id.id.ToString() + " " + std::to_string(id.stamp);
}

inline std::string TextOf(const PendingTally& tally) {
  return std::to_string(tally.set) + " " + std::string(NameOf(tally.reason)) +
         (tally.is_parked ? " parked " : " ") + std::to_string(tally.count) + " since " +
         std::to_string(tally.oldest.time_since_epoch().count());
}

inline std::string TextOf(const VectorSet& set) {
  return std::to_string(set.id) + " " + set.engine + " " + set.space + " " + set.projection + " " +
         std::string(NameOf(set.pending_rule)) + " " + std::string(NameOf(set.state));
}

inline std::string TextOf(const SimilarHit& hit) {
  return hit.id.ToString() + " " + std::to_string(hit.stamp) + " " + std::to_string(hit.similarity);
}

inline std::string TextOf(const StoredEmbedding& stored) {
  return stored.id.ToString() + " " + std::to_string(stored.stamp) + " " +
         std::to_string(stored.vector[0]) + " " + std::to_string(stored.members.values.size()) +
         " " + std::to_string(stored.members.metadata.size());
}

template <class Item>
std::string TextOf(const std::vector<Item>& items) {
  std::string text;
  for (const Item& item : items) text.append(TextOf(item)).append("\n");
  return text;
}

inline std::string TextOf(const ListPage& page) {
  return TextOf(page.records) + (page.has_more ? "more" : "end") +
         (page.count.has_value() ? " of " + std::to_string(*page.count) : "");
}

inline std::string TextOf(const PendingIdPage& page) {
  return TextOf(page.ids) + (page.is_complete ? "complete" : "cut") + (page.is_live ? " live" : "");
}

inline std::string TextOf(std::int64_t number) {
  return std::to_string(number);
}

template <class Value>
std::string TextOf(const Result<Value>& result) {
  if (!result.has_value()) return std::string(NameOf(result.error().code));
  return TextOf(*result);
}

inline std::string TextOf(const Result<void>& result) {
  return result.has_value() ? "done" : std::string(NameOf(result.error().code));
}

}  // namespace datastorage
