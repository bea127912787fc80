#include "redis/cached_value.h"

#include <bit>
#include <cstring>

#include "base/sha256.h"

namespace datastorage::redis {
namespace {

static_assert(std::endian::native == std::endian::little, "values are written as they lie");
static_assert(sizeof(Embedding) == 4 * kEmbeddingDimensionCount);

constexpr std::string_view kVersion("\1\0\0\0", 4);
constexpr std::size_t kChecksumByteCount = 16;
constexpr std::size_t kVectorOffset = kVersion.size() + sizeof(ModelMark);
constexpr std::size_t kCheckedByteCount = kVectorOffset + sizeof(Embedding);
static_assert(kCheckedByteCount + kChecksumByteCount == kCachedValueByteCount);

std::string ChecksumOf(const EmbeddingKey& key, std::string_view checked) {
  const std::string_view key_bytes(reinterpret_cast<const char*>(key.data()), key.size());
  const Sha256 hash = Sha256Of({key_bytes, checked});
  return {reinterpret_cast<const char*>(hash.data()), kChecksumByteCount};
}

}  // namespace

ModelMark MarkOf(std::string_view model_id) {
  const Sha256 hash = Sha256Of({model_id});
  ModelMark mark;
  std::memcpy(mark.data(), hash.data(), mark.size());
  return mark;
}

std::string EncodeValue(const EmbeddingCacheEntry& entry, const ModelMark& model) {
  std::string value(kVersion);
  value.reserve(kCachedValueByteCount);
  value.append(model.data(), model.size());
  value.append(reinterpret_cast<const char*>(entry.embedding.data()), sizeof(Embedding));
  return value.append(ChecksumOf(entry.key, value));
}

std::optional<Embedding> DecodeValue(std::string_view value,
                                     const EmbeddingKey& key,
                                     const ModelMark& model) {
  if (value.size() != kCachedValueByteCount || !value.starts_with(kVersion)) return std::nullopt;
  const std::string_view mark(model.data(), model.size());
  if (value.substr(kVersion.size(), mark.size()) != mark) return std::nullopt;
  if (value.substr(kCheckedByteCount) != ChecksumOf(key, value.substr(0, kCheckedByteCount))) {
    return std::nullopt;
  }
  Embedding embedding;
  std::memcpy(embedding.data(), value.data() + kVectorOffset, sizeof embedding);
  // Whoever may write to the server can also make a checksum.
  if (!IsUnit(embedding)) return std::nullopt;
  return embedding;
}

}  // namespace datastorage::redis
