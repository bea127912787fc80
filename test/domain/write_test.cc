#include "domain/write.h"

#include <gtest/gtest.h>

#include <set>

namespace datastorage {
namespace {

TEST(WriteStatus, IsNamedOnce) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(WriteStatus::kNotAttempted); ++i) {
    names.insert(NameOf(static_cast<WriteStatus>(i)));
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(WriteStatus::kNotAttempted) + 1);
}

// "Succeeded" is what an all-or-nothing batch goes by: the record is as it was asked to be.
TEST(WriteStatus, SucceedsWhereWhatWasAskedIsSo) {
  for (const WriteStatus status : {WriteStatus::kCreated,
                                   WriteStatus::kExisting,
                                   WriteStatus::kReplayed,
                                   WriteStatus::kUpdated,
                                   WriteStatus::kErasedNow,
                                   WriteStatus::kEmbeddingSuperseded,
                                   WriteStatus::kAlreadyPending}) {
    EXPECT_TRUE(Succeeded(status)) << NameOf(status);
  }
  for (const WriteStatus status : {WriteStatus::kKeyReused,
                                   WriteStatus::kConflict,
                                   WriteStatus::kStale,
                                   WriteStatus::kNotFound,
                                   WriteStatus::kErased,
                                   WriteStatus::kFenced,
                                   WriteStatus::kNotAttempted}) {
    EXPECT_FALSE(Succeeded(status)) << NameOf(status);
  }
}

TEST(VectorSetState, IsNamed) {
  EXPECT_EQ(NameOf(VectorSetState::kFilling), "filling");
  EXPECT_EQ(NameOf(VectorSetState::kLive), "live");
  EXPECT_EQ(NameOf(VectorSetState::kRetired), "retired");
}

TEST(PendingRule, IsReadFromItsName) {
  for (const PendingRule rule : {PendingRule::kWhereEmbeddingIsMissing, PendingRule::kEverySet}) {
    EXPECT_EQ(ParsePendingRule(NameOf(rule)), rule);
  }
  EXPECT_EQ(NameOf(PendingRule::kEverySet), "every_set");
  EXPECT_EQ(ParsePendingRule("everyset"), std::nullopt);
}

}  // namespace
}  // namespace datastorage
