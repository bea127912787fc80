#include "minilm/minilm_embedder.h"

#include <algorithm>
#include <thread>

#include "base/check.h"
#include "base/limits.h"
#include "minilm/mapped_file.h"
#include "minilm/safetensors.h"

namespace datastorage {
namespace {

constexpr std::string_view kWeightsSha256 =
    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db";
constexpr std::string_view kVocabularySha256 =
    "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3";
constexpr std::string_view kRemedy = "; run tools/fetch_model.sh or start with --embedder lexical";

using SharedFile = std::shared_ptr<const MappedFile>;

Result<SharedFile> OpenPinned(const std::string& path, std::string_view sha256) {
  DS_ASSIGN_OR_RETURN(SharedFile file, MappedFile::Open(path));
  const std::string found = file->Sha256();
  if (found != sha256) {
    return InvalidArgument(path + " is not the file of all-MiniLM-L6-v2: its SHA-256 is " + found +
                           ", not " + std::string(sha256));
  }
  return file;
}

std::size_t ThreadCountOf(const MiniLmEmbedder::Options& options) {
  const std::size_t wanted =
      options.thread_count != 0 ? options.thread_count : std::thread::hardware_concurrency();
  return std::clamp<std::size_t>(wanted, 1, limits::kWorkerCountMax);
}

}  // namespace

Result<std::unique_ptr<MiniLmEmbedder>> MiniLmEmbedder::Open(const Options& options) {
  const Result<SharedFile> weights_file =
      OpenPinned(options.model_directory + "/model.safetensors", kWeightsSha256);
  const Result<SharedFile> vocabulary_file =
      OpenPinned(options.model_directory + "/vocab.txt", kVocabularySha256);
  if (!weights_file.has_value() || !vocabulary_file.has_value()) {
    Error error = weights_file.has_value() ? vocabulary_file.error() : weights_file.error();
    if (!weights_file.has_value() && !vocabulary_file.has_value()) {
      error.message += "; " + vocabulary_file.error().message;
    }
    error.message += kRemedy;
    return error;
  }
  const auto text = (*vocabulary_file)->bytes();
  DS_ASSIGN_OR_RETURN(auto vocabulary,
                      Vocabulary::Parse({reinterpret_cast<const char*>(text.data()), text.size()}));
  DS_ASSIGN_OR_RETURN(const Safetensors weights, Safetensors::Parse(*weights_file));
  DS_ASSIGN_OR_RETURN(auto inference,
                      Inference::Compile(weights, options.precision, ThreadCountOf(options)));
  return std::unique_ptr<MiniLmEmbedder>(
      new MiniLmEmbedder(std::move(vocabulary), std::move(inference)));
}

std::string MiniLmEmbedder::ModelId() const {
  return "minilm-all-l6-v2-" + std::string(kWeightsSha256.substr(0, 8));
}

Result<std::vector<Embedding>> MiniLmEmbedder::Embed(std::span<const std::string_view> texts,
                                                     Deadline deadline) {
  DS_CHECK(!texts.empty() && texts.size() <= limits::kEmbeddingBatchTextCountMax);
  std::vector<std::vector<TokenId>> tokens;
  tokens.reserve(texts.size());
  for (const std::string_view text : texts) tokens.push_back(tokenizer_.Encode(text));
  return inference_->Run(tokens, deadline);
}

int MiniLmEmbedder::CostOf(std::string_view text) const {
  return static_cast<int>(tokenizer_.Encode(text).size());
}

std::string MiniLmEmbedder::Description() const {
  const std::size_t count = inference_->thread_count();
  return "all-MiniLM-L6-v2, " + std::string(NameOf(inference_->precision())) + ", " +
         std::to_string(count) + (count == 1 ? " thread" : " threads");
}

}  // namespace datastorage
