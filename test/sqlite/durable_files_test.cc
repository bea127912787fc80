#include "sqlite/durable_files.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "support/temporary_folder.h"

namespace datastorage::sqlite {
namespace {

class DurableFiles : public testing::Test {
 protected:
  std::string Path(const std::string& name) const { return folder_.path() + "/" + name; }
  static std::string Read(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static void Write(const std::string& path, const std::string& text) {
    std::ofstream(path) << text;
  }
  TemporaryFolder folder_;
};

TEST_F(DurableFiles, TakeTheirNameWhenTheyAreWhole) {
  {
    TemporaryFile part(Path("part"));
    Write(part.path(), "new");
    EXPECT_TRUE(part.Publish(Path("name")).has_value());
    Write(Path("part-wal"), "left over");
  }
  EXPECT_EQ(Read(Path("name")), "new");
  EXPECT_FALSE(std::filesystem::exists(Path("part")));
  EXPECT_FALSE(std::filesystem::exists(Path("part-wal")));
}

TEST_F(DurableFiles, ReplaceAnotherOnlyWhereThatIsMeant) {
  Write(Path("name"), "old");
  Write(Path("part"), "of a crash");
  TemporaryFile part(Path("part"));
  EXPECT_FALSE(std::filesystem::exists(Path("part")));
  Write(part.path(), "new");
  EXPECT_EQ(part.Publish(Path("name")).error().code, ErrorCode::kConflict);
  EXPECT_EQ(Read(Path("name")), "old");
  EXPECT_TRUE(part.Replace(Path("name")).has_value());
  EXPECT_EQ(Read(Path("name")), "new");
}

TEST_F(DurableFiles, AreCopiedForTheirOwnerAlone) {
  Write(Path("from"), "text");
  EXPECT_TRUE(CopyDurably(Path("from"), Path("to")).has_value());
  EXPECT_EQ(Read(Path("to")), "text");
  EXPECT_EQ(std::filesystem::status(Path("to")).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_FALSE(CopyDurably(Path("none"), Path("other")).has_value());
  EXPECT_FALSE(Sync(Path("none")).has_value());
}

}  // namespace
}  // namespace datastorage::sqlite
