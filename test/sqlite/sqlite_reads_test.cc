// Reads in SQLite: pages while writers work, deadlines, snapshots.
#include <set>
#include <thread>

#include "schema/members.h"
#include "sqlite/sqlite_fixture.h"

namespace datastorage {
namespace {

class Reads : public SqliteFixture {
 protected:
  Reads() { OpenStore(); }
};

TEST_F(Reads, WalkEveryRecordOnceWhileWritersWork) {
  std::set<RecordId> before;
  for (int i = 0; i < 200; ++i) {
    const CreateOp create = Create("k" + std::to_string(i));
    before.insert(create.id);
    Commit({create});
    if (i % 3 == 0) clock_.Advance(std::chrono::seconds(1));
  }
  std::atomic<bool> is_done = false;
  std::jthread writer([&] {
    for (int i = 200; !is_done; ++i) Commit({Create("k" + std::to_string(i))});
  });
  std::multiset<RecordId> walked;
  ListQuery query;
  query.limit = 7;
  for (bool has_more = true; has_more;) {
    const auto page = store_->List(query, Deadline::Never());
    ASSERT_TRUE(page.has_value());
    for (const Record& record : page->records) walked.insert(record.id);
    has_more = page->has_more;
    if (has_more) {
      const Record& last = page->records.back();
      query.after = KeysetPosition{schema::ValueOf(last, query.sort.member), last.id};
    }
  }
  is_done = true;
  for (const RecordId& id : before) EXPECT_EQ(walked.count(id), 1U);
  for (const RecordId& id : walked) EXPECT_EQ(walked.count(id), 1U);
}

TEST_F(Reads, SkipByOffsetAndCountAll) {
  for (int i = 0; i < 10; ++i) Commit({Create("k" + std::to_string(i))});
  ListQuery query;
  query.sort = {Member::kRemediationRequestId, false};
  query.offset = 8;
  query.limit = 5;
  query.wants_count = true;
  const auto page = store_->List(query, Deadline::Never());
  ASSERT_EQ(page->records.size(), 2U);
  EXPECT_EQ(NaturalKeyOf(page->records[0].body), "k8");
  EXPECT_FALSE(page->has_more);
  EXPECT_EQ(page->count, 10);
  EXPECT_EQ(*store_->Count({}, 3, Deadline::Never()), 3);
}

TEST_F(Reads, DoNotWaitForTheWriter) {
  Commit({Create("k1")});
  const auto beside = Connect();
  sqlite::Transaction writing(*beside);
  ASSERT_TRUE(writing.BeginWriting().has_value());
  ASSERT_TRUE(beside->Execute("write", "DELETE FROM natural_key").has_value());
  const RecordRef ref = NaturalKey{RecordKind::kRemediation, "k1"};
  EXPECT_EQ(
      store_->Read(std::span(&ref, 1), "", Deadline::In(std::chrono::seconds(5)))->at(0).status,
      ReadStatus::kFound);
}

}  // namespace
}  // namespace datastorage
