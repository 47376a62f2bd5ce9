/* See objects.h. */
#include "press/child/objects.h"

#include <math.h>
#include <stdlib.h>

#define NUMBER_MAX 1e7 /* far beyond any page */

qpdf_data
objects_new (void)
{
  qpdf_data pdf = qpdf_init ();

  qpdf_silence_errors (pdf);
  qpdf_set_suppress_warnings (pdf, QPDF_TRUE);
  return pdf;
}

gboolean
objects_are_well (qpdf_data pdf, PressReport *report, guint page)
{
  qpdf_error error;

  if (!qpdf_has_error (pdf))
    return TRUE;
  error = qpdf_get_error (pdf);
  if (qpdf_get_error_code (pdf, error) == qpdf_e_password)
    return refuse (report, PRESS_PASSWORD, 0);
  return refuse (report, PRESS_UNREADABLE, page);
}

GPtrArray *
object_keys (qpdf_data pdf, qpdf_oh dictionary)
{
  GPtrArray *keys = g_ptr_array_new_with_free_func (g_free);

  qpdf_oh_begin_dict_key_iter (pdf, dictionary);
  while (qpdf_oh_dict_more_keys (pdf))
    g_ptr_array_add (keys, g_strdup (qpdf_oh_dict_next_key (pdf)));
  return keys;
}

qpdf_oh
object_get (qpdf_data pdf, qpdf_oh dictionary, const char *key)
{
  return qpdf_oh_get_key_if_dict (pdf, dictionary, key);
}

gboolean
object_is_name (qpdf_data pdf, qpdf_oh dictionary, const char *key, const char *name)
{
  qpdf_oh value = object_get (pdf, dictionary, key);
  gboolean is_it = qpdf_oh_is_name_and_equals (pdf, value, name);

  qpdf_oh_release (pdf, value);
  return is_it;
}

gboolean
object_number (qpdf_data pdf, qpdf_oh object, double *ret_number)
{
  double number;

  if (!qpdf_oh_is_number (pdf, object))
    return FALSE;
  number = qpdf_oh_get_numeric_value (pdf, object);
  if (!isfinite (number))
    return FALSE;
  *ret_number = CLAMP (number, -NUMBER_MAX, NUMBER_MAX);
  return TRUE;
}

gboolean
object_rectangle (qpdf_data pdf, qpdf_oh object, double ret_corners[4])
{
  double given[4];

  if (!qpdf_oh_is_array (pdf, object) || qpdf_oh_get_array_n_items (pdf, object) != 4)
    return FALSE;
  for (int i = 0; i < 4; i++)
    if (!object_number (pdf, qpdf_oh_get_array_item (pdf, object, i), &given[i]))
      return FALSE;
  for (int i = 0; i < 2; i++) {
    ret_corners[i] = MIN (given[i], given[i + 2]);
    ret_corners[i + 2] = MAX (given[i], given[i + 2]);
  }
  return TRUE;
}

qpdf_oh
object_copy_dictionary (qpdf_data pdf, qpdf_oh dictionary)
{
  qpdf_oh copy = qpdf_oh_new_dictionary (pdf);
  g_autoptr (GPtrArray) keys = NULL;

  if (!qpdf_oh_is_dictionary (pdf, dictionary))
    return copy;
  keys = object_keys (pdf, dictionary);
  for (guint i = 0; i < keys->len; i++)
    qpdf_oh_replace_key (pdf, copy, keys->pdata[i], object_get (pdf, dictionary, keys->pdata[i]));
  return copy;
}

GBytes *
object_content (qpdf_data pdf, qpdf_oh stream)
{
  unsigned char *bytes = NULL;
  size_t length = 0;
  QPDF_BOOL is_plain = QPDF_FALSE;
  QPDF_ERROR_CODE code;

  if (!qpdf_oh_is_stream (pdf, stream))
    return NULL;
  code = qpdf_oh_get_stream_data (pdf, stream, qpdf_dl_specialized, &is_plain, &bytes, &length);
  if ((code & QPDF_ERRORS) || !is_plain) {
    free (bytes);
    return NULL;
  }
  return g_bytes_new_with_free_func (bytes, length, free, bytes);
}

qpdf_oh
object_new_stream (qpdf_data pdf, const void *bytes, gsize length, const char *filter)
{
  qpdf_oh stream = qpdf_oh_new_stream (pdf);

  qpdf_oh_replace_stream_data (pdf, stream, bytes, length,
                               filter ? qpdf_oh_new_name (pdf, filter) : qpdf_oh_new_null (pdf),
                               qpdf_oh_new_null (pdf));
  return stream;
}
