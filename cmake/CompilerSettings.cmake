# Warnings are errors in our own code; sanitizers, failpoints and the linker are chosen by options
# that the presets set.
option(DS_WERROR "Treat warnings as errors" ON)
option(DS_FAILPOINTS "Compile the failpoints in" OFF)
set(DS_SANITIZE "" CACHE STRING "Sanitizers of the whole build: address,undefined or thread")
# A sanitizer's checks make optimising such code dearer than what its tests then save.
set(DS_UNOPTIMISED "" CACHE STRING "Folders of src, or test, to compile by -O0")

add_library(ds_compiler_settings INTERFACE)
target_compile_options(ds_compiler_settings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast -Wswitch-enum)
# g++ 12 reports these falsely: from its own AVX-512 header, boost::pfr and std::string at -O2,
# Asio's fences.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(ds_compiler_settings INTERFACE -Wno-maybe-uninitialized -Wno-restrict
    -Wno-tsan)
endif()
# clang takes it for a part of -Wconversion, g++ does not.
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(ds_compiler_settings INTERFACE -Wno-sign-conversion)
endif()
if(DS_WERROR)
  target_compile_options(ds_compiler_settings INTERFACE -Werror)
endif()
target_compile_definitions(ds_compiler_settings INTERFACE _GLIBCXX_ASSERTIONS)
if(DS_FAILPOINTS)
  target_compile_definitions(ds_compiler_settings INTERFACE DS_FAILPOINTS=1)
endif()
target_include_directories(ds_compiler_settings INTERFACE "${CMAKE_SOURCE_DIR}/src")

if(DS_SANITIZE)
  add_compile_options(-fsanitize=${DS_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${DS_SANITIZE})
  # clang says by __has_feature what g++ says by a macro.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND DS_SANITIZE MATCHES "address")
    add_compile_definitions(__SANITIZE_ADDRESS__=1)
  endif()
endif()

find_program(DS_CCACHE ccache)
if(DS_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${DS_CCACHE}")
endif()
find_program(DS_MOLD mold)
if(DS_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
