/* Settings: reads command line and environment into one checked value per row. The rows stand with
 * those who use them; the names of all rows of all programs are collected at build time
 * (setting-names.awk). Knows nothing of what a setting is for.
 *
 * Source: README.md, rule 1. */
#include "base/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/setting-names.h"
#include "base/text.h"
#include "base/words.h"

G_DEFINE_QUARK (settings_error_quark, settings_error)

#define ENVIRONMENT_PREFIX       "DEPENDENTS_"
#define KAFKA_ENVIRONMENT_PREFIX ENVIRONMENT_PREFIX "KAFKA_"
#define KAFKA_OPTION_PREFIX      "kafka."
#define MASK                     "***"
/* Every secret setting has a form that names a file which holds it. */
#define FILE_SUFFIX              "-file"
#define KAFKA_FILE_SUFFIX        ".file"
#define KAFKA_LOCATION_SUFFIX    ".location" /* ssl.ca.location and others */
#define SECRET_MAX_BYTES         65536

/* One row's present value, checked and converted once. */
typedef struct {
  const Setting *row;
  char *text;
  gint64 number;  /* SETTING_NUMBER: itself, SETTING_DURATION: ms, SETTING_BOOLEAN: 0 or 1 */
  char *given_as; /* a secret: how it was given; NULL: not at all */
} Value;

struct Settings {
  GHashTable *values;         /* row name, borrowed → Value */
  GPtrArray *order;           /* the same values as the tables name them, borrowed */
  GHashTable *environment;    /* environment name → Value, borrowed */
  GHashTable *kafka;          /* librdkafka name → text */
  GPtrArray *file_rows;       /* of Setting *: the …-file forms of the secrets, owned */
  GPtrArray *kafka_files;     /* paths of what held secrets of the broker library, owned */
  const char *const *options; /* the caller's own; borrowed, may be NULL */
  gboolean is_public; /* the command line is a process's, and everybody on the machine sees it */
};

extern char **environ;

static void
value_free (gpointer data)
{
  Value *value = data;

  if (value->row->secret)
    explicit_bzero (value->text, strlen (value->text));
  g_free (value->text);
  g_free (value->given_as);
  g_free (value);
}

static void
file_row_free (gpointer data)
{
  Setting *row = data;

  g_free ((gpointer)row->name);
  g_free ((gpointer)row->help);
  g_free (row);
}

static char *
environment_name (const char *setting)
{
  g_autofree char *upper = g_ascii_strup (setting, -1);

  return g_strconcat (ENVIRONMENT_PREFIX, g_strdelimit (upper, "-.", '_'), NULL);
}

gboolean
parse_int64 (const char *text, gint64 min, gint64 max, gint64 *ret_value)
{
  gboolean negative;
  gint64 value = 0;

  if (!text)
    return FALSE;

  negative = *text == '-';
  if (negative)
    text++;
  if (*text == '\0')
    return FALSE;

  /* Counted downwards, for the smallest number has no positive twin. */
  for (; *text; text++) {
    if (!g_ascii_isdigit (*text))
      return FALSE;
    if (__builtin_mul_overflow (value, (gint64)10, &value) ||
        __builtin_sub_overflow (value, (gint64)(*text - '0'), &value))
      return FALSE;
  }
  if (!negative) {
    if (value == G_MININT64)
      return FALSE;
    value = -value;
  }
  if (value < min || value > max)
    return FALSE;

  *ret_value = value;
  return TRUE;
}

gboolean
parse_duration_ms (const char *text, gint64 *ret_ms)
{
  static const struct {
    const char *unit;
    gint64 ms;
  } units[] = {
    { "ms", 1 }, { "s", 1000 }, { "m", 60 * 1000 }, { "h", 3600 * 1000 }, { "d", 86400 * 1000 },
  };
  gsize digits;

  if (!text)
    return FALSE;

  if (g_str_equal (text, "0")) { /* of no unit there is none */
    *ret_ms = 0;
    return TRUE;
  }
  digits = strspn (text, "0123456789");
  for (guint i = 0; i < G_N_ELEMENTS (units); i++) {
    g_autofree char *number = NULL;
    gint64 count, ms;

    if (!g_str_equal (text + digits, units[i].unit))
      continue;
    number = g_strndup (text, digits);
    if (!parse_int64 (number, 0, G_MAXINT64, &count) ||
        __builtin_mul_overflow (count, units[i].ms, &ms))
      return FALSE;
    *ret_ms = ms;
    return TRUE;
  }
  return FALSE;
}

static gboolean
parse_boolean (const char *text, gint64 *ret_value)
{
  static const char *const yes[] = { "yes", "true", "on", "1", NULL };
  static const char *const no[] = { "no", "false", "off", "0", NULL };

  if (g_strv_contains (yes, text))
    *ret_value = TRUE;
  else if (g_strv_contains (no, text))
    *ret_value = FALSE;
  else
    return FALSE;
  return TRUE;
}

static gint64
row_max (const Setting *row)
{
  return row->min == 0 && row->max == 0 ? G_MAXINT64 : row->max;
}

static gboolean
choice_is_offered (const char *choices, const char *text)
{
  g_auto (GStrv) words = g_strsplit (choices, "|", -1);

  return g_strv_contains ((const char *const *)words, text);
}

/* Puts @text into @value when it fits the row. @origin is how the user named the setting. */
static gboolean
value_set (Value *value, const char *text, const char *origin, GError **error)
{
  const Setting *row = value->row;
  const char *shown = row->secret ? MASK : text;
  gint64 number = 0;

  /* Empty is "not set", where the row itself says that it may be. */
  if (*text == '\0' && *row->default_value == '\0')
    goto fits;

  switch (row->type) {
  case SETTING_TEXT:
    break;
  case SETTING_NUMBER:
    if (!parse_int64 (text, row->min, row_max (row), &number)) {
      g_set_error (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID,
                   "%s: “%s” is not a whole number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT,
                   origin, shown, row->min, row_max (row));
      return FALSE;
    }
    break;
  case SETTING_BOOLEAN:
    if (!parse_boolean (text, &number)) {
      g_set_error (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID, "%s: “%s” is neither yes nor no",
                   origin, shown);
      return FALSE;
    }
    break;
  case SETTING_DURATION:
    if (!parse_duration_ms (text, &number)) {
      g_set_error (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID,
                   "%s: “%s” is not a duration such as 250ms, 30s, 15m, 48h or 2d", origin, shown);
      return FALSE;
    }
    break;
  case SETTING_CHOICE:
    if (!choice_is_offered (row->choices, text)) {
      g_set_error (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID, "%s: “%s” is none of %s", origin,
                   shown, row->choices);
      return FALSE;
    }
    break;
  case SETTING_FILE:
    if (*text && (access (text, R_OK) != 0 || g_file_test (text, G_FILE_TEST_IS_DIR))) {
      g_set_error (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID,
                   "%s: “%s” is not a file that can be read", origin, shown);
      return FALSE;
    }
    break;
  }

fits:
  /* @text may be the value's own. */
  if (text != value->text) {
    g_free (value->text);
    value->text = g_strdup (text);
  }
  value->number = number;
  return TRUE;
}

static Value *
find_value (const Settings *settings, const char *name)
{
  return g_hash_table_lookup (settings->values, name);
}

static void
add_row (Settings *settings, const Setting *row)
{
  g_autoptr (GError) error = NULL;
  Value *value = g_new0 (Value, 1);

  value->row = row;
  /* A file is looked at only where it is really used, not in the row. */
  if (row->type == SETTING_FILE)
    value->text = g_strdup (row->default_value);
  else if (!value_set (value, row->default_value, row->name, &error))
    g_error ("default of a setting: %s", error->message);
  g_hash_table_insert (settings->values, (gpointer)row->name, value);
  g_hash_table_insert (settings->environment, environment_name (row->name), value);
  g_ptr_array_add (settings->order, value);
}

/* The form of a secret that keeps it out of command lines and environments. */
static void
add_file_row (Settings *settings, const Setting *secret)
{
  g_autofree char *name = g_strconcat (secret->name, FILE_SUFFIX, NULL);
  Setting *row = NULL;

  if (find_value (settings, name))
    g_error ("setting %s has two rows: one by itself, one for its secret", name);
  row = g_new0 (Setting, 1);
  row->name = g_steal_pointer (&name);
  row->type = SETTING_FILE;
  row->default_value = "";
  row->read_again = secret->read_again;
  row->help =
      g_strdup_printf ("File that holds %s, instead of it; others may not read it.", secret->name);
  g_ptr_array_add (settings->file_rows, row);
  add_row (settings, row);
}

static Settings *
settings_from_tables (const Setting *const *tables)
{
  Settings *settings = g_new0 (Settings, 1);

  settings->values = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, value_free);
  settings->order = g_ptr_array_new ();
  settings->environment = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  settings->kafka = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  settings->file_rows = g_ptr_array_new_with_free_func (file_row_free);
  settings->kafka_files = g_ptr_array_new_with_free_func (g_free);

  for (; *tables; tables++) {
    for (const Setting *row = *tables; row->name; row++) {
      Value *value = find_value (settings, row->name);

      if (value && value->row == row)
        continue; /* the same table named twice */
      if (value)
        g_error ("setting %s has two rows", row->name);
      add_row (settings, row);
      if (row->secret)
        add_file_row (settings, row);
    }
  }
  return settings;
}

static gboolean
some_program_has (const char *environment)
{
  for (guint i = 0; setting_names[i]; i++) {
    g_autofree char *name = environment_name (setting_names[i]);

    if (g_str_equal (name, environment))
      return TRUE;
    /* The …-file form of a secret; which of a neighbour's settings are secret is not known here. */
    if (g_str_has_prefix (environment, name) && g_str_equal (environment + strlen (name), "_FILE"))
      return TRUE;
  }
  return FALSE;
}

/* NULL: none is like it. Caller frees. */
static char *
nearest_variable (const char *environment)
{
  g_autofree char *name = g_ascii_strdown (environment + strlen (ENVIRONMENT_PREFIX), -1);
  const char *nearest = nearest_word (g_strdelimit (name, "_", '-'), setting_names);

  return nearest ? environment_name (nearest) : NULL;
}

/* NULL: none is like it. Borrowed. */
static const char *
nearest_option (const Settings *settings, const char *name)
{
  g_autoptr (GPtrArray) known = g_ptr_array_new ();

  for (guint i = 0; i < settings->order->len; i++) {
    const Value *value = g_ptr_array_index (settings->order, i);

    g_ptr_array_add (known, (gpointer)value->row->name);
  }
  for (const char *const *option = settings->options; option && *option; option++)
    g_ptr_array_add (known, (gpointer)*option);
  g_ptr_array_add (known, (gpointer) "help");
  g_ptr_array_add (known, (gpointer) "version");
  g_ptr_array_add (known, NULL);
  return nearest_word (name, (const char *const *)known->pdata);
}

/* The Kafka library's own secrets: sasl.password, ssl.key.password, ssl.key.pem, …client.secret and
 * the free-form sasl.oauthbearer.config. */
static gboolean
kafka_property_is_secret (const char *name)
{
  static const char *const marks[] = { "password", "secret", ".pem", "oauthbearer.config" };

  for (guint i = 0; i < G_N_ELEMENTS (marks); i++)
    if (strstr (name, marks[i]))
      return TRUE;
  return FALSE;
}

/* --- Secrets in files --- */

/* A line break at the end is the editor's. */
static char *
read_secret (const char *path, const char *origin, GError **error)
{
  struct stat state;
  g_autofree char *text = g_malloc0 (SECRET_MAX_BYTES + 1);
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  gssize got = -1;
  const char *why = NULL;

  if (fd < 0 || fstat (fd, &state) != 0)
    why = errno == ENOENT ? "the file is not there" : "the file cannot be read";
  else if (state.st_mode & (S_IRWXO | S_IWGRP))
    why = "the file is open to others; chmod 600 (or 640) makes it yours";
  else if ((got = read (fd, text, SECRET_MAX_BYTES)) < 0)
    why = "the file cannot be read";
  else if (got == SECRET_MAX_BYTES)
    why = "the file is too large to be a secret";
  else if (strlen (text) != (gsize)got)
    why = "the file holds a NUL byte";
  else if (*g_strchomp (text) == '\0')
    why = "the file is empty";
  if (fd >= 0)
    close (fd);
  if (why) {
    explicit_bzero (text, SECRET_MAX_BYTES);
    g_set_error (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID, "%s (%s): %s", origin, path, why);
    return NULL;
  }
  return g_steal_pointer (&text);
}

char *
settings_secret_now (const char *path)
{
  return read_secret (path, path, NULL);
}

static gboolean
take_secret_from_file (Settings *settings, Value *secret, GError **error)
{
  g_autofree char *name = g_strconcat (secret->row->name, FILE_SUFFIX, NULL);
  const char *path = find_value (settings, name)->text;
  g_autofree char *text = NULL;
  gboolean done;

  if (*path == '\0')
    return TRUE;
  if (secret->given_as) {
    g_set_error (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID,
                 "%s and %s are both set; which of them counts is not guessed", secret->given_as,
                 name);
    return FALSE;
  }
  text = read_secret (path, name, error);
  if (!text)
    return FALSE;
  done = value_set (secret, text, name, error);
  explicit_bzero (text, strlen (text));
  return done;
}

/* sasl.password.file names the file of sasl.password. */
static gboolean
take_kafka_secrets_from_files (Settings *settings, GError **error)
{
  g_autoptr (GList) names = g_hash_table_get_keys (settings->kafka);

  for (const GList *item = names; item; item = item->next) {
    const char *name = item->data;
    g_autofree char *bare = NULL;
    char *text;

    if (!g_str_has_suffix (name, KAFKA_FILE_SUFFIX))
      continue;
    bare = g_strndup (name, strlen (name) - strlen (KAFKA_FILE_SUFFIX));
    if (!kafka_property_is_secret (bare))
      continue;
    text = read_secret (g_hash_table_lookup (settings->kafka, name), name, error);
    if (!text)
      return FALSE;
    g_hash_table_replace (settings->kafka, g_steal_pointer (&bare), text);
    g_ptr_array_add (settings->kafka_files, g_strdup (g_hash_table_lookup (settings->kafka, name)));
    g_hash_table_remove (settings->kafka, name);
  }
  return TRUE;
}

/* Everybody on the machine sees a command line. */
static gboolean
refuse_on_command_line (const char *origin, GError **error)
{
  g_autofree char *environment = environment_name (origin + strlen ("--"));

  g_set_error (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID,
               "%s: a secret does not belong on the command line, where everybody can read it; "
               "use %s or %s%s FILE",
               origin, environment, origin,
               g_str_has_prefix (origin, "--" KAFKA_OPTION_PREFIX) ? KAFKA_FILE_SUFFIX
                                                                   : FILE_SUFFIX);
  return FALSE;
}

/* What was read is not needed there any more, and others of this user read it in /proc: of secrets
 * the name stays alone. Overwritten in place, for a variable that is unset stays in the block. */
static gboolean
take_variable (Settings *settings, const char *name, char *text, GError **error)
{
  Value *value = g_hash_table_lookup (settings->environment, name);

  if (value) {
    if (!value_set (value, text, name, error))
      return FALSE;
    g_free (value->given_as);
    value->given_as = value->row->secret && *text ? g_strdup (name) : NULL;
    if (value->row->secret)
      explicit_bzero (text, strlen (text));
  } else if (some_program_has (name)) {
    /* A neighbour's: one environment serves all programs. It may be a secret, and serves nothing
     * here. */
    explicit_bzero (text, strlen (text));
  } else if (g_str_has_prefix (name, KAFKA_ENVIRONMENT_PREFIX) &&
             name[strlen (KAFKA_ENVIRONMENT_PREFIX)] != '\0') {
    char *property = g_ascii_strdown (name + strlen (KAFKA_ENVIRONMENT_PREFIX), -1);

    g_strdelimit (property, "_", '.');
    g_hash_table_replace (settings->kafka, property, g_strdup (text));
    if (kafka_property_is_secret (property))
      explicit_bzero (text, strlen (text));
  } else {
    g_autofree char *meant = nearest_variable (name);

    g_set_error (error, SETTINGS_ERROR, SETTINGS_ERROR_UNKNOWN,
                 "the environment variable %s is no setting of any program%s%s%s", name,
                 meant ? "; do you mean " : "", meant ? meant : "", meant ? "?" : "");
    return FALSE;
  }
  return TRUE;
}

static gboolean
read_environment (Settings *settings, GError **error)
{
  for (char **variable = environ; variable && *variable; variable++) {
    char *equals = strchr (*variable, '=');
    g_autofree char *name = NULL;

    if (!equals || !g_str_has_prefix (*variable, ENVIRONMENT_PREFIX))
      continue;
    name = g_strndup (*variable, (gsize)(equals - *variable));
    if (!take_variable (settings, name, equals + 1, error))
      return FALSE;
  }
  return TRUE;
}

static const char *
shape_of (const Setting *row)
{
  switch (row->type) {
  case SETTING_TEXT:
    return "TEXT";
  case SETTING_NUMBER:
    return "NUMBER";
  case SETTING_BOOLEAN:
    return "yes|no";
  case SETTING_DURATION:
    return "DURATION (250ms, 30s, 15m, 48h, 2d)";
  case SETTING_CHOICE:
    return row->choices;
  case SETTING_FILE:
    return "FILE";
  }
  g_assert_not_reached ();
}

static void
print_help (const char *program, const char *operands, const char *summary,
            const Settings *settings)
{
  printf (
      "Usage: %s [SETTING]…%s%s\n\n%s\n\nSettings (the command line wins over the environment):\n",
      program, operands && *operands ? " " : "", operands ? operands : "", summary ? summary : "");

  for (guint i = 0; i < settings->order->len; i++) {
    const Value *value = g_ptr_array_index (settings->order, i);
    const Setting *row = value->row;
    g_autofree char *environment = environment_name (row->name);

    printf ("\n  --%s %s\n      %s\n", row->name, shape_of (row), row->help);
    if (row->type == SETTING_NUMBER && !(row->min == 0 && row->max == 0))
      printf ("      From %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT ".\n", row->min, row->max);
    printf ("      Default: %s%s. Environment: %s\n",
            *row->default_value ? row->default_value : "none", row->required ? ", required" : "",
            environment);
    if (row->secret)
      printf ("      A secret: by its variable or by --%s%s, never by --%s.\n", row->name,
              FILE_SUFFIX, row->name);
  }
  printf ("\n  --kafka.NAME TEXT\n      Setting NAME of the Kafka library. Environment: "
          "DEPENDENTS_KAFKA_NAME\n"
          "\n  --help, --version\n");
}

/* @name: with "kafka." before it. */
static gboolean
is_secret_property (const char *name)
{
  return !g_str_has_suffix (name, KAFKA_FILE_SUFFIX) && kafka_property_is_secret (name);
}

/* One "--name=value", "--name value" or, for a boolean, "--name". Moves @index over what it used.
 */
static gboolean
read_option (Settings *settings, char **argv, int argc, int *index, GError **error)
{
  const char *option = argv[*index] + 2;
  const char *equals = strchr (option, '=');
  g_autofree char *name = equals ? g_strndup (option, (gsize)(equals - option)) : g_strdup (option);
  g_autofree char *origin = g_strconcat ("--", name, NULL);
  gboolean is_kafka =
      g_str_has_prefix (name, KAFKA_OPTION_PREFIX) && strlen (name) > strlen (KAFKA_OPTION_PREFIX);
  Value *value = find_value (settings, name);
  const char *text;

  if (!value && !is_kafka) {
    const char *nearest = nearest_option (settings, name);

    g_set_error (error, SETTINGS_ERROR, SETTINGS_ERROR_UNKNOWN,
                 "%s is no setting of this program (--help lists them)%s%s%s", origin,
                 nearest ? "; do you mean --" : "", nearest ? nearest : "", nearest ? "?" : "");
    return FALSE;
  }

  if (equals)
    text = equals + 1;
  else if (value && value->row->type == SETTING_BOOLEAN)
    text = "yes";
  else if (*index + 1 < argc)
    text = argv[++*index];
  else {
    g_set_error (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID, "%s needs a value", origin);
    return FALSE;
  }

  if (settings->is_public && (value ? value->row->secret : is_secret_property (name)))
    return refuse_on_command_line (origin, error);
  if (value && value->row->secret) {
    g_free (value->given_as);
    value->given_as = *text ? g_strdup (origin) : NULL;
  }
  if (value)
    return value_set (value, text, origin, error);

  g_hash_table_replace (settings->kafka, g_strdup (name + strlen (KAFKA_OPTION_PREFIX)),
                        g_strdup (text));
  return TRUE;
}

static gboolean
read_command_line (Settings *settings, int *argc, char **argv, GError **error)
{
  int kept = 1;
  gboolean options = TRUE;

  for (int i = 1; i < *argc; i++) {
    if (options && g_str_equal (argv[i], "--"))
      options = FALSE;
    else if (options && g_str_has_prefix (argv[i], "--")) {
      if (!read_option (settings, argv, *argc, &i, error))
        return FALSE;
    } else if (options && argv[i][0] == '-' && argv[i][1] != '\0') {
      g_set_error (error, SETTINGS_ERROR, SETTINGS_ERROR_UNKNOWN,
                   "%s: settings begin with two dashes", argv[i]);
      return FALSE;
    } else
      argv[kept++] = argv[i];
  }
  *argc = kept;
  argv[kept] = NULL;
  return TRUE;
}

static gboolean
check_completeness (Settings *settings, GError **error)
{
  for (guint i = 0; i < settings->order->len; i++) {
    Value *value = g_ptr_array_index (settings->order, i);
    const Setting *row = value->row;

    if (row->secret && !take_secret_from_file (settings, value, error))
      return FALSE;
    if (row->required && *value->text == '\0') {
      g_autofree char *environment = environment_name (row->name);

      g_set_error (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID, "--%s (or %s) must be set: %s",
                   row->name, environment, row->help);
      return FALSE;
    }
    if (row->type == SETTING_FILE && !value_set (value, value->text, row->name, error))
      return FALSE;
  }
  return TRUE;
}

const char *
settings_version (void)
{
  return PROGRAM_VERSION;
}

/* Help must come even where a value is wrong. */
static gboolean
asks_for (int argc, char **argv, const char *option)
{
  for (int i = 1; i < argc && !g_str_equal (argv[i], "--"); i++)
    if (g_str_equal (argv[i], option))
      return TRUE;
  return FALSE;
}

static Settings *
parse (const char *program, const char *operands, const char *summary, const Setting *const *tables,
       const char *const *options, int *argc, char ***argv, gboolean is_public, GError **error)
{
  g_autoptr (Settings) settings = settings_from_tables (tables);

  settings->is_public = is_public;
  settings->options = options;

  if (asks_for (*argc, *argv, "--help")) {
    print_help (program, operands, summary, settings);
    exit (0);
  }
  if (asks_for (*argc, *argv, "--version")) {
    printf ("%s %s\n", program, settings_version ());
    exit (0);
  }

  if (!read_environment (settings, error) || !read_command_line (settings, argc, *argv, error) ||
      !check_completeness (settings, error) || !take_kafka_secrets_from_files (settings, error))
    return NULL;

  return g_steal_pointer (&settings);
}

Settings *
settings_parse (const char *program, const char *operands, const char *summary,
                const Setting *const *tables, int *argc, char ***argv, GError **error)
{
  return parse (program, operands, summary, tables, NULL, argc, argv, FALSE, error);
}

/* Neither a core dump nor a debugger of another process of this user gets to what is in memory. The
 * sanitizers look into their own process that way. */
static void
guard_memory (void)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  (void)prctl (PR_SET_DUMPABLE, 0, 0, 0, 0); /* best effort: some sandboxes refuse it */
#endif
}

/* A closed standard stream leaves its number to the next file that is opened, such as the connection
 * to the database, which would then be sent what is meant to be printed. What is written to the
 * stand-in fails, and is no success. */
static void
hold_standard_streams (void)
{
  for (int number = STDIN_FILENO; number <= STDERR_FILENO; number++)
    if (fcntl (number, F_GETFD) < 0 && open ("/dev/null", O_RDONLY) != number)
      _exit (2);
}

Settings *
settings_parse_or_exit (const char *program, const char *operands, const char *summary,
                        const Setting *const *tables, const char *const *options, int *argc,
                        char ***argv)
{
  g_autoptr (GError) error = NULL;
  Settings *settings = NULL;

  hold_standard_streams ();
  guard_memory ();
  g_set_prgname (program); /* also what the database's list of sessions calls us */
  settings = parse (program, operands, summary, tables, options, argc, argv, TRUE, &error);
  if (!settings) {
    fprintf (stderr, "%s: %s\n", program, error->message);
    exit (2);
  }
  return settings;
}

void
settings_free (Settings *settings)
{
  if (!settings)
    return;
  g_hash_table_unref (settings->environment);
  g_ptr_array_unref (settings->order);
  g_hash_table_unref (settings->values);
  g_hash_table_unref (settings->kafka);
  g_ptr_array_unref (settings->file_rows);
  g_ptr_array_unref (settings->kafka_files);
  g_free (settings);
}

static Value *
get_value (const Settings *settings, const char *name)
{
  Value *value = find_value (settings, name);

  if (!value)
    g_error ("no table of this program has a setting %s", name);
  return value;
}

static const Value *
get_value_of_type (const Settings *settings, const char *name, SettingType type)
{
  const Value *value = get_value (settings, name);

  if (value->row->type != type)
    g_error ("setting %s is read as another type than its row has", name);
  return value;
}

const char *
settings_text (const Settings *settings, const char *name)
{
  return get_value (settings, name)->text;
}

gint64
settings_number (const Settings *settings, const char *name)
{
  return get_value_of_type (settings, name, SETTING_NUMBER)->number;
}

gboolean
settings_boolean (const Settings *settings, const char *name)
{
  return get_value_of_type (settings, name, SETTING_BOOLEAN)->number != 0;
}

gint64
settings_duration_ms (const Settings *settings, const char *name)
{
  return get_value_of_type (settings, name, SETTING_DURATION)->number;
}

gboolean
settings_is_set (const Settings *settings, const char *name)
{
  return *get_value (settings, name)->text != '\0';
}

gboolean
settings_has (const Settings *settings, const char *name)
{
  return find_value (settings, name) != NULL;
}

void
settings_override (Settings *settings, const char *name, const char *value)
{
  g_autoptr (GError) error = NULL;

  if (!value_set (get_value (settings, name), value, name, &error))
    g_error ("settings_override: %s", error->message);
}

void
settings_wipe (const Settings *settings, const char *name)
{
  Value *value = get_value (settings, name);

  if (!value->row->secret)
    g_error ("setting %s is no secret", name);
  /* In place: whoever borrowed it before finds nothing either. */
  explicit_bzero (value->text, strlen (value->text));
}

GPtrArray *
settings_files_read_once (const Settings *settings)
{
  GPtrArray *files = g_ptr_array_new_with_free_func (g_free);
  GHashTableIter iter;
  gpointer name, text;

  for (guint i = 0; i < settings->order->len; i++) {
    const Value *value = g_ptr_array_index (settings->order, i);

    if (value->row->type == SETTING_FILE && !value->row->read_again && *value->text)
      g_ptr_array_add (files, g_strdup (value->text));
  }
  g_hash_table_iter_init (&iter, settings->kafka);
  while (g_hash_table_iter_next (&iter, &name, &text))
    if (g_str_has_suffix (name, KAFKA_LOCATION_SUFFIX))
      g_ptr_array_add (files, g_strdup (text));
  for (guint i = 0; i < settings->kafka_files->len; i++)
    g_ptr_array_add (files, g_strdup (g_ptr_array_index (settings->kafka_files, i)));
  return files;
}

GHashTable *
settings_kafka (const Settings *settings)
{
  return settings->kafka;
}

char **
settings_effective (const Settings *settings)
{
  g_autoptr (GPtrArray) pairs = g_ptr_array_new ();
  g_autoptr (GList) properties = NULL;

  for (guint i = 0; i < settings->order->len; i++) {
    const Value *value = g_ptr_array_index (settings->order, i);
    gboolean hide = value->row->secret && *value->text;

    g_ptr_array_add (pairs, g_strdup (value->row->name));
    g_ptr_array_add (pairs, hide ? g_strdup (MASK) : text_mask_userinfo (value->text));
  }
  properties = g_list_sort (g_hash_table_get_keys (settings->kafka), (GCompareFunc)strcmp);
  for (const GList *item = properties; item; item = item->next) {
    const char *text = g_hash_table_lookup (settings->kafka, item->data);

    g_ptr_array_add (pairs, g_strconcat (KAFKA_OPTION_PREFIX, item->data, NULL));
    g_ptr_array_add (pairs, g_strdup (kafka_property_is_secret (item->data) ? MASK : text));
  }
  g_ptr_array_add (pairs, NULL);
  return (char **)g_ptr_array_free (g_steal_pointer (&pairs), FALSE);
}
