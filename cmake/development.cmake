# What tests, examples and benchmarks of this project are built with. Nothing here reaches a user of the library.
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_CXX_STANDARD)
  set(CMAKE_CXX_STANDARD 17)
endif()
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)

option(PROMLITE_WERROR "Treat warnings as errors in this project's own targets" ON)

add_library(promlite_warnings INTERFACE)
if(MSVC)
  target_compile_options(promlite_warnings INTERFACE /W4 $<$<BOOL:${PROMLITE_WERROR}>:/WX>)
else()
  target_compile_options(promlite_warnings INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wold-style-cast -Wundef
    $<$<BOOL:${PROMLITE_WERROR}>:-Werror>)
endif()

# clang++'s static thread sanitizer forbids a program an operator new of its own, the shared one does not; but a program
# finds it only when told where it is.
if(CMAKE_CXX_FLAGS MATCHES "-shared-libsan")
  execute_process(COMMAND "${CMAKE_CXX_COMPILER}" "-print-file-name=libclang_rt.tsan-${CMAKE_SYSTEM_PROCESSOR}.so"
                  OUTPUT_VARIABLE runtime OUTPUT_STRIP_TRAILING_WHITESPACE)
  get_filename_component(runtime_dir "${runtime}" DIRECTORY)
  list(APPEND CMAKE_BUILD_RPATH "${runtime_dir}")
endif()

# promlite_program(TARGET SOURCE...): an executable of this project against the library, with its warnings.
function(promlite_program name)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE promlite::promlite promlite_warnings)
endfunction()
