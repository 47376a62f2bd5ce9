# Threads are watched; with crash points.
set (CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "")
set (CRASH_POINTS ON CACHE BOOL "")
set (SANITIZE thread CACHE STRING "")
