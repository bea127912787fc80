// FakeEmbedder: an Embedder that tests stop, fail and count. Its vectors are those of words:
// texts that share words are near each other.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "ports/embedder.h"

namespace datastorage {

class FakeEmbedder final : public Embedder {
 public:
  explicit FakeEmbedder(std::string model_id = "fake-1") : model_id_(std::move(model_id)) {}

  std::string ModelId() const override { return model_id_; }
  Result<std::vector<Embedding>> Embed(std::span<const std::string_view> texts,
                                       Deadline deadline) override;
  int CostOf(std::string_view text) const override { return static_cast<int>(text.size() / 4 + 1); }

  static Embedding VectorOf(std::string_view text);

  // Calls of Embed block until Open. Starts open.
  void Close();
  void Open();
  // Every call that holds a text for which `fails` is true fails with `code`.
  void FailWhere(std::function<bool(std::string_view)> fails, ErrorCode code);
  void Heal() {
    FailWhere([](std::string_view) { return false; }, ErrorCode::kInternal);
  }

  // How often the model ran for a text, and in which order.
  int RunCountOf(const std::string& text);
  std::vector<std::string> Order();
  // Waits until that many calls are inside Embed.
  bool AwaitCallsInside(int count);

 private:
  const std::string model_id_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_open_ = true;
  int inside_count_ = 0;
  std::map<std::string, int> run_counts_;
  std::vector<std::string> order_;
  std::function<bool(std::string_view)> fails_ = [](std::string_view) { return false; };
  ErrorCode failure_ = ErrorCode::kInternal;
};

}  // namespace datastorage
