#include "fake/fake_embedder.h"

#include <algorithm>
#include <cstring>
#include <sstream>

#include "base/sha256.h"

namespace datastorage {
namespace {

// A step of SplitMix64 (Steele, Lea and Flood, 2014), as a number from -1 to 1.
float Component(std::uint64_t& state) {
  state += 0x9E3779B97F4A7C15U;
  std::uint64_t mixed = state;
  mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9U;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBU;
  mixed ^= mixed >> 31U;
  return static_cast<float>(mixed >> 40U) / static_cast<float>(1U << 23U) - 1;
}

}  // namespace

Embedding FakeEmbedder::VectorOf(std::string_view text) {
  Embedding sum{};
  std::istringstream words{std::string(text)};
  for (std::string word; words >> word;) {
    const Sha256 hash = Sha256Of({word});
    std::uint64_t state = 0;
    std::memcpy(&state, hash.data(), sizeof(state));
    for (float& component : sum) component += Component(state);
  }
  if (!Normalize(sum)) sum[0] = 1;
  return sum;
}

Result<std::vector<Embedding>> FakeEmbedder::Embed(std::span<const std::string_view> texts,
                                                   Deadline /*deadline*/) {
  std::unique_lock<std::mutex> lock(mutex_);
  ++inside_count_;
  changed_.notify_all();
  changed_.wait(lock, [&] { return is_open_; });
  --inside_count_;
  std::vector<Embedding> vectors;
  bool has_failed = false;
  for (const std::string_view text : texts) {
    ++run_counts_[std::string(text)];
    order_.emplace_back(text);
    has_failed = has_failed || fails_(text);
    vectors.push_back(VectorOf(text));
  }
  if (has_failed) return Error{failure_, "the fake was told to fail"};
  return vectors;
}

void FakeEmbedder::Close() {
  const std::lock_guard<std::mutex> lock(mutex_);
  is_open_ = false;
}

void FakeEmbedder::Open() {
  const std::lock_guard<std::mutex> lock(mutex_);
  is_open_ = true;
  changed_.notify_all();
}

void FakeEmbedder::FailWhere(std::function<bool(std::string_view)> fails, ErrorCode code) {
  const std::lock_guard<std::mutex> lock(mutex_);
  fails_ = std::move(fails);
  failure_ = code;
}

int FakeEmbedder::RunCountOf(const std::string& text) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return run_counts_[text];
}

std::vector<std::string> FakeEmbedder::Order() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return order_;
}

bool FakeEmbedder::AwaitCallsInside(int count) {
  std::unique_lock<std::mutex> lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(30), [&] { return inside_count_ >= count; });
}

}  // namespace datastorage
