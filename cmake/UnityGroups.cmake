# ds_unite(TARGET): compiles files of TARGET several at a time: what their headers and templates
# cost is then paid once. ON (the sanitizers): all, many at a time; TESTS (the development build):
# few at a time, so that an edit is soon compiled, and the program's own files each alone, which
# finds a missing #include.
# Files that define the same name outside of any class or function go to different groups, since
# names of anonymous namespaces would meet. ALONE names files whose private names are also those of
# a header.
set(DS_UNITE OFF CACHE STRING "Compile the files of a folder several at a time: ON, TESTS, OFF")
if(DS_UNITE STREQUAL "TESTS")
  set(DS_UNITE_FILE_COUNT_MAX 4)
else()
  set(DS_UNITE_FILE_COUNT_MAX 13)
endif()

# ds_names_of(OUT PATH): the names that the file defines at the start of a line.
function(ds_names_of out path)
  file(READ "${path}" text)
  # Neither brackets nor semicolons: CMake's lists could not hold them.
  string(REGEX MATCHALL "\n[A-Za-z][A-Za-z0-9_:<>,&* ]*" heads "${text}")
  set(names)
  foreach(head IN LISTS heads)
    if(head MATCHES "^\n(enum class|enum|struct|class|union) ([A-Za-z0-9_]+)")
      list(APPEND names "${CMAKE_MATCH_2}")
    elseif(NOT head MATCHES "^\nnamespace" AND head MATCHES "[ &*]([A-Za-z0-9_]+) *$")
      list(APPEND names "${CMAKE_MATCH_1}")
    endif()
  endforeach()
  set(${out} ${names} PARENT_SCOPE)
endfunction()

# ds_has_room(OUT COUNT TAKEN NAMES): whether a group of COUNT files, with the names TAKEN, takes a
# further file with NAMES.
function(ds_has_room out count taken names)
  set(${out} OFF PARENT_SCOPE)
  if(count EQUAL DS_UNITE_FILE_COUNT_MAX)
    return()
  endif()
  foreach(name IN LISTS names)
    if(name IN_LIST taken)
      return()
    endif()
  endforeach()
  set(${out} ON PARENT_SCOPE)
endfunction()

function(ds_unite target)
  cmake_parse_arguments(ARG "" "" "ALONE" ${ARGN})
  set(is_test OFF)
  if(target MATCHES "^(ds_)?test_")
    set(is_test ON)
  endif()
  if(NOT DS_UNITE OR (DS_UNITE STREQUAL "TESTS" AND NOT is_test))
    return()
  endif()
  get_target_property(paths ${target} SOURCES)
  foreach(path IN LISTS paths)
    get_filename_component(name "${path}" NAME)
    if(name IN_LIST ARG_ALONE)
      continue()
    endif()
    ds_names_of(names "${path}")
    set(group 0)
    ds_has_room(has_room "${count_0}" "${taken_0}" "${names}")
    while(NOT has_room)
      math(EXPR group "${group} + 1")
      ds_has_room(has_room "${count_${group}}" "${taken_${group}}" "${names}")
    endwhile()
    math(EXPR count_${group} "0${count_${group}} + 1")
    list(APPEND taken_${group} ${names})
    set_property(SOURCE "${path}" PROPERTY UNITY_GROUP "${target}_${group}")
  endforeach()
  # g++ takes a file's own name for a header's there.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
endfunction()
