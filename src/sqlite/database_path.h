// Where in the data directory the database file is.
#pragma once

#include <string>

namespace datastorage::sqlite {

inline std::string DatabasePath(const std::string& directory) {
  return directory + "/datastorage.db";
}

}  // namespace datastorage::sqlite
