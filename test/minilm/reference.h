// Runs the Python references beside the tests and reads what they write. A reference that cannot
// run fails the test: nothing is skipped.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace datastorage::minilm_test {

inline std::string DependencyDirectory() {
  return DS_SOURCE_DIR "/.deps";
}
inline std::string ModelDirectory() {
  return DependencyDirectory() + "/minilm";
}

// A directory of its own, removed at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = testing::TempDir() + "minilm_XXXXXX";
    path_ = mkdtemp(pattern.data());
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

struct ReferenceLine {
  std::string text;
  std::vector<std::int32_t> ids;
  std::vector<float> vector;  // Empty in the tokenizer's reference.
};

inline std::string FromHex(const std::string& digits) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

template <class Number>
std::vector<Number> Numbers(const std::string& text) {
  std::istringstream stream(text);
  std::vector<Number> numbers;
  for (Number number{}; stream >> number;) numbers.push_back(number);
  return numbers;
}

// The lines that test/minilm/`script` writes; none, and a failed test, when it does not run.
inline std::vector<ReferenceLine> RunReference(const std::string& script) {
  const TemporaryDirectory directory;
  const std::string output = directory.path() + "/reference";
  // The distribution's interpreter: the reference packages are made for it.
  const std::string command = "/usr/bin/python3 -B " DS_SOURCE_DIR "/test/minilm/" + script + " " +
                              DependencyDirectory() + " " + output;
  const int status = std::system(command.c_str());
  EXPECT_EQ(status, 0) << command << " failed; tools/fetch_test_tools.sh brings what it needs";
  std::vector<ReferenceLine> lines;
  std::ifstream file(output);
  for (std::string line; std::getline(file, line);) {
    std::istringstream columns(line);
    std::string text, ids, vector;
    std::getline(columns, text, '\t');
    std::getline(columns, ids, '\t');
    std::getline(columns, vector, '\t');
    lines.push_back({FromHex(text), Numbers<std::int32_t>(ids), Numbers<float>(vector)});
  }
  return lines;
}

}  // namespace datastorage::minilm_test
