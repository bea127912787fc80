// Protocol events in their text form, for tests that spell a history out.
#pragma once

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "sim/protocol_event.h"

namespace datastorage::test {

// One event a line, without the word "event".
inline std::vector<ProtocolEvent> PathOf(const std::string& text) {
  std::vector<ProtocolEvent> path;
  std::istringstream lines(text);
  std::string line;
  while (std::getline(lines, line)) {
    if (line.find_first_not_of(' ') == std::string::npos) continue;
    const auto event = ParseProtocolEvent("event " + line);
    EXPECT_TRUE(event.has_value()) << line;
    if (event.has_value()) path.push_back(*event);
  }
  return path;
}

}  // namespace datastorage::test
