// Statement: one prepared statement. StatementRun: one run of it, from binding to
// reset.
//
// Threads: none; both belong to whoever holds their connection.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/sha256.h"
#include "base/uuid.h"
#include "domain/member.h"

struct sqlite3;
struct sqlite3_stmt;

namespace datastorage::sqlite {

class Statement {
 public:
  // `name` appears in errors and logs. Errors: those of the result code table.
  static Result<Statement> Prepare(sqlite3* connection,
                                   std::string_view name,
                                   std::string_view sql);

  sqlite3_stmt* handle() const { return handle_.get(); }
  const std::string& name() const { return name_; }

 private:
  struct Finalizer {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalizer> handle_;
  std::string name_;
};

// Binds parameters in the order of the SQL text, then steps. Text and blobs are not copied: what
// is bound must outlive the run. The first failure of a Bind is returned by Next or Run.
class StatementRun {
 public:
  explicit StatementRun(Statement& statement) : statement_(statement) {}
  ~StatementRun();
  StatementRun(const StatementRun&) = delete;
  StatementRun& operator=(const StatementRun&) = delete;

  StatementRun& BindNull();
  StatementRun& BindInteger(std::int64_t value);
  StatementRun& BindReal(double value);
  StatementRun& BindText(std::string_view value);
  StatementRun& BindBlob(std::span<const std::uint8_t> value);
  StatementRun& BindId(const Uuid& id) { return BindBlob(id.bytes); }
  StatementRun& BindHash(const std::optional<Sha256>& hash);
  // It would bind a copy that is gone when the statement runs: BindBlob takes the hash itself.
  StatementRun& BindHash(const Sha256& hash) = delete;
  StatementRun& BindTime(WallTime time) { return BindInteger(time.time_since_epoch().count()); }
  StatementRun& BindValue(const MemberValue& value);
  // The next Bind is for the parameter at `position`, counted from 1.
  StatementRun& At(int position);

  // True: a row is there; its columns stay valid until the next call.
  Result<bool> Next();
  // Runs to the end. Returns how many rows were changed.
  Result<int> Run();

  bool IsNull(int column) const;
  std::int64_t Integer(int column) const;
  double Real(int column) const;
  std::string_view Text(int column) const;
  std::span<const std::uint8_t> Blob(int column) const;
  WallTime Time(int column) const { return WallTime(Duration(Integer(column))); }
  // Zero bytes where the column holds fewer.
  Uuid Id(int column) const;
  std::optional<Sha256> Hash(int column) const;

 private:
  void Remember(int result_code);

  Statement& statement_;
  int position_ = 1;
  int failure_ = 0;
};

// Binds a value of any type that members have.
struct ScalarBinder {
  StatementRun& run;
  void operator()(const std::string& text) const { run.BindText(text); }
  void operator()(std::int64_t number) const { run.BindInteger(number); }
  void operator()(double number) const { run.BindReal(number); }
  void operator()(bool truth) const { run.BindInteger(truth ? 1 : 0); }
  void operator()(WallTime time) const { run.BindTime(time); }
};

}  // namespace datastorage::sqlite
