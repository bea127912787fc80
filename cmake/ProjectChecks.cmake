# Checks of the source tree itself, as tests: layers and style, format, the scripts.
find_package(Python3 REQUIRED COMPONENTS Interpreter)

add_test(NAME Tree.KeepsItsRules
  COMMAND Python3::Interpreter "${CMAKE_SOURCE_DIR}/tools/tidy.py")
add_test(NAME Tree.IsFormatted
  COMMAND bash "${CMAKE_SOURCE_DIR}/tools/format.sh" --check)
set_tests_properties(Tree.KeepsItsRules Tree.IsFormatted PROPERTIES LABELS tree)

file(GLOB tool_tests CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/test/tools/*_test.py")
foreach(path IN LISTS tool_tests)
  get_filename_component(stem "${path}" NAME_WE)
  add_test(NAME Tools.${stem} COMMAND Python3::Interpreter "${path}")
  set_tests_properties(Tools.${stem} PROPERTIES LABELS tools TIMEOUT 300)
endforeach()
