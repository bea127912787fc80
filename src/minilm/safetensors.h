// Safetensors: named f32 tensors in a mapped .safetensors file, checked before use.
//
// Layout: 8 bytes N (little endian), N bytes of JSON {name: {dtype, shape, data_offsets}}, data.
// Threads: immutable after Parse. Ownership: keeps the file mapped as long as it lives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "minilm/mapped_file.h"

namespace datastorage {

struct Tensor {
  std::string dtype;  // As in the file, such as "F32".
  std::vector<std::int64_t> shape;
  std::span<const std::byte> bytes;
};

class Safetensors {
 public:
  // Errors: kInvalidArgument, naming the tensor, when the header is not well-formed, a tensor's
  // bytes do not fit its shape and type, or the tensors do not fill the file without gap or
  // overlap.
  static Result<Safetensors> Parse(std::shared_ptr<const MappedFile> file);

  // Null when there is no such tensor.
  const Tensor* Find(const std::string& name) const;
  std::size_t tensor_count() const { return tensors_.size(); }
  const std::shared_ptr<const MappedFile>& file() const { return file_; }

 private:
  Safetensors(std::shared_ptr<const MappedFile> file, std::map<std::string, Tensor> tensors)
      : file_(std::move(file)), tensors_(std::move(tensors)) {}

  std::shared_ptr<const MappedFile> file_;
  std::map<std::string, Tensor> tensors_;
};

}  // namespace datastorage
