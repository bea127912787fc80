#include "engine/backup_service.h"

#include <gtest/gtest.h>

#include "fake/fake_backup.h"

namespace datastorage {
namespace {

TEST(BackupService, MakesOneBackupAtATime) {
  FakeBackup store;
  BackupService backups(store);
  bool is_refused = false;
  store.during = [&] { is_refused = !backups.Run("second.db", Deadline::Never())->has_value(); };
  EXPECT_EQ((*backups.Run("first.db", Deadline::Never()))->record_count, 7);
  EXPECT_TRUE(is_refused);
  store.failure = Unavailable("no disk");
  EXPECT_FALSE(backups.Run("third.db", Deadline::Never()).has_value());
  store.failure.reset();
  EXPECT_TRUE((*backups.Run("fourth.db", Deadline::Never())).has_value());
  EXPECT_EQ(store.names, (std::vector<std::string>{"first.db", "fourth.db"}));
}

}  // namespace
}  // namespace datastorage
