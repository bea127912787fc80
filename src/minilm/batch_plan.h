// Which texts run through the model together, and how far they are padded. The runtime compiles
// and keeps kernels for every shape it meets, so there are few: that bounds its memory.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace datastorage {

// Tokens of a batch, padding included, beyond which no text is added. Also how long a deadline may
// go unnoticed.
inline constexpr std::size_t kBatchTokenCountMax = 512;

struct TextBatch {
  std::size_t padded_length;         // Tokens a text, a multiple of 8.
  std::vector<std::size_t> indices;  // A power of two of them.
};

// Divides the indices of `lengths` into batches, longest first. Every index is in exactly one
// batch; each text is padded to the next multiple of 8 and no further; a batch holds at most
// kBatchTokenCountMax tokens or one text.
std::vector<TextBatch> PlanBatches(std::span<const std::size_t> lengths);

}  // namespace datastorage
