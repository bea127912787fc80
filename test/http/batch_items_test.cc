// What an item's result says. (How items are read is tested through batches.)
#include "http/batch_items.h"

#include "api_fixture.h"

namespace datastorage::http {
namespace {

TEST(BatchItems, CarryTheirOutcome) {
  WriteReply created;
  created.status = ReplyStatus::kCreated;
  created.record.vector = VectorState::kPending;
  EXPECT_EQ(schema::ToText(ItemResult(3, Result<WriteReply>(created))),
            R"({"index":3,"status":201,"id":"00000000-0000-0000-0000-000000000000",)"
            R"("vector":"pending"})");
  const schema::Json unknown = ItemResult(0, Result<WriteReply>(OutcomeUnknown("timed out")));
  EXPECT_EQ(At(unknown, "status").text, "503");
  EXPECT_EQ(At(unknown, "error/outcome").text, "unknown");
}

}  // namespace
}  // namespace datastorage::http
