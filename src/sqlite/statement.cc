#include "sqlite/statement.h"

#include <sqlite3.h>

#include <algorithm>

#include "sqlite/result_codes.h"

namespace datastorage::sqlite {
namespace {

template <class Bytes>
void CopyBytes(std::span<const std::uint8_t> from, Bytes& to) {
  std::copy_n(from.begin(), std::min(from.size(), to.size()), to.begin());
}

}  // namespace

void Statement::Finalizer::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

Result<Statement> Statement::Prepare(sqlite3* connection,
                                     std::string_view name,
                                     std::string_view sql) {
  Statement prepared;
  prepared.name_ = name;
  sqlite3_stmt* handle = nullptr;
  const int code = sqlite3_prepare_v3(connection,
                                      sql.data(),
                                      static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT,
                                      &handle,
                                      nullptr);
  prepared.handle_.reset(handle);
  if (code != SQLITE_OK) return TranslateCode(code, "prepare " + prepared.name_, connection);
  return prepared;
}

StatementRun::~StatementRun() {
  sqlite3_reset(statement_.handle());
  sqlite3_clear_bindings(statement_.handle());
}

void StatementRun::Remember(int result_code) {
  ++position_;
  if (failure_ == SQLITE_OK) failure_ = result_code;
}

StatementRun& StatementRun::BindNull() {
  Remember(sqlite3_bind_null(statement_.handle(), position_));
  return *this;
}

StatementRun& StatementRun::BindInteger(std::int64_t value) {
  Remember(sqlite3_bind_int64(statement_.handle(), position_, value));
  return *this;
}

StatementRun& StatementRun::BindReal(double value) {
  Remember(sqlite3_bind_double(statement_.handle(), position_, value));
  return *this;
}

StatementRun& StatementRun::BindText(std::string_view value) {
  // A null pointer would bind NULL: an empty text is a value.
  const char* bytes = value.empty() ? "" : value.data();
  Remember(sqlite3_bind_text64(
      statement_.handle(), position_, bytes, value.size(), nullptr, SQLITE_UTF8));
  return *this;
}

StatementRun& StatementRun::BindBlob(std::span<const std::uint8_t> value) {
  Remember(
      sqlite3_bind_blob64(statement_.handle(), position_, value.data(), value.size(), nullptr));
  return *this;
}

StatementRun& StatementRun::BindHash(const std::optional<Sha256>& hash) {
  return hash.has_value() ? BindBlob(*hash) : BindNull();
}

StatementRun& StatementRun::BindValue(const MemberValue& value) {
  std::visit(ScalarBinder{*this}, value);
  return *this;
}

StatementRun& StatementRun::At(int position) {
  position_ = position;
  return *this;
}

Result<bool> StatementRun::Next() {
  sqlite3* connection = sqlite3_db_handle(statement_.handle());
  if (failure_ != SQLITE_OK) return TranslateCode(failure_, statement_.name(), nullptr);
  const int code = sqlite3_step(statement_.handle());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return TranslateCode(sqlite3_extended_errcode(connection), statement_.name(), connection);
}

Result<int> StatementRun::Run() {
  bool has_row = true;
  while (has_row) {
    DS_ASSIGN_OR_RETURN(has_row, Next());
  }
  return sqlite3_changes(sqlite3_db_handle(statement_.handle()));
}

bool StatementRun::IsNull(int column) const {
  return sqlite3_column_type(statement_.handle(), column) == SQLITE_NULL;
}

std::int64_t StatementRun::Integer(int column) const {
  return sqlite3_column_int64(statement_.handle(), column);
}

double StatementRun::Real(int column) const {
  return sqlite3_column_double(statement_.handle(), column);
}

std::string_view StatementRun::Text(int column) const {
  const void* bytes = sqlite3_column_text(statement_.handle(), column);
  const int size = sqlite3_column_bytes(statement_.handle(), column);
  return bytes == nullptr
             ? std::string_view()
             : std::string_view(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
}

std::span<const std::uint8_t> StatementRun::Blob(int column) const {
  const void* bytes = sqlite3_column_blob(statement_.handle(), column);
  const int size = sqlite3_column_bytes(statement_.handle(), column);
  return {static_cast<const std::uint8_t*>(bytes), static_cast<std::size_t>(size)};
}

Uuid StatementRun::Id(int column) const {
  Uuid id;
  CopyBytes(Blob(column), id.bytes);
  return id;
}

std::optional<Sha256> StatementRun::Hash(int column) const {
  if (IsNull(column)) return std::nullopt;
  Sha256 hash{};
  CopyBytes(Blob(column), hash);
  return hash;
}

}  // namespace datastorage::sqlite
