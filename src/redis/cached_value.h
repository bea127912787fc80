// How an embedding is written as a value of Redis: so that a value which is not one, or was made
// for another key or by another model, is seen to be so.
//
//   bytes 0–3     version of this layout, little-endian
//   bytes 4–11    the first 8 bytes of the SHA-256 of the model's id
//   then          384 floats, little-endian
//   last 16       the first 16 bytes of the SHA-256 of the key and of all before
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "ports/embedding_cache.h"

namespace datastorage::redis {

using ModelMark = std::array<char, 8>;
ModelMark MarkOf(std::string_view model_id);

inline constexpr std::size_t kCachedValueByteCount = 4 + sizeof(ModelMark) + sizeof(Embedding) + 16;

std::string EncodeValue(const EmbeddingCacheEntry& entry, const ModelMark& model);
// nullopt for whatever EncodeValue did not make of this key and model.
std::optional<Embedding> DecodeValue(std::string_view value,
                                     const EmbeddingKey& key,
                                     const ModelMark& model);

}  // namespace datastorage::redis
