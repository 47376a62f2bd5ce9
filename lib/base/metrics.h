/* Counters, gauges and histograms of this process: the rows of metric-table.h that it tells. Thread
 * safe. Label values never hold personal data.
 *
 * Values of labels come in the order of the row's labels, NULL-ended; one that the table does not
 * have becomes "other" where there is such a value, else it is lost, and counted as lost. */
#pragma once

#include "base/metric-table.h"

/* Which program this is: its series are there from here on, with 0. Without it all are. */
void metrics_start (const char *program);

/**
 * metrics_learn:
 * @label: one that the table leaves open: topics, tiers, partitions
 * @value: copied
 *
 * From here on its series are there; without this from its first use on. At most 256 of a label.
 */
void metrics_learn (const MetricLabel *label, const char *value);

/* A counter never falls: by < 0 changes nothing. */
void metrics_count (Metric metric, gint64 by, ...) G_GNUC_NULL_TERMINATED;
/* A counter that somebody else keeps, as it stands there. */
void metrics_set_count (Metric metric, gint64 count, ...) G_GNUC_NULL_TERMINATED;
void metrics_gauge (Metric metric, double value, ...) G_GNUC_NULL_TERMINATED;
/* A gauge that tells, whenever it is read, how many seconds there are until @at_s (Unix time);
 * below 0 once it is over. */
void metrics_seconds_until (Metric metric, gint64 at_s, ...) G_GNUC_NULL_TERMINATED;
/* One that comes and goes is not told any more. */
void metrics_forget (Metric metric, ...) G_GNUC_NULL_TERMINATED;
/* Histogram, in seconds outside */
void metrics_observe_ms (Metric metric, gint64 ms, ...) G_GNUC_NULL_TERMINATED;

char *metrics_render (void); /* text/plain; version=0.0.4 */
/* For tests. Of a histogram: how many observations. 0 when absent. */
double metrics_value (Metric metric, ...) G_GNUC_NULL_TERMINATED;

/* One number of one series, as it is told outside. */
typedef struct {
  const MetricRow *row;
  const char *suffix; /* of a histogram "_bucket", "_sum", "_count"; else "" */
  const char *labels; /* name="value",… as in /metrics; "" without any */
  double value;
  double *last; /* the visitor's own, 0 at first; NULL: it does not want any */
} MetricSample;
typedef void (*MetricVisitor) (const MetricSample *sample, gpointer data);
/* All of them, in the order of the table; @keeps_last: with a number beside each that stays. One
 * visitor of a process may want these. It is called with the lock held. */
void metrics_walk (MetricVisitor visit, gpointer data, gboolean keeps_last);
