#include "minilm/mapped_file.h"

#include <gtest/gtest.h>

#include <fstream>

#include "minilm/reference.h"

namespace datastorage {
namespace {

ErrorCode CodeOf(const std::string& path) {
  const auto file = MappedFile::Open(path);
  EXPECT_FALSE(file.has_value());
  return file.has_value() ? ErrorCode::kInternal : file.error().code;
}

TEST(MappedFile, GivesTheBytesAndTheirHash) {
  const minilm_test::TemporaryDirectory directory;
  std::ofstream(directory.path() + "/file") << "abc";
  const auto file = MappedFile::Open(directory.path() + "/file");
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ((*file)->bytes().size(), 3u);
  EXPECT_EQ((*file)->bytes()[2], std::byte{'c'});
  // The example of FIPS 180-4.
  EXPECT_EQ((*file)->Sha256(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(MappedFile, TellsMissingFromUnreadable) {
  const minilm_test::TemporaryDirectory directory;
  std::ofstream(directory.path() + "/empty").flush();
  EXPECT_EQ(CodeOf(directory.path() + "/missing"), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(directory.path() + "/empty/below"), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(directory.path() + "/empty"), ErrorCode::kUnavailable);
  EXPECT_EQ(CodeOf(directory.path()), ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace datastorage
