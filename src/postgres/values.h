// Parameters and Rows: values of statements in PostgreSQL's binary form, both ways.
//
// Statements name the types themselves ($1::uuid, $2::bigint[] …), so that what is sent here is
// what the server reads. Threads: none.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/sha256.h"
#include "base/uuid.h"

extern "C" {
struct pg_result;
}

namespace datastorage::postgres {

// The object ids of the types that arrays are made of; the same in every server.
enum class ElementType : std::uint16_t {
  kBool = 16,
  kBytea = 17,
  kBigint = 20,
  kText = 25,
  kDouble = 701,
  kTimestamptz = 1184,
  kUuid = 2950,
};

// An array of one dimension that is filled element by element: a column of an unnest.
class ArrayValue {
 public:
  explicit ArrayValue(ElementType type);
  // Of a type that an extension brought: each database has its own number for it.
  explicit ArrayValue(std::uint32_t type);

  void AddNull();
  void Add(bool value);
  void Add(std::int64_t value);
  void Add(double value);
  void Add(WallTime value);
  void Add(const Uuid& value);
  void Add(std::string_view value);  // text
  void Add(std::span<const std::uint8_t> value);
  void Add(const std::optional<Sha256>& value);
  // A literal would become a truth value.
  void Add(const char* value) = delete;

  std::size_t size() const { return static_cast<std::size_t>(count_); }
  // The whole value as the server reads it; what is added later is not in it.
  const std::string& Finish();

 private:
  void AddHead(std::int32_t byte_count);

  std::string bytes_;
  std::int32_t count_ = 0;
  bool has_null_ = false;
};

// The parameters of one statement, in order. Copies what it is given.
class Parameters {
 public:
  Parameters& AddNull();
  Parameters& Add(bool value);
  Parameters& Add(std::int64_t value);
  Parameters& Add(int value) { return Add(std::int64_t{value}); }
  Parameters& Add(double value);
  Parameters& Add(WallTime value);
  Parameters& Add(const Uuid& value);
  Parameters& Add(std::string_view value);  // text, json
  Parameters& Add(std::span<const std::uint8_t> value);
  Parameters& Add(ArrayValue& array);
  Parameters& Add(const char* value) = delete;

  std::size_t size() const { return lengths_.size(); }
  // Of parameter `index`; nullptr for NULL. Valid until the next Add.
  const char* Pointer(std::size_t index) const;
  int Length(std::size_t index) const { return lengths_[index] < 0 ? 0 : lengths_[index]; }

 private:
  Parameters& Append(std::string_view bytes);

  std::string bytes_;
  std::vector<std::size_t> offsets_;
  std::vector<int> lengths_;  // -1: NULL.
};

// What a statement returned. A column is read as the type it has; CHECKs that the width fits.
class Rows {
 public:
  explicit Rows(pg_result* result) : result_(result) {}

  int count() const;
  // Of INSERT, UPDATE, DELETE.
  std::int64_t changed_count() const;
  // What was done, such as "INSERT 0 1".
  std::string_view tag() const;

  bool IsNull(int row, int column) const;
  bool Bool(int row, int column) const;
  std::int64_t Integer(int row, int column) const;  // smallint, integer, bigint
  double Real(int row, int column) const;           // real, double precision
  std::string_view Text(int row, int column) const;
  std::span<const std::uint8_t> Bytes(int row, int column) const;
  WallTime Time(int row, int column) const;
  Uuid Id(int row, int column) const;
  // Nothing for NULL.
  std::optional<Sha256> Hash(int row, int column) const;
  // The elements of a text[], views into the rows; NULL elements are left out.
  std::vector<std::string_view> Texts(int row, int column) const;

 private:
  struct Clearer {
    void operator()(pg_result* result) const;
  };
  std::string_view Raw(int row, int column) const;

  std::unique_ptr<pg_result, Clearer> result_;
};

}  // namespace datastorage::postgres
