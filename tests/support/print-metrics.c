/* Prints the table of metrics as JSON, for tests that hold others against it. */
#include <jansson.h>
#include <stdio.h>

#include "base/metric-table.h"

/* A word for each bit, the lowest first. */
static const char *const programs[] = { "proc-setup", "form-686c", "form-674",    "backup",
                                        "notify",     "claim-api", "pipelinectl", "evidence" };

static json_t *
names_of (guint mask)
{
  json_t *names = json_array ();

  for (guint i = 0; i < G_N_ELEMENTS (programs); i++)
    if (mask & metric_program (programs[i]))
      json_array_append_new (names, json_string (programs[i]));
  return names;
}

static json_t *
label_of (const MetricLabel *label)
{
  json_t *values = label->values ? json_array () : json_null ();

  for (guint i = 0; label->values && label->values[i].text; i++)
    json_array_append_new (
        values, json_pack ("{s:s, s:o}", "value", label->values[i].text, "programs",
                           names_of (label->values[i].programs ? label->values[i].programs
                                                               : PROGRAM_EVERY)));
  return json_pack ("{s:s, s:o}", "names", label->names, "values", values);
}

static json_t *
row_of (const MetricRow *row)
{
  static const char *const kinds[] = { "counter", "gauge", "histogram" };
  json_t *labels = json_array ();

  for (guint i = 0; i < METRIC_LABELS_MAX && row->labels[i]; i++)
    json_array_append_new (labels, label_of (row->labels[i]));
  return json_pack ("{s:s, s:s, s:s, s:s, s:o, s:b, s:b, s:o}", "name", row->name, "kind",
                    kinds[row->kind], "unit", row->unit, "help", row->help, "programs",
                    names_of (row->programs), "by_consumer", row->by_consumer, "comes_and_goes",
                    row->comes_and_goes, "labels", labels);
}

int
main (void)
{
  json_t *rows = json_array ();

  for (Metric metric = 0; metric < METRICS; metric++)
    json_array_append_new (rows, row_of (metric_row (metric)));
  if (json_dumpf (rows, stdout, JSON_INDENT (1)) != 0)
    return 1;
  json_decref (rows);
  return 0;
}
