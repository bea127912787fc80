// The text of a record that is embedded: one canonical, versioned template.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/sha256.h"
#include "domain/records.h"

namespace datastorage::schema {

// Part of every vector's identity: raise it when a change below alters any text.
inline constexpr std::string_view kTemplateVersion = "t1";

// summary, root_cause or recommendation, error_message, joined by line feeds, normalised,
// cut at limits::kEmbeddedTextCodePointCountMax. nullopt when nothing but white space is left.
std::optional<std::string> EmbeddedText(const RecordBody& body);

// Replaces what never repeats (UUIDs, hex digests, IP addresses, timestamps, ReplicaSet and pod
// suffixes, long numbers) by placeholders, and runs of white space by one space. Applied to
// queries too, so that both sides are alike.
std::string NormalizeForEmbedding(std::string_view text);

Sha256 EmbeddedTextHash(std::string_view embedded_text);

}  // namespace datastorage::schema
