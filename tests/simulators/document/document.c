/* qpdf says whether a PDF is whole and opens without a password, pdfinfo how its pages are. The
 * file is a memory of ours that they open by number; it never has a name. */
#include "document/document.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILD_FD         3
#define MAX_OUTPUT_BYTES (16 * 1048576) /* a line for each page */
#define CHILD_PATH       "/dev/fd/3"
#define POINTS_PER_INCH  72.0
#define MAX_WIDTH_IN     78.0
#define MAX_HEIGHT_IN    101.0

gboolean
document_can_look (GError **error)
{
  static const char *const programs[] = { "qpdf", "pdfinfo" };

  for (gsize i = 0; i < G_N_ELEMENTS (programs); i++) {
    g_autofree char *path = g_find_program_in_path (programs[i]);

    if (!path) {
      g_set_error (error, G_SPAWN_ERROR, G_SPAWN_ERROR_NOENT,
                   "%s is not installed (Debian packages qpdf and poppler-utils)", programs[i]);
      return FALSE;
    }
  }
  return TRUE;
}

/* -1 when there is no memory. */
static int
file_of (GBytes *bytes)
{
  gsize left = 0;
  const char *at = g_bytes_get_data (bytes, &left);
  int fd = memfd_create ("document", MFD_CLOEXEC);

  while (fd >= 0 && left > 0) {
    gssize written = write (fd, at, left);

    if (written <= 0) {
      close (fd);
      return -1;
    }
    at += written;
    left -= (gsize)written;
  }
  return fd;
}

/* All that the child says, at most MAX_OUTPUT_BYTES of it kept. */
static char *
read_output (int fd)
{
  GString *output = g_string_new (NULL);
  char buffer[65536];
  gssize got;

  while ((got = read (fd, buffer, sizeof buffer)) > 0 || (got < 0 && errno == EINTR))
    if (got > 0 && output->len < MAX_OUTPUT_BYTES)
      g_string_append_len (output, buffer, got);
  return g_string_free (output, FALSE);
}

/* Exit status, -1 when it did not come to one. @ret_output: may be NULL. */
static int
run (const char *const *arguments, int fd, char **ret_output)
{
  const int source = fd, target = CHILD_FD;
  g_autofree char *output = NULL;
  int out = -1, status = -1;
  GPid child = 0;

  if (!g_spawn_async_with_pipes_and_fds (
          NULL, arguments, NULL,
          G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL,
          -1, -1, -1, &source, &target, 1, &child, NULL, &out, NULL, NULL))
    return -1;
  output = read_output (out);
  close (out);
  while (waitpid (child, &status, 0) < 0)
    if (errno != EINTR)
      return -1;
  if (ret_output)
    *ret_output = g_steal_pointer (&output);
  return WIFEXITED (status) ? WEXITSTATUS (status) : -1;
}

/* "Pages:           3" and "Page    1 size:  612 x 792 pts (letter)" */
static void
read_pages (const char *output, Document *document)
{
  g_auto (GStrv) lines = g_strsplit (output, "\n", -1);

  for (gsize i = 0; lines[i]; i++) {
    const char *size = strstr (lines[i], " size:");
    char *rest = NULL;
    double width, height;

    if (g_str_has_prefix (lines[i], "Pages:"))
      document->pages = (guint)g_ascii_strtoull (lines[i] + strlen ("Pages:"), NULL, 10);
    if (!g_str_has_prefix (lines[i], "Page ") || !size)
      continue;
    width = g_ascii_strtod (size + strlen (" size:"), &rest) / POINTS_PER_INCH;
    rest = strchr (rest, 'x');
    height = rest ? g_ascii_strtod (rest + 1, NULL) / POINTS_PER_INCH : 0;
    document->width_in = MAX (document->width_in, width);
    document->height_in = MAX (document->height_in, height);
  }
  document->is_oversized = document->width_in > MAX_WIDTH_IN || document->height_in > MAX_HEIGHT_IN;
}

static DocumentFinding
look_into (int fd, Document *document)
{
  static const char *const password[] = { "qpdf", "--requires-password", CHILD_PATH, NULL };
  static const char *const check[] = { "qpdf", "--check", CHILD_PATH, NULL };
  static const char *const pages[] = { "pdfinfo", "-f", "1", "-l", "-1", CHILD_PATH, NULL };
  g_autofree char *output = NULL;
  int status;

  if (run (password, fd, NULL) == 0)
    return DOCUMENT_LOCKED;
  status = run (check, fd, NULL);
  if (status != 0 && status != 3) /* 3: warnings, which a reader gets over */
    return DOCUMENT_INVALID;
  if (run (pages, fd, &output) != 0)
    return DOCUMENT_INVALID;
  read_pages (output, document);
  if (document->pages == 0)
    return DOCUMENT_INVALID;
  return document->is_oversized ? DOCUMENT_OVERSIZED : DOCUMENT_FINE;
}

DocumentFinding
document_look (GBytes *bytes, Document *ret_document)
{
  DocumentFinding finding;
  gsize length = 0;
  const char *data = g_bytes_get_data (bytes, &length);
  int fd = -1;

  *ret_document = (Document){ .bytes = length };
  if (length == 0)
    return DOCUMENT_MISSING;
  if (length > DOCUMENT_MAX_BYTES)
    return DOCUMENT_TOO_LARGE;
  if (length < 5 || memcmp (data, "%PDF-", 5) != 0)
    return DOCUMENT_NO_PDF;
  fd = file_of (bytes);
  if (fd < 0)
    return DOCUMENT_INVALID;
  finding = look_into (fd, ret_document);
  close (fd);
  return finding;
}
