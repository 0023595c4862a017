# gateway_room(NAME USES rooms... EXTERNAL libraries... PRECOMPILE headers...)
#
# PRECOMPILE: large headers of libraries that most files of this room include.
# Builds src/NAME/*.cc as the static library gateway_NAME and src/NAME/*_test.cc as the test
# program gateway_NAME_test. Warnings are errors for everything that is ours.
option(GATEWAY_SANITIZE "Sanitizers: empty, address or thread" "")

add_library(gateway_flags INTERFACE)
target_compile_options(gateway_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror
  # Designated initializers name what differs from the defaults; the rest is meant to be left out.
  -Wno-missing-designated-field-initializers
  -fno-omit-frame-pointer)
target_include_directories(gateway_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)
if(GATEWAY_SANITIZE STREQUAL "address")
  target_compile_options(gateway_flags INTERFACE -fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=undefined)
  target_link_options(gateway_flags INTERFACE -fsanitize=address,undefined)
elseif(GATEWAY_SANITIZE STREQUAL "thread")
  target_compile_options(gateway_flags INTERFACE -fsanitize=thread)
  target_link_options(gateway_flags INTERFACE -fsanitize=thread)
endif()

# Reading these takes longer than compiling what is ours. Source files include what they use all the
# same: scripts/lint.sh reads them without.
set(precompiled_headers
  <algorithm> <array> <atomic> <chrono> <condition_variable> <cstdint> <expected> <filesystem>
  <functional> <map> <memory> <mutex> <optional> <span> <sstream> <string> <string_view> <thread>
  <unordered_map> <utility> <variant> <vector>)
# Without it ccache never finds an object again that was compiled with a precompiled header.
add_compile_options("SHELL:-Xclang -fno-pch-timestamp")

# What tests need, in two parts: the programs of the rooms' unit tests, and the gateway with the
# programs that drive single rooms from tests/.
add_custom_target(unit_tests)
add_custom_target(programs)

function(gateway_room NAME)
  cmake_parse_arguments(ROOM "" "" "USES;EXTERNAL;PRECOMPILE" ${ARGN})
  set(dir ${CMAKE_SOURCE_DIR}/src/${NAME})
  file(GLOB sources CONFIGURE_DEPENDS ${dir}/*.cc)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cc$")
  set(links gateway_flags ${ROOM_EXTERNAL})
  foreach(room ${ROOM_USES})
    list(APPEND links gateway_${room})
  endforeach()

  if(sources)
    add_library(gateway_${NAME} STATIC ${sources})
    target_link_libraries(gateway_${NAME} PUBLIC ${links})
    target_precompile_headers(gateway_${NAME} PRIVATE ${precompiled_headers} ${ROOM_PRECOMPILE})
  else()
    add_library(gateway_${NAME} INTERFACE)
    target_link_libraries(gateway_${NAME} INTERFACE ${links})
  endif()
  if(tests)
    add_executable(gateway_${NAME}_test ${tests})
    target_link_libraries(gateway_${NAME}_test PRIVATE gateway_${NAME} GTest::gtest GTest::gtest_main)
    target_precompile_headers(gateway_${NAME}_test PRIVATE ${precompiled_headers} ${ROOM_PRECOMPILE} <gtest/gtest.h>)
    add_dependencies(unit_tests gateway_${NAME}_test)
    add_test(NAME ${NAME} COMMAND gateway_${NAME}_test)
    # Brief: of a failed program, only what failed is shown.
    set_tests_properties(${NAME} PROPERTIES TIMEOUT 300 ENVIRONMENT GTEST_BRIEF=1)
  endif()
endfunction()
