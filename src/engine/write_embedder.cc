#include "engine/write_embedder.h"

#include "schema/embedded_text.h"

namespace datastorage {

PendingReason ReasonWithoutEmbedding(ErrorCode code) {
  return code == ErrorCode::kResourceExhausted || code == ErrorCode::kDeadlineExceeded
             ? PendingReason::kEmbedderBusy
             : PendingReason::kEmbedderUnavailable;
}

void WriteEmbedder::EmbedEach(std::span<TextToEmbed> texts, Deadline deadline, Deadline patience) {
  if (embedder_ == nullptr || texts.empty()) return;
  const WaitSlots::Slot slot(slots_, patience);
  // Without a slot only the cache answers; the texts are queued all the same.
  const Deadline wait = slot.is_held() ? deadline : Deadline::At(runtime_.Now());
  std::vector<std::string_view> views;
  views.reserve(texts.size());
  for (const TextToEmbed& each : texts) views.emplace_back(each.text);
  std::vector<Result<Embedding>> vectors =
      embedder_->EmbedEach(views, EmbeddingPriority::kWrite, wait);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (vectors[i].has_value()) {
      texts[i].embedding =
          SpacedEmbedding{embedder_->Space(), schema::EmbeddedTextHash(texts[i].text), *vectors[i]};
    } else {
      texts[i].reason = ReasonWithoutEmbedding(vectors[i].error().code);
    }
  }
}

}  // namespace datastorage
