// The forward pass of all-MiniLM-L6-v2 as a graph for the inference runtime, built straight from
// the weights: no exported model file, no importer.
#pragma once

#include <memory>

#include "base/result.h"
#include "minilm/safetensors.h"

namespace ov {
class Model;
}

namespace datastorage {

// Inputs, in order:  "ids" i64 [rows, length]; "mask" f32 [rows, length], 1 for a token and 0 for
//                    padding. Both dimensions are free, up to 512 tokens.
// Output:            f32 [rows, 384], the mean of the last layer over the mask, of length 1.
// The graph points into the mapped weights and keeps them alive.
// Errors: kInvalidArgument, naming every tensor that is missing or of another type or shape.
Result<std::shared_ptr<ov::Model>> BuildMiniLmGraph(const Safetensors& weights);

}  // namespace datastorage
