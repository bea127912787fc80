#include "app/config_options.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

namespace datastorage::app {
namespace {

TEST(Options, HaveNamesOfTheirOwnAndDefaultsThatAreValid) {
  std::set<std::string_view> names;
  for (const OptionDescription& option : Options()) {
    EXPECT_TRUE(names.insert(option.name).second) << option.name;
    EXPECT_FALSE(option.description.empty()) << option.name;
    EXPECT_FALSE(option.value_name.empty()) << option.name;
    if (option.name == "model-dir") continue;  // Found at start.
    Config config;
    EXPECT_EQ(option.apply(std::string(option.default_value), config), "") << option.name;
  }
}

TEST(Options, RefuseTextThatMeansNothing) {
  for (const OptionDescription& option : Options()) {
    if (option.name == "data" || option.name == "model-dir") continue;  // Any text is a path.
    Config config;
    EXPECT_NE(option.apply("no such thing", config), "") << option.name;
    EXPECT_NE(option.apply("", config), "") << option.name;
  }
}

TEST(Options, AreVariablesUnderTheProgramsPrefix) {
  EXPECT_EQ(EnvironmentNameOf("listen"), "DATASTORAGE_LISTEN");
  EXPECT_EQ(EnvironmentNameOf("embedder-threads"), "DATASTORAGE_EMBEDDER_THREADS");
}

TEST(DefaultModelDirectory, PrefersTheCurrentFolder) {
  const std::filesystem::path before = std::filesystem::current_path();
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / "default_model_directory";
  std::filesystem::create_directories(folder / ".deps" / "minilm");
  std::filesystem::current_path(folder);
  EXPECT_EQ(DefaultModelDirectory(), ".deps/minilm");
  std::filesystem::current_path(before);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace datastorage::app
