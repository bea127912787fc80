#include "cli/importer.h"

#include <algorithm>

#include "base/limits.h"
#include "schema/json.h"

namespace datastorage::cli {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kPortionLineCountMax = 500;
constexpr std::size_t kPortionByteCountMax = std::size_t{4} << 20;
// A slow producer's lines do not wait for a portion to fill.
constexpr milliseconds kGatherPatience{200};
constexpr milliseconds kFirstPause{100};
constexpr milliseconds kLongestPause{5'000};

bool MayPass(client::ErrorKind kind) {
  return kind == client::ErrorKind::kUnreachable || kind == client::ErrorKind::kTryAgain ||
         kind == client::ErrorKind::kOutcomeUnknown;
}

bool IsBlank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

// On one line: the message, then each violation.
std::string ReasonOf(const client::Error& error) {
  std::string reason = error.message;
  for (std::size_t i = 0; i < error.violations.size(); ++i) {
    const client::Violation& violation = error.violations[i];
    reason += (i == 0 ? ": " : "; ") + violation.where + " " + violation.message;
  }
  return reason;
}

}  // namespace

Envelope EnvelopeOf(std::string line, std::string_view bare_kind) {
  const auto parsed = schema::ParseJson(line);
  if (!parsed.has_value()) return {{}, parsed.error().message};
  const schema::Json& json = parsed->value;
  if (json.type != schema::JsonType::kObject) return {{}, "not a JSON object"};
  if (json.Find("kind") != nullptr && json.Find("record") != nullptr) return {std::move(line), {}};
  if (bare_kind.empty()) {
    return {{}, "neither {\"kind\": …, \"record\": …} nor, without --kind, a known record"};
  }
  return {"{\"kind\":\"" + std::string(bare_kind) + "\",\"record\":" + line + "}", {}};
}

Importer::Importer(client::Client& client, ImportOptions options, ImportEvents events)
    : client_(client), options_(std::move(options)), events_(std::move(events)) {}

std::uint64_t Importer::first_undecided_line() const {
  return portion_.empty() ? line_number_ + 1 : portion_.front().number;
}

std::optional<client::Error> Importer::Run(LineReader& reader) {
  bool has_more = true;
  while (has_more) {
    has_more = ReadPortion(reader);
    if (const auto error = SendPortion()) return error;
    tally_.consumed_byte_count = reader.consumed_byte_count();
    events_.on_progress(tally_);
  }
  if (!has_failed_to_read_) return std::nullopt;
  client::Error error;
  error.kind = client::ErrorKind::kRefused;
  error.message = "the input could not be read to its end";
  return error;
}

// False at the end of the input.
bool Importer::ReadPortion(LineReader& reader) {
  portion_byte_count_ = 0;
  while (portion_.size() < kPortionLineCountMax && portion_byte_count_ < kPortionByteCountMax) {
    std::string text;
    const milliseconds patience = portion_.empty() ? milliseconds(-1) : kGatherPatience;
    const LineStatus status = reader.Next(patience, text);
    switch (status) {
      case LineStatus::kLine:
      case LineStatus::kTooLong: TakeLine(status, std::move(text)); break;
      case LineStatus::kNotYet:
        if (!portion_.empty()) return true;
        break;
      case LineStatus::kFailed: has_failed_to_read_ = true; return false;
      case LineStatus::kEnd: return false;
    }
  }
  return true;
}

void Importer::TakeLine(LineStatus status, std::string text) {
  ++line_number_;
  if (status == LineStatus::kTooLong) {
    Refuse(line_number_, "longer than a record may be (2 MiB)");
    return;
  }
  if (IsBlank(text)) return;
  Envelope envelope = EnvelopeOf(std::move(text), options_.bare_kind);
  if (!envelope.reason.empty()) {
    Refuse(line_number_, envelope.reason);
    return;
  }
  portion_byte_count_ += envelope.text.size();
  portion_.push_back({line_number_, std::move(envelope.text)});
}

// Until each line is decided, or nothing moved for as long as the patience lasts.
std::optional<client::Error> Importer::SendPortion() {
  milliseconds waited{0};
  milliseconds pause = kFirstPause;
  while (!portion_.empty()) {
    const std::size_t count_before = portion_.size();
    std::optional<client::Error> error = SendOnce();
    if (error && !MayPass(error->kind)) return error;
    if (portion_.empty()) break;
    if (portion_.size() < count_before) {
      waited = milliseconds(0);
      pause = kFirstPause;
    }
    client::Error busy;
    busy.kind = client::ErrorKind::kTryAgain;
    busy.message = "the service is busy";
    const client::Error& reason = error ? *error : busy;
    // A service that was there comes back; one that never was is not waited for.
    const bool was_never_there =
        reason.kind == client::ErrorKind::kUnreachable && !has_been_answered_;
    if (was_never_there || waited >= options_.patience) return reason;
    const milliseconds wanted =
        reason.retry_after_seconds ? milliseconds(*reason.retry_after_seconds * 1'000) : pause;
    events_.on_retry(reason.message);
    options_.sleep(wanted);
    waited += std::max(wanted, milliseconds(1));
    pause = std::min(pause * 2, kLongestPause);
  }
  return std::nullopt;
}

// Sends what is undecided, and keeps what stays so.
std::optional<client::Error> Importer::SendOnce() {
  std::size_t next = 0;
  const auto source = [&]() -> std::optional<std::string> {
    return next < portion_.size() ? std::optional(portion_[next++].text) : std::nullopt;
  };
  std::vector<bool> is_decided(portion_.size());
  const auto sink = [&](const client::ItemResult& item) {
    if (item.index >= portion_.size() || is_decided[item.index]) return;
    if (item.error && MayPass(item.error->kind)) return;
    has_been_answered_ = true;
    is_decided[item.index] = true;
    Decide(item.index, item);
  };
  client::WriteOptions write;
  write.is_strict = options_.is_strict;
  const auto answered = client_.CreateBatch(source, sink, write);
  std::vector<Line> undecided;
  for (std::size_t i = 0; i < portion_.size(); ++i) {
    if (!is_decided[i]) undecided.push_back(std::move(portion_[i]));
  }
  portion_ = std::move(undecided);
  if (!answered) return answered.error();
  return std::nullopt;
}

void Importer::Decide(std::size_t index, const client::ItemResult& item) {
  if (item.error) {
    Refuse(portion_[index].number, ReasonOf(*item.error));
  } else if (item.status == 200) {
    ++tally_.existing_count;
  } else {
    ++tally_.stored_count;
  }
  events_.on_progress(tally_);
}

void Importer::Refuse(std::uint64_t line_number, const std::string& reason) {
  ++tally_.refused_count;
  events_.on_refused(line_number, reason);
}

}  // namespace datastorage::cli
