# libFuzzer; the target is `fuzzers`.
set (CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "")
set (CMAKE_C_COMPILER clang-14 CACHE STRING "")
set (FUZZ ON CACHE BOOL "")
set (SANITIZE address,undefined,fuzzer-no-link CACHE STRING "")
