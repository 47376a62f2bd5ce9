# Every program must know the names of all programs' settings: a DEPENDENTS_ variable that belongs to a neighbour is
# fine, one that belongs to nobody is a slip of the pen and stops the start (README.md, rule 1). The names are
# collected from the rows themselves at each build; the header changes only when a name does.
file (GLOB setting_sources CONFIGURE_DEPENDS
      ${PROJECT_SOURCE_DIR}/lib/*/*.c ${PROJECT_SOURCE_DIR}/consumers/*/*.c ${PROJECT_SOURCE_DIR}/producers/*/*.c
      ${PROJECT_SOURCE_DIR}/tests/simulators/*.c ${PROJECT_SOURCE_DIR}/tests/simulators/*/*.c)
set (setting_names ${PROJECT_BINARY_DIR}/generated/base/setting-names.h)
file (MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/generated/base)
add_custom_command (OUTPUT ${setting_names}
                    COMMAND ${AWK} -f ${CMAKE_CURRENT_LIST_DIR}/setting-names.awk ${setting_sources} > ${setting_names}.new
                    COMMAND ${CMAKE_COMMAND} -E copy_if_different ${setting_names}.new ${setting_names}
                    DEPENDS ${setting_sources} ${CMAKE_CURRENT_LIST_DIR}/setting-names.awk VERBATIM)
target_sources (base PRIVATE ${setting_names})
set_source_files_properties (${PROJECT_SOURCE_DIR}/lib/base/settings.c ${PROJECT_SOURCE_DIR}/lib/base/metric-table.c
                             PROPERTIES COMPILE_DEFINITIONS PROGRAM_VERSION="${PROJECT_VERSION}")
