/* A replay's plan as a file, see replay-file.h. */
#include "replay-file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"

#define LINE_MAX_BYTES 1048576
#define PURPOSE        "replay-plan"
#define BEGINNING      "{\"replay_plan\":" /* of each plan's first line */

G_DEFINE_QUARK (replay_file_error_quark, replay_file_error)

static gboolean
fail_file (const char *path, GError **error)
{
  g_set_error (error, REPLAY_FILE_ERROR, REPLAY_FILE_ERROR_FILE, "%s: %s", path,
               g_strerror (errno));
  return FALSE;
}

static gboolean
fail_false (const char *path, const char *why, GError **error)
{
  g_set_error (error, REPLAY_FILE_ERROR, REPLAY_FILE_ERROR_FALSE, "%s: %s", path, why);
  return FALSE;
}

/* --- The sum of all lines --- */

/* SHA-256 of libcrypto: of a million lines that of GLib takes longer than all else. */
static EVP_MD_CTX *
sum_new (void)
{
  EVP_MD_CTX *sum = EVP_MD_CTX_new ();

  if (!sum || EVP_DigestInit_ex (sum, EVP_sha256 (), NULL) != 1)
    g_error ("libcrypto has no SHA-256");
  return sum;
}

static void
sum_add (EVP_MD_CTX *sum, const char *text, gsize length)
{
  if (EVP_DigestUpdate (sum, text, length) != 1)
    g_error ("libcrypto adds nothing to a sum");
}

/* Hexadecimal, owned; nothing may be added then. */
static char *
sum_end (EVP_MD_CTX *sum)
{
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int length = 0;

  if (EVP_DigestFinal_ex (sum, bytes, &length) != 1)
    g_error ("libcrypto ends no sum");
  return text_hex (bytes, length);
}

/* --- Writing --- */

struct ReplayWriter {
  char *path, *unfinished;
  FILE *file;
  EVP_MD_CTX *sum;
};

/* A plan takes the place of what has its name: nothing may, or another plan, or an empty file. */
static gboolean
may_be_replaced (const char *path, GError **error)
{
  char beginning[sizeof BEGINNING] = "";
  struct stat status;
  FILE *file;

  if (lstat (path, &status) != 0)
    return errno == ENOENT || fail_file (path, error);
  if (!S_ISREG (status.st_mode))
    return fail_false (path, "it is there, and no file: a plan would take its place", error);
  file = fopen (path, "re");
  if (!file)
    return fail_file (path, error);
  if (fread (beginning, 1, sizeof beginning - 1, file) < sizeof beginning - 1)
    *beginning = '\0'; /* what cannot be read is no plan */
  (void)fclose (file); /* only read */
  if (status.st_size == 0 || strcmp (beginning, BEGINNING) == 0)
    return TRUE;
  return fail_false (path, "it is there, and no plan, which would take its place", error);
}

ReplayWriter *
replay_writer_new (const char *path, GError **error)
{
  g_autoptr (ReplayWriter) writer = NULL;
  int descriptor;

  if (!may_be_replaced (path, error))
    return NULL;
  writer = g_new0 (ReplayWriter, 1);
  writer->path = g_strdup (path);
  writer->unfinished = g_strdup_printf ("%s.%d.unfinished", path, (int)getpid ());
  writer->sum = sum_new ();
  descriptor = open (writer->unfinished, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  writer->file = descriptor < 0 ? NULL : fdopen (descriptor, "w");
  if (!writer->file) {
    (void)fail_file (writer->unfinished, error);
    return NULL;
  }
  return g_steal_pointer (&writer);
}

void
replay_writer_free (ReplayWriter *writer)
{
  if (!writer)
    return;
  if (writer->file) {
    (void)fclose (writer->file); /* nobody wants it */
    (void)unlink (writer->unfinished);
  }
  EVP_MD_CTX_free (writer->sum);
  g_free (writer->path);
  g_free (writer->unfinished);
  g_free (writer);
}

gboolean
replay_writer_add_text (ReplayWriter *writer, const char *text, gsize length, GError **error)
{
  sum_add (writer->sum, text, length);
  sum_add (writer->sum, "\n", 1);
  return (fwrite (text, 1, length, writer->file) == length && fputc ('\n', writer->file) != EOF) ||
         fail_file (writer->unfinished, error);
}

gboolean
replay_writer_add (ReplayWriter *writer, const json_t *line, GError **error)
{
  g_autofree char *text = text_of_json (line);

  return replay_writer_add_text (writer, text, strlen (text), error);
}

gboolean
replay_writer_finish (ReplayWriter *writer, const Sealer *sealer, json_t *totals, GError **error)
{
  g_autofree char *of_totals = text_of_json (totals);
  g_autofree char *seal = NULL, *sum = NULL;
  gboolean is_written;

  sum_add (writer->sum, of_totals, strlen (of_totals));
  sum = sum_end (writer->sum);
  seal = sealer_hmac (sealer, PURPOSE, sum);
  (void)json_object_set_new (totals, "seal", json_string (seal));
  if (!replay_writer_add (writer, totals, error))
    return FALSE;
  is_written = fflush (writer->file) == 0 && fsync (fileno (writer->file)) == 0 &&
               rename (writer->unfinished, writer->path) == 0;
  if (!is_written)
    return fail_file (writer->path, error);
  (void)fclose (g_steal_pointer (&writer->file)); /* synced before */
  return TRUE;
}

/* --- Reading --- */

struct ReplayReader {
  char *path;
  FILE *file;
  char line[LINE_MAX_BYTES + 2]; /* with its line feed */
  EVP_MD_CTX *sum;
};

/* FALSE without @error: the file ends. */
static gboolean
read_line (ReplayReader *reader, GError **error)
{
  if (!fgets (reader->line, sizeof reader->line, reader->file))
    return feof (reader->file) ? FALSE : fail_file (reader->path, error);
  if (!strchr (reader->line, '\n') && !feof (reader->file))
    return fail_false (reader->path, "a line is longer than any of a plan", error);
  return TRUE;
}

static json_t *
parse (ReplayReader *reader, GError **error)
{
  json_t *line = json_loads (reader->line, JSON_REJECT_DUPLICATES, NULL);

  if (!line || !json_is_object (line)) {
    (void)fail_false (reader->path, "a line is no JSON object", error);
    g_clear_pointer (&line, json_decref);
  }
  return line;
}

static gboolean
is_sealed (ReplayReader *reader, const Sealer *sealer, const json_t *totals)
{
  const char *seal = json_string_value (json_object_get (totals, "seal"));
  g_autoptr (json_t) bare = json_copy ((json_t *)totals);
  g_autofree char *text = NULL, *sum = NULL;
  g_auto (GStrv) all = NULL;

  (void)json_object_del (bare, "seal");
  text = text_of_json (bare);
  sum_add (reader->sum, text, strlen (text));
  sum = sum_end (reader->sum);
  all = sealer_hmac_all (sealer, PURPOSE, sum);
  return seal && g_strv_contains ((const char *const *)all, seal);
}

/* The last line, once all before it are in the sum. */
static json_t *
read_whole (ReplayReader *reader, const Sealer *sealer, GError **error)
{
  g_autoptr (json_t) totals = NULL;
  GError *problem = NULL;

  while (read_line (reader, &problem)) {
    gboolean is_last = strstr (reader->line, "\"seal\":") != NULL;

    if (!is_last) {
      sum_add (reader->sum, reader->line, strlen (reader->line));
      continue;
    }
    totals = parse (reader, error);
    if (!totals)
      return NULL;
    break;
  }
  if (problem) {
    g_propagate_error (error, problem);
    return NULL;
  }
  if (!totals || !is_sealed (reader, sealer, totals)) {
    (void)fail_false (reader->path,
                      "it is not as pipelinectl made it for this database: cut off, edited, or "
                      "another's; make a plan anew",
                      error);
    return NULL;
  }
  return g_steal_pointer (&totals);
}

gboolean
replay_reader_rewind (ReplayReader *reader, GError **error)
{
  g_autoptr (json_t) head = NULL;

  rewind (reader->file);
  head = read_line (reader, error) ? parse (reader, error) : NULL;
  if (!head)
    return FALSE;
  if (json_integer_value (json_object_get (head, "replay_plan")) == 1)
    return TRUE;
  return fail_false (reader->path, "it is no plan that this pipelinectl knows", error);
}

ReplayReader *
replay_reader_new (const char *path, const Sealer *sealer, json_t **ret_totals, GError **error)
{
  g_autoptr (ReplayReader) reader = g_new0 (ReplayReader, 1);
  g_autoptr (json_t) totals = NULL;

  reader->path = g_strdup (path);
  reader->sum = sum_new ();
  reader->file = fopen (path, "re");
  if (!reader->file) {
    (void)fail_file (path, error);
    return NULL;
  }
  totals = read_whole (reader, sealer, error);
  if (!totals)
    return NULL;
  if (!replay_reader_rewind (reader, error))
    return NULL;
  *ret_totals = g_steal_pointer (&totals);
  return g_steal_pointer (&reader);
}

void
replay_reader_free (ReplayReader *reader)
{
  if (!reader)
    return;
  if (reader->file)
    (void)fclose (reader->file); /* only read */
  EVP_MD_CTX_free (reader->sum);
  g_free (reader->path);
  g_free (reader);
}

json_t *
replay_reader_next (ReplayReader *reader, GError **error)
{
  if (!read_line (reader, error) || strstr (reader->line, "\"seal\":"))
    return NULL;
  return parse (reader, error);
}

static gint64
number (const json_t *line, const char *name)
{
  return json_integer_value (json_object_get (line, name));
}

static char *
text (const json_t *line, const char *name)
{
  return g_strdup (json_string_value (json_object_get (line, name)));
}

ReplayRecord *
replay_line_record (const json_t *line)
{
  ReplayRecord *record;

  if (!json_object_get (line, "fingerprint"))
    return NULL;
  record = g_new0 (ReplayRecord, 1);
  record->n = number (line, "n");
  record->claim_id = number (line, "claim_id");
  record->is_of_papers = json_is_true (json_object_get (line, "is_of_papers"));
  record->guid = text (line, "group");
  record->source = g_strdup_printf ("%s/%" G_GINT64_FORMAT "/%" G_GINT64_FORMAT,
                                    json_string_value (json_object_get (line, "topic")),
                                    number (line, "partition"), number (line, "offset"));
  record->fingerprint = text (line, "fingerprint");
  return record;
}
