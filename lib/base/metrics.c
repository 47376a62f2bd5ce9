/* The numbers behind the table of metrics, and their Prometheus text.
 *
 * Each row has one cell for each combination of its labels' values, made at the start, so a call
 * allocates nothing and finds its cell by comparing a few short texts. One mutex. Who serves the
 * text, and who pushes the numbers elsewhere, is others' business. Source: README.md, rule 5. */
#include "base/metrics.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

/* Bound: a label with ever new values must not eat the process. */
#define LEARNED_MAX  256
#define LABELS_BYTES 512

/* Upper bounds in ms: from a database round trip to the longest wait for one BGS answer. */
static const gint64 buckets_ms[] = { 1,   2,    5,    10,   25,    50,    100,   250,
                                     500, 1000, 2500, 5000, 10000, 30000, 60000, 120000 };
#define BUCKETS (G_N_ELEMENTS (buckets_ms) + 1)

typedef struct {
  double gauge;
  gint64 until_s;    /* gauge: not 0: the seconds until then */
  gint64 count;      /* counter: its value; histogram: observations */
  gint64 sum_ms;     /* histogram */
  gint64 *in_bucket; /* histogram, once there is one; not cumulative */
  gboolean is_set;   /* of a row that comes and goes */
  double *last;      /* for who walks: a number for each sample; NULL: never walked */
} Cell;

static GMutex lock;
static char *program_name;
static guint program; /* 0: not started */
static Cell *cells[METRICS];
static guint cell_counts[METRICS];

typedef struct {
  const MetricLabel *label;
  GPtrArray *values;
} Learned;
static Learned learned[] = { { &metric_label_topic, NULL },
                             { &metric_label_tier, NULL },
                             { &metric_label_partition, NULL } };

/* --- Values of labels; with the lock held --- */

static GPtrArray *
learned_values (const MetricLabel *label)
{
  for (guint i = 0; i < G_N_ELEMENTS (learned); i++) {
    if (learned[i].label != label)
      continue;
    if (!learned[i].values)
      learned[i].values = g_ptr_array_new ();
    return learned[i].values;
  }
  g_assert_not_reached ();
}

static guint
count_values (const MetricLabel *label)
{
  guint count = 0;

  if (!label->values)
    return learned_values (label)->len;
  while (label->values[count].text)
    count++;
  return count;
}

static const char *
value_text (const MetricLabel *label, guint index)
{
  return label->values ? label->values[index].text
                       : g_ptr_array_index (learned_values (label), index);
}

static gboolean
is_told_here (const MetricLabel *label, guint index)
{
  return !label->values || label->values[index].programs == 0 ||
         (label->values[index].programs & program) != 0;
}

/* --- Cells; with the lock held --- */

static guint
combinations (const MetricRow *row)
{
  guint count = 1;

  for (guint i = 0; i < METRIC_LABELS_MAX && row->labels[i]; i++)
    count *= count_values (row->labels[i]);
  return count;
}

/* The learned label is the first, so cells are only ever added at the end. */
static void
make_cells (Metric metric)
{
  guint count = combinations (metric_row (metric));

  if (count <= cell_counts[metric])
    return;
  cells[metric] = g_renew (Cell, cells[metric], count);
  memset (cells[metric] + cell_counts[metric], 0, (count - cell_counts[metric]) * sizeof (Cell));
  cell_counts[metric] = count;
}

static int
learn (const MetricLabel *label, const char *value)
{
  GPtrArray *values = learned_values (label);

  if (values->len == LEARNED_MAX)
    return -1;
  g_ptr_array_add (values, g_strdup (value));
  for (Metric metric = 0; metric < METRICS; metric++)
    if (metric_row (metric)->labels[0] == label)
      make_cells (metric);
  return (int)values->len - 1;
}

/* Where in the label's values; -1: it has no place. */
static int
find_value (const MetricLabel *label, const char *text)
{
  guint count = count_values (label);

  for (guint i = 0; i < count; i++)
    if (strcmp (value_text (label, i), text) == 0 && is_told_here (label, i))
      return (int)i;
  if (!label->values)
    return learn (label, text);
  return g_str_has_prefix (value_text (label, count - 1), "other") ? (int)count - 1 : -1;
}

static void
begin (const char *name)
{
  program = metric_program (name);
  g_free (program_name);
  program_name = g_strdup (name ? name : "");
  for (Metric metric = 0; metric < METRICS; metric++)
    make_cells (metric);
  cells[METRIC_BUILD_INFO][0].gauge = 1;
}

static gboolean
is_row_told (const MetricRow *row)
{
  return (row->programs & program) != 0;
}

/* NULL, and counted as lost: a value has no place, or the row is not this program's. */
static Cell *
find_cell (Metric metric, va_list values)
{
  const MetricRow *row = metric_row (metric);
  guint index = 0;

  if (program == 0)
    begin (NULL);
  for (guint i = 0; i < METRIC_LABELS_MAX && row->labels[i]; i++) {
    const char *text = va_arg (values, const char *);
    int value = text ? find_value (row->labels[i], text) : -1;

    if (value < 0)
      goto lost;
    index = index * count_values (row->labels[i]) + (guint)value;
  }
  if (is_row_told (row))
    return &cells[metric][index];
lost:
  cells[METRIC_METRICS_LOST][0].count++;
  return NULL;
}

void
metrics_start (const char *name)
{
  g_mutex_lock (&lock);
  begin (name);
  g_mutex_unlock (&lock);
}

void
metrics_learn (const MetricLabel *label, const char *value)
{
  g_mutex_lock (&lock);
  (void)find_value (label, value);
  g_mutex_unlock (&lock);
}

/* --- Counting --- */

void
metrics_count (Metric metric, gint64 by, ...)
{
  va_list values;
  Cell *cell;

  g_mutex_lock (&lock);
  va_start (values, by);
  cell = find_cell (metric, values);
  va_end (values);
  if (cell && by > 0) /* a counter never falls */
    cell->count += by;
  g_mutex_unlock (&lock);
}

void
metrics_set_count (Metric metric, gint64 count, ...)
{
  va_list values;
  Cell *cell;

  g_mutex_lock (&lock);
  va_start (values, count);
  cell = find_cell (metric, values);
  va_end (values);
  if (cell)
    cell->count = MAX (cell->count, count);
  g_mutex_unlock (&lock);
}

void
metrics_gauge (Metric metric, double value, ...)
{
  va_list values;
  Cell *cell;

  g_mutex_lock (&lock);
  va_start (values, value);
  cell = find_cell (metric, values);
  va_end (values);
  if (cell) {
    cell->gauge = value;
    cell->is_set = TRUE;
  }
  g_mutex_unlock (&lock);
}

void
metrics_seconds_until (Metric metric, gint64 at_s, ...)
{
  va_list values;
  Cell *cell;

  g_mutex_lock (&lock);
  va_start (values, at_s);
  cell = find_cell (metric, values);
  va_end (values);
  if (cell)
    cell->until_s = at_s;
  g_mutex_unlock (&lock);
}

void
metrics_forget (Metric metric, ...)
{
  va_list values;
  Cell *cell;

  g_mutex_lock (&lock);
  va_start (values, metric);
  cell = find_cell (metric, values);
  va_end (values);
  if (cell)
    cell->is_set = FALSE;
  g_mutex_unlock (&lock);
}

void
metrics_observe_ms (Metric metric, gint64 ms, ...)
{
  va_list values;
  Cell *cell;
  guint bucket = 0;

  ms = MAX (ms, 0);
  while (bucket < BUCKETS - 1 && ms > buckets_ms[bucket])
    bucket++;
  g_mutex_lock (&lock);
  va_start (values, ms);
  cell = find_cell (metric, values);
  va_end (values);
  if (cell) {
    if (!cell->in_bucket)
      cell->in_bucket = g_new0 (gint64, BUCKETS);
    cell->in_bucket[bucket]++;
    cell->count++;
    cell->sum_ms += ms;
  }
  g_mutex_unlock (&lock);
}

/* As it is now. */
static double
gauge_of (const Cell *cell)
{
  return cell->until_s ? (double)(cell->until_s - g_get_real_time () / G_USEC_PER_SEC)
                       : cell->gauge;
}

double
metrics_value (Metric metric, ...)
{
  va_list values;
  const Cell *cell;
  double value = 0;

  g_mutex_lock (&lock);
  va_start (values, metric);
  cell = find_cell (metric, values);
  va_end (values);
  if (cell)
    value = metric_row (metric)->kind == KIND_GAUGE ? gauge_of (cell) : (double)cell->count;
  g_mutex_unlock (&lock);
  return value;
}

/* --- Walking; with the lock held --- */

typedef struct {
  char text[LABELS_BYTES];
  gsize length;
} Labels;

static void
labels_append (Labels *labels, const char *text, gsize length)
{
  gsize room = sizeof labels->text - 1 - labels->length;

  length = MIN (length, room); /* names and values are the table's, and short */
  memcpy (labels->text + labels->length, text, length);
  labels->length += length;
  labels->text[labels->length] = '\0';
}

static void
labels_add (Labels *labels, const char *name, gsize name_length, const char *value,
            gsize value_length)
{
  if (labels->length > 0)
    labels_append (labels, ",", 1);
  labels_append (labels, name, name_length);
  labels_append (labels, "=\"", 2);
  labels_append (labels, value, value_length);
  labels_append (labels, "\"", 1);
}

/* "peer operation" and "bgs createNote" word by word. */
static void
labels_add_words (Labels *labels, const char *names, const char *values)
{
  for (;;) {
    gsize name = strcspn (names, " ");
    gsize value = names[name] ? strcspn (values, " ") : strlen (values);

    labels_add (labels, names, name, values, value);
    if (!names[name] || !values[value])
      return;
    names += name + 1;
    values += value + 1;
  }
}

/* FALSE: this program does not tell the cell. */
static gboolean
label_cell (const MetricRow *row, guint index, Labels *labels)
{
  guint at[METRIC_LABELS_MAX] = { 0 };
  guint used = 0;

  while (used < METRIC_LABELS_MAX && row->labels[used])
    used++;
  for (guint i = used; i > 0; i--) {
    guint count = count_values (row->labels[i - 1]);

    at[i - 1] = index % count;
    index /= count;
    if (!is_told_here (row->labels[i - 1], at[i - 1]))
      return FALSE;
  }
  labels->length = 0;
  labels->text[0] = '\0';
  if (row->by_consumer)
    labels_add (labels, "consumer", strlen ("consumer"), program_name, strlen (program_name));
  for (guint i = 0; i < used; i++)
    labels_add_words (labels, row->labels[i]->names, value_text (row->labels[i], at[i]));
  return TRUE;
}

static void
append_number (GString *page, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE]; /* without the locale's decimal comma */

  if (isnan (value))
    g_string_append (page, "NaN");
  else if (isinf (value))
    g_string_append (page, value > 0 ? "+Inf" : "-Inf");
  else
    g_string_append (page, g_ascii_formatd (text, sizeof text, "%.15g", value));
}

static void
walk_histogram (MetricSample *sample, const Cell *cell, MetricVisitor visit, gpointer data)
{
  const char *plain = sample->labels;
  const gsize length = strlen (plain);
  gint64 cumulative = 0;

  for (guint i = 0; i < BUCKETS; i++) {
    g_autoptr (GString) labels = g_string_new_len (plain, (gssize)length);

    cumulative += cell->in_bucket ? cell->in_bucket[i] : 0;
    g_string_append_printf (labels, "%sle=\"", length > 0 ? "," : "");
    append_number (labels, i < BUCKETS - 1 ? (double)buckets_ms[i] / 1000 : INFINITY);
    g_string_append_c (labels, '"');
    sample->suffix = "_bucket";
    sample->labels = labels->str;
    sample->value = (double)cumulative;
    sample->last = cell->last ? &cell->last[i] : NULL;
    visit (sample, data);
  }
  sample->labels = plain;
  sample->suffix = "_sum";
  sample->value = (double)cell->sum_ms / 1000;
  sample->last = cell->last ? &cell->last[BUCKETS] : NULL;
  visit (sample, data);
  sample->suffix = "_count";
  sample->value = (double)cell->count;
  sample->last = cell->last ? &cell->last[BUCKETS + 1] : NULL;
  visit (sample, data);
}

static void
walk_cell (const MetricRow *row, const Cell *cell, const Labels *labels, MetricVisitor visit,
           gpointer data)
{
  MetricSample sample = { .row = row, .suffix = "", .labels = labels->text, .last = cell->last };

  if (row->kind == KIND_HISTOGRAM) {
    walk_histogram (&sample, cell, visit, data);
    return;
  }
  sample.value = row->kind == KIND_GAUGE ? gauge_of (cell) : (double)cell->count;
  visit (&sample, data);
}

void
metrics_walk (MetricVisitor visit, gpointer data, gboolean keeps_last)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&lock);

  if (program == 0)
    begin (NULL);
  for (Metric metric = 0; metric < METRICS; metric++) {
    const MetricRow *row = metric_row (metric);

    for (guint i = 0; is_row_told (row) && i < cell_counts[metric]; i++) {
      Cell *cell = &cells[metric][i];
      Labels labels;

      if ((row->comes_and_goes && !cell->is_set) || !label_cell (row, i, &labels))
        continue;
      if (keeps_last && !cell->last)
        cell->last = g_new0 (double, row->kind == KIND_HISTOGRAM ? BUCKETS + 2 : 1);
      walk_cell (row, cell, &labels, visit, data);
    }
  }
}

/* --- Prometheus text --- */

typedef struct {
  GString *text;
  const MetricRow *row; /* of the last sample */
} Page;

static void
render_sample (const MetricSample *sample, gpointer data)
{
  static const char *const kinds[] = { "counter", "gauge", "histogram" };
  Page *page = data;
  const MetricRow *row = sample->row;

  if (page->row != row)
    g_string_append_printf (page->text,
                            "# HELP " METRIC_PREFIX "%s %s\n# TYPE " METRIC_PREFIX "%s %s\n",
                            row->name, row->help, row->name, kinds[row->kind]);
  page->row = row;
  g_string_append_printf (page->text, METRIC_PREFIX "%s%s", row->name, sample->suffix);
  if (*sample->labels)
    g_string_append_printf (page->text, "{%s}", sample->labels);
  g_string_append_c (page->text, ' ');
  append_number (page->text, sample->value);
  g_string_append_c (page->text, '\n');
}

char *
metrics_render (void)
{
  Page page = { g_string_sized_new (32768), NULL };

  metrics_walk (render_sample, &page, FALSE);
  return g_string_free (page.text, FALSE);
}
