/* A claim with attachments on its way out; see upload.h. */
#include "upload.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

typedef struct {
  char *name;
  int fd;
  gsize length;
} AttachedFile;

struct AttachedFiles {
  GPtrArray *list; /* of AttachedFile * */
};

/* What the body is made of, in order: a text, or all of a file. */
typedef struct {
  GBytes *text; /* NULL: a file */
  int fd;       /* borrowed */
  gsize length;
} Piece;

struct UploadBody {
  GArray *pieces; /* of Piece */
  gsize length;
  char *boundary, *content_type;
  guint piece; /* where the reading stands */
  gsize offset;
};

/* --- Files --- */

static void
attached_file_free (gpointer data)
{
  AttachedFile *file = data;

  if (file->fd >= 0)
    close (file->fd);
  g_free (file->name);
  g_free (file);
}

static AttachedFile *
open_file (const char *path, GError **error)
{
  AttachedFile *file = g_new0 (AttachedFile, 1);
  struct stat about;

  file->name = g_path_get_basename (path);
  file->fd = open (path, O_RDONLY | O_CLOEXEC);
  if (file->fd >= 0 && fstat (file->fd, &about) == 0 && !S_ISREG (about.st_mode))
    errno = EINVAL;
  else if (file->fd >= 0) {
    file->length = (gsize)about.st_size;
    return file;
  }
  g_set_error (error, G_FILE_ERROR, (gint)g_file_error_from_errno (errno),
               "%s cannot be attached: %s", path, g_strerror (errno));
  attached_file_free (file);
  return NULL;
}

AttachedFiles *
attached_files_open (char **paths, GError **error)
{
  g_autoptr (AttachedFiles) files = g_new0 (AttachedFiles, 1);

  files->list = g_ptr_array_new_with_free_func (attached_file_free);
  for (char **path = paths; *path; path++) {
    AttachedFile *file = open_file (*path, error);

    if (!file)
      return NULL;
    g_ptr_array_add (files->list, file);
  }
  return g_steal_pointer (&files);
}

void
attached_files_free (AttachedFiles *files)
{
  if (!files)
    return;
  g_ptr_array_unref (files->list);
  g_free (files);
}

guint
attached_files_count (const AttachedFiles *files)
{
  return files->list->len;
}

/* --- The body --- */

static void
piece_clear (gpointer data)
{
  g_clear_pointer (&((Piece *)data)->text, g_bytes_unref);
}

static void
add_piece (UploadBody *body, Piece piece)
{
  g_array_append_val (body->pieces, piece);
  body->length += piece.length;
}

static void
add_text (UploadBody *body, char *text_taken)
{
  gsize length = strlen (text_taken);

  add_piece (body, (Piece){ g_bytes_new_take (text_taken, length), -1, length });
}

/* A quoted string (RFC 2045, RFC 822); what no head may hold becomes an underscore. */
static char *
quoted (const char *name)
{
  GString *text = g_string_new ("\"");

  for (const char *at = name; *at; at++) {
    if (*at == '"' || *at == '\\')
      g_string_append_c (text, '\\');
    g_string_append_c (text, g_ascii_iscntrl (*at) ? '_' : *at);
  }
  g_string_append_c (text, '"');
  return g_string_free (text, FALSE);
}

static void
add_file (UploadBody *body, const AttachedFile *file)
{
  g_autofree char *name = quoted (file->name);

  add_text (body, g_strdup_printf ("\r\n--%s\r\nContent-Disposition: form-data; "
                                   "name=\"attachments\"; filename=%s\r\n"
                                   "Content-Type: application/octet-stream\r\n\r\n",
                                   body->boundary, name));
  if (file->length > 0)
    add_piece (body, (Piece){ NULL, file->fd, file->length });
}

UploadBody *
upload_body_new (const char *claim, const AttachedFiles *files)
{
  UploadBody *body = g_new0 (UploadBody, 1);

  body->pieces = g_array_new (FALSE, FALSE, sizeof (Piece));
  g_array_set_clear_func (body->pieces, piece_clear);
  body->boundary = text_new_uuid (); /* random: no file holds it */
  body->content_type = g_strconcat ("multipart/form-data; boundary=", body->boundary, NULL);
  add_text (body, g_strdup_printf ("--%s\r\nContent-Disposition: form-data; name=\"claim\"\r\n"
                                   "Content-Type: application/json\r\n\r\n%s",
                                   body->boundary, claim));
  for (guint i = 0; i < files->list->len; i++)
    add_file (body, g_ptr_array_index (files->list, i));
  add_text (body, g_strdup_printf ("\r\n--%s--\r\n", body->boundary));
  return body;
}

void
upload_body_free (UploadBody *body)
{
  if (!body)
    return;
  g_array_unref (body->pieces);
  g_free (body->boundary);
  g_free (body->content_type);
  g_free (body);
}

gsize
upload_body_length (const UploadBody *body)
{
  return body->length;
}

const char *
upload_body_content_type (const UploadBody *body)
{
  return body->content_type;
}

void
upload_body_rewind (UploadBody *body)
{
  body->piece = 0;
  body->offset = 0;
}

gssize
upload_body_read (gpointer data, char *buffer, gsize size)
{
  UploadBody *body = data;
  const Piece *piece;
  gssize got;

  if (body->piece == body->pieces->len)
    return 0;
  piece = &g_array_index (body->pieces, Piece, body->piece);
  got = (gssize)MIN (size, piece->length - body->offset);
  if (piece->text)
    memcpy (buffer, (const char *)g_bytes_get_data (piece->text, NULL) + body->offset, (gsize)got);
  else
    got = pread (piece->fd, buffer, (size_t)got, (off_t)body->offset);
  if (got <= 0)
    return -1;
  body->offset += (gsize)got;
  if (body->offset == piece->length) {
    body->piece++;
    body->offset = 0;
  }
  return got;
}
