#include "cli/line_reader.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string_view>
#include <thread>

namespace datastorage::cli {
namespace {

constexpr std::chrono::milliseconds kForever{-1};

class Pipe {
 public:
  Pipe() { EXPECT_EQ(pipe(ends_), 0); }
  ~Pipe() {
    CloseWriter();
    close(ends_[0]);
  }
  int reader() const { return ends_[0]; }
  void Write(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t count = write(ends_[1], text.data(), text.size());
      ASSERT_GT(count, 0);
      text.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  void CloseWriter() {
    if (ends_[1] >= 0) close(ends_[1]);
    ends_[1] = -1;
  }

 private:
  int ends_[2] = {-1, -1};
};

TEST(LineReader, GivesLinesWithAndWithoutALastLineFeed) {
  Pipe pipe;
  pipe.Write("one\n\ntwo\r\nlast");
  pipe.CloseWriter();
  LineReader reader(pipe.reader(), 100);
  std::string line;
  for (const char* expected : {"one", "", "two", "last"}) {
    ASSERT_EQ(reader.Next(kForever, line), LineStatus::kLine);
    EXPECT_EQ(line, expected);
  }
  EXPECT_EQ(reader.Next(kForever, line), LineStatus::kEnd);
  EXPECT_EQ(reader.Next(kForever, line), LineStatus::kEnd);
  EXPECT_EQ(reader.consumed_byte_count(), 14U);
}

TEST(LineReader, SkipsALineThatIsTooLongAndGoesOn) {
  Pipe pipe;
  std::thread writer([&pipe] {
    pipe.Write("0123456789\n" + std::string(300'000, 'x') + "\n01234567890\nshort\n" +
               std::string(200'000, 'y'));
    pipe.CloseWriter();
  });
  LineReader reader(pipe.reader(), 10);
  std::string line;
  EXPECT_EQ(reader.Next(kForever, line), LineStatus::kLine);
  EXPECT_EQ(line, "0123456789");
  EXPECT_EQ(reader.Next(kForever, line), LineStatus::kTooLong);
  EXPECT_EQ(reader.Next(kForever, line), LineStatus::kTooLong);
  EXPECT_EQ(reader.Next(kForever, line), LineStatus::kLine);
  EXPECT_EQ(line, "short");
  EXPECT_EQ(reader.Next(kForever, line), LineStatus::kTooLong);
  EXPECT_EQ(reader.Next(kForever, line), LineStatus::kEnd);
  writer.join();
}

TEST(LineReader, SaysWhenNothingHasComeYetAndKeepsTheBegunLine) {
  Pipe pipe;
  LineReader reader(pipe.reader(), 100);
  std::string line;
  pipe.Write("be");
  EXPECT_EQ(reader.Next(std::chrono::milliseconds(0), line), LineStatus::kNotYet);
  pipe.Write("gun\nnext");
  EXPECT_EQ(reader.Next(std::chrono::milliseconds(0), line), LineStatus::kLine);
  EXPECT_EQ(line, "begun");
  EXPECT_EQ(reader.Next(std::chrono::milliseconds(0), line), LineStatus::kNotYet);
}

TEST(LineReader, FailsOnWhatCannotBeRead) {
  LineReader reader(-1, 100);
  std::string line;
  // poll passes over a negative descriptor: nothing comes. A folder can be polled, not read.
  EXPECT_EQ(reader.Next(std::chrono::milliseconds(0), line), LineStatus::kNotYet);
  Pipe pipe;
  LineReader wrong_end(1'000'000, 100);
  EXPECT_EQ(wrong_end.Next(kForever, line), LineStatus::kFailed);
}

}  // namespace
}  // namespace datastorage::cli
