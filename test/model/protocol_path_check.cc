// protocol_path_check: judges runs of model/write.pml by ProtocolPath. Standard input: a line
// "run NAME", or "cut NAME" where the run does not go on to its end, then its event lines; lines of
// other kinds are passed over. Prints one line a run: "NAME accepted COUNT" or "NAME refused WHY".

#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "sim/protocol_path.h"

namespace datastorage::test {
namespace {

struct Run {
  std::string name;
  bool is_finished = true;
  std::vector<ProtocolEvent> path;
  std::string unreadable;
};

void Judge(const Run& run) {
  if (run.name.empty()) return;
  const auto why = RefusalOf(run.path, run.is_finished);
  if (!run.unreadable.empty()) {
    std::cout << run.name << " unreadable " << run.unreadable << '\n';
  } else if (why.has_value()) {
    std::cout << run.name << " refused " << *why << '\n';
  } else {
    std::cout << run.name << " accepted " << run.path.size() << '\n';
  }
}

void ReadEvent(std::string_view line, Run& run) {
  if (!line.starts_with("event ")) return;
  const auto event = ParseProtocolEvent(line);
  if (event.has_value()) {
    run.path.push_back(*event);
  } else {
    run.unreadable = line;
  }
}

void JudgeAll(std::istream& in) {
  Run run;
  std::string line;
  while (std::getline(in, line)) {
    const bool is_whole = line.starts_with("run ");
    if (is_whole || line.starts_with("cut ")) {
      Judge(run);
      run = {line.substr(4), is_whole, {}, {}};
    } else {
      ReadEvent(line, run);
    }
  }
  Judge(run);
}

}  // namespace
}  // namespace datastorage::test

int main() {
  datastorage::test::JudgeAll(std::cin);
  return 0;
}
