/* What other people's programs see in a document: its words and where they stand. */
#pragma once

#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

typedef struct {
  guint page;              /* from 0 */
  double x, y, right, top; /* points from the page's lower left */
  char *text;
} PdfWord;

static inline void
pdf_word_clear (gpointer word)
{
  g_free (((PdfWord *)word)->text);
}

/* Its output. Fails the test when the program says that something is wrong. "PAPER" among the words
 * becomes the name of a file with the document. */
static inline char *
ask_about_paper (GBytes *paper, const char *const *words)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL, *said = NULL;
  g_auto (GStrv) command = g_strdupv ((char **)words);
  int status, file = g_file_open_tmp ("paper-XXXXXX.pdf", &path, &error);
  char *output = NULL;

  g_assert_no_error (error);
  g_close (file, NULL);
  g_file_set_contents (path, g_bytes_get_data (paper, NULL), (gssize)g_bytes_get_size (paper),
                       &error);
  g_assert_no_error (error);
  for (guint i = 0; command[i]; i++)
    if (g_str_equal (command[i], "PAPER")) {
      g_free (command[i]);
      command[i] = g_strdup (path);
    }
  g_spawn_sync (NULL, command, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output, &said, &status,
                &error);
  (void)g_remove (path); /* of no more use */
  g_assert_no_error (error);
  if (!g_spawn_check_wait_status (status, &error))
    g_error ("%s: %s: %s%s", words[0], error->message, said, output);
  return output;
}

/* In the order in which they are drawn. */
static inline char *
text_of_paper (GBytes *paper)
{
  const char *const words[] = { "pdftotext", "-raw", "-enc", "UTF-8", "PAPER", "-", NULL };

  return ask_about_paper (paper, words);
}

static inline double
bbox_number (const char *line, const char *name)
{
  const char *at = strstr (line, name);

  g_assert_nonnull (at);
  return g_ascii_strtod (at + strlen (name), NULL);
}

/* Of PdfWord; entities such as &amp; stay. */
static inline GArray *
words_of_paper (GBytes *paper)
{
  const char *const words[] = { "pdftotext", "-bbox", "-enc", "UTF-8", "PAPER", "-", NULL };
  g_autofree char *told = ask_about_paper (paper, words);
  g_auto (GStrv) lines = g_strsplit (told, "\n", -1);
  GArray *found = g_array_new (FALSE, FALSE, sizeof (PdfWord));
  double height = 0;
  guint pages = 0;

  g_array_set_clear_func (found, pdf_word_clear);
  for (guint i = 0; lines[i]; i++) {
    const char *text = strchr (lines[i], '>'), *end = g_strrstr (lines[i], "</word>");

    if (strstr (lines[i], "<page ")) {
      height = bbox_number (lines[i], " height=\"");
      pages++;
    } else if (strstr (lines[i], "<word ") && text && end) {
      PdfWord word = { pages - 1,
                       bbox_number (lines[i], " xMin=\""),
                       height - bbox_number (lines[i], " yMax=\""),
                       bbox_number (lines[i], " xMax=\""),
                       height - bbox_number (lines[i], " yMin=\""),
                       g_strndup (text + 1, (gsize)(end - text - 1)) };

      g_array_append_val (found, word);
    }
  }
  return found;
}
