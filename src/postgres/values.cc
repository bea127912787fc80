#include "postgres/values.h"

#include <libpq-fe.h>

#include <array>
#include <bit>
#include <charconv>
#include <concepts>
#include <cstring>

#include "base/check.h"

namespace datastorage::postgres {
namespace {

// PostgreSQL counts its times from 2000-01-01T00:00:00Z.
constexpr std::int64_t kEpochMicroseconds = 946'684'800'000'000;
constexpr std::size_t kArrayHeadByteCount = 20;

template <std::unsigned_integral Number>
void AppendNumber(std::string& bytes, Number number) {
  std::array<char, sizeof number> raw;
  int shift = static_cast<int>(sizeof number) * 8;
  for (char& byte : raw) byte = static_cast<char>(number >> (shift -= 8) & 0xFF);
  bytes.append(raw.data(), raw.size());
}

template <std::unsigned_integral Number>
Number ReadNumber(std::string_view bytes) {
  DS_CHECK(bytes.size() >= sizeof(Number));
  Number number = 0;
  for (std::size_t i = 0; i < sizeof number; ++i) {
    number = static_cast<Number>(number << 8 | static_cast<unsigned char>(bytes[i]));
  }
  return number;
}

std::string Encoded(std::int64_t value) {
  std::string bytes;
  AppendNumber(bytes, static_cast<std::uint64_t>(value));
  return bytes;
}

std::string Encoded(double value) {
  std::string bytes;
  AppendNumber(bytes, std::bit_cast<std::uint64_t>(value));
  return bytes;
}

std::string Encoded(WallTime value) {
  return Encoded(std::int64_t{value.time_since_epoch().count()} - kEpochMicroseconds);
}

std::string_view View(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

ArrayValue::ArrayValue(ElementType type) : ArrayValue(static_cast<std::uint32_t>(type)) {}

ArrayValue::ArrayValue(std::uint32_t type) {
  AppendNumber(bytes_, std::uint32_t{1});  // Dimensions.
  AppendNumber(bytes_, std::uint32_t{0});  // Whether there is a NULL.
  AppendNumber(bytes_, type);
  AppendNumber(bytes_, std::uint32_t{0});  // Elements.
  AppendNumber(bytes_, std::uint32_t{1});  // The first one's number.
}

void ArrayValue::AddHead(std::int32_t byte_count) {
  AppendNumber(bytes_, static_cast<std::uint32_t>(byte_count));
  ++count_;
}

void ArrayValue::AddNull() {
  has_null_ = true;
  AddHead(-1);
}

void ArrayValue::Add(bool value) {
  AddHead(1);
  bytes_ += value ? '\1' : '\0';
}

void ArrayValue::Add(std::int64_t value) {
  AddHead(8);
  bytes_ += Encoded(value);
}

void ArrayValue::Add(double value) {
  AddHead(8);
  bytes_ += Encoded(value);
}

void ArrayValue::Add(WallTime value) {
  AddHead(8);
  bytes_ += Encoded(value);
}

void ArrayValue::Add(const Uuid& value) {
  Add(std::span<const std::uint8_t>(value.bytes));
}

void ArrayValue::Add(std::string_view value) {
  AddHead(static_cast<std::int32_t>(value.size()));
  bytes_ += value;
}

void ArrayValue::Add(std::span<const std::uint8_t> value) {
  Add(View(value));
}

void ArrayValue::Add(const std::optional<Sha256>& value) {
  if (!value.has_value()) return AddNull();
  Add(std::span<const std::uint8_t>(*value));
}

const std::string& ArrayValue::Finish() {
  std::string head;
  AppendNumber(head, std::uint32_t{1});
  AppendNumber(head, std::uint32_t{has_null_ ? 1U : 0U});
  head += bytes_.substr(8, 4);
  AppendNumber(head, static_cast<std::uint32_t>(count_));
  AppendNumber(head, std::uint32_t{1});
  bytes_.replace(0, kArrayHeadByteCount, head);
  return bytes_;
}

Parameters& Parameters::Append(std::string_view bytes) {
  offsets_.push_back(bytes_.size());
  lengths_.push_back(static_cast<int>(bytes.size()));
  bytes_ += bytes;
  return *this;
}

Parameters& Parameters::AddNull() {
  offsets_.push_back(bytes_.size());
  lengths_.push_back(-1);
  return *this;
}

Parameters& Parameters::Add(bool value) {
  return Append(value ? std::string_view("\1", 1) : std::string_view("\0", 1));
}
Parameters& Parameters::Add(std::int64_t value) {
  return Append(Encoded(value));
}
Parameters& Parameters::Add(double value) {
  return Append(Encoded(value));
}
Parameters& Parameters::Add(WallTime value) {
  return Append(Encoded(value));
}
Parameters& Parameters::Add(const Uuid& value) {
  return Append(View(value.bytes));
}
Parameters& Parameters::Add(std::string_view value) {
  return Append(value);
}
Parameters& Parameters::Add(std::span<const std::uint8_t> value) {
  return Append(View(value));
}
Parameters& Parameters::Add(ArrayValue& array) {
  return Append(array.Finish());
}

const char* Parameters::Pointer(std::size_t index) const {
  return lengths_[index] < 0 ? nullptr : bytes_.data() + offsets_[index];
}

void Rows::Clearer::operator()(pg_result* result) const {
  PQclear(result);
}

int Rows::count() const {
  return PQntuples(result_.get());
}

std::int64_t Rows::changed_count() const {
  const std::string_view text = PQcmdTuples(result_.get());
  std::int64_t count = 0;
  std::from_chars(text.data(), text.data() + text.size(), count);
  return count;
}

std::string_view Rows::tag() const {
  return PQcmdStatus(result_.get());
}

bool Rows::IsNull(int row, int column) const {
  return PQgetisnull(result_.get(), row, column) != 0;
}

std::string_view Rows::Raw(int row, int column) const {
  DS_CHECK(row < count() && column < PQnfields(result_.get()));
  DS_CHECK(PQfformat(result_.get(), column) == 1);
  return {PQgetvalue(result_.get(), row, column),
          static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

bool Rows::Bool(int row, int column) const {
  const std::string_view raw = Raw(row, column);
  DS_CHECK(raw.size() == 1);
  return raw[0] != '\0';
}

std::int64_t Rows::Integer(int row, int column) const {
  const std::string_view raw = Raw(row, column);
  if (raw.size() == 2) return static_cast<std::int16_t>(ReadNumber<std::uint16_t>(raw));
  if (raw.size() == 4) return static_cast<std::int32_t>(ReadNumber<std::uint32_t>(raw));
  DS_CHECK(raw.size() == 8);
  return static_cast<std::int64_t>(ReadNumber<std::uint64_t>(raw));
}

double Rows::Real(int row, int column) const {
  const std::string_view raw = Raw(row, column);
  if (raw.size() == 4) return double{std::bit_cast<float>(ReadNumber<std::uint32_t>(raw))};
  DS_CHECK(raw.size() == 8);
  return std::bit_cast<double>(ReadNumber<std::uint64_t>(raw));
}

std::string_view Rows::Text(int row, int column) const {
  return Raw(row, column);
}

std::span<const std::uint8_t> Rows::Bytes(int row, int column) const {
  const std::string_view raw = Raw(row, column);
  return {reinterpret_cast<const std::uint8_t*>(raw.data()), raw.size()};
}

WallTime Rows::Time(int row, int column) const {
  return WallTime(Duration(Integer(row, column) + kEpochMicroseconds));
}

Uuid Rows::Id(int row, int column) const {
  const std::string_view raw = Raw(row, column);
  Uuid id;
  DS_CHECK(raw.size() == id.bytes.size());
  std::memcpy(id.bytes.data(), raw.data(), raw.size());
  return id;
}

std::optional<Sha256> Rows::Hash(int row, int column) const {
  if (IsNull(row, column)) return std::nullopt;
  const std::string_view raw = Raw(row, column);
  Sha256 hash{};
  DS_CHECK(raw.size() == hash.size());
  std::memcpy(hash.data(), raw.data(), raw.size());
  return hash;
}

std::vector<std::string_view> Rows::Texts(int row, int column) const {
  std::vector<std::string_view> texts;
  std::string_view rest = Raw(row, column);
  DS_CHECK(rest.size() >= 12);
  if (ReadNumber<std::uint32_t>(rest) == 0) return texts;  // No dimension: empty.
  DS_CHECK(rest.size() >= kArrayHeadByteCount);
  const std::uint32_t count = ReadNumber<std::uint32_t>(rest.substr(12));
  rest.remove_prefix(kArrayHeadByteCount);
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto size = static_cast<std::int32_t>(ReadNumber<std::uint32_t>(rest));
    rest.remove_prefix(4);
    if (size < 0) continue;
    DS_CHECK(static_cast<std::size_t>(size) <= rest.size());
    texts.push_back(rest.substr(0, static_cast<std::size_t>(size)));
    rest.remove_prefix(static_cast<std::size_t>(size));
  }
  return texts;
}

}  // namespace datastorage::postgres
