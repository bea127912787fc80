// WaveState: what a commit read, under lock, of the names that a wave of its operations touches.
//
// Threads: none.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/sha256.h"
#include "domain/records.h"
#include "domain/vector_set.h"

namespace datastorage::postgres {

// A natural key: the kind's name and the key.
using HeldName = std::pair<std::string, std::string>;

// The tables of pgvector, where they bear a set's mark.
struct VectorTables {
  std::uint32_t vector_type = 0;  // The server's number of the type.
  bool is_head_full = false;
};

struct ActiveSet {
  VectorSetId id = 0;
  std::string space{};
  PendingRule rule = PendingRule::kEverySet;
  // Writes of records write their vectors too.
  std::optional<VectorTables> tables{};
  // Of pgvector, but the tables are not its own yet: every write leaves a row.
  bool is_unclaimed = false;
};

// What was read under lock.
struct WaveState {
  struct Claim {
    Sha256 request_hash{};
    int http_status = 0;
    RecordId id{};
    std::int64_t version = 0;
    std::optional<Stamp> record_stamp{};
    std::optional<Stamp> intent_stamp{};
  };
  struct Holder {
    RecordId id{};
    std::optional<Stamp> intent_stamp{};
    std::int64_t version = 0;
    Stamp stamp = 0;
    std::optional<Sha256> content_hash{};  // Nothing: there is no such record.
  };
  struct Head {
    std::string kind{};
    std::int64_t version = 0;
    Stamp stamp = 0;
    std::optional<Sha256> text_hash{};
    std::string natural_key{};
  };
  struct Use {
    std::string what{};
    std::int64_t version = 0;
    Stamp stamp = 0;
  };
  struct Intent {
    HeldName name{};
    Stamp stamp = 0;
  };
  struct Pending {
    Stamp stamp = 0;
    std::string state{};
    WallTime due_at{};
    std::int64_t attempt_count = 0;
    std::string reason{};
    WallTime since{};
  };

  std::vector<ActiveSet> sets;          // Not retired.
  std::set<std::string> own_claims;     // Claimed by this wave.
  std::map<std::string, Claim> claims;  // Its own too.
  std::set<HeldName> own_names;
  std::map<HeldName, Holder> holders;
  std::map<Sha256, RecordId> erased_names;
  std::set<RecordId> occupied_ids;  // Of trusted new ones: something stands in their way.
  std::map<RecordId, Use> uses;
  std::map<RecordId, Head> heads;
  std::map<RecordId, Intent> intents;
  std::map<std::pair<RecordId, std::string>, Sha256> embeddings;
  std::map<std::pair<RecordId, VectorSetId>, Pending> pending;
  std::vector<Stamp> stamps;  // Drawn, in the order of their use.
};

}  // namespace datastorage::postgres
