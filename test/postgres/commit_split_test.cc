#include "postgres/commit_wave.h"
#include "postgres/store_session.h"

namespace datastorage::postgres {
namespace {

std::vector<std::size_t> SizesOf(const std::vector<WriteOp>& operations) {
  std::vector<std::size_t> sizes;
  for (const auto& wave : SplitIntoWaves(operations)) sizes.push_back(wave.size());
  return sizes;
}

using Sizes = std::vector<std::size_t>;

TEST(CommitSplit, TouchesNoNameTwiceInAWave) {
  const CreateOp first = CreationOf("a");
  const CreateOp second = CreationOf("b");
  CreateOp claiming = CreationOf("c");
  claiming.claim = IdempotencyClaim{"claim", {}};
  CreateOp claiming_too = CreationOf("d");
  claiming_too.claim = claiming.claim;
  EXPECT_EQ(SizesOf({}), Sizes{});
  EXPECT_EQ(SizesOf({first, second, claiming}), Sizes{3});
  EXPECT_EQ(SizesOf({first, second, CreationOf("a")}), (Sizes{2, 1})) << "the natural key";
  EXPECT_EQ(SizesOf({first, UpdateOf(first, 1), UpdateOf(second, 1)}), (Sizes{1, 2})) << "the id";
  EXPECT_EQ(SizesOf({claiming, first, claiming_too}), (Sizes{2, 1})) << "the idempotency key";
}

// An erasure frees a key that only the database knows.
TEST(CommitSplit, SetsApartWhatFreesOrFinishesClaims) {
  const CreateOp create = CreationOf("a");
  CreateOp finishing = CreationOf("b");
  finishing.consumes_intent = 1;
  const EraseOp erase{SystemUuidSource().MakeVersion7(), {}, {}, "", ""};
  const AbortIntentOp abort{SystemUuidSource().MakeVersion7(), 1};
  EXPECT_EQ(SizesOf({erase, create}), (Sizes{1, 1}));
  EXPECT_EQ(SizesOf({create, erase, abort, finishing}), (Sizes{1, 1, 1, 1}));
}

}  // namespace
}  // namespace datastorage::postgres
