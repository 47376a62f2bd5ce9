/* The one table of what this system tells in numbers: name, kind, unit, help, labels, the values
 * that each label may have, and which programs tell it.
 *
 * /metrics, DogStatsD, the alert rules and the dashboard are all held against it by
 * tests/integration/monitoring. A row that is added here exists at once, with 0, in every program
 * that it names; a value that is not here is not told, but counted as lost. */
#pragma once

#include <glib.h>

#define METRIC_PREFIX         "dependents_" /* of /metrics */
#define METRIC_DATADOG_PREFIX "dependents." /* of DogStatsD, before the same name */

typedef enum {
  /* Every program */
  METRIC_BUILD_INFO,
  METRIC_METRICS_LOST,
  METRIC_LOG_LINES_DROPPED,
  METRIC_STATSD_LINES_DROPPED,
  METRIC_SPANS_SENT,
  METRIC_SPANS_DROPPED,
  METRIC_TROUBLE,
  METRIC_LEASE_HELD,
  METRIC_DATABASE_CLOCK_OFFSET,
  METRIC_DATABASE_CLOCK_ERROR,
  METRIC_DATABASE_CONNECTIONS,
  METRIC_DATABASE_CONNECTIONS_MAX,
  METRIC_DATABASE_WAITERS,
  METRIC_TOPICS_UNEQUAL,
  METRIC_OUTBOX_PUBLISHED,
  METRIC_OUTBOX_UNPUBLISHED,
  METRIC_OUTBOX_REFUSALS,
  METRIC_OUTBOX_RELAYED,
  METRIC_OUTBOX_REFUSED,
  METRIC_OUTBOX_OLDEST,
  METRIC_ROW_HELD,
  METRIC_PURGED_ROWS,
  METRIC_OLDEST_FOREIGN_TRANSACTION,
  METRIC_RECORDS_LOST,
  METRIC_CLAIMS_EXPECTED_MOVING,
  METRIC_CLAIMS_NOT_JUDGED,
  METRIC_OLDEST_OPEN_GROUP,
  METRIC_OPEN_GROUPS,
  METRIC_SETUPS_FAILED,
  METRIC_NEEDS_PERSON,
  METRIC_OLDEST_NEED,
  METRIC_UNKNOWN_OUTCOMES,
  METRIC_SILENT_FAILURES_OPEN,
  METRIC_PAPERS_OPEN,
  METRIC_OLDEST_PAPER,
  METRIC_RESULT_EVENTS,
  METRIC_MONITORING_EVENTS,
  METRIC_GROUPS_SETTLED,
  METRIC_SETUPS,
  METRIC_SILENT_FAILURES,
  METRIC_KAFKA_BROKERS_UP,
  METRIC_KAFKA_ROUNDTRIP,
  METRIC_KAFKA_REQUEST_TIMEOUTS,
  METRIC_KAFKA_RETRANSMITS,
  METRIC_KAFKA_DISCONNECTS,
  METRIC_KAFKA_QUEUED,
  /* Consumers */
  METRIC_MESSAGES,
  METRIC_MESSAGE_SECONDS,
  METRIC_DOUBLES,
  METRIC_TOKENS_LOST,
  METRIC_SETTLEMENTS_WAITED,
  METRIC_SETTLEMENTS_WAITING,
  METRIC_SETTLEMENTS_REFUSED,
  METRIC_RECORDS_IN_FLIGHT,
  METRIC_RECORDS_SNOOZING,
  METRIC_DEAD_LETTERS,
  METRIC_STEPS,
  METRIC_STEPS_UNKNOWN,
  METRIC_CALL_SECONDS,
  METRIC_BREAKER_STATE,
  METRIC_BREAKER_CHANGES,
  METRIC_LAG_MESSAGES,
  METRIC_LAG_SECONDS,
  METRIC_TIER_MESSAGES,
  METRIC_TIER_NEXT_DUE,
  METRIC_TIER_RECORDS,
  METRIC_RETRY_LATENESS,
  METRIC_KAFKA_REBALANCES,
  METRIC_KAFKA_GROUP_STEADY,
  METRIC_KAFKA_PARTITIONS,
  METRIC_HTTP_REQUESTS,
  METRIC_HTTP_SECONDS,
  METRIC_CERTIFICATE_LEFT,
  /* backup, notify */
  METRIC_PACKAGE_REPORTS,
  METRIC_PACKAGES_STOPPED,
  METRIC_PACKAGES_NOT_KNOWN,
  METRIC_PACKAGES_WITHOUT_NEWS,
  METRIC_LOCATION_SECONDS,
  METRIC_PAPERS,
  METRIC_EMAILS,
  METRIC_EMAIL_DELIVERIES,
  METRIC_EMAILS_OPEN,
  METRIC_OLDEST_EMAIL,
  METRIC_CALLBACKS,
  /* claim-api */
  METRIC_API_REQUESTS,
  METRIC_API_SECONDS,
  METRIC_API_STRANGERS,
  METRIC_API_TOKENS,
  METRIC_API_ATTACHMENTS,
  METRIC_API_SPOOLED,
  METRIC_CLAIMS_RECEIVED,
  METRIC_GROUPS_CREATED,
  METRIC_CLAIMS_CREATED,
  METRICS,
} Metric;

typedef enum {
  PROGRAM_PROC_SETUP = 1 << 0,
  PROGRAM_FORM_686C = 1 << 1,
  PROGRAM_FORM_674 = 1 << 2,
  PROGRAM_BACKUP = 1 << 3,
  PROGRAM_NOTIFY = 1 << 4,
  PROGRAM_CLAIM_API = 1 << 5,
  PROGRAM_PIPELINECTL = 1 << 6,
  PROGRAM_EVIDENCE = 1 << 7,
  PROGRAM_FORMS = PROGRAM_FORM_686C | PROGRAM_FORM_674,
  PROGRAM_CONSUMERS =
      PROGRAM_PROC_SETUP | PROGRAM_FORMS | PROGRAM_BACKUP | PROGRAM_NOTIFY | PROGRAM_EVIDENCE,
  PROGRAM_EVERY = PROGRAM_CONSUMERS | PROGRAM_CLAIM_API | PROGRAM_PIPELINECTL,
} MetricProgram;

typedef enum { KIND_COUNTER, KIND_GAUGE, KIND_HISTOGRAM } MetricKind;

/* @programs 0: every program that tells the metric. */
typedef struct {
  const char *text;
  guint programs;
} MetricValue;

/* One label, or several that belong together: names with blanks between them, and as many words in
 * each value. A value that is not listed becomes the last one where that is "other". */
typedef struct {
  const char *names;
  const MetricValue *values; /* ends with NULL; NULL: learned at the start (metrics_learn()) */
} MetricLabel;

#define METRIC_LABELS_MAX 2

typedef struct {
  const char *name; /* without prefix */
  MetricKind kind;
  const char *unit; /* "" is a plain number; else the name says so, and of a histogram "seconds" */
  guint programs;
  gboolean by_consumer;    /* has the label "consumer": who tells it */
  gboolean comes_and_goes; /* a gauge that is there while it is set: of a partition that is ours */
  const char *help;
  const MetricLabel *labels[METRIC_LABELS_MAX]; /* a learned one is the first */
} MetricRow;

const MetricRow *metric_row (Metric metric);
/* Its bit; of a program that is not of this house (a test's): every bit. */
guint metric_program (const char *name);

extern const MetricLabel metric_label_topic, metric_label_tier, metric_label_partition;
