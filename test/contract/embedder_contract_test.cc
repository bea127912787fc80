#include "contract/embedder_contract.h"

#include "lexical/lexical_embedder.h"
#include "minilm/minilm_embedder.h"
#include "minilm/sanitizer_suppressions.h"

namespace datastorage {
namespace {

EmbedderFactory MiniLm(std::string name, Precision precision, std::size_t thread_count) {
  return {std::move(name), [=]() -> std::unique_ptr<Embedder> {
            auto made = MiniLmEmbedder::Open({.model_directory = DS_SOURCE_DIR "/.deps/minilm",
                                              .precision = precision,
                                              .thread_count = thread_count});
            if (!made.has_value()) ADD_FAILURE() << made.error().message;
            return made.has_value() ? *std::move(made) : nullptr;
          }};
}

INSTANTIATE_TEST_SUITE_P(
    Each,
    EmbedderContract,
    testing::Values(EmbedderFactory{"lexical", [] { return std::make_unique<LexicalEmbedder>(); }},
                    MiniLm("minilm_f32", Precision::kF32, 2),
                    MiniLm("minilm_automatic", Precision::kAutomatic, 1)),
    [](const auto& made) { return made.param.name; });

}  // namespace
}  // namespace datastorage
