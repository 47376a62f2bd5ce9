# A room is a static library with one include root (lib/), so that an include line names the room.
# A room that has .sql files gets <room>/<file>.sql.h with one SQL_… constant per named query.
find_package (PkgConfig REQUIRED)
foreach (pair GLIB=glib-2.0 JANSSON=jansson OPENSSL=libcrypto PQ=libpq CURL=libcurl
              SSL=libssl RDKAFKA=rdkafka AVRO=avro-c XML=libxml-2.0 GIO=gio-2.0
              ICU=icu-i18n POPPLER=poppler-glib QPDF=libqpdf PANGO=pangocairo PANGOFT=pangoft2
              CAIRO=cairo-pdf CAIROFT=cairo-ft FONTCONFIG=fontconfig PNG=libpng JPEG=libjpeg
              EXIF=libexif ZLIB=zlib SECCOMP=libseccomp JWT=libjwt)
  string (REPLACE "=" ";" pair ${pair})
  list (GET pair 0 name)
  list (GET pair 1 module)
  pkg_check_modules (${name} REQUIRED IMPORTED_TARGET ${module})
endforeach ()
find_package (Threads REQUIRED)

# In C's locale, whatever the builder's is: a Turkish i has another capital, and other alphabets other orders.
set (AWK ${CMAKE_COMMAND} -E env LC_ALL=C awk)

# Embeds every .sql file of DIRECTORY into a header of string constants for TARGET.
function (embed_queries TARGET DIRECTORY)
  file (GLOB queries CONFIGURE_DEPENDS ${DIRECTORY}/*.sql)
  foreach (query ${queries})
    file (RELATIVE_PATH relative ${PROJECT_SOURCE_DIR} ${query})
    string (REGEX REPLACE "^lib/" "" relative ${relative})
    set (header ${PROJECT_BINARY_DIR}/generated/${relative}.h)
    get_filename_component (folder ${header} DIRECTORY)
    file (MAKE_DIRECTORY ${folder})
    add_custom_command (OUTPUT ${header}
                        COMMAND ${AWK} -f ${PROJECT_SOURCE_DIR}/lib/cmake/embed-queries.awk ${query} > ${header}
                        DEPENDS ${query} ${PROJECT_SOURCE_DIR}/lib/cmake/embed-queries.awk VERBATIM)
    target_sources (${TARGET} PRIVATE ${header})
  endforeach ()
  target_include_directories (${TARGET} PRIVATE ${PROJECT_BINARY_DIR}/generated)
endfunction ()

function (add_room NAME)
  cmake_parse_arguments (room "" "" "LINKS" ${ARGN})
  file (GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/lib/${NAME}/*.c)
  if (NOT sources)
    add_library (${NAME} INTERFACE)
    target_link_libraries (${NAME} INTERFACE ${room_LINKS} Threads::Threads m)
    return ()
  endif ()
  add_library (${NAME} STATIC ${sources})
  target_include_directories (${NAME} PUBLIC ${PROJECT_SOURCE_DIR}/lib PRIVATE ${PROJECT_BINARY_DIR}/generated)
  target_link_libraries (${NAME} PUBLIC ${room_LINKS} Threads::Threads m)
  embed_queries (${NAME} ${PROJECT_SOURCE_DIR}/lib/${NAME})
  if (EXISTS ${PROJECT_SOURCE_DIR}/lib/${NAME}/room.cmake)
    include (${PROJECT_SOURCE_DIR}/lib/${NAME}/room.cmake)   # what only this room needs, such as generated sources
  endif ()
endfunction ()

function (add_program NAME)
  cmake_parse_arguments (program "" "DIRECTORY" "LINKS" ${ARGN})
  file (GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${program_DIRECTORY}/*.c)
  if (NOT sources)
    return ()
  endif ()
  # A room may have its name (notify): then the target has another, and the program keeps it.
  set (target ${NAME})
  if (TARGET ${NAME})
    set (target ${NAME}-program)
  endif ()
  add_executable (${target} ${sources})
  set_target_properties (${target} PROPERTIES OUTPUT_NAME ${NAME})
  target_link_libraries (${target} PRIVATE ${program_LINKS})
  embed_queries (${target} ${PROJECT_SOURCE_DIR}/${program_DIRECTORY})
  if (EXISTS ${PROJECT_SOURCE_DIR}/${program_DIRECTORY}/program.cmake)
    include (${PROJECT_SOURCE_DIR}/${program_DIRECTORY}/program.cmake)   # what only this program needs
  endif ()
endfunction ()

# One folder and one line make a consumer; LINKS names the rooms it uses.
function (add_consumer NAME)
  cmake_parse_arguments (consumer "" "" "LINKS" ${ARGN})
  add_program (${NAME} DIRECTORY consumers/${NAME} LINKS ${consumer_LINKS})
endfunction ()

# tests/unit/<room>/*-test.c: one GTest program each, labelled unit. One that starts with a comment saying
# "needs: postgres" finds a scratch server in DATABASE_URL.
function (add_room_tests NAME)
  cmake_parse_arguments (test "" "" "LINKS" ${ARGN})
  file (GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/unit/${NAME}/*-test.c)
  foreach (source ${sources})
    get_filename_component (stem ${source} NAME_WE)
    add_executable (${NAME}-${stem} ${source})
    target_link_libraries (${NAME}-${stem} PRIVATE ${NAME} ${test_LINKS})
    target_include_directories (${NAME}-${stem} PRIVATE ${PROJECT_SOURCE_DIR}/tests ${PROJECT_BINARY_DIR}/generated)
    target_compile_definitions (${NAME}-${stem} PRIVATE SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    set_target_properties (${NAME}-${stem} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests IS_TEST ON)
    file (STRINGS ${source} needs LIMIT_COUNT 20 REGEX "needs: postgres")
    set (beside)
    if (needs)
      set (beside ${PROJECT_SOURCE_DIR}/tests/support/with-postgres --fast)
    endif ()
    add_test (NAME unit/${NAME}/${stem} COMMAND ${beside} $<TARGET_FILE:${NAME}-${stem}> --tap)
    set_tests_properties (unit/${NAME}/${stem} PROPERTIES LABELS unit TIMEOUT 300)
  endforeach ()
endfunction ()

# The target `programs`: all executables of FOLDER but those that are a test by themselves.
add_custom_target (programs)
function (add_to_programs FOLDER)
  get_property (targets DIRECTORY ${FOLDER} PROPERTY BUILDSYSTEM_TARGETS)
  foreach (target ${targets})
    get_target_property (type ${target} TYPE)
    get_target_property (is_test ${target} IS_TEST)
    if (type STREQUAL "EXECUTABLE" AND NOT is_test)
      add_dependencies (programs ${target})
    endif ()
  endforeach ()
  get_property (folders DIRECTORY ${FOLDER} PROPERTY SUBDIRECTORIES)
  foreach (folder ${folders})
    add_to_programs (${folder})
  endforeach ()
endfunction ()
