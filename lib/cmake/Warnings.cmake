# Warnings are on for everybody and errors in CI only: a newer compiler must not stop a user's build.
option (WARNINGS_ARE_ERRORS "Fail on a compiler warning (CI sets it)" OFF)
set (SANITIZE "" CACHE STRING "Comma-separated sanitizers, for instance address,undefined")
option (FUZZ "Drive the targets of tests/fuzz with libFuzzer (the preset fuzz sets it; clang only)" OFF)
option (CRASH_POINTS "Compile the named crash points in (test builds only)" OFF)

add_compile_options (-Wall -Wextra -Wshadow -Wmissing-prototypes -Wswitch-enum -Wformat=2
                     -Wno-missing-field-initializers -fno-strict-aliasing)
if (CMAKE_C_COMPILER_ID STREQUAL "Clang")
  add_compile_options (-Wno-unused-variable)   # a lock that is held to the end of its block is one, to clang
endif ()
add_compile_definitions (_GNU_SOURCE G_LOG_DOMAIN="dependents")
if (WARNINGS_ARE_ERRORS)
  add_compile_options (-Werror)
endif ()
# What an attacker who finds a fault of ours would have to get past. Sanitizers bring their own checks, and a debug build
# has no optimisation for _FORTIFY_SOURCE to stand on.
if (NOT SANITIZE)
  include (CheckPIESupported)
  check_pie_supported ()
  set (CMAKE_POSITION_INDEPENDENT_CODE ON)
  add_compile_options (-fstack-protector-strong -fstack-clash-protection)
  add_compile_options ("$<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=3>")
  add_link_options (LINKER:-z,relro,-z,now,-z,noexecstack)
endif ()
if (SANITIZE)
  string (REPLACE "," ";" sanitizers ${SANITIZE})
  # What is undefined ends the program: a line on stderr alone would fail no test.
  add_compile_options (-fsanitize=${SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_compile_definitions (SANITIZED)   # a sanitized child needs more calls and addresses than its walls allow
  add_link_options (-fsanitize=${SANITIZE})
  if ("address" IN_LIST sanitizers)
    add_library (asan-options OBJECT ${PROJECT_SOURCE_DIR}/tests/support/asan/options.c)
    target_compile_options (asan-options PRIVATE -fno-sanitize=all)
    link_libraries ($<TARGET_OBJECTS:asan-options>)
  endif ()
  if ("thread" IN_LIST sanitizers)
    # Stands before GLib and libc in every program, whole: what a library has too would not be taken from an archive.
    file (GLOB shims CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/support/tsan/*.c)
    find_package (PkgConfig REQUIRED)
    pkg_check_modules (SHIMS_GLIB REQUIRED glib-2.0)
    add_library (tsan-shims STATIC ${shims})
    target_include_directories (tsan-shims PRIVATE ${SHIMS_GLIB_INCLUDE_DIRS})
    target_compile_options (tsan-shims PRIVATE -fno-sanitize=all)
    add_link_options ("LINKER:--whole-archive,$<TARGET_FILE:tsan-shims>,--no-whole-archive")
    link_libraries (tsan-shims)
    set_property (DIRECTORY ${PROJECT_SOURCE_DIR} APPEND PROPERTY
                  TEST_INCLUDE_FILES ${PROJECT_SOURCE_DIR}/tests/support/tsan/tests.cmake)
  endif ()
endif ()
if (CRASH_POINTS)
  add_compile_definitions (CRASH_POINTS)
endif ()
