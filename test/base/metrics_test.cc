// The names are a contract with dashboards: the seed's eleven are held here by hand.
#include "base/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <thread>

namespace datastorage {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Metrics, KeepTheNamesAndLabelsOfTheOriginal) {
  const std::vector<std::pair<std::string, std::vector<std::string_view>>> expected{
      {"datastorage_write_total", {"table", "status"}},
      {"datastorage_write_duration_seconds", {"table"}},
      {"datastorage_dualwrite_success_total", {}},
      {"datastorage_dualwrite_failure_total", {"reason"}},
      {"datastorage_fallback_mode_total", {}},
      {"datastorage_cache_hits_total", {}},
      {"datastorage_cache_misses_total", {}},
      {"datastorage_embedding_generation_duration_seconds", {}},
      {"datastorage_validation_failures_total", {"field", "reason"}},
      {"datastorage_query_duration_seconds", {"operation"}},
      {"datastorage_query_total", {"operation", "status"}},
  };
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const MetricDescription& description = Describe(static_cast<Metric>(i));
    EXPECT_EQ(description.name, expected[i].first);
    EXPECT_EQ(description.labels, expected[i].second);
  }
}

TEST(Metrics, AreAllNamedOnceAndDescribed) {
  std::set<std::string_view> names;
  for (int i = 0; i < kMetricCount; ++i) {
    const MetricDescription& description = Describe(static_cast<Metric>(i));
    EXPECT_TRUE(names.insert(description.name).second) << description.name;
    EXPECT_FALSE(description.help.empty()) << description.name;
    EXPECT_EQ(description.type == MetricType::kHistogram, !description.buckets.empty())
        << description.name;
  }
}

TEST(Metrics, CountSetAndObserve) {
  Metrics metrics;
  metrics.Count(Metric::kWriteTotal, {"remediation", "created"});
  metrics.Count(Metric::kWriteTotal, {"remediation", "created"}, 2);
  metrics.Set(Metric::kIndexPoints, 7);
  metrics.Observe(Metric::kQueryDuration, 0.003, {"get"});
  const std::string text = metrics.Render();
  EXPECT_THAT(text,
              HasSubstr("datastorage_write_total{status=\"created\",table=\"remediation\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("datastorage_index_points 7\n"));
  EXPECT_THAT(
      text,
      HasSubstr("datastorage_query_duration_seconds_bucket{operation=\"get\",le=\"0.0025\"} 0\n"));
  EXPECT_THAT(
      text,
      HasSubstr("datastorage_query_duration_seconds_bucket{operation=\"get\",le=\"0.005\"} 1\n"));
}

TEST(Metrics, ShowUnlabelledOnesFromTheStart) {
  EXPECT_THAT(Metrics().Render(), HasSubstr("datastorage_cache_hits_total 0\n"));
}

TEST(Metrics, ForgetClearedLabelSets) {
  Metrics metrics;
  metrics.Set(Metric::kPendingVectors, 5, {"1", "embedder_busy"});
  metrics.Clear(Metric::kPendingVectors);
  EXPECT_THAT(metrics.Render(), Not(HasSubstr("embedder_busy")));
  metrics.Set(Metric::kPendingVectors, 6, {"1", "embedder_busy"});
  EXPECT_THAT(metrics.Render(),
              HasSubstr("datastorage_pending_vectors{reason=\"embedder_busy\",set=\"1\"} 6\n"));
}

TEST(Metrics, MayBeUsedByManyThreads) {
  Metrics metrics;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&metrics] {
      for (int i = 0; i < 1'000; ++i) {
        metrics.Count(Metric::kQueryTotal, {"get", "ok"});
        metrics.Set(Metric::kPendingOldest, i, {"1"});
        metrics.Clear(Metric::kPendingOldest);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(metrics.Render(),
              HasSubstr("datastorage_query_total{operation=\"get\",status=\"ok\"} 4000\n"));
}

// Every family with a child, so that each one's name and help are judged.
std::string RenderEverything() {
  Metrics metrics;
  for (int i = 0; i < kMetricCount; ++i) {
    const auto metric = static_cast<Metric>(i);
    const MetricDescription& description = Describe(metric);
    const bool has_two = description.labels.size() == 2;
    if (description.labels.empty()) continue;
    const Metrics::Labels one{"a"};
    const Metrics::Labels two{"a", "b"};
    const Metrics::Labels three{"a", "b", "c"};
    const Metrics::Labels labels = description.labels.size() == 3 ? three : has_two ? two : one;
    if (description.type == MetricType::kCounter) metrics.Count(metric, labels);
    if (description.type == MetricType::kGauge) metrics.Set(metric, 1, labels);
    if (description.type == MetricType::kHistogram) metrics.Observe(metric, 1, labels);
  }
  return metrics.Render();
}

// Fetched by tools/fetch_test_tools.sh, as `make test` does.
constexpr const char* kPromtool = DS_SOURCE_DIR "/.deps/bin/promtool";

TEST(Metrics, PassPromtool) {
  std::FILE* pipe = popen((std::string(kPromtool) + " check metrics 2>&1").c_str(), "w");
  ASSERT_NE(pipe, nullptr);
  const std::string text = RenderEverything();
  ASSERT_EQ(std::fwrite(text.data(), 1, text.size(), pipe), text.size());
  EXPECT_EQ(pclose(pipe), 0);
}

TEST(Metrics, HaveAlertsThatPassPromtool) {
  const std::string command =
      std::string(kPromtool) + " check rules " DS_SOURCE_DIR "/docs/alerts.yml 2>&1";
  EXPECT_EQ(std::system(command.c_str()), 0);
}

std::string PageNamed(const std::string& name) {
  std::ifstream file(DS_SOURCE_DIR "/docs/" + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Metrics, AreAllDescribedForOperators) {
  const std::string page = PageNamed("metrics.md");
  for (int i = 0; i < kMetricCount; ++i) {
    const std::string name(Describe(static_cast<Metric>(i)).name);
    EXPECT_THAT(page, HasSubstr("`" + name + "`"));
  }
}

// Else a rule that is misspelt never fires.
TEST(Metrics, AreThoseThatAlertsNameAndNoOthers) {
  std::set<std::string> names;
  for (int i = 0; i < kMetricCount; ++i) {
    const MetricDescription& description = Describe(static_cast<Metric>(i));
    const std::string name(description.name);
    names.insert(name);
    if (description.type != MetricType::kHistogram) continue;
    for (const char* suffix : {"_bucket", "_count", "_sum"}) names.insert(name + suffix);
  }
  const std::string page = PageNamed("alerts.yml");
  const std::regex series("datastorage_[a-z_]+");
  int found_count = 0;
  for (std::sregex_iterator found(page.begin(), page.end(), series), end; found != end; ++found) {
    ++found_count;
    EXPECT_TRUE(names.contains(found->str())) << found->str();
  }
  EXPECT_GT(found_count, 5);
}

}  // namespace
}  // namespace datastorage
