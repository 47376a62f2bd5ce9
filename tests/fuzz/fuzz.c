/* Seeds, and what the targets have in common, see fuzz.h. */
#include "fuzz.h"

#include <string.h>

static GPtrArray *seeds;

/* --- Seeds --- */

void
fuzz_seed (gconstpointer bytes, gsize length)
{
  g_ptr_array_add (seeds, g_bytes_new (bytes, length));
}

void
fuzz_seed_text (const char *text)
{
  fuzz_seed (text, strlen (text));
}

static char *
read_source (const char *file, gsize *ret_length)
{
  g_autofree char *path = g_build_filename (SOURCE_DIR, file, NULL);
  g_autoptr (GError) error = NULL;
  char *text = NULL;

  if (!g_file_get_contents (path, &text, ret_length, &error))
    g_error ("%s", error->message);
  return text;
}

void
fuzz_seed_files (const char *folder, const char *suffix)
{
  g_autofree char *path = g_build_filename (SOURCE_DIR, folder, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = g_dir_open (path, 0, &error);
  guint count = 0;

  if (!dir)
    g_error ("%s", error->message);
  for (const char *name; (name = g_dir_read_name (dir));) {
    g_autofree char *file = g_build_filename (folder, name, NULL);
    g_autofree char *text = NULL;
    gsize length = 0;

    if (!g_str_has_suffix (name, suffix))
      continue;
    text = read_source (file, &length);
    fuzz_seed (text, length);
    count++;
  }
  g_assert_cmpuint (count, >, 0);
}

typedef struct {
  GHashTable *macros; /* name → text */
  char *defining;     /* the macro whose line this is; NULL: none */
  GString *text;      /* NULL: no text is under way */
  gconstpointer before;
  gsize before_length;
} Literals;

static void
end_of_text (Literals *literals)
{
  g_autoptr (GString) text = g_steal_pointer (&literals->text);

  if (!text)
    return;
  if (literals->defining)
    g_hash_table_replace (literals->macros, g_strdup (literals->defining), g_strdup (text->str));
  else {
    g_string_prepend_len (text, literals->before, (gssize)literals->before_length);
    fuzz_seed (text->str, text->len);
  }
}

static void
put_text (Literals *literals, const char *text)
{
  if (!literals->text)
    literals->text = g_string_new (NULL);
  g_string_append (literals->text, text);
}

static const char *
take_literal (Literals *literals, const char *at)
{
  const char *end = at;
  g_autofree char *escaped = NULL;
  g_autofree char *plain = NULL;

  while (*end && *end != '"')
    end += end[0] == '\\' && end[1] ? 2 : 1;
  escaped = g_strndup (at, (gsize)(end - at));
  plain = g_strcompress (escaped);
  put_text (literals, plain);
  return *end ? end + 1 : end;
}

static const char *
take_word (Literals *literals, const char *at)
{
  const char *end = at;
  g_autofree char *word = NULL;
  const char *text;

  while (g_ascii_isalnum (*end) || *end == '_')
    end++;
  word = g_strndup (at, (gsize)(end - at));
  text = g_hash_table_lookup (literals->macros, word);
  if (text)
    put_text (literals, text);
  else
    end_of_text (literals);
  return end;
}

static const char *
take_define (Literals *literals, const char *at)
{
  const char *end;

  end_of_text (literals);
  at += strspn (at, " ");
  for (end = at; g_ascii_isalnum (*end) || *end == '_'; end++)
    ;
  g_free (literals->defining);
  literals->defining = g_strndup (at, (gsize)(end - at));
  return end;
}

/* No preprocessor: what it takes for a text and is none makes a seed that tells little, and no
 * more. */
void
fuzz_seed_literals (const char *file, gconstpointer before, gsize before_length)
{
  g_autofree char *source = read_source (file, NULL);
  g_autoptr (GHashTable) macros = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  Literals literals = { .macros = macros, .before = before, .before_length = before_length };
  guint count = seeds->len;

  for (const char *at = source; *at;) {
    if (g_str_has_prefix (at, "/*")) {
      const char *end = strstr (at, "*/");

      at = end ? end + 2 : at + strlen (at);
    } else if (g_str_has_prefix (at, "#define "))
      at = take_define (&literals, at + strlen ("#define "));
    else if (g_str_has_prefix (at, "#include"))
      at += strcspn (at, "\n");
    else if (at[0] == '\\' && at[1] == '\n')
      at += 2;
    else if (at[0] == '\'' && at[1] && at[2])
      at += at[1] == '\\' ? 4 : 3;
    else if (*at == '"')
      at = take_literal (&literals, at + 1);
    else if (g_ascii_isalpha (*at) || *at == '_')
      at = take_word (&literals, at);
    else {
      if (*at == '\n' && literals.defining) {
        end_of_text (&literals);
        g_clear_pointer (&literals.defining, g_free);
      } else if (!g_ascii_isspace (*at))
        end_of_text (&literals);
      at++;
    }
  }
  end_of_text (&literals);
  g_free (literals.defining);
  g_assert_cmpuint (seeds->len, >, count);
}

GPtrArray *
fuzz_all_seeds (void)
{
  return seeds;
}

/* FUZZ_SEEDS: a folder that the seeds are written into, one file each, for libFuzzer to begin with.
 */
int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  const char *folder = g_getenv ("FUZZ_SEEDS");

  (void)argc;
  (void)argv;
  seeds = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  fuzz_seeds ();
  g_assert_cmpuint (seeds->len, >, 0);
  for (guint i = 0; folder && i < seeds->len; i++) {
    GBytes *seed = g_ptr_array_index (seeds, i);
    g_autofree char *name = g_strdup_printf ("%s/%04u", folder, i);
    g_autoptr (GError) error = NULL;
    gsize length;
    const char *bytes = g_bytes_get_data (seed, &length);

    if (!g_file_set_contents (name, length ? bytes : "", (gssize)length, &error))
      g_error ("%s", error->message);
  }
  return 0;
}

/* --- Inputs and checks --- */

char **
fuzz_texts (const uint8_t *data, size_t size, guint max)
{
  GPtrArray *texts = g_ptr_array_new ();
  const char *at = (const char *)data;
  const char *end = at + size;

  while (size > 0 && at <= end && texts->len < max) {
    gsize length = strnlen (at, (gsize)(end - at));

    g_ptr_array_add (texts, g_strndup (at, length));
    at += length + 1;
  }
  g_ptr_array_add (texts, NULL);
  return (char **)g_ptr_array_free (texts, FALSE);
}

char *
fuzz_with_private (const char *text)
{
  GString *whole = g_string_new (text);

  g_string_replace (whole, "\001", FUZZ_PRIVATE, 0);
  return g_string_free (whole, FALSE);
}

gboolean
fuzz_holds_private (const char *text)
{
  g_autofree char *lower = g_ascii_strdown (text, -1);
  g_autofree char *private = g_ascii_strdown (FUZZ_PRIVATE, -1);

  return strstr (lower, private) != NULL;
}

void
fuzz_check_line (const char *text)
{
  g_assert_nonnull (text);
  g_assert_true (g_utf8_validate (text, -1, NULL));
  for (const char *c = text; *c; c++)
    g_assert_true ((guchar)*c >= 0x20 && *c != 0x7f);
}
