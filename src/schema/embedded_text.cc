#include "schema/embedded_text.h"

#include "base/limits.h"
#include "schema/fields.h"
#include "schema/normalize.h"
#include "schema/text.h"

namespace datastorage::schema {
namespace {

constexpr int kRankMax = 3;

const std::string* TextOf(const std::string& text) {
  return &text;
}
const std::string* TextOf(const std::optional<std::string>& text) {
  return text.has_value() ? &*text : nullptr;
}
template <class Value>
const std::string* TextOf(const Value&) {
  return nullptr;
}

// The normalised text of the first member of this rank that has one, else "".
template <class Body>
std::string PartOf(const Body& body, int rank) {
  std::string part;
  ForEachField<Body>([&](const auto& field) {
    if (field.rules.embedding_rank != rank || !part.empty()) return;
    if (const std::string* text = TextOf(body.*field.value)) part = NormalizeForEmbedding(*text);
  });
  return part;
}

}  // namespace

std::optional<std::string> EmbeddedText(const RecordBody& body) {
  std::string text;
  std::visit(
      [&](const auto& content) {
        for (int rank = 1; rank <= kRankMax; ++rank) {
          const std::string part = PartOf(content, rank);
          if (part.empty()) continue;
          if (!text.empty()) text += '\n';
          text += part;
        }
      },
      body);
  if (text.empty()) return std::nullopt;
  return std::string(CodePointPrefix(text, limits::kEmbeddedTextCodePointCountMax));
}

std::string NormalizeForEmbedding(std::string_view text) {
  return ReplaceUnrepeated(StripPodSuffixes(SingleSpaced(text)));
}

Sha256 EmbeddedTextHash(std::string_view embedded_text) {
  return Sha256Of({embedded_text});
}

}  // namespace datastorage::schema
