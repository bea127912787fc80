// Updates and erasures in SQLite: the text index and the history follow the record.
#include "sqlite/sqlite_fixture.h"

namespace datastorage {
namespace {

class Changes : public SqliteFixture {
 protected:
  Changes() { OpenStore(); }
  // Compares every entry of the text index with the records; empty when they agree.
  std::string IndexFault() {
    return Query("INSERT INTO record_text (record_text, rank) VALUES ('integrity-check', 1)");
  }
  EraseOp Erase(RecordId id) {
    return {id, SystemUuidSource().MakeVersion4(), clock_.WallNow(), "me", "asked"};
  }
};

TEST_F(Changes, KeepTheTextIndexEqualToTheRecords) {
  RandomRecords random(11);
  std::vector<CreateOp> creates;
  for (int i = 0; i < 60; ++i) {
    CreateOp create = Create("");
    create.body =
        random.Body(static_cast<RecordKind>(i % kRecordKindCount), "key-" + std::to_string(i));
    creates.push_back(create);
    Commit({create});
  }
  EXPECT_EQ(IndexFault(), "");
  for (std::size_t i = 0; i < creates.size(); i += 2) {
    UpdateOp update = Update(creates[i], 1, "");
    update.body = random.Body(KindOf(creates[i].body), NaturalKeyOf(creates[i].body));
    ASSERT_EQ(Commit({update})[0].status, WriteStatus::kUpdated);
  }
  EXPECT_EQ(IndexFault(), "");
  for (std::size_t i = 0; i < creates.size(); i += 3) Commit({Erase(creates[i].id)});
  EXPECT_EQ(IndexFault(), "");
  EXPECT_EQ(Query("PRAGMA integrity_check"), "ok");
  EXPECT_EQ(Query("SELECT count(*) FROM pragma_foreign_key_check"), "0");
  // The check can fail.
  Query("INSERT INTO record_text (rowid, summary) VALUES (1000000, 'foreign')");
  EXPECT_NE(IndexFault(), "");
}

TEST_F(Changes, KeepSupersededVersionsOnceAndTheCurrentOneInItsPlace) {
  const CreateOp create = Create("k1", "first");
  Commit({create, Update(create, 1, "second"), Update(create, 2, "third")});
  EXPECT_EQ(Query("SELECT group_concat(version) FROM record_version"), "1,2");
  EXPECT_EQ(Query("SELECT version FROM record"), "3");
  EXPECT_EQ(store_->History(create.id, Deadline::Never())->size(), 3U);
  Commit({Erase(create.id)});
  EXPECT_EQ(Query("SELECT count(*) FROM record_version"), "0");
  EXPECT_EQ(Query("SELECT version || actor || why FROM erasure"), "3measked");
}

TEST_F(Changes, KeepTheContentHashOfTheFirstVersion) {
  const CreateOp create = Create("k1", "first");
  Commit({create, Update(create, 1, "second")});
  EXPECT_EQ(Commit({Create("k1", "first")})[0].status, WriteStatus::kExisting);
  EXPECT_EQ(Commit({Create("k1", "second")})[0].status, WriteStatus::kConflict);
}

}  // namespace
}  // namespace datastorage
