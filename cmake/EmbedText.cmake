# ds_embed_text(TARGET NAMESPACE FILE...): compiles each text file in as
# `inline constexpr std::string_view NAMESPACE::<stem>`, in the header embedded/<TARGET>.h.
function(ds_embed_text target namespace)
  set(header "${CMAKE_CURRENT_BINARY_DIR}/embedded/${target}.h")
  # The names are those of the files: not ours to judge.
  set(content "// NOLINTBEGIN\n#pragma once\n#include <string_view>\nnamespace ${namespace} {\n")
  foreach(path IN LISTS ARGN)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${path}")
    get_filename_component(stem "${path}" NAME_WE)
    file(READ "${path}" text)
    string(APPEND content
      "inline constexpr std::string_view k_${stem} = R\"_text_(${text})_text_\";\n")
  endforeach()
  string(APPEND content "}  // namespace ${namespace}\n// NOLINTEND\n")
  file(CONFIGURE OUTPUT "${header}" CONTENT "${content}" @ONLY)
  target_include_directories(${target} PRIVATE "${CMAKE_CURRENT_BINARY_DIR}")
endfunction()
