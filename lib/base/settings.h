/* Settings: one row each, from which parser, --help, environment names and the chart's check come.
 *
 * A setting "bgs-url" is --bgs-url and DEPENDENTS_BGS_URL; the command line wins. Settings of the
 * broker library pass through under "kafka." (--kafka.socket.timeout.ms=…,
 * DEPENDENTS_KAFKA_SOCKET_TIMEOUT_MS) and have no rows. Source: README.md, rule 1. */
#pragma once

#include <glib.h>

typedef enum {
  SETTING_TEXT,     /* any text */
  SETTING_NUMBER,   /* a decimal integer between min and max */
  SETTING_BOOLEAN,  /* yes or no (also true/false, on/off, 1/0) */
  SETTING_DURATION, /* 250ms, 30s, 15m, 48h, 2d, 0; read with settings_duration_ms() */
  SETTING_CHOICE,   /* one of the words in choices, separated by | */
  SETTING_FILE,     /* path of a file that must be readable when the setting is not empty */
} SettingType;

typedef struct {
  const char *name; /* kebab-case; a number's name holds its unit: bgs-read-timeout-ms */
  SettingType type;
  const char *default_value; /* "" means: not set */
  const char *help;          /* one sentence */
  const char *choices;       /* SETTING_CHOICE only */
  gint64 min, max;           /* SETTING_NUMBER only; both 0 means 0 … G_MAXINT64 */
  gboolean secret;           /* never printed, masked in the effective configuration */
  gboolean required;         /* refuse to start when empty */
  gboolean read_again;       /* its file is looked at while the program runs, too */
} Setting;

typedef struct Settings Settings;

#define SETTINGS_ERROR (settings_error_quark ())
GQuark settings_error_quark (void);
typedef enum { SETTINGS_ERROR_INVALID, SETTINGS_ERROR_UNKNOWN } SettingsError;

/**
 * settings_parse:
 * @operands: how --help writes what may stand beside the options, such as "FILE…"; may be empty
 * @tables: NULL-terminated array of tables, each ended by a row whose name is NULL. Borrowed for
 *   life. A name may stand in one row only; the same table may be named twice.
 * @argv: changed: what is left after the options are the operands, argv[0] first.
 *
 * "--name value" and "--name=value"; a boolean also by its name alone; "--" ends the options.
 * Options and operands may be mixed. An empty value means "not set" and is accepted where the
 * default is empty too. A DEPENDENTS_ variable of another program is passed over. Every secret
 * setting has a second form, its name with "-file" behind: a file that others may not read and that
 * holds it ("kafka.sasl.password.file" for secrets of the broker library). Both at once are an
 * error.
 *
 * Prints --help (all settings with unit, default, sentence) and --version and exits 0 by itself.
 *
 * Errors: %SETTINGS_ERROR_INVALID (malformed value, missing required one), %SETTINGS_ERROR_UNKNOWN
 * (an option this program has not; a DEPENDENTS_ variable that no program of ours has). The caller
 * prints the message and exits with 2: see settings_parse_or_exit().
 */
Settings *settings_parse (const char *program, const char *operands, const char *summary,
                          const Setting *const *tables, int *argc, char ***argv, GError **error);
/* The same for a main(): a wrong setting is printed to stderr and the process exits with status 2.
 * A secret on the command line is one, for everybody on the machine can read it there. From here on
 * the process cannot be dumped, nor be looked into by others of its user, and a standard stream that
 * was closed is open on /dev/null, so that nothing else gets its number.
 * @options: NULL-terminated long names of options that the caller has taken out of the command line
 *   itself; what is no setting may have been meant for one of them. May be NULL. */
Settings *settings_parse_or_exit (const char *program, const char *operands, const char *summary,
                                  const Setting *const *tables, const char *const *options,
                                  int *argc, char ***argv);
/* What --version tells: of the whole project, "1.2.3". */
const char *settings_version (void);
void settings_free (Settings *settings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Settings, settings_free)

/* Asking for a name that no table has is a programming mistake (g_error). Text is never NULL;
 * borrowed. */
const char *settings_text (const Settings *settings, const char *name);
gint64 settings_number (const Settings *settings, const char *name);
gboolean settings_boolean (const Settings *settings, const char *name);
gint64 settings_duration_ms (const Settings *settings, const char *name);
gboolean settings_is_set (const Settings *settings, const char *name); /* not empty */
gboolean settings_has (const Settings *settings, const char *name);    /* some table has the row */
/* Changes a value after parsing: tests, and defaults that depend on others. Before threads start,
 * for texts that were handed out before are gone. A value that does not fit is a programming
 * mistake (g_error). */
void settings_override (Settings *settings, const char *name, const char *value);

/* Overwrites a secret that has been used; its variable of the environment was when it was read. It
 * reads as empty from then on. */
void settings_wipe (const Settings *settings, const char *name);

/* What stands in a secret's file now, for one that changes while the program runs. NULL: it has none,
 * or there is no secret in it. Owned; overwrite it. */
char *settings_secret_now (const char *path);

/* Paths of all files that were given and are read at the start alone, those of secrets and of the broker
 * library among them. Owned. */
GPtrArray *settings_files_read_once (const Settings *settings);

/* "kafka." settings by their librdkafka names; borrowed. */
GHashTable *settings_kafka (const Settings *settings);
/* Effective configuration as alternating name, value; secrets are "***", secrets of the broker
 * library too, and so are user and password in a URL. Owned. */
char **settings_effective (const Settings *settings);

/* Strict helpers, also used for foreign text: no white space, no plus sign, nothing behind; a
 * duration has exactly one number and one unit (ms, s, m, h, d). NULL is no number. @ret_… is
 * untouched when FALSE comes back. */
gboolean parse_int64 (const char *text, gint64 min, gint64 max, gint64 *ret_value);
gboolean parse_duration_ms (const char *text, gint64 *ret_ms);
