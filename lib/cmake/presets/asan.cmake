# Addresses and undefined behaviour are watched; with crash points.
set (CMAKE_BUILD_TYPE Debug CACHE STRING "")
set (CRASH_POINTS ON CACHE BOOL "")
set (SANITIZE address,undefined CACHE STRING "")
