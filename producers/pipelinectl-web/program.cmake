# The one stylesheet is compiled in.
set (style_header ${PROJECT_BINARY_DIR}/generated/producers/pipelinectl-web/style.css.h)
add_custom_command (OUTPUT ${style_header}
                    COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/generated/producers/pipelinectl-web
                    COMMAND ${AWK} -v name=style_css -f ${PROJECT_SOURCE_DIR}/lib/cmake/embed-text.awk
                            ${CMAKE_CURRENT_LIST_DIR}/style.css > ${style_header}
                    DEPENDS ${CMAKE_CURRENT_LIST_DIR}/style.css ${PROJECT_SOURCE_DIR}/lib/cmake/embed-text.awk VERBATIM)
target_sources (pipelinectl-web PRIVATE ${style_header})
