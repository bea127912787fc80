#include "sqlite/queries.h"

#include <filesystem>
#include <set>

#include "sqlite/sqlite_fixture.h"

namespace datastorage::sqlite {
namespace {

TEST(Queries, AreTheFilesOfTheFolder) {
  std::set<std::string> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(DS_SOURCE_DIR "/sql/sqlite/queries")) {
    files.insert(entry.path().stem().string());
  }
  std::set<std::string> names;
  for (std::size_t i = 0; i < static_cast<std::size_t>(Query::kCount); ++i) {
    const Query query = static_cast<Query>(i);
    names.emplace(NameOf(query));
    // Each text begins by naming itself, so that a wrong line in the table shows.
    EXPECT_EQ(SqlOf(query).find("-- " + std::string(NameOf(query)) + ": "), 0U) << NameOf(query);
  }
  EXPECT_EQ(names, files);
}

TEST(Queries, SubstituteEveryMarker) {
  EXPECT_EQ(Substitute("a{x}b{x}", "{x}", "{x}1"), "a{x}1b{x}1");
  EXPECT_EQ(Substitute("ab", "{x}", "1"), "ab");
}

class ColumnsOfTheSchema : public SqliteFixture {};

TEST_F(ColumnsOfTheSchema, AreThoseOfTheFieldTables) {
  OpenStore();
  const std::set<std::string> own{"no",
                                  "id",
                                  "kind",
                                  "version",
                                  "stamp",
                                  "attempt",
                                  "content_hash",
                                  "text_hash",
                                  "created_at",
                                  "updated_at",
                                  "name_parts",
                                  "body",
                                  "metadata"};
  std::set<std::string> expected = own;
  for (int member = static_cast<int>(Member::kVector) + 1; member < kMemberCount; ++member) {
    expected.emplace(Describe(static_cast<Member>(member)).name);
  }
  std::set<std::string> columns;
  const int count = std::stoi(Query("SELECT count(*) FROM pragma_table_xinfo('record')"));
  for (int i = 0; i < count; ++i) {
    columns.insert(
        Query("SELECT name FROM pragma_table_xinfo('record') WHERE cid = " + std::to_string(i)));
  }
  EXPECT_EQ(columns, expected);
}

}  // namespace
}  // namespace datastorage::sqlite
