// Words of a record in the form in which a server sends them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace datastorage::postgres {

// A tsvector as the server sends it.
class Sent {
 public:
  Sent& Add(std::string_view word, const std::vector<std::pair<unsigned, unsigned>>& places) {
    bytes_ += std::string(word) + '\0';
    Append(static_cast<unsigned>(places.size()));
    for (const auto& [weight, place] : places) Append(weight << 14U | place);
    ++count_;
    return *this;
  }
  std::vector<std::uint8_t> Take() const {
    std::string all{'\0', '\0', '\0', static_cast<char>(count_)};
    all += bytes_;
    return {all.begin(), all.end()};
  }

 private:
  void Append(unsigned number) {
    bytes_ += static_cast<char>(number >> 8U);
    bytes_ += static_cast<char>(number & 255U);
  }
  std::string bytes_;
  int count_ = 0;
};

}  // namespace datastorage::postgres
