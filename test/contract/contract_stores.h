// The record stores that keep the contract, each made empty.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <type_traits>

#include "fake/fake_record_store.h"
#include "postgres/postgres_record_store.h"
#include "postgres/store_session.h"
#include "sim/idle_record_store.h"
#include "sqlite/sqlite_record_store.h"

namespace datastorage {

// The suites' names, Suite/postgres: how the build tells those that share a server.
struct StoreNames {
  template <class Store>
  static std::string GetName(int) {
    if (std::is_same_v<Store, SqliteRecordStore>) return "sqlite";
    if (std::is_same_v<Store, PostgresRecordStore>) return "postgres";
    return std::is_same_v<Store, FakeRecordStore> ? "fake" : "idle";
  }
};

// Makes an empty store of its type; the folder and clock outlive it.
template <class Store>
std::unique_ptr<Store> MakeStore(const std::string& folder, const Clock& clock);

template <>
inline std::unique_ptr<SqliteRecordStore> MakeStore(const std::string& folder, const Clock& clock) {
  auto opened = SqliteRecordStore::Open({.directory = folder, .clock = &clock, .vfs = ""});
  EXPECT_TRUE(opened.has_value());
  return opened.has_value() ? *std::move(opened) : nullptr;
}

template <>
inline std::unique_ptr<FakeRecordStore> MakeStore(const std::string&, const Clock& clock) {
  return std::make_unique<FakeRecordStore>(clock);
}

template <>
inline std::unique_ptr<IdleRecordStore> MakeStore(const std::string&, const Clock& clock) {
  return std::make_unique<IdleRecordStore>(clock);
}

template <>
inline std::unique_ptr<PostgresRecordStore> MakeStore(const std::string&, const Clock& clock) {
  const std::string conninfo =
      test::PostgresServer::Shared().Conninfo(postgres::MakeStoreDatabase());
  auto opened = PostgresRecordStore::Open(
      {.sessions = {.connection = {.conninfo = conninfo}}, .clock = &clock},
      ThreadRuntime(),
      postgres::Soon());
  EXPECT_TRUE(opened.has_value());
  return opened.has_value() ? *std::move(opened) : nullptr;
}

}  // namespace datastorage
