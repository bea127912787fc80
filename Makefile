# The project's two commands are `make run` and `make test`; the rest are their parts.
# Each target installs and fetches what it needs and says so; the work is in tools/. Settings given as
# `make run NAME=VALUE` reach the scripts.
.DEFAULT_GOAL := help
.PHONY: help build run stop dev dev-stop test tidy format clang-tidy clang-tidy-changed asan tsan \
        fuzz model simulate fault demo-dual-write bench bench-postgres bench-large \
        bench-two-servers relevance clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-20s %s\n", $$1, $$2 }' Makefile

run: ## Build, start the service, load the samples, show one search; the service stays up
	@tools/run.sh start

stop: ## Stop the service that make run started
	@tools/run.sh stop

dev: ## Start PostgreSQL with pgvector and Redis for trying the service on; says how to serve on them
	@tools/dev.sh start

dev-stop: ## End the servers that make dev started
	@tools/dev.sh stop

build: ## Build the program: build/datastorage
	@tools/build.sh release

test: ## Everything that must be green; ctest's summary comes last
	@tools/test.sh all

tidy: ## Check layers, sizes, names, words and mirror tests of the tree
	@python3 tools/tidy.py

format: ## Format every C++ file in place
	@tools/format.sh

clang-tidy: ## Run clang-tidy on every file
	@tools/test.sh clang-tidy

clang-tidy-changed: ## Run clang-tidy on the files changed since the previous commit on main
	@tools/test.sh clang-tidy-changed

asan: ## Run the tests under the address and undefined-behaviour sanitizers
	@tools/test.sh asan

tsan: ## Run the tests of what is threaded under the thread sanitizer
	@tools/test.sh tsan

fuzz: ## Run each fuzz target for a while: FUZZ_SECONDS=20
	@tools/test.sh fuzz

model: ## Search the protocol's models exhaustively, whole and with each guard removed
	@tools/install_packages.sh test
	@model/check.sh

simulate: ## Simulate histories of the dual write with faults: SIM_SEEDS=1000000 SIM_FIRST=1
	@tools/test.sh simulate

fault: ## Kill, restart, restore and promote real servers under load: FAULT_KILLS=100 FAULT_SECONDS=600
	@tools/test.sh fault

demo-dual-write: ## The original's order of the dual write and ours under the same kills: DEMO_KILLS=8
	@tools/test.sh demo-dual-write

bench: ## Build and run the benchmarks
	@tools/bench.sh speed

bench-postgres: ## What a write costs on PostgreSQL, beside bare programs: BENCH_OPTIONS="--rounds 3"
	@tools/bench.sh postgres

bench-large: ## The same, and how it grows up to a million records, which takes hours
	@tools/bench.sh large

bench-two-servers: ## What a write costs with the vectors on a second PostgreSQL, beside the original's order
	@tools/bench.sh two-servers

relevance: ## Measure how well search finds, over a folder of labelled texts: CORPUS=FOLDER
	@tools/bench.sh relevance

clean: ## Remove what was built; what was fetched stays in .deps, records stay in data
	rm -rf build
