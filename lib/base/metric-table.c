/* The table, see metric-table.h. Names and help texts are read by people at night: a name says what
 * is counted, the help what it means. */
#include "base/metric-table.h"

#include <string.h>

#define SETUP  PROGRAM_PROC_SETUP
#define FORMS  PROGRAM_FORMS
#define BACKUP PROGRAM_BACKUP
#define NOTIFY PROGRAM_NOTIFY
#define API    PROGRAM_CLAIM_API
#define PAPERS PROGRAM_EVIDENCE

#define VALUES(...)                                                                                \
  (const MetricValue[])                                                                            \
  {                                                                                                \
    __VA_ARGS__,                                                                                   \
    {                                                                                              \
      NULL, 0                                                                                      \
    }                                                                                              \
  }

/* --- Labels --- */

const MetricLabel metric_label_topic = { "topic", NULL };
const MetricLabel metric_label_tier = { "tier", NULL };
const MetricLabel metric_label_partition = { "partition", NULL };

static const MetricLabel version = { "version", VALUES ({ PROGRAM_VERSION, 0 }) };
static const MetricLabel level = { "level", VALUES ({ "debug", 0 }, { "info", 0 }, { "warning", 0 },
                                                    { "error", 0 }) };
static const MetricLabel trouble = {
  "kind", VALUES ({ "heartbeat", 0 }, { "table-lock", 0 }, { "outbox", 0 },
                  { "handler", PROGRAM_CONSUMERS }, { "take", PROGRAM_CONSUMERS },
                  { "settle", PROGRAM_CONSUMERS }, { "steps", PROGRAM_CONSUMERS },
                  { "own-steps", PROGRAM_CONSUMERS }, { "other", 0 })
};
static const MetricLabel lease = {
  "name", VALUES ({ "relay", 0 }, { "watch", 0 }, { "package-follower", BACKUP }, { "other", 0 })
};
static const MetricLabel connection_state = { "state", VALUES ({ "idle", 0 }, { "in-use", 0 }) };
static const MetricLabel table = { "table",
                                   VALUES ({ "inbox", 0 }, { "idempotency_keys", 0 }, { "runs", 0 },
                                           { "dead_ends", 0 }, { "instances", 0 }) };
static const MetricLabel why_lost = { "why", VALUES ({ "passed", 0 }, { "beyond-the-log", 0 },
                                                     { "before-the-log", 0 },
                                                     { "another-record", 0 }, { "other", 0 }) };
static const MetricLabel open_state = { "state", VALUES ({ "pending", 0 }, { "accepted", 0 },
                                                         { "failure", 0 }, { "processing", 0 }) };
static const MetricLabel result_event = {
  "subject state",
  VALUES ({ "group accepted", 0 }, { "group success", 0 }, { "group failure", 0 },
          { "group processing", 0 }, { "group failed", 0 }, { "claim pending", 0 },
          { "claim submitted", 0 }, { "claim dead", 0 }, { "claim stopped", 0 },
          { "claim held", 0 }, { "claim needs-person", 0 }, { "attempt pending", 0 },
          { "attempt unknown", 0 }, { "attempt submitted", 0 }, { "attempt failure", 0 },
          { "attempt sent", 0 }, { "attempt vbms", 0 }, { "step given-up", 0 },
          { "email requested", 0 }, { "email sent", 0 }, { "email deferred", 0 },
          { "email delivered", 0 }, { "email bounced", 0 }, { "email failed", 0 },
          { "email unknown", 0 }, { "email off", 0 }, { "paper stored", 0 }, { "paper refused", 0 },
          { "paper by-intake", 0 }, { "paper off", 0 }, { "other other", 0 })
};
static const MetricLabel monitoring_event = {
  "kind",
  VALUES ({ "set-up-success", 0 }, { "set-up-failure", 0 }, { "retry", 0 }, { "look-later", 0 },
          { "hold", 0 }, { "needs-person", 0 }, { "dead-letter", 0 }, { "quarantine", 0 },
          { "given-up", 0 }, { "orphan", 0 }, { "warning", 0 }, { "breaker-open", 0 },
          { "breaker-half-open", 0 }, { "breaker-closed", 0 }, { "record-lost", 0 },
          { "outbox-refused", 0 }, { "package-stopped", 0 }, { "package-healed", 0 },
          { "second-package", 0 }, { "attachment-left-out", 0 }, { "attachment-changed", 0 },
          { "benefit-claim-beside-package", 0 }, { "silent-failure", 0 },
          { "silent-failure-avoided", 0 }, { "silent-failure-avoided-unconfirmed", 0 },
          { "email-bounced", 0 }, { "email-failed", 0 }, { "email-unknown", 0 },
          { "papers-off", 0 }, { "papers-not-stored", 0 }, { "papers-twice", 0 },
          { "papers-other-md5", 0 }, { "other", 0 })
};
static const MetricLabel settled = { "outcome",
                                     VALUES ({ "success", 0 }, { "backup", 0 }, { "failure", 0 }) };
static const MetricLabel setup = { "outcome", VALUES ({ "success", 0 }, { "failure", 0 }) };
static const MetricLabel silent = { "outcome", VALUES ({ "happened", 0 }, { "avoided", 0 },
                                                       { "avoided_unconfirmed", 0 }) };
static const MetricLabel kafka_client = { "client", VALUES ({ "producer", 0 },
                                                            { "consumer", PROGRAM_CONSUMERS }) };
static const MetricLabel verdict = {
  "verdict", VALUES ({ "done", 0 }, { "retry", 0 }, { "later", 0 }, { "snooze", 0 }, { "hold", 0 },
                     { "dead", 0 }, { "quarantine", 0 }, { "stale", 0 })
};
static const MetricLabel last_verdict = {
  "verdict", VALUES ({ "done", 0 }, { "retry", 0 }, { "later", 0 }, { "hold", 0 }, { "dead", 0 },
                     { "quarantine", 0 }, { "stale", 0 })
};
static const MetricLabel dead_reason = { "reason", VALUES ({ "exhausted", 0 }, { "permanent", 0 },
                                                           { "undecodable", 0 }) };
/* What stands before the first '/' of a step's name. */
static const MetricLabel step = {
  "step",
  VALUES ({ "create-proc", SETUP }, { "create-proc-form", SETUP },
          { "create-veteran-participant", FORMS }, { "create-veteran-address", FORMS },
          { "create-veteran-person", FORMS }, { "create-veteran-phone", FORMS },
          { "create-participant", FORMS }, { "create-person", FORMS }, { "create-address", FORMS },
          { "create-relationship", FORMS }, { "create-school", FORMS }, { "create-student", FORMS },
          { "create-vnp-claim", FORMS }, { "find-regional-office", FORMS },
          { "find-location", FORMS }, { "find-increment", FORMS },
          { "find-benefit-claims", FORMS | BACKUP }, { "read-pension", FORMS | SETUP },
          { "insert-benefit-claim", FORMS }, { "update-vnp-claim", FORMS }, { "write-note", FORMS },
          { "close-proc", FORMS }, { "hold-proc", BACKUP }, { "create-location", BACKUP },
          { "put-package", BACKUP }, { "send-email", NOTIFY }, { "upload-paper", PAPERS },
          { "other", 0 })
};
static const MetricLabel step_outcome = { "outcome", VALUES ({ "ok", 0 }, { "failed", 0 },
                                                             { "unknown", 0 }, { "given-up", 0 }) };
static const MetricLabel call_outcome = { "outcome", VALUES ({ "finished", 0 }, { "failed", 0 },
                                                             { "unknown", 0 }) };
static const MetricLabel downstream = {
  "downstream",
  VALUES ({ "bgs", SETUP | FORMS | BACKUP }, { "bid", SETUP | FORMS | BACKUP },
          { "intake", BACKUP }, { "notify", NOTIFY }, { "evidence", PAPERS }, { "other", 0 })
};
static const MetricLabel breaker_change = { "to", VALUES ({ "open", 0 }, { "half-open", 0 },
                                                          { "closed", 0 }) };
static const MetricLabel peer_operation = {
  "peer operation",
  VALUES ({ "bgs vnpProcCreate", SETUP }, { "bgs vnpProcFormCreate", SETUP },
          { "bgs vnpProcFormFindByPrimaryKey", SETUP },
          { "bgs vnpProcFindByPrimaryKey", SETUP | FORMS | BACKUP },
          { "bgs vnpProcUpdate", FORMS | BACKUP }, { "bgs vnpPtcpntCreate", FORMS },
          { "bgs vnpPersonCreate", FORMS }, { "bgs vnpPersonFindByPrimaryKey", FORMS },
          { "bgs vnpPtcpntAddrsCreate", FORMS }, { "bgs vnpPtcpntPhoneCreate", FORMS },
          { "bgs vnpPtcpntRlnshpCreate", FORMS }, { "bgs vnpChildSchoolCreate", FORMS },
          { "bgs vnpChildStudentCreate", FORMS }, { "bgs vnpChildStudentFindByPrimaryKey", FORMS },
          { "bgs vnpBnftClaimCreate", FORMS }, { "bgs vnpBnftClaimUpdate", FORMS },
          { "bgs findBenefitClaimTypeIncrement", FORMS }, { "bgs insertBenefitClaim", FORMS },
          { "bgs findBnftClaim", FORMS | BACKUP },
          { "bgs findBnftClaimDetailByPtcpntId", FORMS | BACKUP },
          { "bgs findRegionalOffices", FORMS }, { "bgs GetRegionalOfficeByZipCode", FORMS },
          { "bgs createNote", FORMS }, { "bid pension", SETUP | FORMS },
          { "intake create", BACKUP }, { "intake put", BACKUP }, { "intake status", BACKUP },
          { "intake report", BACKUP }, { "notify email", NOTIFY }, { "evidence upload", PAPERS },
          { "evidence search", PAPERS }, { "other other", 0 })
};
static const MetricLabel paper_outcome = { "outcome",
                                           VALUES ({ "stored", PAPERS }, { "refused", PAPERS },
                                                   { "by-intake", BACKUP }, { "off", FORMS }) };
static const MetricLabel paper_open = { "state",
                                        VALUES ({ "pending", 0 }, { "refused", 0 }, { "off", 0 }) };
static const MetricLabel class = { "class", VALUES ({ "2xx", 0 }, { "3xx", 0 }, { "4xx", 0 },
                                                    { "5xx", 0 }, { "none", 0 }) };
static const MetricLabel mail_kind = { "kind", VALUES ({ "submitted", 0 }, { "in_progress", 0 },
                                                       { "received", 0 }, { "error", 0 },
                                                       { "error_again", 0 }) };
static const MetricLabel mail_outcome = { "outcome", VALUES ({ "sent", 0 }, { "duplicate", 0 },
                                                             { "disabled", 0 }, { "failed", 0 },
                                                             { "unknown", 0 }) };
static const MetricLabel delivery_outcome = {
  "outcome", VALUES ({ "delivered", 0 }, { "permanent_failure", 0 }, { "temporary_failure", 0 },
                     { "other", 0 })
};
static const MetricLabel mail_open = { "state", VALUES ({ "requested", 0 }, { "deferred", 0 },
                                                        { "unknown", 0 }) };
static const MetricLabel callback = { "outcome", VALUES ({ "moved", 0 }, { "repeated", 0 },
                                                         { "unknown", 0 }, { "other-id", 0 },
                                                         { "no-news", 0 }, { "not-kept", 0 }) };
static const MetricLabel method = { "method",
                                    VALUES ({ "GET", 0 }, { "POST", 0 }, { "other", 0 }) };
static const MetricLabel http_status = {
  "status", VALUES ({ "200", 0 }, { "400", 0 }, { "401", 0 }, { "403", 0 }, { "404", 0 },
                    { "405", 0 }, { "408", 0 }, { "409", 0 }, { "411", 0 }, { "413", 0 },
                    { "414", 0 }, { "415", 0 }, { "422", 0 }, { "429", 0 }, { "431", 0 },
                    { "500", 0 }, { "501", 0 }, { "503", 0 }, { "505", 0 }, { "other", 0 })
};
static const MetricLabel stranger = { "reason",
                                      VALUES ({ "no token", 0 }, { "unknown token", 0 }) };
static const MetricLabel press_verdict = {
  "verdict",
  VALUES ({ "fine", 0 }, { "no-document", 0 }, { "heic", 0 }, { "too-large", 0 },
          { "grown-too-large", 0 }, { "unreadable", 0 }, { "password", 0 }, { "no-pages", 0 },
          { "too-many-pages", 0 }, { "pages-missing", 0 }, { "page-too-large", 0 },
          { "dynamic-form", 0 }, { "portfolio", 0 }, { "field-not-drawn", 0 },
          { "image-too-large", 0 }, { "image-damaged", 0 }, { "image-unsupported", 0 },
          { "too-many-scans", 0 }, { "not-opened", 0 }, { "too-complex", 0 })
};
static const MetricLabel received = { "outcome", VALUES ({ "taken", 0 }, { "repeated", 0 },
                                                         { "refused", 0 }, { "not-now", 0 }) };
static const MetricLabel form_type = { "form_type", VALUES ({ "21-686C", 0 }, { "21-674", 0 }) };

/* --- Rows --- */

#define COUNTER(label, of, text, ...)                                                              \
  {                                                                                                \
    .name = label, .kind = KIND_COUNTER, .unit = "", .programs = of, .help = text, .labels = {     \
      __VA_ARGS__                                                                                  \
    }                                                                                              \
  }
#define GAUGE(label, measure, of, text, ...)                                                       \
  {                                                                                                \
    .name = label, .kind = KIND_GAUGE, .unit = measure, .programs = of, .help = text, .labels = {  \
      __VA_ARGS__                                                                                  \
    }                                                                                              \
  }
#define OF_CONSUMER(kind_, label, measure, text, ...)                                              \
  {                                                                                                \
    .name = label, .kind = kind_, .unit = measure, .programs = PROGRAM_CONSUMERS,                  \
    .by_consumer = TRUE, .help = text, .labels = {                                                 \
      __VA_ARGS__                                                                                  \
    }                                                                                              \
  }

static const MetricRow rows[METRICS] = {
  /* Every program */
  [METRIC_BUILD_INFO] = GAUGE ("build_info", "", PROGRAM_EVERY, "Always 1: what runs.", &version),
  [METRIC_METRICS_LOST] =
      COUNTER ("metrics_lost_total", PROGRAM_EVERY,
               "Values whose label is not in the table of metrics: a slip of the code.", NULL),
  [METRIC_LOG_LINES_DROPPED] =
      COUNTER ("log_lines_dropped_total", PROGRAM_EVERY,
               "Log lines that were dropped, for stderr was read too slowly.", &level),
  [METRIC_STATSD_LINES_DROPPED] =
      COUNTER ("statsd_lines_dropped_total", PROGRAM_EVERY,
               "DogStatsD lines that could not be sent at once, and were not waited for.", NULL),
  [METRIC_SPANS_SENT] = COUNTER ("spans_sent_total", PROGRAM_EVERY,
                                 "Spans that the receiver of traces has taken.", NULL),
  [METRIC_SPANS_DROPPED] =
      COUNTER ("spans_dropped_total", PROGRAM_EVERY,
               "Spans that were dropped, for the receiver of traces did not keep up.", NULL),
  [METRIC_TROUBLE] = GAUGE (
      "trouble", "", PROGRAM_EVERY,
      "1 while something stands in the way of this process's work, and it tries again.", &trouble),
  [METRIC_LEASE_HELD] = GAUGE ("lease_held", "", PROGRAM_EVERY,
                               "1: this process does the work that one of all does.", &lease),
  [METRIC_DATABASE_CLOCK_OFFSET] =
      GAUGE ("database_clock_offset_seconds", "seconds", PROGRAM_EVERY,
             "By how much the database's clock is ahead of this machine's.", NULL),
  [METRIC_DATABASE_CLOCK_ERROR] = GAUGE ("database_clock_error_seconds", "seconds", PROGRAM_EVERY,
                                         "By how much that may be wrong.", NULL),
  [METRIC_DATABASE_CONNECTIONS] =
      GAUGE ("database_connections", "", PROGRAM_EVERY,
             "Connections of this process's pool, without those of desks and housekeeping.",
             &connection_state),
  [METRIC_DATABASE_CONNECTIONS_MAX] =
      GAUGE ("database_connections_max", "", PROGRAM_EVERY, "How many it may open.", NULL),
  [METRIC_DATABASE_WAITERS] = GAUGE ("database_connection_waiters", "", PROGRAM_EVERY,
                                     "Threads that wait for a connection of the pool.", NULL),
  [METRIC_TOPICS_UNEQUAL] =
      GAUGE ("topics_unequal", "", PROGRAM_EVERY,
             "1: topics that are ordered by key had unequal partitions at the start.", NULL),
  [METRIC_OUTBOX_PUBLISHED] = COUNTER ("outbox_published_total", PROGRAM_EVERY,
                                       "Records that the broker has.", &metric_label_topic),
  [METRIC_OUTBOX_UNPUBLISHED] =
      GAUGE ("outbox_unpublished", "", PROGRAM_EVERY,
             "Records of this process that wait for their delivery report.", NULL),
  [METRIC_OUTBOX_REFUSALS] = COUNTER ("outbox_refused_total", PROGRAM_EVERY,
                                      "Records that their topic has refused, each try.", NULL),
  [METRIC_OUTBOX_RELAYED] = COUNTER ("outbox_relayed_total", PROGRAM_EVERY,
                                     "Records of dead processes that this one published.", NULL),
  [METRIC_OUTBOX_REFUSED] =
      GAUGE ("outbox_refused", "", PROGRAM_EVERY,
             "Records that their topic does not take; told by the relay.", NULL),
  [METRIC_OUTBOX_OLDEST] =
      GAUGE ("outbox_oldest_seconds", "seconds", PROGRAM_EVERY,
             "For how long the oldest record has waited to be published; told by the relay.", NULL),
  [METRIC_ROW_HELD] = COUNTER ("row_held_total", PROGRAM_EVERY,
                               "Times that a stranger held a row that is needed.", NULL),
  [METRIC_PURGED_ROWS] =
      COUNTER ("purged_rows_total", PROGRAM_EVERY, "Rows whose time is over, deleted.", &table),
  [METRIC_OLDEST_FOREIGN_TRANSACTION] =
      GAUGE ("oldest_foreign_transaction_seconds", "seconds", PROGRAM_EVERY,
             "For how long a stranger's transaction has stood open; told by the relay.", NULL),
  [METRIC_RECORDS_LOST] =
      COUNTER ("records_lost_total", PROGRAM_EVERY,
               "Records of claims under way that Kafka no longer had; they were sent again.",
               &metric_label_topic, &why_lost),
  [METRIC_CLAIMS_EXPECTED_MOVING] =
      GAUGE ("claims_expected_moving", "", PROGRAM_EVERY,
             "Claims that should be moving; told by the watch.", NULL),
  [METRIC_CLAIMS_NOT_JUDGED] =
      GAUGE ("claims_not_judged", "", PROGRAM_EVERY,
             "Claims of which the broker does not tell where their record is.", NULL),
  [METRIC_OLDEST_OPEN_GROUP] =
      GAUGE ("oldest_open_group_seconds", "seconds", PROGRAM_EVERY,
             "Since when the oldest claim group that has no end yet is under way.", NULL),
  [METRIC_OPEN_GROUPS] =
      GAUGE ("open_claim_groups", "", PROGRAM_EVERY,
             "Claim groups that have no end yet, by state (processing: on their way by paper).",
             &open_state),
  [METRIC_SETUPS_FAILED] =
      GAUGE ("setups_failed", "", PROGRAM_EVERY,
             "Claim groups whose set-up failed within the last hour, by the database.", NULL),
  [METRIC_NEEDS_PERSON] =
      GAUGE ("needs_person", "", PROGRAM_EVERY, "Claims that a person has to decide.", NULL),
  [METRIC_OLDEST_NEED] = GAUGE ("oldest_needs_person_seconds", "seconds", PROGRAM_EVERY,
                                "For how long the first of these has waited.", NULL),
  [METRIC_UNKNOWN_OUTCOMES] =
      GAUGE ("unknown_outcomes", "", PROGRAM_EVERY,
             "Calls that stand journalled as started for more than 5 min: nobody knows.", NULL),
  [METRIC_SILENT_FAILURES_OPEN] =
      GAUGE ("silent_failures_unacknowledged", "", PROGRAM_EVERY,
             "Veterans whose claim failed for good and whom no e-mail told, as far as nobody has "
             "acknowledged it; by the database.",
             NULL),
  [METRIC_PAPERS_OPEN] =
      GAUGE ("papers_open", "", PROGRAM_EVERY,
             "Papers of established claims that are not in the Veteran's folder: to be stored, "
             "refused there, "
             "or sent along while evidence is off (of the last day); by the database.",
             &paper_open),
  [METRIC_OLDEST_PAPER] = GAUGE ("oldest_paper_seconds", "seconds", PROGRAM_EVERY,
                                 "For how long the first of those to be stored has waited.", NULL),
  [METRIC_RESULT_EVENTS] =
      COUNTER ("result_events_total", PROGRAM_EVERY,
               "Changes of state that were told in claim-events.", &result_event),
  [METRIC_MONITORING_EVENTS] = COUNTER ("monitoring_events_total", PROGRAM_EVERY,
                                        "What was told in monitoring-events.", &monitoring_event),
  [METRIC_GROUPS_SETTLED] = COUNTER (
      "claim_groups_settled_total", PROGRAM_EVERY,
      "Claim groups that came to their end: at BGS, by paper (backup), or not at all.", &settled),
  [METRIC_SETUPS] = COUNTER ("setups_total", PROGRAM_EVERY,
                             "Set-ups of claim groups that came to their end.", &setup),
  [METRIC_SILENT_FAILURES] =
      COUNTER ("silent_failures_total", PROGRAM_EVERY,
               "Failures for good: nobody told the Veteran, the e-mail was delivered, or it is on "
               "its way.",
               &silent),
  [METRIC_KAFKA_BROKERS_UP] = GAUGE ("kafka_brokers_up", "", PROGRAM_EVERY,
                                     "Brokers that the client is connected to.", &kafka_client),
  [METRIC_KAFKA_ROUNDTRIP] =
      GAUGE ("kafka_roundtrip_p99_seconds", "seconds", PROGRAM_EVERY,
             "Of requests to brokers, the slowest broker's 99th percentile.", &kafka_client),
  [METRIC_KAFKA_REQUEST_TIMEOUTS] =
      COUNTER ("kafka_request_timeouts_total", PROGRAM_EVERY,
               "Requests to brokers without an answer in time.", &kafka_client),
  [METRIC_KAFKA_RETRANSMITS] = COUNTER ("kafka_retransmits_total", PROGRAM_EVERY,
                                        "Requests that the client sent again.", &kafka_client),
  [METRIC_KAFKA_DISCONNECTS] = COUNTER ("kafka_disconnects_total", PROGRAM_EVERY,
                                        "Connections to brokers that broke.", &kafka_client),
  [METRIC_KAFKA_QUEUED] =
      GAUGE ("kafka_queued_messages", "", PROGRAM_EVERY,
             "Records in the client's own queues, not sent yet or not taken yet.", &kafka_client),

  /* Consumers */
  [METRIC_MESSAGES] =
      OF_CONSUMER (KIND_COUNTER, "messages_total", "",
                   "Verdicts on records; a snooze is none of its attempts.", &verdict),
  [METRIC_MESSAGE_SECONDS] =
      OF_CONSUMER (KIND_HISTOGRAM, "message_seconds", "seconds",
                   "From the taking of a record to the commit of its verdict.", &last_verdict),
  [METRIC_DOUBLES] = OF_CONSUMER (KIND_COUNTER, "doubles_total", "",
                                  "Records that had been handled before.", NULL),
  [METRIC_TOKENS_LOST] =
      OF_CONSUMER (KIND_COUNTER, "tokens_lost_total", "",
                   "Settlements that were not written, for another process owns the work.", NULL),
  [METRIC_SETTLEMENTS_WAITED] =
      OF_CONSUMER (KIND_COUNTER, "settlements_waiting_total", "",
                   "Settlements that could not be written at once, each try.", NULL),
  [METRIC_SETTLEMENTS_WAITING] = OF_CONSUMER (KIND_GAUGE, "settlements_waiting", "",
                                              "Settlements that are tried again.", NULL),
  [METRIC_SETTLEMENTS_REFUSED] =
      OF_CONSUMER (KIND_COUNTER, "settlements_refused_total", "",
                   "Settlements that the database refused as decided.", NULL),
  [METRIC_RECORDS_IN_FLIGHT] =
      OF_CONSUMER (KIND_GAUGE, "records_in_flight", "", "Records that are worked on.", NULL),
  [METRIC_RECORDS_SNOOZING] = OF_CONSUMER (KIND_GAUGE, "records_snoozing", "",
                                           "Records that wait in memory for their turn.", NULL),
  [METRIC_DEAD_LETTERS] = OF_CONSUMER (
      KIND_COUNTER, "dead_letters_total", "",
      "Records given up: attempts used up, refused for good, or not readable.", &dead_reason),
  [METRIC_STEPS] =
      OF_CONSUMER (KIND_COUNTER, "steps_total", "",
                   "Calls of journalled steps, by what came of them.", &step, &step_outcome),
  [METRIC_STEPS_UNKNOWN] =
      OF_CONSUMER (KIND_COUNTER, "steps_unknown_total", "",
                   "Steps that were found started, and settled by looking.", &step),
  [METRIC_CALL_SECONDS] = OF_CONSUMER (KIND_HISTOGRAM, "call_duration_seconds", "seconds",
                                       "Duration of the calls of steps.", &call_outcome),
  [METRIC_BREAKER_STATE] =
      OF_CONSUMER (KIND_GAUGE, "breaker_state", "",
                   "0 closed, 1 half-open, 2 open, as this process knows it.", &downstream),
  [METRIC_BREAKER_CHANGES] =
      OF_CONSUMER (KIND_COUNTER, "breaker_changes_total", "", "Changes that this process made.",
                   &downstream, &breaker_change),
  [METRIC_LAG_MESSAGES] = { .name = "consumer_lag_messages",
                            .kind = KIND_GAUGE,
                            .unit = "messages",
                            .programs = PROGRAM_CONSUMERS,
                            .by_consumer = TRUE,
                            .comes_and_goes = TRUE,
                            .help = "Records of the source topic that are not handled yet.",
                            .labels = { &metric_label_partition } },
  [METRIC_LAG_SECONDS] =
      OF_CONSUMER (KIND_GAUGE, "consumer_lag_seconds", "seconds",
                   "For how long the oldest record that could be handled has waited; what is not "
                   "due yet does not count.",
                   NULL),
  [METRIC_TIER_MESSAGES] =
      OF_CONSUMER (KIND_GAUGE, "retry_tier_messages", "messages",
                   "Records that wait in a retry tier, due or not.", &metric_label_tier),
  [METRIC_TIER_NEXT_DUE] = OF_CONSUMER (
      KIND_GAUGE, "retry_tier_next_due_seconds", "seconds",
      "Until the next record of the tier is due; 0 when none waits.", &metric_label_tier),
  [METRIC_TIER_RECORDS] = OF_CONSUMER (KIND_COUNTER, "retry_tier_messages_total", "",
                                       "Records that went into a retry tier.", &metric_label_tier),
  [METRIC_RETRY_LATENESS] =
      OF_CONSUMER (KIND_HISTOGRAM, "retry_lateness_seconds", "seconds",
                   "By how much records of tiers were taken after they were due.", NULL),
  [METRIC_KAFKA_REBALANCES] = OF_CONSUMER (KIND_COUNTER, "kafka_rebalances_total", "",
                                           "Rebalances of the consumer group.", NULL),
  [METRIC_KAFKA_GROUP_STEADY] =
      OF_CONSUMER (KIND_GAUGE, "kafka_group_steady", "",
                   "1: this member has its assignment; 0: it is joining, or away.", NULL),
  [METRIC_KAFKA_PARTITIONS] = OF_CONSUMER (KIND_GAUGE, "kafka_partitions_assigned", "",
                                           "Partitions that this member has, tiers counted.", NULL),
  [METRIC_HTTP_REQUESTS] = COUNTER (
      "http_requests_total", PROGRAM_CONSUMERS,
      "Calls to others; class none: no answer, or none that can be read.", &peer_operation, &class),
  [METRIC_HTTP_SECONDS] = { .name = "http_request_seconds",
                            .kind = KIND_HISTOGRAM,
                            .unit = "seconds",
                            .programs = PROGRAM_CONSUMERS,
                            .help = "Their duration, answered or not.",
                            .labels = { &peer_operation } },
  [METRIC_CERTIFICATE_LEFT] = GAUGE (
      "bgs_certificate_left_seconds", "seconds", SETUP | FORMS | BACKUP,
      "For how long the client certificate read at the start still holds; 0 without one.", NULL),

  /* backup, notify */
  [METRIC_PACKAGE_REPORTS] = COUNTER ("package_reports_total", BACKUP,
                                      "Answers to the question what became of packages.", NULL),
  [METRIC_PACKAGES_STOPPED] =
      GAUGE ("packages_stopped", "", BACKUP, "Packages that wait for a person's release.", NULL),
  [METRIC_PACKAGES_NOT_KNOWN] =
      GAUGE ("packages_not_known", "", BACKUP,
             "Packages whose guid the service does not know, though it has given it out.", NULL),
  [METRIC_PACKAGES_WITHOUT_NEWS] =
      GAUGE ("packages_without_news", "", BACKUP,
             "Packages whose turn to be asked for is over for an hour, or that no answer has named "
             "for more than a week.",
             NULL),
  [METRIC_LOCATION_SECONDS] = { .name = "intake_location_seconds",
                                .kind = KIND_HISTOGRAM,
                                .unit = "seconds",
                                .programs = BACKUP,
                                .help = "How old a location was, of the 900 s that it is good "
                                        "for, when its package was accepted.",
                                .labels = { NULL } },
  [METRIC_PAPERS] =
      COUNTER ("papers_total", FORMS | PAPERS | BACKUP,
               "Papers of established claims, by what became of them.", &paper_outcome),
  [METRIC_EMAILS] = COUNTER ("emails_total", NOTIFY, "E-mails, by what came of the sending.",
                             &mail_kind, &mail_outcome),
  [METRIC_EMAIL_DELIVERIES] =
      COUNTER ("email_deliveries_total", NOTIFY | API,
               "E-mails, by what was reported of their delivery.", &mail_kind, &delivery_outcome),
  [METRIC_EMAILS_OPEN] = GAUGE (
      "emails_open", "", NOTIFY,
      "E-mails that were asked for and not sent yet, that wait at a mailbox, or of which nobody "
      "knows (of the last day); by the database.",
      &mail_open),
  [METRIC_OLDEST_EMAIL] = GAUGE ("oldest_email_seconds", "seconds", NOTIFY,
                                 "For how long the first of those not sent yet has waited.", NULL),
  [METRIC_CALLBACKS] = COUNTER ("notify_callbacks_total", API,
                                "Callbacks of VA Notify, by what came of them.", &callback),

  /* claim-api */
  [METRIC_API_REQUESTS] =
      COUNTER ("claim_api_requests_total", API, "Requests answered, by method and status.", &method,
               &http_status),
  [METRIC_API_SECONDS] = { .name = "claim_api_request_seconds",
                           .kind = KIND_HISTOGRAM,
                           .unit = "seconds",
                           .programs = API,
                           .help = "Time from a request's last byte to its answer.",
                           .labels = { &method } },
  [METRIC_API_STRANGERS] = COUNTER ("claim_api_strangers_total", API,
                                    "Requests without a valid token, by reason.", &stranger),
  [METRIC_API_TOKENS] =
      GAUGE ("claim_api_tokens", "", API, "Tokens that may come in; 0: nobody can.", NULL),
  [METRIC_API_ATTACHMENTS] = COUNTER ("claim_api_attachments_total", API,
                                      "Attachments looked at, by verdict.", &press_verdict),
  [METRIC_API_SPOOLED] = GAUGE ("claim_api_spooled_bytes", "bytes", API,
                                "Bytes of attachments that are on their way in.", NULL),
  [METRIC_CLAIMS_RECEIVED] = COUNTER (
      "claims_received_total", API,
      "Submissions: taken, a repetition of one taken before, refused, or not now.", &received),
  [METRIC_GROUPS_CREATED] =
      COUNTER ("claim_groups_created_total", API, "Claim groups stored.", NULL),
  [METRIC_CLAIMS_CREATED] =
      COUNTER ("claims_created_total", API, "Child claims stored.", &form_type),
};

const MetricRow *
metric_row (Metric metric)
{
  return &rows[metric];
}

guint
metric_program (const char *name)
{
  static const struct {
    const char *name;
    guint bit;
  } programs[] = {
    { "proc-setup", PROGRAM_PROC_SETUP },   { "form-686c", PROGRAM_FORM_686C },
    { "form-674", PROGRAM_FORM_674 },       { "backup", PROGRAM_BACKUP },
    { "notify", PROGRAM_NOTIFY },           { "claim-api", PROGRAM_CLAIM_API },
    { "pipelinectl", PROGRAM_PIPELINECTL }, { "evidence", PROGRAM_EVIDENCE },
  };

  for (guint i = 0; name && i < G_N_ELEMENTS (programs); i++)
    if (strcmp (programs[i].name, name) == 0)
      return programs[i].bit;
  return PROGRAM_EVERY;
}
