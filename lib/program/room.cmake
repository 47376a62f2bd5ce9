# The one table of topics is compiled in, so that a program and the file beside it cannot disagree.
set (topics_header ${PROJECT_BINARY_DIR}/generated/program/topics.json.h)
file (MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/generated/program)
add_custom_command (OUTPUT ${topics_header}
                    COMMAND ${AWK} -v name=topics_json -f ${PROJECT_SOURCE_DIR}/lib/cmake/embed-text.awk
                            ${PROJECT_SOURCE_DIR}/schemas/topics.json > ${topics_header}
                    DEPENDS ${PROJECT_SOURCE_DIR}/schemas/topics.json ${PROJECT_SOURCE_DIR}/lib/cmake/embed-text.awk VERBATIM)
target_sources (program PRIVATE ${topics_header})
