# The migrations are part of the library, so that a program knows its schema and needs no file beside it.
file (GLOB migrations CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/schemas/sql/*.sql)
set (generated_migrations ${PROJECT_BINARY_DIR}/generated/db/migrations.h)
file (MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/generated/db)
add_custom_command (OUTPUT ${generated_migrations}
                    COMMAND ${AWK} -f ${PROJECT_SOURCE_DIR}/lib/db/embed-migrations.awk ${migrations} > ${generated_migrations}
                    DEPENDS ${migrations} ${PROJECT_SOURCE_DIR}/lib/db/embed-migrations.awk VERBATIM)
target_sources (db PRIVATE ${generated_migrations})
