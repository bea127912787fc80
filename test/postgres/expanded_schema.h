// A database whose schema the next release has widened, as it must so that this one runs on it
// while replicas are replaced: each table has more columns, and there are a table and an index
// more.
#pragma once

#include <string>
#include <vector>

#include "postgres/store_session.h"

namespace datastorage::postgres {

// A step that follows ours and runs with this program.
inline std::string WideningStep() {
  return "-- widen: what the next release needs.\n-- runs with: " +
         std::to_string(AllMigrations().back().number) +
         "\nDO $$ DECLARE name regclass; BEGIN FOR name IN SELECT oid FROM pg_class"
         " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
         " AND NOT relispartition AND relname <> 'schema_migration'"
         " LOOP EXECUTE format('ALTER TABLE %s ADD COLUMN later text,"
         " ADD COLUMN later_count integer NOT NULL DEFAULT 0', name); END LOOP; END $$;\n"
         "CREATE TABLE later (id uuid PRIMARY KEY, note text);\n"
         "CREATE INDEX record_by_later ON record (later);\n";
}

// The name of a new one, as MakeStoreDatabase.
inline std::string MakeExpandedDatabase() {
  static const std::string original = [] {
    const std::string name = MakeStoreDatabase();
    const auto owner = OpenSession(test::PostgresServer::Shared().Conninfo(name));
    const std::string sql = WideningStep();
    std::vector<Migration> migrations(AllMigrations().begin(), AllMigrations().end());
    migrations.push_back({migrations.back().number + 1, sql});
    const auto migrated = Migrate(*owner, migrations, "", Soon());
    if (!migrated.has_value()) ADD_FAILURE() << migrated.error().message;
    return name;
  }();
  return test::PostgresServer::Shared().MakeDatabase(original);
}

}  // namespace datastorage::postgres
