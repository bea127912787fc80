// Batches: arrays, atomic arrays, and lines while they arrive.
#include "http/batch_handlers.h"

#include "api_fixture.h"
#include "base/limits.h"

namespace datastorage::http {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kPath = "/api/v1/audit/batch";

std::string Item(std::string_view kind, std::string_view record, std::string_view more = {}) {
  return R"({"kind":")" + std::string(kind) + R"(","record":)" + std::string(record) +
         std::string(more) + "}";
}

class Batches : public ApiFixture {
 protected:
  Response Stream(std::string_view lines, std::string_view query = {}) {
    return Post(
        std::string(kPath) + std::string(query), lines, {{"content-type", "application/x-ndjson"}});
  }

  static std::vector<schema::Json> Lines(const Response& response) {
    std::vector<schema::Json> lines;
    std::string_view rest = response.body;
    while (!rest.empty()) {
      const std::size_t end = rest.find('\n');
      lines.push_back(schema::ParseJson(rest.substr(0, end))->value);
      rest.remove_prefix(end + 1);
    }
    return lines;
  }

  std::size_t CountOf(std::string_view kind) {
    return SizeAt(Get("/api/v1/audit/" + std::string(kind) + "?limit=1000"), "items");
  }
};

TEST_F(Batches, StoreEachItemForItself) {
  Create("taken", "first");
  const std::string body =
      "[" + Item("remediation", RemediationJson("a")) + "," + Item("workflow", WorkflowJson("w")) +
      "," + Item("remediation", RemediationJson("taken", "second")) + "," +
      Item("remediation", R"({"phase":"asleep"})") + "," + Item("nothing", "{}") + ",7," +
      R"({"kind":"workflow","record":{},"more":1,"more":2})" + "]";
  const Response response = Post(kPath, body);
  ASSERT_EQ(response.status, 200) << response.body;
  const std::vector<int> expected{201, 201, 409, 422, 422, 422, 422};
  ASSERT_EQ(SizeAt(response, "items"), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const std::string item = "items/" + std::to_string(i) + "/";
    EXPECT_EQ(TextAt(response, item + "index"), std::to_string(i));
    EXPECT_EQ(TextAt(response, item + "status"), std::to_string(expected[i])) << i;
  }
  EXPECT_EQ(TextAt(response, "items/0/vector"), "synced");
  EXPECT_EQ(Get("/api/v1/audit/remediation/" + TextAt(response, "items/0/id")).status, 200);
  EXPECT_EQ(TextAt(response, "items/2/error/existing_id"), TextAt(response, "items/2/id"));
  EXPECT_EQ(TextAt(response, "items/3/error/errors/0/pointer"), "/record/name");
  EXPECT_EQ(TextAt(response, "items/4/error/errors/0/pointer"), "/kind");
  EXPECT_EQ(TextAt(response, "items/5/error/errors/0/code"), "wrong_type");
  EXPECT_EQ(TextAt(response, "items/6/error/errors/0/pointer"), "/more");
  EXPECT_EQ(CountOf("remediation"), 2U);
}

// Defects belong to the item they lie in: /1 is not the beginning of /10.
TEST_F(Batches, ChargeDefectsToTheirItem) {
  std::string body = "[";
  for (int i = 0; i < 12; ++i) {
    const std::string more = i == 10 ? R"(,"severity":"a","severity":"b")" : "";
    if (i > 0) body += ",";
    body += Item("remediation", RemediationJson("r-" + std::to_string(i), "x y", more));
  }
  const Response response = Post(kPath, body + "]");
  for (int i = 0; i < 12; ++i) {
    const std::string item = "items/" + std::to_string(i) + "/";
    EXPECT_EQ(TextAt(response, item + "status"), i == 10 ? "422" : "201") << i;
  }
  EXPECT_EQ(TextAt(response, "items/10/error/errors/0/pointer"), "/record/severity");
}

TEST_F(Batches, AreStoredWholeOrNotAtAll) {
  const std::string good = Item("remediation", RemediationJson("a"));
  const std::string path = std::string(kPath) + "?atomic=true";
  const Response bad = Post(path, "[" + good + "," + Item("remediation", "{}") + "]");
  EXPECT_EQ(bad.status, 422);
  EXPECT_EQ(ProblemIn(bad), "batch-refused");
  EXPECT_EQ(TextAt(bad, "outcome"), "none");
  EXPECT_EQ(TextAt(bad, "items/0/status"), "424");
  EXPECT_EQ(TextAt(bad, "items/1/status"), "422");
  Create("taken", "first");
  const std::string clash = Item("remediation", RemediationJson("taken", "second"));
  const Response conflict = Post(path, "[" + good + "," + clash + "]");
  EXPECT_EQ(conflict.status, 422);
  EXPECT_EQ(TextAt(conflict, "items/0/status"), "424");
  EXPECT_EQ(TextAt(conflict, "items/1/status"), "409");
  EXPECT_EQ(CountOf("remediation"), 1U);
  const Response both = Post(path, "[" + good + "," + Item("workflow", WorkflowJson("w")) + "]");
  EXPECT_EQ(both.status, 200);
  EXPECT_EQ(CountOf("remediation"), 2U);
  EXPECT_EQ(CountOf("workflow"), 1U);
}

TEST_F(Batches, ReplayItemsByTheirKey) {
  const std::string item = Item("remediation", RemediationJson("a"), R"(,"Idempotency-Key":"k-1")");
  const Response first = Post(kPath, "[" + item + "]");
  const Response again = Post(kPath, "[" + item + "]");
  EXPECT_EQ(TextAt(first, "items/0/status"), "201");
  EXPECT_EQ(again.body, first.body);
  const Response other = Post(
      kPath, "[" + Item("remediation", RemediationJson("b"), R"(,"Idempotency-Key":"k-1")") + "]");
  EXPECT_EQ(TextAt(other, "items/0/status"), "422");
  for (const char* key : {"\"\"", "\"a b\"", "7"}) {
    const Response bad = Post(
        kPath,
        "[" + Item("workflow", WorkflowJson("w"), R"(,"Idempotency-Key":)" + std::string(key)) +
            "]");
    EXPECT_EQ(TextAt(bad, "items/0/error/errors/0/pointer"), "/Idempotency-Key") << key;
  }
  EXPECT_THAT(ErrorsIn(Post(kPath, "[]", {{"idempotency-key", "k"}})),
              ElementsAre("Idempotency-Key not_allowed"));
}

TEST_F(Batches, AreBounded) {
  std::string body = "[1";
  for (std::size_t i = 1; i < limits::kBatchItemCountMax; ++i) body += ",1";
  EXPECT_EQ(SizeAt(Post(kPath, body + "]"), "items"), limits::kBatchItemCountMax);
  EXPECT_EQ(Post(kPath, body + ",1]").status, 413);
}

TEST_F(Batches, ThatAreNoArrayAreRefused) {
  EXPECT_EQ(Post(kPath, "{}").status, 400);
  EXPECT_EQ(Post(kPath, "[").status, 400);
  EXPECT_EQ(SizeAt(Post(kPath, "[]"), "items"), 0U);
  EXPECT_EQ(Post(std::string(kPath) + "?atomic=maybe", "[]").status, 400);
}

TEST_F(Batches, StreamOneResultALine) {
  std::string lines;
  for (int i = 0; i < 300; ++i) {
    lines += Item("remediation", RemediationJson("r-" + std::to_string(i))) + "\n";
    if (i == 150) lines += "\n  \r\nnot json\n";
  }
  const Response response = Stream(lines);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(HeaderOf(response, "Content-Type"), "application/x-ndjson");
  const std::vector<schema::Json> results = Lines(response);
  ASSERT_EQ(results.size(), 301U);
  for (std::size_t i = 0; i < results.size(); ++i) {
    EXPECT_EQ(At(results[i], "index").text, std::to_string(i));
    EXPECT_EQ(At(results[i], "status").text, i == 151 ? "400" : "201") << i;
  }
  EXPECT_EQ(CountOf("remediation"), 300U);
}

TEST_F(Batches, StreamALastLineWithoutAnEnd) {
  const Response response = Stream(Item("remediation", RemediationJson("a")));
  EXPECT_EQ(Lines(response).size(), 1U);
  EXPECT_EQ(Stream("\n").body, "");
}

TEST_F(Batches, SkipALineThatIsTooLong) {
  const std::string item = Item("remediation", RemediationJson("a"));
  const std::string padding(limits::kRecordByteCountMax - item.size(), ' ');
  const Response response = Stream(
      item + padding + "\n" + Item("workflow", WorkflowJson("w")) + padding + "   x" +
      std::string(limits::kRecordByteCountMax, 'y') + "\n" + Item("workflow", WorkflowJson("v")));
  const std::vector<schema::Json> results = Lines(response);
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(At(results[0], "status").text, "201");
  EXPECT_EQ(At(results[1], "status").text, "413");
  EXPECT_EQ(At(results[2], "status").text, "201");
}

// Whatever pieces the network cuts the body into, the results are the same, and those of whole
// lines do not wait for the rest.
TEST_F(Batches, StreamInAnyPieces) {
  Request request = RequestOf("POST", kPath, "x", {{"content-type", "application/x-ndjson"}});
  ASSERT_TRUE(api_.public_handler().Admit(request).is_streamed);
  const std::unique_ptr<BodyStream> stream = api_.public_handler().OpenStream(request);
  const std::string first = Item("remediation", RemediationJson("a")) + "\n";
  std::string output;
  for (const char c : first) {
    EXPECT_EQ(output, "");
    output += stream->Take(std::string_view(&c, 1), false);
  }
  EXPECT_THAT(output, HasSubstr("\"index\":0,\"status\":201"));
  EXPECT_THAT(stream->Take(Item("remediation", RemediationJson("b")), true),
              HasSubstr("\"index\":1,\"status\":201"));
}

TEST_F(Batches, AreNotAtomicAsAStream) {
  const Response response = Stream(Item("remediation", RemediationJson("a")), "?atomic=true");
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(ErrorsIn(response), ElementsAre("atomic not_allowed"));
  EXPECT_EQ(CountOf("remediation"), 0U);
}

TEST_F(Batches, ApplyPreferencesToEveryItem) {
  embedder_.FailWhere([](std::string_view) { return true; }, ErrorCode::kUnavailable);
  const std::string body = "[" + Item("remediation", RemediationJson("a")) + "]";
  const Response strict = Post(kPath, body, {{"prefer", "write=strict"}});
  EXPECT_EQ(TextAt(strict, "items/0/status"), "503");
  EXPECT_EQ(TextAt(strict, "items/0/error/outcome"), "none");
  EXPECT_EQ(TextAt(Post(kPath, body), "items/0/vector"), "pending");
}

}  // namespace
}  // namespace datastorage::http
