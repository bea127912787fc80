// Cuts the text of a JSON array into the texts of its elements, so that a large batch is parsed
// element by element: its tree as a whole would take fifty times the memory of its text.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"

namespace datastorage::http {

// The elements, without the white space around them; views into `text`. An element of a text that
// is JSON is JSON; what is not JSON is found here, or when the elements are parsed.
// Errors: kInvalidArgument: no array, cut off, more behind it, or nested too deep.
//         kResourceExhausted: more than `count_max` elements.
Result<std::vector<std::string_view>> SplitJsonArray(std::string_view text, std::size_t count_max);

}  // namespace datastorage::http
