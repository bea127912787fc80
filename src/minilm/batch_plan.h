// Which texts run through the model together. Padding is computed and thrown away, while batching
// gains little, so only texts of nearly one length share a batch.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace datastorage {

// Tokens of a batch, padding included, beyond which no text is added. Also how long a deadline may
// go unnoticed.
inline constexpr std::size_t kBatchTokenCountMax = 512;

// Divides the indices of `lengths` into batches, longest first, each sorted by falling length.
// Every index is in exactly one batch; a batch is at most an eighth padding and holds at most
// kBatchTokenCountMax tokens or one text.
std::vector<std::vector<std::size_t>> PlanBatches(std::span<const std::size_t> lengths);

}  // namespace datastorage
