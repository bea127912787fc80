#include "postgres/text_sample.h"

#include <gtest/gtest.h>

#include "postgres/sent_words.h"
#include "support/manual_clock.h"

namespace datastorage::postgres {
namespace {

// Of 100 records 50 hold "half", 10 "tenth", one has no words; the store has 100,000.
TextSample Sample() {
  TextSample sample;
  for (int i = 0; i < 99; ++i) {
    Sent words;
    words.Add("all", {{3, 1}});
    if (i < 50) words.Add("half", {{3, 2}});
    if (i < 10) words.Add("tenth", {{3, 3}});
    sample.Add(4, words.Take());
  }
  sample.Add(0, {});
  sample.Finish(100'000);
  return sample;
}

TEST(TextSample, EstimatesByTheRarestStem) {
  const TextSample sample = Sample();
  EXPECT_EQ(sample.EstimateOf({"half"}, 100'000), 50'000);
  EXPECT_EQ(sample.EstimateOf({"all", "half"}, 1'000), 500);
  EXPECT_EQ(sample.EstimateOf({"all", "unknown"}, 100'000), 0);
  EXPECT_DOUBLE_EQ(sample.MeanLength(), 99 * 4 / 100.0);
}

TEST(TextSample, ForgetsWhatTooFewRecordsHold) {
  EXPECT_EQ(Sample().EstimateOf({"tenth"}, 100'000), 0);
}

TEST(TextSample, IsSureOnlyFarOverTheCountAndOfSingleWords) {
  const TextSample sample = Sample();
  EXPECT_TRUE(sample.IsSurelyOver({"half"}, 12'000));
  EXPECT_FALSE(sample.IsSurelyOver({"half"}, 13'000));
  EXPECT_FALSE(sample.IsSurelyOver({"half", "all"}, 12'000));
  EXPECT_FALSE(sample.IsSurelyOver({"tenth"}, 1));
}

TEST(TextSample, KnowsNothingWhereThereIsNothing) {
  TextSample sample;
  sample.Finish(0);
  EXPECT_EQ(sample.EstimateOf({"a"}, 10), 0);
  EXPECT_EQ(sample.MeanLength(), 1);
}

TEST(TextSamples, LetGoOfASampleOnceItIsOld) {
  ManualClock clock;
  TextSamples samples(clock);
  EXPECT_EQ(samples.Current(), nullptr);
  const auto sample = std::make_shared<const TextSample>(Sample());
  samples.Keep(sample);
  clock.Advance(TextSamples::kLifetime);
  EXPECT_EQ(samples.Current(), sample);
  clock.Advance(Duration(1));
  EXPECT_EQ(samples.Current(), nullptr);
}

}  // namespace
}  // namespace datastorage::postgres
