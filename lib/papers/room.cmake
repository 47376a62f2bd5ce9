# The room carries our own forms.
set (forms ${PROJECT_SOURCE_DIR}/schemas/forms)
set (own_forms ${PROJECT_BINARY_DIR}/generated/papers/own-forms)
file (MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/generated/papers)
file (GLOB form_files CONFIGURE_DEPENDS ${forms}/*.pdf ${forms}/*.json)
foreach (kind source header)
  string (REPLACE "source" "c" ending ${kind})
  string (REPLACE "header" "h" ending ${ending})
  add_custom_command (OUTPUT ${own_forms}.${ending}
                      COMMAND glib-compile-resources --generate-${kind} --internal --c-name own_forms
                              --sourcedir ${forms} --target ${own_forms}.${ending} ${forms}/forms.gresource.xml
                      DEPENDS ${form_files} ${forms}/forms.gresource.xml VERBATIM)
endforeach ()
target_sources (papers PRIVATE ${own_forms}.c ${own_forms}.h)
