#include "net/curl_error.h"

#include <gtest/gtest.h>

namespace datastorage::net {
namespace {

TEST(CurlError, MeansTheSameWhateverWasSentWhenNoConnectionWasMade) {
  for (const bool may_have_acted : {false, true}) {
    EXPECT_EQ(TranslateCurlError(CURLE_COULDNT_CONNECT, may_have_acted).code,
              ErrorCode::kUnavailable);
    EXPECT_EQ(TranslateCurlError(CURLE_COULDNT_RESOLVE_HOST, may_have_acted).code,
              ErrorCode::kUnavailable);
    EXPECT_EQ(TranslateCurlError(CURLE_URL_MALFORMAT, may_have_acted).code,
              ErrorCode::kInvalidArgument);
  }
}

TEST(CurlError, IsUnknownOutcomeForWhateverBreaksAfterSending) {
  for (const CURLcode code :
       {CURLE_OPERATION_TIMEDOUT, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE}) {
    EXPECT_EQ(TranslateCurlError(code, true).code, ErrorCode::kOutcomeUnknown) << code;
  }
  EXPECT_EQ(TranslateCurlError(CURLE_OPERATION_TIMEDOUT, false).code, ErrorCode::kDeadlineExceeded);
  EXPECT_EQ(TranslateCurlError(CURLE_RECV_ERROR, false).code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace datastorage::net
