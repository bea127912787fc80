// Records of a load: each follows from a seed and its number alone, and no two have one text, so
// that programs of several kinds store the same records with the same vectors.
//
// Threads: none of the functions keeps state.
#pragma once

#include <cstdint>
#include <vector>

#include "base/sha256.h"
#include "domain/embedding.h"
#include "domain/records.h"

namespace datastorage::load {

// What a controller sends, with a summary of about 200 characters. It has no error: a search for
// the summary then embeds the same text as the write, and so can fill a service's cache beforehand.
Remediation DrawRecord(std::uint64_t seed, std::uint64_t number);

// What the lexical embedder makes of the text that a service embeds; and that text's hash.
struct DrawnEmbedding {
  Embedding vector{};
  Sha256 text_hash{};
};
DrawnEmbedding EmbedRecord(const Remediation& record);

}  // namespace datastorage::load
