#include "sqlite/filter_functions.h"

#include <sqlite3.h>

#include <algorithm>
#include <span>
#include <string_view>

#include "base/uuid.h"
#include "schema/members.h"
#include "sqlite/result_codes.h"

namespace datastorage::sqlite {
namespace {

std::string_view TextOf(sqlite3_value* value) {
  const void* bytes = sqlite3_value_text(value);
  const int size = sqlite3_value_bytes(value);
  return bytes == nullptr
             ? std::string_view()
             : std::string_view(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
}

void MetadataHas(sqlite3_context* context, int count, sqlite3_value** values) {
  if (count < 2 || sqlite3_value_type(values[0]) == SQLITE_NULL) {
    sqlite3_result_int(context, 0);
    return;
  }
  const std::string_view path = TextOf(values[1]);
  const std::span<sqlite3_value*> wanted(values + 2, static_cast<std::size_t>(count - 2));
  const auto scalars = schema::FlattenMetadata(TextOf(values[0]));
  const bool has = std::any_of(scalars.begin(), scalars.end(), [&](const MetadataScalar& scalar) {
    return scalar.path == path &&
           std::any_of(wanted.begin(), wanted.end(), [&](sqlite3_value* text) {
             return TextOf(text) == scalar.text;
           });
  });
  sqlite3_result_int(context, has ? 1 : 0);
}

void IdText(sqlite3_context* context, int, sqlite3_value** values) {
  Uuid id;
  const void* bytes = sqlite3_value_blob(values[0]);
  if (sqlite3_value_bytes(values[0]) != static_cast<int>(id.bytes.size())) {
    sqlite3_result_null(context);
    return;
  }
  std::copy_n(static_cast<const std::uint8_t*>(bytes), id.bytes.size(), id.bytes.begin());
  const std::string text = id.ToString();
  sqlite3_result_text64(context, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

}  // namespace

Result<void> RegisterFilterFunctions(sqlite3* connection) {
  constexpr int kFlags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;
  int code = sqlite3_create_function_v2(
      connection, "ds_metadata_has", -1, kFlags, nullptr, &MetadataHas, nullptr, nullptr, nullptr);
  if (code == SQLITE_OK) {
    code = sqlite3_create_function_v2(
        connection, "ds_id_text", 1, kFlags, nullptr, &IdText, nullptr, nullptr, nullptr);
  }
  if (code != SQLITE_OK) return TranslateCode(code, "register a function", connection);
  return {};
}

}  // namespace datastorage::sqlite
