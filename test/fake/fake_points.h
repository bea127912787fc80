// FakePoints: what a vector index does, as plain functions of a map: exact cosines by brute force,
// Matches() for filters. The fake and the simulator's vector store are made of it.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "ports/vector_index.h"

namespace datastorage {

// The last write of each id, tombstones included.
using FakePoints = std::map<RecordId, VectorWrite>;

// Like an index that keeps no long texts and no metadata, so that callers must widen.
bool FakeCanDecide(const Filter& leaf);

// What the port says of one write; `points` changes only if it answers kApplied for a new stamp.
ApplyResult ApplyTo(FakePoints& points, const VectorWrite& write);
Neighbors NearestOf(const FakePoints& points,
                    const Embedding& query,
                    const Filter& filter,
                    int count_max);
std::vector<HeldPoint> PageOf(const FakePoints& points,
                              RecordId after,
                              int limit,
                              bool with_content);
Stamp HighestStampOf(const FakePoints& points);
std::int64_t PurgeTombstonesOf(FakePoints& points, Stamp floor);
std::int64_t LiveCountOf(const FakePoints& points);

}  // namespace datastorage
