#include "engine/unapplied_writes.h"

#include <gmock/gmock.h>

namespace datastorage {
namespace {

using testing::IsEmpty;
using testing::UnorderedElementsAre;

TEST(UnappliedWrites, ListsAnIdUntilItsLastHolderIsGone) {
  UnappliedWrites writes(ThreadRuntime());
  const RecordId a = SystemUuidSource().MakeVersion7();
  const RecordId b = SystemUuidSource().MakeVersion7();
  {
    const UnappliedWrites::Scope outer(writes, {a, b});
    {
      const UnappliedWrites::Scope inner(writes, {a});
      EXPECT_THAT(writes.Ids(), UnorderedElementsAre(a, b));
    }
    EXPECT_THAT(writes.Ids(), UnorderedElementsAre(a, b));
  }
  EXPECT_THAT(writes.Ids(), IsEmpty());
}

}  // namespace
}  // namespace datastorage
