# Warnings are on for everybody and errors in CI only: a newer compiler must not stop a user's build.
option (WARNINGS_ARE_ERRORS "Fail on a compiler warning (CI sets it)" OFF)
set (SANITIZE "" CACHE STRING "Comma-separated sanitizers, for instance address,undefined")
option (CRASH_POINTS "Compile the named crash points in (test builds only)" OFF)

add_compile_options (-Wall -Wextra -Wshadow -Wmissing-prototypes -Wswitch-enum -Wformat=2
                     -Wno-missing-field-initializers -fno-strict-aliasing)
add_compile_definitions (_GNU_SOURCE G_LOG_DOMAIN="dependents")
if (WARNINGS_ARE_ERRORS)
  add_compile_options (-Werror)
endif ()
if (SANITIZE)
  add_compile_options (-fsanitize=${SANITIZE} -fno-omit-frame-pointer)
  add_link_options (-fsanitize=${SANITIZE})
endif ()
if (CRASH_POINTS)
  add_compile_definitions (CRASH_POINTS)
endif ()
