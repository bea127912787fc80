#include "minilm/safetensors.h"

#include <gmock/gmock.h>

#include <cstring>
#include <fstream>

#include "minilm/reference.h"

namespace datastorage {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string WithLength(std::uint64_t length, const std::string& header, std::size_t byte_count) {
  std::string file(sizeof(length), 0);
  std::memcpy(file.data(), &length, sizeof(length));
  return file + header + std::string(byte_count, 1);
}
std::string AFile(const std::string& header, std::size_t byte_count) {
  return WithLength(header.size(), header, byte_count);
}

Result<Safetensors> Parse(const std::string& content) {
  const minilm_test::TemporaryDirectory directory;
  std::ofstream(directory.path() + "/file") << content;
  auto file = MappedFile::Open(directory.path() + "/file");
  return Safetensors::Parse(*file);
}

TEST(Safetensors, FindsTensorsByName) {
  const auto parsed = Parse(AFile(R"({"__metadata__":{"format":"pt"},)"
                                  R"("b":{"dtype":"F32","shape":[1,2],"data_offsets":[8,16]},)"
                                  R"("a":{"dtype":"I64","shape":[],"data_offsets":[0,8]}})",
                                  16));
  ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
  EXPECT_EQ(parsed->tensor_count(), 2u);
  const Tensor* const found = parsed->Find("b");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->dtype, "F32");
  EXPECT_THAT(found->shape, ElementsAre(1, 2));
  EXPECT_EQ(found->bytes.size(), 8u);
  EXPECT_EQ(parsed->Find("__metadata__"), nullptr);
}

struct BrokenFile {
  const char* name;
  std::string content;
  const char* expected;
};

class SafetensorsBroken : public testing::TestWithParam<BrokenFile> {};

TEST_P(SafetensorsBroken, IsRefused) {
  const auto parsed = Parse(GetParam().content);
  ASSERT_FALSE(parsed.has_value());
  EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(parsed.error().message, HasSubstr(GetParam().expected));
}

std::string OneTensor(const std::string& shape, const std::string& offsets, std::size_t size) {
  return AFile(R"({"w":{"dtype":"F32","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}",
               size);
}

INSTANTIATE_TEST_SUITE_P(
    Cases,
    SafetensorsBroken,
    testing::Values(
        BrokenFile{"short", "1234567", "too short"},
        BrokenFile{"header_past_end", WithLength(100, "{}", 0), "longer than the file"},
        BrokenFile{"header_huge", WithLength(~std::uint64_t{0}, "{}", 0), "longer than the file"},
        BrokenFile{"not_json", AFile("{]", 0), "not a JSON object"},
        BrokenFile{"array", AFile("[]", 0), "not a JSON object"},
        BrokenFile{
            "no_dtype", AFile(R"({"w":{"shape":[],"data_offsets":[0,4]}})", 4), "entry for w"},
        BrokenFile{"negative", OneTensor("[-1]", "[0,4]", 4), "entry for w"},
        BrokenFile{"one_offset", OneTensor("[1]", "[0]", 4), "entry for w"},
        BrokenFile{"past_end", OneTensor("[2]", "[0,8]", 4), "w lies outside"},
        BrokenFile{"backwards", OneTensor("[1]", "[4,0]", 4), "w lies outside"},
        BrokenFile{"wrong_size", OneTensor("[2]", "[0,4]", 4), "bytes of w do not fit"},
        BrokenFile{"overflow", OneTensor("[2147483648,2147483648,4]", "[0,0]", 0), "do not fit"},
        BrokenFile{"trailing", OneTensor("[1]", "[0,4]", 5), "overlap or leave gaps"},
        BrokenFile{"overlap",
                   AFile(R"({"v":{"dtype":"F32","shape":[1],"data_offsets":[4,8]},)"
                         R"("w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
                         8),
                   "overlap or leave gaps"},
        BrokenFile{"leading", OneTensor("[1]", "[4,8]", 8), "overlap or leave gaps"}),
    [](const auto& broken) { return std::string(broken.param.name); });

}  // namespace
}  // namespace datastorage
