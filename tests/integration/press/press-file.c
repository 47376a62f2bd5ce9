/* press-file PROGRAM DOCUMENT STAMPS RESULT [X,Y…]: one document through lib/press, as its callers
 * put it. What became of it is one JSON object on stdout; the result, if there is one, is written
 * into RESULT. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "press/press.h"

static GBytes *
contents_of (const char *path)
{
  g_autoptr (GError) error = NULL;
  char *text = NULL;
  gsize length = 0;

  if (!g_file_get_contents (path, &text, &length, &error))
    g_error ("%s", error->message);
  return g_bytes_new_take (text, length);
}

static json_t *
notes_of (guint notes)
{
  json_t *list = json_array ();

  for (guint bit = 1; bit <= PRESS_NOTES_ALL; bit <<= 1)
    if (notes & bit)
      json_array_append_new (list, json_string (press_note_code ((PressNote)bit)));
  return list;
}

static void
write_result (const char *path, const PressResult *result)
{
  g_autofree char *bytes = g_malloc ((gsize)result->length);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (pread (result->fd, bytes, (size_t)result->length, 0), ==, result->length);
  if (!g_file_set_contents (path, bytes, result->length, &error))
    g_error ("%s", error->message);
}

int
main (int argc, char **argv)
{
  g_autoptr (GBytes) document = contents_of (argv[2]);
  g_autoptr (GBytes) stamps = contents_of (argv[3]);
  g_autoptr (Press) press = press_new (argv[1], 1, 0);
  g_autoptr (GError) error = NULL;
  g_autoptr (PressResult) result = NULL;
  g_autoptr (json_t) told = NULL;
  g_autofree char *sentence = NULL;
  PressPlace places[PRESS_MAX_STAMPS];
  int fd = press_hold (document, &error);

  for (int i = 5; i < argc; i++) {
    char *end;

    places[i - 5].x = strtod (argv[i], &end);
    places[i - 5].y = strtod (end + 1, NULL);
  }
  g_assert_no_error (error);
  result = press_document (press, fd, stamps, places, (guint)argc - 5, 0, &error);
  g_assert_no_error (error);
  sentence = press_refusal_sentence (result->refusal, result->page);
  told = json_pack ("{s:s s:s s:i s:i s:s? s:o}", "verdict", press_refusal_code (result->refusal),
                    "sentence", sentence, "page", result->page, "pages", result->pages, "ended",
                    result->ended, "notes", notes_of (result->notes));
  if (result->refusal == PRESS_FINE)
    write_result (argv[4], result);
  json_dumpf (told, stdout, 0);
  close (fd);
  return 0;
}
