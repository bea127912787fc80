// Every reply of the engine has its answer.
#include "http/write_answers.h"

#include <gtest/gtest.h>

namespace datastorage::http {
namespace {

int StatusOf(ReplyStatus status, WriteUse use) {
  WriteReply reply;
  reply.status = status;
  reply.replayed_http_status = 201;
  const int success = SuccessStatusOf(reply);
  return success != 0 ? success : Describe(ReportOf(reply, use).problem).status;
}

TEST(WriteAnswers, FollowTheTable) {
  const std::vector<std::pair<ReplyStatus, int>> table{{ReplyStatus::kCreated, 201},
                                                       {ReplyStatus::kExisting, 200},
                                                       {ReplyStatus::kUpdated, 200},
                                                       {ReplyStatus::kUnchanged, 200},
                                                       {ReplyStatus::kReplayed, 201},
                                                       {ReplyStatus::kKeyReused, 422},
                                                       {ReplyStatus::kConflict, 409},
                                                       {ReplyStatus::kStale, 412},
                                                       {ReplyStatus::kIllegalPhase, 409},
                                                       {ReplyStatus::kInvalid, 422},
                                                       {ReplyStatus::kNotFound, 404},
                                                       {ReplyStatus::kKeyBusy, 409},
                                                       {ReplyStatus::kNotAttempted, 424}};
  for (const auto& [status, expected] : table) {
    EXPECT_EQ(StatusOf(status, WriteUse::kCreate), expected) << static_cast<int>(status);
    EXPECT_EQ(StatusOf(status, WriteUse::kPatch), expected) << static_cast<int>(status);
  }
  EXPECT_EQ(StatusOf(ReplyStatus::kErased, WriteUse::kCreate), 409);
  EXPECT_EQ(StatusOf(ReplyStatus::kErased, WriteUse::kPatch), 410);
}

TEST(WriteAnswers, LetAKeyBusyRequestBeTriedAgain) {
  WriteReply reply;
  reply.status = ReplyStatus::kKeyBusy;
  const Response response = ToResponse(ReportOf(reply, WriteUse::kCreate), "");
  EXPECT_EQ(response.headers.back().name, "Retry-After");
}

}  // namespace
}  // namespace datastorage::http
