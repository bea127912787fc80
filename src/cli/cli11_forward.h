// The parser of the command line by name only: its header is large, and most of ours need no more.
#pragma once

namespace CLI {  // NOLINT(readability-identifier-naming): the library's own name.
class App;
}
