/* Counters, gauges and histograms of this process, in Prometheus text. Names: reference in the
 * README. Thread safe. Label values never hold personal data.
 *
 * At most 5000 series and 512 bytes of name and labels; what is over that, or uses one name for two
 * kinds, is dropped and counted in metrics_lost_total. */
#pragma once

#include <glib.h>

/* Label pairs: name, value, …, NULL, in any order. A counter never falls: by < 0 changes
 * nothing. */
void metrics_count (const char *name, gint64 by, ...) G_GNUC_NULL_TERMINATED;
void metrics_gauge (const char *name, double value, ...) G_GNUC_NULL_TERMINATED;
/* Histogram, in seconds outside */
void metrics_observe_ms (const char *name, gint64 ms, ...) G_GNUC_NULL_TERMINATED;
void metrics_describe (const char *name, const char *help); /* optional # HELP */
char *metrics_render (void);                                /* text/plain; version=0.0.4 */
/* For tests. Of a histogram: how many observations. 0 when absent. */
double metrics_value (const char *name, ...) G_GNUC_NULL_TERMINATED;
