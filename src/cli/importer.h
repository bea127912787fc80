// Importer: streams lines of records to the service in portions, so that memory is bounded and a
// portion cut short can be sent again. What was stored already counts as existing: natural keys
// make a repeated import harmless.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/line_reader.h"
#include "client/client.h"

namespace datastorage::cli {

struct ImportTally {
  std::uint64_t stored_count = 0;
  std::uint64_t existing_count = 0;
  std::uint64_t refused_count = 0;
  std::uint64_t consumed_byte_count = 0;  // Of the input, up to the last decided portion's end.

  std::uint64_t decided_count() const { return stored_count + existing_count + refused_count; }
};

struct ImportOptions {
  std::string bare_kind;  // The kind of lines that are records without their envelope; empty: none.
  bool is_strict = false;
  // How long lines are tried again while the service is away or busy and nothing moves.
  std::chrono::milliseconds patience{120'000};
  std::function<void(std::chrono::milliseconds)> sleep;  // Between tries.
};

struct ImportEvents {
  // A line that will never be stored, with its number from 1.
  std::function<void(std::uint64_t line_number, const std::string& reason)> on_refused;
  std::function<void(const ImportTally&)> on_progress;
  std::function<void(const std::string& reason)> on_retry;
};

class Importer {
 public:
  // All are kept by reference or copied; the client must outlive the importer.
  Importer(client::Client& client, ImportOptions options, ImportEvents events);

  // Reads to the end. Errors: the service stayed away or refused a whole portion. The tally says
  // what was decided before.
  std::optional<client::Error> Run(LineReader& reader);

  const ImportTally& tally() const { return tally_; }
  // The number of the first line that may not be stored when Run failed.
  std::uint64_t first_undecided_line() const;

 private:
  struct Line {
    std::uint64_t number = 0;
    std::string text;
  };

  bool ReadPortion(LineReader& reader);
  void TakeLine(LineStatus status, std::string text);
  std::optional<client::Error> SendPortion();
  std::optional<client::Error> SendOnce();
  void Decide(std::size_t index, const client::ItemResult& item);
  void Refuse(std::uint64_t line_number, const std::string& reason);

  client::Client& client_;
  ImportOptions options_;
  ImportEvents events_;
  ImportTally tally_;
  std::vector<Line> portion_;  // Of lines not decided yet.
  std::size_t portion_byte_count_ = 0;
  std::uint64_t line_number_ = 0;
  bool has_failed_to_read_ = false;
  bool has_been_answered_ = false;
};

// A line as the batch route takes it: {"kind": …, "record": …} as it is, a bare record put into
// that envelope. `reason` says why a line cannot be sent.
struct Envelope {
  std::string text;
  std::string reason;
};
Envelope EnvelopeOf(std::string line, std::string_view bare_kind);

}  // namespace datastorage::cli
