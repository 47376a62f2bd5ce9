# What ships.
set (CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "")
