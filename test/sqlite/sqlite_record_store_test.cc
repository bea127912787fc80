#include "sqlite/sqlite_record_store.h"

#include <fstream>
#include <iterator>

#include "base/limits.h"

#include "sqlite/sqlite_fixture.h"

namespace datastorage {
namespace {

class Store : public SqliteFixture {
 protected:
  Store() { OpenStore(); }
};

TEST_F(Store, IsOpenedOnce) {
  const auto second = SqliteRecordStore::Open({.directory = folder_.path()});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(second.error().message, testing::HasSubstr("in use by process"));
}

TEST_F(Store, RefusesOptionsThatMakeNoSense) {
  for (const int count : {0, limits::kDatabaseReaderCountMax + 1}) {
    EXPECT_EQ(SqliteRecordStore::Open({.directory = "x", .reader_count = count}).error().code,
              ErrorCode::kInvalidArgument);
  }
  EXPECT_EQ(SqliteRecordStore::Open({}).error().code, ErrorCode::kInvalidArgument);
}

TEST_F(Store, HoldsEverythingAfterItWasClosed) {
  Register(kSpace, VectorSetState::kLive);
  Commit({Create("k1", "first"), Create("k2")});
  const std::string before = DumpOfDirectory(folder_.path());
  OpenStore();
  EXPECT_EQ(DumpOfDirectory(folder_.path()), before);
  EXPECT_EQ(TextHits("first").size(), 1U);
  EXPECT_EQ(*store_->Count({}, 10, Deadline::Never()), 2);
}

TEST_F(Store, KeepsItsSecretAcrossStarts) {
  const std::string secret = *store_->Secret("cursor", Deadline::Never());
  OpenStore();
  EXPECT_EQ(*store_->Secret("cursor", Deadline::Never()), secret);
}

TEST_F(Store, ChecksItselfByAWriteThatChangesNoRecord) {
  const std::string before = DumpOfDirectory(folder_.path());
  EXPECT_TRUE(store_->Check(Deadline::Never()).has_value());
  clock_.Advance(std::chrono::seconds(1));
  EXPECT_TRUE(store_->Check(Deadline::Never()).has_value());
  EXPECT_EQ(DumpOfDirectory(folder_.path()), before);
  EXPECT_EQ(store_->Check(Deadline::In(Duration(0))).error().code, ErrorCode::kDeadlineExceeded);
}

TEST_F(Store, WritesDurablyAgainAfterALightWrite) {
  // Leasing relaxes the writer's syncs; a commit afterwards must not be relaxed.
  ASSERT_TRUE(store_->LeaseDue(1, 1, {clock_.WallNow(), clock_.WallNow()}, Deadline::Never()));
  Commit({Create("k1")});
  EXPECT_EQ(Query("SELECT count(*) FROM record"), "1");
}

TEST_F(Store, LeavesNothingOfAnErasedTextInItsFiles) {
  const std::string secret_word = "zanzibarquartz";
  const CreateOp create = Create("key-of-" + secret_word, "saw " + secret_word);
  Commit({create, Create("k2", "other")});
  UpdateOp update = Update(create, 1, "again " + secret_word);
  SpacedEmbedding embedding{.space = kSpace, .text_hash = *update.text_hash};
  embedding.vector[0] = 1;
  update.embeddings.push_back(embedding);
  Commit({update});
  Commit({EraseOp{create.id, SystemUuidSource().MakeVersion4(), clock_.WallNow(), "me", "asked"}});
  for (const char* name : {"/datastorage.db", "/datastorage.db-wal"}) {
    std::ifstream file(folder_.path() + name, std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    EXPECT_EQ(bytes.find(secret_word), std::string::npos) << name;
    EXPECT_EQ(bytes.find("zanzibar"), std::string::npos) << name;
  }
  EXPECT_EQ(Query("SELECT count(*) FROM embedding"), "0");
}

// Each erasure merges the text index, which must not wear it out; and none makes the index anew,
// which would take as long as all texts take.
TEST_F(Store, FindsAndTakesTextsAfterThousandsOfErasures) {
  // Only an index that was made anew knows of this change.
  Commit({Create("witness", "longstanding")});
  Query("UPDATE record SET body = replace(body, 'longstanding', 'unheard')");
  constexpr int kErasures = 1'500;  // Some 1,370 were too many once.
  for (int i = 0; i < kErasures; ++i) {
    const std::string n = std::to_string(i);
    const CreateOp create = Create("k" + n, "erased " + n);
    Commit({Create("kept" + n, "kept " + n)});
    Commit({create});
    Commit(
        {EraseOp{create.id, SystemUuidSource().MakeVersion4(), clock_.WallNow(), "me", "asked"}});
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_EQ(TextHits("1234").size(), 1U);
  EXPECT_TRUE(TextHits("erased").empty());
  EXPECT_EQ(TextHits("longstanding").size(), 1U) << "the index was made anew";
  // Fails, and says so, where the index does not hold together.
  Query("INSERT INTO record_text (record_text, rank) VALUES ('integrity-check', 0)");
}

TEST_F(Store, EmptiesTheLogWhenTheReaderInTheWayIsGone) {
  const CreateOp create = Create("k1", "text");
  Commit({create});
  sqlite3* reader = nullptr;
  ASSERT_EQ(sqlite3_open(DatabasePath().c_str(), &reader), SQLITE_OK);
  sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM record", nullptr, nullptr, nullptr);
  Commit({EraseOp{create.id, SystemUuidSource().MakeVersion4(), clock_.WallNow(), "me", "asked"}});
  EXPECT_GT(std::filesystem::file_size(DatabasePath() + "-wal"), 0U);
  sqlite3_close(reader);
  Commit({Create("k2")});
  EXPECT_EQ(std::filesystem::file_size(DatabasePath() + "-wal"), 0U);
}

TEST_F(Store, KeepsItsLogShort) {
  const std::string large(1'000'000, 'x');
  std::uintmax_t longest = 0;
  for (int i = 0; i < 40; ++i) {
    Commit({Create("k" + std::to_string(i), large)});
    longest = std::max(longest, std::filesystem::file_size(DatabasePath() + "-wal"));
  }
  EXPECT_LT(longest, 40'000'000U);
}

}  // namespace
}  // namespace datastorage
