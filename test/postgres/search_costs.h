// What searches by words cost: the time that a caller waits, and that of the server's processors.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "postgres/search_session.h"

namespace datastorage::postgres {

// What the searches of a store's sessions have cost the server, in ms of its processors.
inline double ServerCost(SearchSession& store) {
  const std::string pids = store.Ask(
      "SELECT string_agg(pid::text, ' ') FROM pg_stat_activity"
      " WHERE datname = current_database() AND backend_type = 'client backend'"
      " AND pid <> pg_backend_pid()");
  std::istringstream each(pids);
  double ticks = 0;
  for (std::string pid; each >> pid;) {
    std::ifstream file("/proc/" + pid + "/stat");
    std::string stat;
    std::getline(file, stat);
    // User and system time are the 12th and 13th after the name, which may hold spaces.
    std::istringstream fields(stat.substr(std::min(stat.size(), stat.rfind(')') + 1)));
    std::string field;
    for (int i = 1; i <= 13 && fields >> field; ++i) ticks += i >= 12 ? std::stod(field) : 0;
  }
  return ticks * 1'000 / static_cast<double>(sysconf(_SC_CLK_TCK));
}

inline constexpr int kSearchCount = 100;

// Two to seven words of generated records, every second one joined to the one before.
inline std::vector<std::string> TextsOfWords(const char* joiner) {
  std::vector<std::string> texts;
  RandomRecords random(11);
  for (int i = 0; i < kSearchCount; ++i) {
    std::string& text = texts.emplace_back();
    const std::size_t count = 2 + random.Below(6);
    for (std::size_t word = 0; word < count; ++word) {
      const double place = static_cast<double>(random.Below(1'000)) / 1'000;
      text += word % 2 == 1 ? joiner : " ";
      text += "w" + std::to_string(static_cast<int>(place * place * place * 5'000));
    }
  }
  return texts;
}

// All words of some records.
inline std::vector<std::string> OwnTexts(SearchSession& store, int record_count) {
  const std::string all = store.Ask(
      "SELECT string_agg(array_to_string(tsvector_to_array(words), ' '), ',') FROM record"
      " WHERE name = ANY(ARRAY(SELECT 'name' || g * " +
      std::to_string(record_count / kSearchCount) + " FROM generate_series(1, " +
      std::to_string(kSearchCount) + ") AS g))");
  std::vector<std::string> texts;
  std::istringstream lines(all);
  for (std::string line; std::getline(lines, line, ',');) texts.push_back(line);
  return texts;
}

inline void PrintTextCost(SearchSession& store,
                          const std::vector<std::string>& texts,
                          const std::string& how) {
  std::vector<double> milliseconds;
  ASSERT_TRUE(store.search.TextSearch("w0", {}, 1, Soon()).has_value());  // Opens a session.
  const double cost = ServerCost(store);
  for (const std::string& text : texts) {
    const auto begin = std::chrono::steady_clock::now();
    const auto hits = store.search.TextSearch(text, {}, 100, Soon());
    const auto end = std::chrono::steady_clock::now();
    ASSERT_TRUE(hits.has_value()) << hits.error().message;
    milliseconds.push_back(std::chrono::duration<double, std::milli>(end - begin).count());
  }
  std::sort(milliseconds.begin(), milliseconds.end());
  std::printf(
      "search by %s: p50 %.1f ms, p95 %.1f ms, most %.1f ms; of the server's"
      " processors %.1f ms\n",
      how.c_str(),
      milliseconds[milliseconds.size() / 2],
      milliseconds[milliseconds.size() * 19 / 20],
      milliseconds.back(),
      (ServerCost(store) - cost) / static_cast<double>(milliseconds.size()));
}

inline void PrintTextCosts(SearchSession& store, int record_count, const std::string& how) {
  const std::string over = " over " + std::to_string(record_count) + " records " + how;
  PrintTextCost(store, TextsOfWords(" "), "some words" + over);
  PrintTextCost(store, TextsOfWords("-"), "joined words" + over);
  PrintTextCost(store, OwnTexts(store, record_count), "their own words" + over);
}

}  // namespace datastorage::postgres
