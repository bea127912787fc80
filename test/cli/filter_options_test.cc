#include "cli/filter_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

namespace datastorage::cli {
namespace {

using testing::ElementsAre;
using testing::Pair;

FilterOptions Parse(std::vector<std::string> arguments) {
  CLI::App app;
  FilterOptions options;
  AddFilterOptions(app, options);
  std::ranges::reverse(arguments);
  app.parse(std::move(arguments));
  return options;
}

TEST(FilterOptions, BecomeParametersAsTheyWereGiven) {
  const FilterOptions options = Parse({"--filter",
                                       "severity=critical",
                                       "--where",
                                       "a:b OR -c:d",
                                       "--filter",
                                       "severity=",
                                       "--since",
                                       "24h",
                                       "--until=2026-01-01T00:00:00Z",
                                       "--filter",
                                       "name=a=b"});
  EXPECT_THAT(ParametersOf(options),
              ElementsAre(Pair("where", "a:b OR -c:d"),
                          Pair("severity", "critical"),
                          Pair("severity", ""),
                          Pair("name", "a=b"),
                          Pair("since", "24h"),
                          Pair("until", "2026-01-01T00:00:00Z")));
  EXPECT_THAT(ParametersOf(Parse({})), ElementsAre());
}

TEST(FilterOptions, RefuseWhatIsNoPair) {
  EXPECT_THROW(Parse({"--filter", "severity"}), CLI::ValidationError);
  EXPECT_THROW(Parse({"--filter", "=critical"}), CLI::ValidationError);
}

TEST(FilterOptions, KnowTheFourKinds) {
  EXPECT_THAT(KindNames(), ElementsAre("remediation", "aianalysis", "workflow", "execution"));
}

}  // namespace
}  // namespace datastorage::cli
