# Tells most when something is wrong; with crash points.
set (CMAKE_BUILD_TYPE Debug CACHE STRING "")
set (CRASH_POINTS ON CACHE BOOL "")
