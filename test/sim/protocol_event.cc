#include "sim/protocol_event.h"

#include <array>
#include <charconv>
#include <utility>

namespace datastorage::test {
namespace {

// Which fields a kind carries besides its actor; in this order.
enum Field : unsigned {
  kStamp = 1,
  kText = 2,
  kContent = 4,
  kApplied = 8,
  kDeleted = 16,
  kSaid = 32
};

struct KindForm {
  ProtocolEventKind kind;
  std::string_view name;
  unsigned fields;
};

constexpr unsigned kWrites = kStamp | kText | kContent;
constexpr std::array kForms = {
    KindForm{ProtocolEventKind::kBeginIntent, "begin_intent", kWrites},
    KindForm{ProtocolEventKind::kCreate, "create", kWrites},
    KindForm{ProtocolEventKind::kUpdate, "update", kWrites},
    KindForm{ProtocolEventKind::kErase, "erase", kStamp},
    KindForm{ProtocolEventKind::kConsumeIntent, "consume_intent", kStamp},
    KindForm{ProtocolEventKind::kAbortIntent, "abort_intent", kStamp},
    KindForm{ProtocolEventKind::kFence, "fence", kStamp},
    KindForm{ProtocolEventKind::kStoreEmbedding, "store_embedding", kWrites},
    KindForm{ProtocolEventKind::kEnqueue, "enqueue", kStamp},
    KindForm{ProtocolEventKind::kRenew, "renew", kStamp},
    KindForm{ProtocolEventKind::kBackfill, "backfill", kWrites},
    KindForm{ProtocolEventKind::kBackfillIntent, "backfill_intent", kWrites},
    KindForm{ProtocolEventKind::kSettle, "settle", kStamp | kDeleted},
    KindForm{ProtocolEventKind::kLoseSettle, "lose_settle", kStamp},
    KindForm{ProtocolEventKind::kSendVector, "send_vector", kStamp | kContent},
    KindForm{ProtocolEventKind::kApplyAtStore, "apply_at_store", kStamp | kContent | kApplied},
    KindForm{ProtocolEventKind::kAnswerVector, "answer_vector", 0},
    KindForm{ProtocolEventKind::kReply, "reply", kSaid},
    KindForm{ProtocolEventKind::kSearchShows, "search_shows", kStamp},
    KindForm{ProtocolEventKind::kCrash, "crash", 0},
};

constexpr std::array<std::pair<ProtocolReply, std::string_view>, 4> kReplies = {{
    {ProtocolReply::kSynced, "synced"},
    {ProtocolReply::kPending, "pending"},
    {ProtocolReply::kRolledBack, "rolledback"},
    {ProtocolReply::kUnknown, "unknown"},
}};

// Takes the next word, up to a space; empty at the end.
std::string_view NextWord(std::string_view& rest) {
  const std::size_t begin = rest.find_first_not_of(' ');
  if (begin == std::string_view::npos) return rest = {};
  rest.remove_prefix(begin);
  const std::string_view word = rest.substr(0, rest.find(' '));
  rest.remove_prefix(word.size());
  return word;
}

template <typename Number>
bool ReadNumber(std::string_view digits, Number& out) {
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  return error == std::errc() && end == digits.data() + digits.size();
}

bool ReadReply(std::string_view name, ProtocolReply& out) {
  for (const auto& [reply, reply_name] : kReplies) {
    if (reply_name == name) {
      out = reply;
      return true;
    }
  }
  return false;
}

bool ReadField(std::string_view word, ProtocolEvent& event) {
  const std::size_t equals = word.find('=');
  if (equals == std::string_view::npos) return false;
  const std::string_view name = word.substr(0, equals);
  const std::string_view value = word.substr(equals + 1);
  if (name == "actor") return ReadNumber(value, event.actor);
  if (name == "stamp") return ReadNumber(value, event.stamp);
  if (name == "text") return ReadNumber(value, event.text);
  if (name == "content") return ReadNumber(value, event.content);
  if (name == "said") return ReadReply(value, event.reply);
  if (name != "applied" && name != "deleted") return false;
  event.is_effective = value == "1";
  return value == "1" || value == "0";
}

}  // namespace

std::string ToString(const ProtocolEvent& event) {
  for (const KindForm& form : kForms) {
    if (form.kind != event.kind) continue;
    std::string line = "event " + std::string(form.name) + " actor=" + std::to_string(event.actor);
    const char* did = event.is_effective ? "1" : "0";
    if ((form.fields & kStamp) != 0) line += " stamp=" + std::to_string(event.stamp);
    if ((form.fields & kText) != 0) line += " text=" + std::to_string(event.text);
    if ((form.fields & kContent) != 0) line += " content=" + std::to_string(event.content);
    if ((form.fields & kApplied) != 0) line += std::string(" applied=") + did;
    if ((form.fields & kDeleted) != 0) line += std::string(" deleted=") + did;
    if ((form.fields & kSaid) == 0) return line;
    for (const auto& [reply, name] : kReplies) {
      if (reply == event.reply) line += " said=" + std::string(name);
    }
    return line;
  }
  return "event ?";
}

std::optional<ProtocolEvent> ParseProtocolEvent(std::string_view line) {
  if (NextWord(line) != "event") return std::nullopt;
  const std::string_view name = NextWord(line);
  ProtocolEvent event;
  bool is_known = false;
  for (const KindForm& form : kForms) {
    if (form.name != name) continue;
    event.kind = form.kind;
    is_known = true;
  }
  if (!is_known) return std::nullopt;
  for (std::string_view word = NextWord(line); !word.empty(); word = NextWord(line)) {
    if (!ReadField(word, event)) return std::nullopt;
  }
  return event;
}

}  // namespace datastorage::test
