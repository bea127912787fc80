#include "engine/cursor.h"

#include <cstring>
#include <optional>

namespace datastorage {
namespace {

constexpr std::size_t kSignatureByteCount = 16;
constexpr std::size_t kScopeByteCount = 16;
constexpr std::size_t kCursorByteCountMax = 512u << 10;
constexpr char kAbsentTag = '-';
constexpr std::string_view kHexDigits = "0123456789abcdef";
// Of the alternatives of MemberValue, in their order.
constexpr std::string_view kValueTags = "sidbt";

Error NotOurs() {
  return InvalidArgument("the cursor is not one of this service");
}

void AppendBytes(std::string& out, const void* bytes, std::size_t size) {
  out.append(static_cast<const char*>(bytes), size);
}

std::string ToHexText(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    text.push_back(kHexDigits[value >> 4U]);
    text.push_back(kHexDigits[value & 0x0FU]);
  }
  return text;
}

std::optional<std::string> FromHexText(std::string_view text) {
  if (text.size() % 2 != 0 || text.size() > 2 * kCursorByteCountMax) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const std::size_t high = kHexDigits.find(text[i]);
    const std::size_t low = kHexDigits.find(text[i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    bytes.push_back(static_cast<char>((high << 4U) | low));
  }
  return bytes;
}

std::string Signature(std::string_view payload, std::string_view secret) {
  const Sha256 hash = HmacSha256(secret, payload);
  std::string bytes;
  AppendBytes(bytes, hash.data(), kSignatureByteCount);
  return bytes;
}

template <class T>
void AppendScalar(std::string& out, T value) {
  AppendBytes(out, &value, sizeof value);
}

struct AppendValue {
  std::string& out;
  void operator()(const std::string& text) const { out.append(text); }
  void operator()(WallTime time) const { AppendScalar(out, time.time_since_epoch().count()); }
  template <class T>
  void operator()(T scalar) const {
    AppendScalar(out, scalar);
  }
};

template <class T>
std::optional<T> TakeScalar(std::string_view& in) {
  if (in.size() < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, in.data(), sizeof value);
  in.remove_prefix(sizeof value);
  return value;
}

std::optional<MemberValue> TakeValue(char tag, std::string_view in) {
  if (tag == 's') return MemberValue(std::string(in));
  if (tag == 'b') {
    const auto value = TakeScalar<std::uint8_t>(in);
    return value.has_value() ? std::optional<MemberValue>(*value != 0) : std::nullopt;
  }
  if (tag == 'd') {
    const auto value = TakeScalar<double>(in);
    return value.has_value() ? std::optional<MemberValue>(*value) : std::nullopt;
  }
  const auto value = TakeScalar<std::int64_t>(in);
  if (!value.has_value()) return std::nullopt;
  if (tag == 't') return MemberValue(WallTime(Duration(*value)));
  return MemberValue(*value);
}

}  // namespace

Sha256 CursorScope(const ListQuery& query) {
  const std::string kind = query.kind.has_value() ? std::string(NameOf(*query.kind)) : "";
  const std::string sort = std::string(Describe(query.sort.member).name) +
                           (query.sort.is_descending ? " descending" : " ascending");
  return Sha256Of({kind, CanonicalText(query.filter), sort});
}

std::string EncodeCursor(const Cursor& cursor, std::string_view secret) {
  std::string payload;
  AppendBytes(payload, cursor.scope.data(), kScopeByteCount);
  AppendScalar(payload, static_cast<std::int64_t>(cursor.now.time_since_epoch().count()));
  AppendBytes(payload, cursor.position.id.bytes.data(), cursor.position.id.bytes.size());
  if (cursor.position.value.has_value()) {
    payload.push_back(kValueTags[cursor.position.value->index()]);
    std::visit(AppendValue{payload}, *cursor.position.value);
  } else {
    payload.push_back(kAbsentTag);
  }
  return ToHexText(Signature(payload, secret) + payload);
}

Result<Cursor> DecodeCursor(std::string_view text, std::string_view secret) {
  const std::optional<std::string> bytes = FromHexText(text);
  if (!bytes.has_value() || bytes->size() < kSignatureByteCount) return NotOurs();
  std::string_view payload(*bytes);
  const std::string_view signature = payload.substr(0, kSignatureByteCount);
  payload.remove_prefix(kSignatureByteCount);
  if (Signature(payload, secret) != signature) return NotOurs();

  Cursor cursor;
  const std::size_t fixed = kScopeByteCount + sizeof(std::int64_t) + 16 + 1;
  if (payload.size() < fixed) return NotOurs();
  std::memcpy(cursor.scope.data(), payload.data(), kScopeByteCount);
  payload.remove_prefix(kScopeByteCount);
  cursor.now = WallTime(Duration(*TakeScalar<std::int64_t>(payload)));
  std::memcpy(cursor.position.id.bytes.data(), payload.data(), 16);
  payload.remove_prefix(16);
  const char tag = payload.front();
  payload.remove_prefix(1);
  if (tag == kAbsentTag) return cursor;
  if (kValueTags.find(tag) == std::string_view::npos) return NotOurs();
  cursor.position.value = TakeValue(tag, payload);
  if (!cursor.position.value.has_value()) return NotOurs();
  return cursor;
}

}  // namespace datastorage
