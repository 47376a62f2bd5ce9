/* Our own 21-686c as lib/pdf sees it, with its map as it is or changed. */
#pragma once

#include "pdf/forms.h"

#define OWN_FORM "21-686c"

static inline GBytes *
own_form_file (const char *ending)
{
  g_autofree char *path = g_strconcat (SOURCE_DIR "/schemas/forms/" OWN_FORM, ending, NULL);
  g_autoptr (GError) error = NULL;
  char *data;
  gsize length;

  g_file_get_contents (path, &data, &length, &error);
  g_assert_no_error (error);
  return g_bytes_new_take (data, length);
}

/* @map: NULL for its own; consumed. */
static inline PdfForms *
open_own_form (GBytes *map, GError **error)
{
  PdfFormFiles files = { OWN_FORM, own_form_file (".pdf"), map ? map : own_form_file (".json") };
  PdfForms *forms = pdf_forms_open (&files, 1, error);

  g_bytes_unref (files.pdf);
  g_bytes_unref (files.map);
  return forms;
}

/* For its boxes. */
static inline PdfTemplate *
open_own_template (void)
{
  PdfFormFiles files = { OWN_FORM, own_form_file (".pdf"), own_form_file (".json") };
  g_autoptr (GError) error = NULL;
  PdfTemplate *form = pdf_template_open (&files, &error);

  g_assert_no_error (error);
  (void)pdf_template_print (form, &error);
  g_assert_no_error (error);
  g_bytes_unref (files.pdf);
  g_bytes_unref (files.map);
  return form;
}
