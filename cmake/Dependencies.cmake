# Every third-party library, found once. Only the folder that owns a library links it (see src/).
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
find_package(SQLite3 REQUIRED)
find_package(CURL REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ICU REQUIRED COMPONENTS uc i18n data)
find_package(CLI11 REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(prometheus-cpp REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(hwy REQUIRED IMPORTED_TARGET libhwy)
pkg_check_modules(hiredis REQUIRED IMPORTED_TARGET hiredis)
pkg_check_modules(libpq REQUIRED IMPORTED_TARGET libpq)
find_path(DS_EXPECTED_INCLUDE tl/expected.hpp REQUIRED)

# OpenVINO comes from a wheel pinned by checksum (tools/fetch_model.sh), not from the system.
set(DS_THIRD_PARTY "${CMAKE_SOURCE_DIR}/.deps" CACHE PATH "Where tools/fetch_model.sh unpacks")
find_package(OpenVINO REQUIRED COMPONENTS Runtime
  PATHS "${DS_THIRD_PARTY}/openvino/openvino/cmake" NO_DEFAULT_PATH)
