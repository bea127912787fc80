// From SQLite's result codes to our errors, in one table. SQLite's own text goes to the log only.
#pragma once

#include <string_view>

#include "base/error.h"

struct sqlite3;

namespace datastorage::sqlite {

// `doing` says what failed, such as "store a record". Logs the code with SQLite's text, if any.
Error TranslateCode(int result_code, std::string_view doing, sqlite3* connection);

// A read or write of the file failed: after such a COMMIT, what is on disk is unknown.
bool IsInputOutputError(int result_code);

}  // namespace datastorage::sqlite
