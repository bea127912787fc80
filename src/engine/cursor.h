// Cursor: where a page of a list ended, as an opaque, signed text.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/sha256.h"
#include "domain/query.h"

namespace datastorage {

struct Cursor {
  Sha256 scope{};  // Of kind, filter and sort: a cursor serves no other list.
  WallTime now;    // What relative times of the first page were resolved against.
  KeysetPosition position;
};

Sha256 CursorScope(const ListQuery& query);

// URL-safe characters only. `secret` signs it.
std::string EncodeCursor(const Cursor& cursor, std::string_view secret);

// Errors: kInvalidArgument for anything that EncodeCursor with this secret did not write.
Result<Cursor> DecodeCursor(std::string_view text, std::string_view secret);

}  // namespace datastorage
