// What stands in the Authorization header of each request.
#pragma once

#include <string>
#include <string_view>

#include "opensearch/address.h"

namespace datastorage::opensearch {

// "" where the address names nobody. Reads the password or the key from its file, where the address
// names one; a line feed at its end does not count.
// Errors: kInvalidArgument (the file is missing, empty, or larger than such a thing is).
Result<std::string> AuthorizationOf(const Address& address);

// RFC 4648, with padding.
std::string Base64Of(std::string_view bytes);

}  // namespace datastorage::opensearch
