// Values are read by GETRANGE, not MGET: what anybody may have put under a key then costs no more
// than a value of the right length, and a key of another type fails alone.
#include "redis/redis_embedding_cache.h"

#include <algorithm>

#include "base/check.h"
#include "base/sha256.h"

namespace datastorage {

using redis::Command;
using redis::Reply;

namespace {

template <class Item>
std::span<Item> PartAt(std::span<Item> items, std::size_t begin) {
  return items.subspan(begin, std::min(limits::kRedisPipelineCountMax, items.size() - begin));
}

}  // namespace

RedisEmbeddingCache::RedisEmbeddingCache(Runtime& runtime, Metrics& metrics, const Options& options)
    : runtime_(runtime),
      metrics_(metrics),
      options_(options),
      model_(redis::MarkOf(options.model_id)),
      lifetime_(std::to_string(options.lifetime.count())),
      pool_(runtime, {options.address, options.connection_count_max}) {}

std::string RedisEmbeddingCache::NameOf(const EmbeddingKey& key) const {
  return options_.key_prefix + ToHex(key);
}

Result<RedisEmbeddingCache::Call> RedisEmbeddingCache::Begin(Deadline deadline) {
  const Deadline limit = deadline.Within(options_.call_timeout, runtime_);
  DS_ASSIGN_OR_RETURN(redis::ConnectionPool::Lease lease, pool_.Acquire(limit));
  const bool has_little_time = limit.Remaining(runtime_) < options_.call_timeout / 2;
  return Call{std::move(lease), limit, has_little_time};
}

Result<std::vector<Reply>> RedisEmbeddingCache::Exchange(Call& call,
                                                         std::span<const Command> commands) {
  Result<std::vector<Reply>> replies = call.lease->Exchange(commands, call.limit);
  if (replies.has_value()) {
    call.may_time_out = true;
  } else if (call.may_time_out && replies.error().code == ErrorCode::kDeadlineExceeded) {
    call.lease.Drop();
  } else {
    call.lease.Fail(replies.error());
  }
  return replies;
}

Result<std::vector<std::optional<Embedding>>> RedisEmbeddingCache::Get(
    std::span<const EmbeddingKey> keys, Deadline deadline) {
  std::vector<std::optional<Embedding>> found(keys.size());
  std::size_t done_count = 0;
  const Result<void> outcome = [&]() -> Result<void> {
    if (keys.empty()) return {};
    DS_ASSIGN_OR_RETURN(Call call, Begin(deadline));
    while (done_count < keys.size()) {
      const std::span<const EmbeddingKey> part = PartAt(keys, done_count);
      DS_RETURN_IF_ERROR(GetPart(call, part, std::span(found).subspan(done_count, part.size())));
      done_count += part.size();
    }
    return {};
  }();
  if (outcome.has_value()) return found;
  const auto unanswered_count = static_cast<double>(keys.size() - done_count);
  metrics_.Count(Metric::kSharedCacheLookups, {"unanswered"}, unanswered_count);
  if (done_count == 0) return outcome.error();
  return found;
}

Result<void> RedisEmbeddingCache::GetPart(Call& call,
                                          std::span<const EmbeddingKey> keys,
                                          std::span<std::optional<Embedding>> found) {
  std::vector<std::string> names;
  names.reserve(keys.size());
  for (const EmbeddingKey& key : keys) names.push_back(NameOf(key));
  // One byte more than a value has, so that a longer one is seen to be so.
  const std::string last_byte = std::to_string(redis::kCachedValueByteCount);
  std::vector<Command> commands;
  commands.reserve(keys.size());
  for (const std::string& name : names) commands.push_back({"GETRANGE", name, "0", last_byte});
  DS_ASSIGN_OR_RETURN(const std::vector<Reply> replies, Exchange(call, commands));
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const bool is_of_other_type = replies[i].text.starts_with("WRONGTYPE");
    if (replies[i].kind == Reply::Kind::kError && !is_of_other_type) return ErrorOf(replies[i]);
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (replies[i].kind == Reply::Kind::kText) {
      found[i] = redis::DecodeValue(replies[i].text, keys[i], model_);
    }
    const bool is_absent = replies[i].text.empty();
    metrics_.Count(Metric::kSharedCacheLookups,
                   {found[i].has_value() ? "hit"
                    : is_absent          ? "miss"
                                         : "invalid"});
  }
  return {};
}

Result<void> RedisEmbeddingCache::Put(std::span<const EmbeddingCacheEntry> entries,
                                      Deadline deadline) {
  std::size_t done_count = 0;
  const Result<void> outcome = [&]() -> Result<void> {
    if (entries.empty()) return {};
    DS_ASSIGN_OR_RETURN(Call call, Begin(deadline));
    while (done_count < entries.size()) {
      const std::span<const EmbeddingCacheEntry> part = PartAt(entries, done_count);
      std::vector<std::string> names;
      std::vector<std::string> values;
      for (const EmbeddingCacheEntry& entry : part) {
        names.push_back(NameOf(entry.key));
        values.push_back(redis::EncodeValue(entry, model_));
      }
      DS_RETURN_IF_ERROR(Store(call, names, values));
      done_count += part.size();
    }
    return {};
  }();
  const std::size_t left_count = entries.size() - done_count;
  metrics_.Count(Metric::kSharedCacheStores, {"stored"}, static_cast<double>(done_count));
  if (left_count > 0) {
    metrics_.Count(Metric::kSharedCacheStores, {"failed"}, static_cast<double>(left_count));
  }
  return outcome;
}

Result<void> RedisEmbeddingCache::Store(Call& call,
                                        std::span<const std::string> names,
                                        std::span<const std::string> values) {
  DS_CHECK(names.size() == values.size());
  std::vector<Command> commands;
  commands.reserve(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    commands.push_back({"SET", names[i], values[i], "PX", lifetime_});
  }
  DS_ASSIGN_OR_RETURN(const std::vector<Reply> replies, Exchange(call, commands));
  for (const Reply& reply : replies) {
    if (reply.kind == Reply::Kind::kError) return ErrorOf(reply);
  }
  return {};
}

Result<void> RedisEmbeddingCache::Check(Deadline deadline) {
  DS_ASSIGN_OR_RETURN(redis::ConnectionPool::Lease lease, pool_.Acquire(deadline));
  Call call{std::move(lease), deadline.Within(options_.call_timeout, runtime_), false};
  const std::string name = options_.key_prefix + "check";
  const std::string value = "written by health checks";
  return Store(call, {&name, 1}, {&value, 1});
}

}  // namespace datastorage
