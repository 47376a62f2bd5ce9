# All versions of all schemas are part of the library: a value is read with its writer's schema, also by a program that
# has no registry.
file (GLOB schemas CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/schemas/avro/*.avsc
      ${PROJECT_SOURCE_DIR}/schemas/avro/versions/*/*.avsc)
set (generated_schemas ${PROJECT_BINARY_DIR}/generated/events/schemas.h)
file (MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/generated/events)
add_custom_command (OUTPUT ${generated_schemas}
                    COMMAND ${AWK} -f ${CMAKE_CURRENT_LIST_DIR}/embed-schemas.awk ${schemas} > ${generated_schemas}
                    DEPENDS ${schemas} ${CMAKE_CURRENT_LIST_DIR}/embed-schemas.awk VERBATIM)
target_sources (events PRIVATE ${generated_schemas})
