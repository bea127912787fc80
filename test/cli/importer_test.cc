#include "cli/importer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <mutex>
#include <set>

#include "base/limits.h"
#include "schema/json.h"
#include "support/loopback_server.h"

namespace datastorage::cli {
namespace {

using test::Answer;
using test::LoopbackServer;
using test::SeenRequest;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

// A file that holds some text and is read from its beginning.
class Input {
 public:
  explicit Input(std::string_view text) : file_(std::tmpfile()) {
    std::fwrite(text.data(), 1, text.size(), file_);
    std::fflush(file_);
    std::rewind(file_);
  }
  ~Input() { std::fclose(file_); }
  int descriptor() const { return fileno(file_); }

 private:
  std::FILE* file_;
};

std::vector<std::string> LinesOf(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

std::string ItemLine(std::size_t index, int status) {
  return "{\"index\":" + std::to_string(index) + ",\"status\":" + std::to_string(status) +
         (status < 400 ? "" : R"(,"error":{"title":"refused"})") + "}\n";
}

struct Outcome {
  ImportTally tally;
  std::map<std::uint64_t, std::string> refused;
  std::optional<client::Error> error;
  std::uint64_t first_undecided_line = 0;
  int retry_count = 0;
};

Outcome Import(const std::string& server, std::string_view text, const std::string& kind = {}) {
  client::ClientOptions client_options;
  client_options.server = server;
  client::Client client(client_options);
  Outcome outcome;
  ImportOptions options;
  options.bare_kind = kind;
  options.patience = std::chrono::seconds(60);
  options.sleep = [](std::chrono::milliseconds) {};
  ImportEvents events;
  events.on_refused = [&](std::uint64_t line, const std::string& why) {
    outcome.refused[line] = why;
  };
  events.on_progress = [](const ImportTally&) {};
  events.on_retry = [&](const std::string&) { ++outcome.retry_count; };
  const Input input(text);
  LineReader reader(input.descriptor(), limits::kRecordByteCountMax);
  Importer importer(client, options, events);
  outcome.error = importer.Run(reader);
  outcome.tally = importer.tally();
  outcome.first_undecided_line = importer.first_undecided_line();
  return outcome;
}

std::string NumberedLines(int count) {
  std::string text;
  for (int i = 1; i <= count; ++i) {
    text += R"({"kind":"remediation","record":{"n":)" + std::to_string(i) + "}}\n";
  }
  return text;
}

TEST(Importer, CountsWhatWasStoredExistedAndWasRefused) {
  LoopbackServer server([](const SeenRequest&) {
    return Answer(200, ItemLine(0, 201) + ItemLine(1, 200) + ItemLine(2, 422));
  });
  const Outcome outcome = Import(server.url(), NumberedLines(3));
  EXPECT_FALSE(outcome.error.has_value());
  EXPECT_EQ(outcome.tally.stored_count, 1U);
  EXPECT_EQ(outcome.tally.existing_count, 1U);
  EXPECT_THAT(outcome.refused, ElementsAre(Pair(3, "refused")));
}

TEST(Importer, RefusesWhatIsNoRecordItselfAndNumbersLinesByTheFile) {
  LoopbackServer server([](const SeenRequest&) { return Answer(200, ItemLine(0, 422)); });
  const std::string text = "\n{not json\n[1]\n{\"name\":\"bare\"}\n" +
                           std::string(limits::kRecordByteCountMax + 1, 'x') + "\n   \n" +
                           R"({"kind":"workflow","record":{}})";
  const Outcome outcome = Import(server.url(), text);
  EXPECT_EQ(outcome.tally.refused_count, 5U);
  ASSERT_EQ(outcome.refused.size(), 5U);
  EXPECT_THAT(outcome.refused.at(3), HasSubstr("not a JSON object"));
  EXPECT_THAT(outcome.refused.at(4), HasSubstr("--kind"));
  EXPECT_THAT(outcome.refused.at(5), HasSubstr("longer than a record may be"));
  EXPECT_EQ(outcome.refused.count(2), 1U);
  EXPECT_EQ(outcome.refused.count(7), 1U);
  ASSERT_EQ(server.requests().size(), 1U);
  EXPECT_EQ(server.requests()[0].body, "{\"kind\":\"workflow\",\"record\":{}}\n");
}

TEST(Importer, PutsBareRecordsIntoAnEnvelope) {
  EXPECT_EQ(EnvelopeOf(R"( {"name": "n"} )", "workflow").text,
            R"({"kind":"workflow","record": {"name": "n"} })");
  const std::string whole = R"({"kind":"execution","record":{}})";
  EXPECT_EQ(EnvelopeOf(whole, "workflow").text, whole);
  // Text that would break out of the envelope is no JSON by itself.
  EXPECT_NE(EnvelopeOf(R"({},"kind":"execution")", "workflow").reason, "");
}

// A service that stores what it is sent, but is killed, busy or cut off all the time.
class UnsteadyService {
 public:
  std::string Respond(const SeenRequest& request) {
    const std::lock_guard lock(mutex_);
    ++request_count_;
    if (request_count_ % 5 == 2) return Answer(503, "{}", "Retry-After: 1\r\n");
    std::string body;
    std::size_t index = 0;
    for (const std::string& line : LinesOf(request.body)) {
      ++line_count_;
      if (request_count_ % 3 == 1 && line_count_ % 4 == 0) {
        body += ItemLine(index++, 503);
        continue;
      }
      const bool is_new = stored_.insert(line).second;
      body += ItemLine(index++, is_new ? 201 : 200);
      // Cut in the middle: the rest of the portion is stored, and its results are lost.
      if (request_count_ % 7 == 3 && index == 10) is_cut_ = true;
    }
    if (!is_cut_) return Answer(200, body);
    is_cut_ = false;
    return "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\nConnection: close\r\n\r\n" +
           body.substr(0, body.size() / 2);
  }
  std::size_t stored_count() const { return stored_.size(); }

 private:
  std::mutex mutex_;
  std::set<std::string> stored_;
  int request_count_ = 0;
  int line_count_ = 0;
  bool is_cut_ = false;
};

TEST(Importer, LosesNothingToAServiceThatComesAndGoes) {
  UnsteadyService service;
  LoopbackServer server(
      [&service](const SeenRequest& request) { return service.Respond(request); });
  constexpr int kCount = 4'321;
  const Outcome outcome = Import(server.url(), NumberedLines(kCount));
  ASSERT_FALSE(outcome.error.has_value()) << outcome.error->message;
  EXPECT_EQ(service.stored_count(), static_cast<std::size_t>(kCount));
  EXPECT_EQ(outcome.tally.decided_count(), static_cast<std::uint64_t>(kCount));
  EXPECT_THAT(outcome.refused, IsEmpty());
  EXPECT_GT(outcome.retry_count, 3);
}

TEST(Importer, SendsPortionsOfBoundedSize) {
  LoopbackServer server([](const SeenRequest& request) {
    std::string body;
    for (std::size_t i = 0; i < LinesOf(request.body).size(); ++i) body += ItemLine(i, 201);
    return Answer(200, body);
  });
  std::string text;
  for (int i = 0; i < 12; ++i) {
    text += R"({"kind":"remediation","record":{"t":")" + std::string(1'000'000, 'x') + "\"}}\n";
  }
  const Outcome outcome = Import(server.url(), text + NumberedLines(1'200));
  EXPECT_EQ(outcome.tally.stored_count, 1'212U);
  for (const SeenRequest& request : server.requests()) {
    EXPECT_LE(request.body.size(), 6'500'000U);
    EXPECT_LE(std::ranges::count(request.body, '\n'), 500);
  }
}

TEST(Importer, GivesUpAtOnceWhereNobodyAnswers) {
  const Outcome outcome = Import(test::DeadUrl(), NumberedLines(2));
  ASSERT_TRUE(outcome.error.has_value());
  EXPECT_EQ(outcome.error->kind, client::ErrorKind::kUnreachable);
  EXPECT_EQ(outcome.retry_count, 0);
  EXPECT_EQ(outcome.first_undecided_line, 1U);
}

TEST(Importer, LosesPatienceWithAServiceThatStaysBusy) {
  LoopbackServer server([](const SeenRequest& request) {
    std::string body = ItemLine(0, 201);
    for (std::size_t i = 1; i < LinesOf(request.body).size(); ++i) body += ItemLine(i, 503);
    const bool is_first = request.body.find("\"n\":1}") != std::string::npos;
    return is_first ? Answer(200, body) : Answer(503, R"({"detail":"queue full"})");
  });
  const Outcome outcome = Import(server.url(), NumberedLines(3));
  ASSERT_TRUE(outcome.error.has_value());
  EXPECT_EQ(outcome.error->kind, client::ErrorKind::kTryAgain);
  EXPECT_EQ(outcome.tally.stored_count, 1U);
  EXPECT_EQ(outcome.first_undecided_line, 2U);
  EXPECT_GT(outcome.retry_count, 3);
}

TEST(Importer, StopsWhereTheWholePortionIsRefused) {
  LoopbackServer server([](const SeenRequest&) { return Answer(404, "{\"detail\":\"what?\"}"); });
  const Outcome outcome = Import(server.url(), NumberedLines(2));
  ASSERT_TRUE(outcome.error.has_value());
  EXPECT_EQ(outcome.error->message, "what?");
  EXPECT_EQ(outcome.retry_count, 0);
}

}  // namespace
}  // namespace datastorage::cli
