#include "sqlite/directory_lock.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "support/temporary_folder.h"

namespace datastorage::sqlite {
namespace {

TEST(DirectoryLock, RefusesASecondHolderAndNamesTheFirst) {
  TemporaryFolder folder;
  auto first = DirectoryLock::Take(folder.path());
  ASSERT_TRUE(first.has_value());
  const auto second = DirectoryLock::Take(folder.path());
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(second.error().message,
              testing::HasSubstr("in use by process " + std::to_string(getpid())));
  first = Unavailable("given back");
  EXPECT_TRUE(DirectoryLock::Take(folder.path()).has_value());
}

TEST(DirectoryLock, IsFreeAfterItsHolderWasKilled) {
  TemporaryFolder folder;
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t holder = fork();
  if (holder == 0) {
    const auto lock = DirectoryLock::Take(folder.path());
    const char answer = lock.has_value() ? 'y' : 'n';
    if (write(ready[1], &answer, 1) != 1) _exit(1);
    pause();
    _exit(0);
  }
  char answer = 0;
  ASSERT_EQ(read(ready[0], &answer, 1), 1);
  ASSERT_EQ(answer, 'y');
  EXPECT_THAT(DirectoryLock::Take(folder.path()).error().message,
              testing::HasSubstr(std::to_string(holder)));
  kill(holder, SIGKILL);
  waitpid(holder, nullptr, 0);
  EXPECT_TRUE(DirectoryLock::Take(folder.path()).has_value());
  close(ready[0]);
  close(ready[1]);
}

TEST(DirectoryLock, MakesTheFolderForItsOwnerOnly) {
  TemporaryFolder folder;
  const std::string inner = folder.path() + "/a/b";
  ASSERT_TRUE(DirectoryLock::Take(inner).has_value());
  EXPECT_EQ(std::filesystem::status(inner).permissions(), std::filesystem::perms::owner_all);
  EXPECT_EQ(DirectoryLock::Take(inner + "/datastorage.lock/c").error().code,
            ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace datastorage::sqlite
