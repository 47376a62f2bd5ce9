/* Counters, gauges and histograms of this process, rendered in the Prometheus text format 0.0.4.
 *
 * One mutex and one look-up per call. A series is found by its rendered text (name{a="x"}), which
 * is built on the stack, so that counting allocates nothing once the series exists. Who serves the
 * text, and where it is pushed to, is others' business. Source: README.md, rule 5. */
#include "base/metrics.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

/* Bounds: a label with ever new values must not eat the process. What is over them is counted as
 * lost. */
#define SERIES_MAX            5000
#define SERIES_TEXT_MAX_BYTES 512
#define LABELS_MAX            12
#define LOST_SERIES           "metrics_lost_total"

typedef enum { KIND_COUNTER, KIND_GAUGE, KIND_HISTOGRAM } Kind;

/* Upper bounds in ms: from a database round trip to the longest wait for one BGS answer. */
static const gint64 buckets_ms[] = { 1,   2,    5,    10,   25,    50,    100,   250,
                                     500, 1000, 2500, 5000, 10000, 30000, 60000, 120000 };

typedef struct {
  char *text;   /* name{labels} */
  char *labels; /* a="x",b="y", or "" */
  double gauge;
  gint64 count;      /* counter: its value; histogram: observations */
  gint64 sum_ms;     /* histogram */
  gint64 *in_bucket; /* histogram; not cumulative */
} Series;

typedef struct {
  char *name;
  char *help;
  Kind kind;
  GPtrArray *series; /* borrowed; NULL while only described */
} Family;

static GMutex lock;
static GHashTable *families;   /* name → Family */
static GHashTable *all_series; /* text → Series */
static gint64 lost_count;

typedef struct {
  char text[SERIES_TEXT_MAX_BYTES];
  gsize length;
  gboolean fits;
} Builder;

static void
builder_append (Builder *builder, const char *text, gsize length)
{
  if (!builder->fits || builder->length + length >= sizeof builder->text) {
    builder->fits = FALSE;
    return;
  }
  memcpy (builder->text + builder->length, text, length);
  builder->length += length;
  builder->text[builder->length] = '\0';
}

static void
builder_append_escaped (Builder *builder, const char *value)
{
  for (; *value; value++) {
    if (*value == '\\' || *value == '"')
      builder_append (builder, "\\", 1);
    if (*value == '\n')
      builder_append (builder, "\\n", 2);
    else
      builder_append (builder, value, 1);
  }
}

/* name{labels}, labels sorted, so that their order in the call does not matter. */
static gboolean
build_text (Builder *builder, const char *name, va_list pairs)
{
  const char *labels[LABELS_MAX][2];
  guint count = 0;
  const char *label;

  while ((label = va_arg (pairs, const char *))) {
    const char *value = va_arg (pairs, const char *);
    guint at;

    if (count == LABELS_MAX)
      return FALSE;
    for (at = count; at > 0 && strcmp (labels[at - 1][0], label) > 0; at--) {
      labels[at][0] = labels[at - 1][0];
      labels[at][1] = labels[at - 1][1];
    }
    labels[at][0] = label;
    labels[at][1] = value ? value : "";
    count++;
  }

  builder->length = 0;
  builder->fits = TRUE;
  builder_append (builder, name, strlen (name));
  for (guint i = 0; i < count; i++) {
    builder_append (builder, i == 0 ? "{" : ",", 1);
    builder_append (builder, labels[i][0], strlen (labels[i][0]));
    builder_append (builder, "=\"", 2);
    builder_append_escaped (builder, labels[i][1]);
    builder_append (builder, "\"", 1);
  }
  if (count > 0)
    builder_append (builder, "}", 1);
  return builder->fits;
}

static Family *
get_family (const char *name)
{
  Family *family;

  if (!families) {
    families = g_hash_table_new (g_str_hash, g_str_equal);
    all_series = g_hash_table_new (g_str_hash, g_str_equal);
  }
  family = g_hash_table_lookup (families, name);
  if (!family) {
    family = g_new0 (Family, 1);
    family->name = g_strdup (name);
    g_hash_table_insert (families, family->name, family);
  }
  return family;
}

/* The series of this text, made when new; NULL, and counted as lost, when it cannot be. Holding the
 * lock. */
static Series *
get_series (const char *name, Kind kind, const Builder *builder)
{
  Family *family = get_family (name);
  Series *series = g_hash_table_lookup (all_series, builder->text);
  const char *brace;

  if (family->series && family->kind != kind) {
    lost_count++;
    return NULL;
  }
  if (series)
    return series;
  if (g_hash_table_size (all_series) >= SERIES_MAX) {
    lost_count++;
    return NULL;
  }

  if (!family->series)
    family->series = g_ptr_array_new ();
  family->kind = kind;
  series = g_new0 (Series, 1);
  series->text = g_strdup (builder->text);
  brace = strchr (series->text, '{');
  series->labels = brace ? g_strndup (brace + 1, strlen (brace) - 2) : g_strdup ("");
  if (kind == KIND_HISTOGRAM)
    series->in_bucket = g_new0 (gint64, G_N_ELEMENTS (buckets_ms) + 1);
  g_hash_table_insert (all_series, series->text, series);
  g_ptr_array_add (family->series, series);
  return series;
}

/* Finds the series of the call and leaves the lock held; NULL (lock held all the same) when there
 * is none. */
static Series *
lock_series (const char *name, Kind kind, va_list pairs)
{
  Builder builder;
  gboolean fits = build_text (&builder, name, pairs);

  g_mutex_lock (&lock);
  if (!fits) {
    lost_count++;
    return NULL;
  }
  return get_series (name, kind, &builder);
}

void
metrics_count (const char *name, gint64 by, ...)
{
  va_list pairs;
  Series *series;

  va_start (pairs, by);
  series = lock_series (name, KIND_COUNTER, pairs);
  va_end (pairs);
  if (series && by > 0) /* a counter never falls */
    series->count += by;
  g_mutex_unlock (&lock);
}

void
metrics_gauge (const char *name, double value, ...)
{
  va_list pairs;
  Series *series;

  va_start (pairs, value);
  series = lock_series (name, KIND_GAUGE, pairs);
  va_end (pairs);
  if (series)
    series->gauge = value;
  g_mutex_unlock (&lock);
}

void
metrics_observe_ms (const char *name, gint64 ms, ...)
{
  va_list pairs;
  Series *series;
  guint bucket = 0;

  va_start (pairs, ms);
  series = lock_series (name, KIND_HISTOGRAM, pairs);
  va_end (pairs);
  if (series) {
    ms = MAX (ms, 0);
    while (bucket < G_N_ELEMENTS (buckets_ms) && ms > buckets_ms[bucket])
      bucket++;
    series->in_bucket[bucket]++;
    series->count++;
    series->sum_ms += ms;
  }
  g_mutex_unlock (&lock);
}

void
metrics_describe (const char *name, const char *help)
{
  Family *family;

  g_mutex_lock (&lock);
  family = get_family (name);
  g_free (family->help);
  family->help = g_strdup (help);
  g_mutex_unlock (&lock);
}

/* Without the locale's decimal comma. */
static void
append_number (GString *page, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  if (isnan (value))
    g_string_append (page, "NaN");
  else if (isinf (value))
    g_string_append (page, value > 0 ? "+Inf" : "-Inf");
  else
    g_string_append (page, g_ascii_formatd (text, sizeof text, "%.15g", value));
}

static void
render_histogram (GString *page, const char *name, const Series *series)
{
  const char *comma = *series->labels ? "," : "";
  gint64 cumulative = 0;

  for (guint i = 0; i <= G_N_ELEMENTS (buckets_ms); i++) {
    cumulative += series->in_bucket[i];
    g_string_append_printf (page, "%s_bucket{%s%sle=\"", name, series->labels, comma);
    append_number (page, i < G_N_ELEMENTS (buckets_ms) ? (double)buckets_ms[i] / 1000 : INFINITY);
    g_string_append_printf (page, "\"} %" G_GINT64_FORMAT "\n", cumulative);
  }
  g_string_append_printf (page, "%s_sum%s ", name, series->text + strlen (name));
  append_number (page, (double)series->sum_ms / 1000);
  g_string_append_printf (page, "\n%s_count%s %" G_GINT64_FORMAT "\n", name,
                          series->text + strlen (name), series->count);
}

static void
render_help (GString *page, const char *name, const char *help)
{
  g_string_append_printf (page, "# HELP %s ", name);
  for (; *help; help++) {
    if (*help == '\\')
      g_string_append (page, "\\\\");
    else if (*help == '\n')
      g_string_append (page, "\\n");
    else
      g_string_append_c (page, *help);
  }
  g_string_append_c (page, '\n');
}

static void
render_family (GString *page, const Family *family)
{
  static const char *const kinds[] = { "counter", "gauge", "histogram" };

  if (family->help)
    render_help (page, family->name, family->help);
  g_string_append_printf (page, "# TYPE %s %s\n", family->name, kinds[family->kind]);
  for (guint i = 0; i < family->series->len; i++) {
    const Series *series = g_ptr_array_index (family->series, i);

    switch (family->kind) {
    case KIND_COUNTER:
      g_string_append_printf (page, "%s %" G_GINT64_FORMAT "\n", series->text, series->count);
      break;
    case KIND_GAUGE:
      g_string_append_printf (page, "%s ", series->text);
      append_number (page, series->gauge);
      g_string_append_c (page, '\n');
      break;
    case KIND_HISTOGRAM:
      render_histogram (page, family->name, series);
      break;
    }
  }
}

char *
metrics_render (void)
{
  GString *page = g_string_sized_new (4096);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&lock);
  g_autoptr (GList) names = NULL;

  if (families)
    names = g_list_sort (g_hash_table_get_keys (families), (GCompareFunc)strcmp);
  for (const GList *item = names; item; item = item->next) {
    const Family *family = g_hash_table_lookup (families, item->data);

    if (family->series)
      render_family (page, family);
  }
  g_string_append_printf (page,
                          "# HELP " LOST_SERIES
                          " Values that had no place: too many series, or one "
                          "name with two meanings.\n# TYPE " LOST_SERIES " counter\n" LOST_SERIES
                          " %" G_GINT64_FORMAT "\n",
                          lost_count);
  return g_string_free (page, FALSE);
}

double
metrics_value (const char *name, ...)
{
  Builder builder;
  va_list pairs;
  const Series *series = NULL;
  double value = 0;
  gboolean fits;

  va_start (pairs, name);
  fits = build_text (&builder, name, pairs);
  va_end (pairs);

  g_mutex_lock (&lock);
  if (fits && all_series)
    series = g_hash_table_lookup (all_series, builder.text);
  if (series) {
    const Family *family = g_hash_table_lookup (families, name);

    value = family->kind == KIND_GAUGE ? series->gauge : (double)series->count;
  }
  g_mutex_unlock (&lock);
  return value;
}
