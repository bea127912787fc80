// The levels of the text index. Each merge of the whole index, which every erasure needs, leaves
// two empty levels in the index's structure, and FTS5 takes one of more than 2,000 levels for
// damaged, for good. To make the index anew would take as long as all texts take; taking the empty
// levels out of the structure changes one row.
//
// Threads: safe to call concurrently.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace datastorage::sqlite {

// Above so many bytes of structure, some 500 levels, its empty levels are taken out.
inline constexpr std::size_t kTextStructureByteCountMax = 1'024;

// The structure without most of its empty levels, or nothing when it is short, or not what a merge
// of the whole index leaves: one segment, in the last level.
std::optional<std::vector<std::uint8_t>> FoldedTextStructure(
    std::span<const std::uint8_t> structure);

// Stores the folded structure, if there is one, in the database at `path`, through a connection of
// its own: all others notice. Returns SQLite's result code.
// REQUIRES: nobody writes meanwhile.
int FoldTextLevels(const std::string& path, const std::string& vfs);

}  // namespace datastorage::sqlite
