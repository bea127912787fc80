"""What tools/tidy.py holds the tree to: who may include whom, sizes, names, and every exception.

An exception is a path and the reason it stands; one that is no longer needed is a fault itself.
"""

# A folder of src/ and the folders it may include besides itself; equal to ARCHITECTURE.md and to
# the DEPS in src/CMakeLists.txt. Nobody includes app.
LAYERS = {
    "base": [],
    "domain": ["base"],
    "schema": ["domain", "base"],
    "ports": ["domain", "base"],
    "engine": ["ports", "schema", "domain", "base"],
    "sqlite": ["ports", "schema", "domain", "base"],
    "codes": ["domain", "base"],
    "postgres": ["ports", "schema", "domain", "base", "codes"],
    "scan": ["ports", "schema", "domain", "base", "codes"],
    "minilm": ["ports", "schema", "domain", "base"],
    "lexical": ["ports", "schema", "domain", "base"],
    "memory_cache": ["ports", "schema", "domain", "base"],
    "redis": ["ports", "schema", "domain", "base"],
    "opensearch": ["ports", "schema", "domain", "base", "net"],
    "net": ["base"],
    "http": ["engine", "schema", "domain", "base"],
    "client": ["schema", "domain", "base", "net"],
    "cli": ["client", "schema", "domain", "base"],
    "app": ["http", "engine", "sqlite", "postgres", "scan", "minilm", "lexical", "memory_cache",
            "redis", "opensearch", "cli", "client", "ports", "schema", "domain", "base", "net"],
}

# The start of an <include> and the folders that own that library. A library that is not here has no
# owner yet, and including it is a fault.
LIBRARIES = {
    "boost/asio": ["http"],
    "boost/beast": ["http"],
    "boost/url": ["http"],
    "boost/system": ["http"],
    "boost/core": ["http"],
    "boost/json": ["schema", "http", "minilm", "client", "cli", "app"],
    "boost/pfr": ["schema"],
    "tl/expected.hpp": ["base"],
    "prometheus/": ["base"],
    "openssl/": ["base", "schema", "minilm", "redis", "opensearch"],
    "unicode/": ["schema", "minilm", "lexical"],
    "sqlite3.h": ["sqlite"],
    "libpq-fe.h": ["postgres"],
    "openvino/": ["minilm"],
    "hiredis/": ["redis"],
    "curl/": ["net"],
    "hwy/": ["codes"],
    "CLI/": ["cli", "app"],
    "yaml-cpp/": ["app"],
}

# Folders without I/O of their own: no header of the operating system either.
FOLDERS_WITHOUT_IO = ["domain", "schema", "ports", "engine", "lexical"]

# Threads and time of the core come from base/runtime.h, so that a simulator can own them.
FOLDERS_ON_THE_RUNTIME = ["engine", "ports"]

LINES_MAX = {".h": 150, ".cc": 400}
LINES_MEANT = {".h": 150, ".cc": 300}
LINE_LENGTH_MAX = 100
ARCHITECTURE_LINES_MAX = 250
DECISION_LINES_MAX = 60
COMMITTED_BYTES_MAX = 4_000_000

# Words that say nothing about a type; the last word of a type's or file's name.
EMPTY_NAMES = ["Manager", "Helper", "Helpers", "Util", "Utils", "Processor", "Handler", "Handlers",
               "Data", "Info"]
EMPTY_NAMES_ALLOWED = {"http": ["Handler", "Handlers"]}

# rule -> path (or path and name) -> why it stands.
EXCEPTIONS = {
    "size": {
        "test/engine/engine_fixture.h": "wires the whole engine; half of it would wire nothing",
        "test/contract/record_store_contract_test.cc": "one suite: what a record store promises",
    },
    "mirror-test": {
        "src/app/main.cc": "the program itself: test/cli/commands_test.py runs it",
        "src/app/serve.cc": "start lines, signals, exit codes: test/cli/commands_test.py",
    },
    "empty-name": {},
    "sleep-in-test": {},
    "line-length": {},
}
