#include "minilm/safetensors.h"

#include <algorithm>
#include <bit>
#include <boost/json.hpp>
#include <cstring>
#include <optional>

namespace datastorage {
namespace {

namespace json = boost::json;

static_assert(std::endian::native == std::endian::little, "the file's numbers are little endian");

constexpr std::size_t kLengthByteCount = 8;
constexpr std::size_t kHeaderByteCountMax = 1u << 20;
constexpr std::int64_t kDimensionMax = std::int64_t{1} << 31;
constexpr std::size_t kDimensionCountMax = 8;

std::optional<std::int64_t> ByteCountOf(std::string_view dtype) {
  if (dtype == "F32" || dtype == "I32" || dtype == "U32") return 4;
  if (dtype == "F64" || dtype == "I64" || dtype == "U64") return 8;
  if (dtype == "F16" || dtype == "BF16" || dtype == "I16" || dtype == "U16") return 2;
  if (dtype == "I8" || dtype == "U8" || dtype == "BOOL") return 1;
  return std::nullopt;
}

// The numbers of a JSON array of non-negative integers; nothing for anything else.
std::optional<std::vector<std::int64_t>> CountsIn(const json::value* value) {
  if (value == nullptr || !value->is_array()) return std::nullopt;
  std::vector<std::int64_t> counts;
  for (const json::value& item : value->get_array()) {
    if (!item.is_int64() || item.get_int64() < 0) return std::nullopt;
    counts.push_back(item.get_int64());
  }
  return counts;
}

// The byte count of a tensor of that shape; nothing when it has no sensible size.
std::optional<std::int64_t> SizeOf(std::string_view dtype, std::span<const std::int64_t> shape) {
  std::optional<std::int64_t> size = ByteCountOf(dtype);
  if (!size.has_value() || shape.size() > kDimensionCountMax) return std::nullopt;
  for (const std::int64_t dimension : shape) {
    if (dimension > kDimensionMax || __builtin_mul_overflow(*size, dimension, &*size)) {
      return std::nullopt;
    }
  }
  return size;
}

Error Wrong(std::string_view what) {
  return InvalidArgument("read safetensors: " + std::string(what));
}

Result<Tensor> ParseTensor(const std::string& name,
                           const json::value& entry,
                           std::span<const std::byte> data) {
  const Error wrong = Wrong("the header's entry for " + name + " is not well-formed");
  if (!entry.is_object()) return wrong;
  const json::object& object = entry.get_object();
  const json::value* const dtype = object.if_contains("dtype");
  const auto shape = CountsIn(object.if_contains("shape"));
  const auto offsets = CountsIn(object.if_contains("data_offsets"));
  if (dtype == nullptr || !dtype->is_string() || !shape || !offsets || offsets->size() != 2) {
    return wrong;
  }
  Tensor tensor{.dtype = std::string(dtype->get_string()), .shape = *shape, .bytes = {}};
  const std::int64_t begin = offsets->front();
  const std::int64_t end = offsets->back();
  if (begin > end || end > static_cast<std::int64_t>(data.size())) {
    return Wrong(name + " lies outside the file");
  }
  if (SizeOf(tensor.dtype, tensor.shape) != end - begin) {
    return Wrong("the bytes of " + name + " do not fit its shape and type");
  }
  tensor.bytes =
      data.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
  return tensor;
}

// Whether the tensors cover `data` exactly, none sharing a byte with another.
bool FillExactly(const std::map<std::string, Tensor>& tensors, std::span<const std::byte> data) {
  std::vector<std::span<const std::byte>> parts;
  parts.reserve(tensors.size());
  for (const auto& [name, tensor] : tensors) parts.push_back(tensor.bytes);
  std::sort(parts.begin(), parts.end(), [](const auto& a, const auto& b) {
    return a.data() != b.data() ? a.data() < b.data() : a.size() < b.size();
  });
  const std::byte* next = data.data();
  for (const auto& part : parts) {
    if (part.data() != next) return false;
    next += part.size();
  }
  return next == data.data() + data.size();
}

}  // namespace

Result<Safetensors> Safetensors::Parse(std::shared_ptr<const MappedFile> file) {
  const std::span<const std::byte> bytes = file->bytes();
  std::uint64_t header_size = 0;
  if (bytes.size() < kLengthByteCount) return Wrong("the file is too short");
  std::memcpy(&header_size, bytes.data(), kLengthByteCount);
  if (header_size > kHeaderByteCountMax || header_size > bytes.size() - kLengthByteCount) {
    return Wrong("the header is longer than the file or its limit");
  }
  const std::string_view header(reinterpret_cast<const char*>(bytes.data()) + kLengthByteCount,
                                static_cast<std::size_t>(header_size));
  boost::system::error_code failure;
  const json::value parsed = json::parse(header, failure);
  if (failure || !parsed.is_object()) return Wrong("the header is not a JSON object");

  const auto data = bytes.subspan(kLengthByteCount + static_cast<std::size_t>(header_size));
  std::map<std::string, Tensor> tensors;
  for (const auto& [key, entry] : parsed.get_object()) {
    if (key == "__metadata__") continue;
    const std::string name(key);
    DS_ASSIGN_OR_RETURN(Tensor tensor, ParseTensor(name, entry, data));
    tensors.emplace(name, std::move(tensor));
  }
  if (!FillExactly(tensors, data)) return Wrong("the tensors overlap or leave gaps");
  return Safetensors(std::move(file), std::move(tensors));
}

const Tensor* Safetensors::Find(const std::string& name) const {
  const auto found = tensors_.find(name);
  return found == tensors_.end() ? nullptr : &found->second;
}

}  // namespace datastorage
