#include "engine/tiered_embedding_cache.h"

namespace datastorage {

Result<std::vector<std::optional<Embedding>>> TieredEmbeddingCache::Get(
    std::span<const EmbeddingKey> keys, Deadline deadline) {
  std::vector<std::optional<Embedding>> found(keys.size());
  auto near = near_.Get(keys, deadline);
  if (near.has_value()) found = std::move(*near);
  std::vector<EmbeddingKey> absent;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (found[i].has_value()) continue;
    absent.push_back(keys[i]);
    places.push_back(i);
  }
  if (absent.empty()) return found;
  const auto far = far_.Get(absent, deadline);
  if (!far.has_value()) {
    // An answer cannot say both what was found and what failed.
    const bool knows_none = absent.size() == keys.size();
    return knows_none ? Result<std::vector<std::optional<Embedding>>>(far.error()) : found;
  }
  std::vector<EmbeddingCacheEntry> gained;
  for (std::size_t i = 0; i < absent.size(); ++i) {
    if (!(*far)[i].has_value()) continue;
    found[places[i]] = (*far)[i];
    gained.push_back({absent[i], *(*far)[i]});
  }
  if (gained.empty() && !near.has_value()) return near;
  const Result<void> kept = near_.Put(gained, deadline);
  static_cast<void>(kept.has_value());
  return found;
}

Result<void> TieredEmbeddingCache::Put(std::span<const EmbeddingCacheEntry> entries,
                                       Deadline deadline) {
  const Result<void> near = near_.Put(entries, deadline);
  const Result<void> far = far_.Put(entries, deadline);
  return near.has_value() ? far : near;
}

}  // namespace datastorage
