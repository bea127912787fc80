// Client: the C++ library for a running service. Records travel as JSON text, so that a new member
// needs no new client.
//
// Threads: a Client may be used concurrently.
// Retries: answers 503 and 429 and refused connections are tried again while the timeout lasts,
//          after what Retry-After says. Every write carries an Idempotency-Key (made when the
//          caller gives none) that is the same in each try, so that none happens twice.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/result.h"

namespace datastorage::client {

struct ClientOptions {
  std::string server = "http://127.0.0.1:8080";
  std::chrono::milliseconds timeout{30'000};  // Of one call with all its retries.
  int attempt_count_max = 8;
  std::size_t connection_count_max = 8;
};

struct WriteOptions {
  std::string idempotency_key;  // Empty: one is made.
  bool is_strict = false;       // Wait until the vector is searchable too.
};

struct StoredRecord {
  std::string json;  // The record as answered.
  std::string etag;
  bool is_new = false;       // False: an equal record was there already.
  bool is_replayed = false;  // The answer of an earlier request with the same key.
};

// Query parameters in order; a name may be repeated for "any of".
using Parameters = std::vector<std::pair<std::string, std::string>>;

struct Page {
  std::string json;                // The whole answer.
  std::vector<std::string> items;  // Its records.
  std::string next_cursor;         // Empty on the last page.
};

// Of one line of a batch.
struct ItemResult {
  std::size_t index = 0;  // From 0, in the order sent.
  int status = 0;         // 201 stored, 200 existing, else see `error`.
  std::string id;
  std::optional<Error> error;
};

struct Health {
  bool is_ready = false;
  std::string json;
};

class Client {
 public:
  explicit Client(ClientOptions options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // `kind` is "remediation", "aianalysis", "workflow" or "execution"; `id` is a record's id, or
  // "key:" and its natural key.
  Result<StoredRecord> Create(std::string_view kind,
                              std::string_view record_json,
                              const WriteOptions& options = {});
  Result<StoredRecord> Get(std::string_view kind, std::string_view id);
  // Applies a JSON Merge Patch to the version that `etag` names (an ETag or a bare version number).
  Result<StoredRecord> Patch(std::string_view kind,
                             std::string_view id,
                             std::string_view etag,
                             std::string_view patch_json,
                             const WriteOptions& options = {});
  Result<Page> List(std::string_view kind, const Parameters& parameters);
  Result<Page> History(std::string_view kind, std::string_view id);
  // The answers of these have `hits[]`; the JSON text of the answer is returned.
  Result<std::string> Search(const Parameters& parameters);
  Result<std::string> Similar(std::string_view kind,
                              std::string_view id,
                              const Parameters& parameters);

  // The next line {"kind": …, "record": {…}} without its line feed; nullopt ends the batch. Lines
  // leave in portions of some kilobytes, so a source that waits holds back those before.
  using LineSource = std::function<std::optional<std::string>()>;
  using ItemSink = std::function<void(const ItemResult&)>;

  // Streams lines to the server while results stream back, in order, to `on_item` (on the calling
  // thread). Lines are not retried: an error says that those without a result are undecided, and
  // sending them again is harmless. Returns how many results came.
  Result<std::size_t> CreateBatch(const LineSource& next_line,
                                  const ItemSink& on_item,
                                  const WriteOptions& options = {});

  // Sends JSON to an operator's route, such as "/admin/erase", and returns the answer. These are
  // served on the metrics listener, so the client must have been made with its address.
  // `repeats`: the call may be tried again, as a write is.
  Result<std::string> Administer(std::string_view path, std::string_view json, bool repeats);

  // Both answer after one try: whoever asks wants to know how it is now.
  Result<Health> CheckHealth();
  Result<std::string> Version();
  // The OpenAPI document.
  Result<std::string> OpenApi();

 private:
  class Transport;
  std::unique_ptr<Transport> transport_;
};

}  // namespace datastorage::client
