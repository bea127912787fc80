// What the program says of a database's address, and whether libpq can read one.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace datastorage::postgres {

// Errors: kInvalidArgument (never quotes the text, which holds the password).
Result<void> CheckConninfo(const std::string& conninfo);

// "host:port/database as role", as far as the conninfo says; no password.
std::string DescriptionOf(const std::string& conninfo);

// What the conninfo says under a keyword of libpq, such as "host"; "" where it says nothing.
std::string OptionOf(const std::string& conninfo, std::string_view keyword);

}  // namespace datastorage::postgres
