#include "cli/unknown_command.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

namespace datastorage::cli {
namespace {

TEST(UnknownCommand, NamesTheNearestAndTheList) {
  CLI::App app("", "datastorage");
  app.add_subcommand("search");
  app.add_subcommand("serve");
  CLI::App* config = app.add_subcommand("config");
  config->add_subcommand("print");
  EXPECT_EQ(UnknownCommandText(app, "serch"),
            "there is no command serch; did you mean search? See `datastorage --help`");
  EXPECT_EQ(UnknownCommandText(app, "delete"),
            "there is no command delete. See `datastorage --help`");
  EXPECT_EQ(UnknownCommandText(*config, "pint"),
            "there is no command pint; did you mean print? See `datastorage config --help`");
}

}  // namespace
}  // namespace datastorage::cli
