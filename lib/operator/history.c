/* A claim group's history, see history.h. */
#include "operator/history.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "kafka/log-view.h"
#include "operator/history.sql.h"
#include "operator/outlook.h"
#include "program/topics.h"

#define BROKER_MS     5000
#define READ_MAX      10000
#define INSTANCE_S    30
#define ID_DIGITS_MAX 18

json_t *
history_find (Db *db, const char *id, GError **error)
{
  gint64 number;
  g_autoptr (DbRows) rows = NULL;
  json_t *found;

  if (text_is_uuid (id))
    rows = db_query (db, error, SQL_GROUPS_OF_UUID, "t", id);
  else if (strlen (id) <= ID_DIGITS_MAX && parse_int64 (id, 1, G_MAXINT64, &number))
    rows = db_query (db, error, SQL_GROUPS_OF_NUMBER, "i", number);
  else
    return json_array ();
  if (!rows)
    return NULL;
  found = json_array ();
  for (guint i = 0; i < db_rows_count (rows); i++)
    (void)json_array_append_new (found,
                                 json_pack ("{s:s,s:s}", "what", db_rows_text (rows, i, "what"),
                                            "guid", db_rows_text (rows, i, "guid")));
  return found;
}

/* --- What the broker says of the records --- */

typedef struct {
  KafkaLogView *view;
  KafkaWanted *wanted;
  const char *consumer; /* borrowed from the table of topics */
} Asked;

static void
asked_free (gpointer data)
{
  Asked *asked = data;

  if (!asked)
    return;
  kafka_log_view_free (asked->view);
  if (asked->wanted)
    kafka_wanted_free (asked->wanted);
  g_free (asked);
}

typedef struct {
  Db *db;
  const Settings *settings;
  GPtrArray *topics; /* of Topic * */
  DbRows *group, *scopes, *papers, *emails, *breakers, *alive, *paused, *packages;
  GPtrArray *asked;  /* of Asked *, one a row of scopes; NULL where there is no place */
  char *broker_said; /* why it did not answer; NULL: it did */
} History;

static void
history_clear (History *history)
{
  g_clear_pointer (&history->topics, g_ptr_array_unref);
  g_clear_pointer (&history->group, db_rows_free);
  g_clear_pointer (&history->scopes, db_rows_free);
  g_clear_pointer (&history->papers, db_rows_free);
  g_clear_pointer (&history->emails, db_rows_free);
  g_clear_pointer (&history->breakers, db_rows_free);
  g_clear_pointer (&history->alive, db_rows_free);
  g_clear_pointer (&history->paused, db_rows_free);
  g_clear_pointer (&history->packages, db_rows_free);
  g_clear_pointer (&history->asked, g_ptr_array_unref);
  g_clear_pointer (&history->broker_said, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (History, history_clear)

/* Whose source or tier a topic is; NULL: nobody's. */
static const char *
consumer_of (const History *history, const char *full_name)
{
  const char *prefix = settings_text (history->settings, "topic-prefix");
  const Topic *topic = g_str_has_prefix (full_name, prefix)
                           ? topics_find (history->topics, full_name + strlen (prefix))
                           : NULL;

  return !topic ? NULL : topic->consumer ? topic->consumer : topic->reader;
}

static Asked *
asked_new (const History *history, guint row)
{
  const char *topic = db_rows_text (history->scopes, row, "topic");
  Asked *asked;

  if (!topic || db_rows_is_null (history->scopes, row, "record_offset"))
    return NULL;
  asked = g_new0 (Asked, 1);
  asked->view = kafka_log_view_new (topic, (int)db_rows_int (history->scopes, row, "partition"));
  asked->consumer = consumer_of (history, topic);
  asked->wanted = g_new0 (KafkaWanted, 1);
  asked->wanted->topic = asked->view->topic;
  asked->wanted->partition = asked->view->partition;
  asked->wanted->offset = db_rows_int (history->scopes, row, "record_offset");
  return asked;
}

static gboolean
ask_committed (const History *history, Asked *asked, GError **error)
{
  g_autoptr (GPtrArray) views = g_ptr_array_new ();
  g_autofree char *group = NULL;

  if (!asked->consumer)
    return TRUE;
  group = g_strconcat (settings_text (history->settings, "topic-prefix"), asked->consumer, NULL);
  g_ptr_array_add (views, asked->view);
  return kafka_log_view_ask_committed (history->settings, group, views, BROKER_MS, error);
}

static gboolean
ask_each (History *history, KafkaReader *reader, GError **error)
{
  g_autoptr (GPtrArray) wanted = g_ptr_array_new ();

  for (guint i = 0; i < history->asked->len; i++) {
    Asked *asked = g_ptr_array_index (history->asked, i);

    if (!asked)
      continue;
    if (!kafka_log_view_ask_ends (reader, asked->view, BROKER_MS, error) ||
        !ask_committed (history, asked, error))
      return FALSE;
    if (asked->view->low <= asked->wanted->offset && asked->wanted->offset < asked->view->high)
      g_ptr_array_add (wanted, asked->wanted);
  }
  return wanted->len == 0 || kafka_reader_read (reader, wanted, READ_MAX, BROKER_MS, error);
}

/* A place has no ends until it has been asked about: nothing is known of it. */
static void
ask_broker (History *history, gboolean is_asked)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KafkaReader) reader = NULL;
  gboolean has_places = FALSE;

  history->asked = g_ptr_array_new_with_free_func (asked_free);
  for (guint i = 0; i < db_rows_count (history->scopes); i++) {
    Asked *asked = asked_new (history, i);

    has_places |= asked != NULL;
    g_ptr_array_add (history->asked, asked);
  }
  if (!has_places || !is_asked)
    return;
  reader = kafka_reader_new (history->settings, &error);
  if (!reader || !ask_each (history, reader, &error))
    history->broker_said = g_strdup (error->message);
}

/* Whether the record that was published there lies there; FALSE too when nobody knows. */
static gboolean
lies_there (const History *history, guint row, gboolean *ret_known)
{
  const Asked *asked = g_ptr_array_index (history->asked, row);
  g_autoptr (GBytes) packed = db_rows_bytes (history->scopes, row, "headers");
  g_autoptr (KafkaHeaders) published = packed ? kafka_headers_unpack (packed) : NULL;

  *ret_known = asked && !history->broker_said && asked->view->high >= 0;
  if (!*ret_known)
    return FALSE;
  if (asked->wanted->offset < asked->view->low || asked->wanted->offset >= asked->view->high)
    return FALSE;
  *ret_known = asked->wanted->is_answered;
  return asked->wanted->headers &&
         (!published || g_strcmp0 (kafka_headers_get (asked->wanted->headers, "dp-message-id"),
                                   kafka_headers_get (published, "dp-message-id")) == 0);
}

/* --- Who works on it --- */

/* Whom a consumer calls first, as its descriptor says: while that one's breaker is open it takes
 * nothing. */
static const char *
downstream_of (const char *consumer)
{
  return g_str_equal (consumer, "backup")   ? "intake"
         : g_str_equal (consumer, "notify") ? "notify"
                                            : "bgs";
}

static gboolean
is_group_row (guint row)
{
  return row == 0;
}

static const char *
worker_of (const History *history, guint row)
{
  const char *form = db_rows_text (history->scopes, row, "form_id");

  if (is_group_row (row))
    return g_str_equal (db_rows_text (history->group, 0, "state"), "accepted") ? "proc-setup"
                                                                               : "backup";
  return g_str_equal (form, "21-686C") ? "form-686c" : "form-674";
}

static gboolean
is_among (const DbRows *programs, const char *program)
{
  for (guint i = 0; i < db_rows_count (programs); i++)
    if (g_str_equal (db_rows_text (programs, i, "program"), program))
      return TRUE;
  return FALSE;
}

static void
add_breaker (const History *history, OutlookWork *work)
{
  for (guint i = 0; i < db_rows_count (history->breakers); i++) {
    const char *downstream = db_rows_text (history->breakers, i, "downstream");

    if (!g_str_equal (downstream, downstream_of (work->consumer)) ||
        g_str_equal (db_rows_text (history->breakers, i, "state"), "closed"))
      continue;
    work->breaker = downstream;
    work->opened_ms = db_rows_int (history->breakers, i, "opened_ms");
    work->probe_ms = db_rows_int (history->breakers, i, "probe_ms");
  }
}

/* Its consumer's limits, as far as its settings are those of whoever asks. */
static void
add_settled (const History *history, OutlookWork *work)
{
  if (!work->open_step || !g_str_equal (downstream_of (work->consumer), "bgs") ||
      !settings_has (history->settings, "bgs-read-timeout-ms"))
    return;
  work->settled_ms = work->step_ms + settings_number (history->settings, "bgs-read-timeout-ms") +
                     settings_number (history->settings, "unknown-settle-ms");
}

static void
add_broker (const History *history, guint row, OutlookWork *work)
{
  const Asked *asked = g_ptr_array_index (history->asked, row);
  gboolean is_known;
  gboolean is_there = lies_there (history, row, &is_known);

  work->is_asked = is_known;
  work->is_gone = is_known && !is_there;
  if (!is_known)
    return;
  work->is_passed = asked->view->committed > asked->wanted->offset;
  work->behind = asked->wanted->offset - MAX (asked->view->committed, asked->view->low);
}

/* Of its claims, not of papers that a folder did not take. */
static gboolean
has_package (const History *history)
{
  for (guint i = 0; i < db_rows_count (history->packages); i++)
    if (!db_rows_boolean (history->packages, i, "is_of_papers"))
      return TRUE;
  return FALSE;
}

/* What a person is asked about need not be what its consumer would do next: an e-mail that nobody
 * knows of, a record that is lost. */
static const char *
name_of_held (const History *history)
{
  const char *state = db_rows_text (history->group, 0, "state");

  if (g_str_equal (state, "accepted") && db_rows_is_null (history->group, 0, "proc_id"))
    return "the set-up";
  if ((g_str_equal (state, "failure") || g_str_equal (state, "processing")) &&
      has_package (history))
    return "the package";
  return "the group";
}

static char *
name_of (const History *history, guint row)
{
  if (is_group_row (row) && !db_rows_is_null (history->scopes, row, "hold_reason"))
    return g_strdup (name_of_held (history));
  if (is_group_row (row))
    return g_strdup (g_str_equal (worker_of (history, row), "backup") ? "the package"
                                                                      : "the set-up");
  return g_strdup_printf ("%s %" G_GINT64_FORMAT, db_rows_text (history->scopes, row, "form_id"),
                          db_rows_int (history->scopes, row, "claim_id"));
}

static OutlookWork
work_of (const History *history, guint row, const char *name)
{
  const DbRows *rows = history->scopes;
  gint64 claim_id = db_rows_int (rows, row, "claim_id");
  OutlookWork work = {
    .name = name,
    .consumer = worker_of (history, row),
    .state = db_rows_text (rows, row, "state"),
    .claim_id = claim_id,
    .benefit_claim_id = db_rows_text (rows, row, "bgs_claim_id"),
    .is_closer = db_rows_int (history->group, 0, "closer") == claim_id &&
                 g_str_equal (db_rows_text (history->group, 0, "state"), "accepted"),
    .hold_reason = db_rows_text (rows, row, "hold_reason"),
    .behind_claim_id = db_rows_int (rows, row, "behind_claim_id"),
    .held_ms = db_rows_int (rows, row, "held_ms"),
    .topic = db_rows_text (rows, row, "topic"),
    .partition = db_rows_int (rows, row, "partition"),
    .offset = db_rows_int (rows, row, "record_offset"),
    .is_in_outbox = db_rows_boolean (rows, row, "is_in_outbox"),
    .is_in_hand = db_rows_boolean (rows, row, "is_in_hand"),
    .due_ms = db_rows_int (rows, row, "due_ms"),
    .attempts = db_rows_int (rows, row, "wait_attempt"),
    .error_class = db_rows_text (rows, row, "wait_class"),
    .is_look = db_rows_boolean (rows, row, "is_look"),
    .snoozing_ms = db_rows_int (rows, row, "snoozing_ms"),
    .open_step = db_rows_text (rows, row, "open_step"),
    .step_ms = db_rows_int (rows, row, "step_ms"),
    .is_alive = is_among (history->alive, worker_of (history, row)),
    .is_paused = is_among (history->paused, worker_of (history, row)),
  };

  add_breaker (history, &work);
  add_settled (history, &work);
  add_broker (history, row, &work);
  return work;
}

/* Whether that row's work is the group's to speak of. */
static gboolean
counts (const History *history, guint row)
{
  const char *state = db_rows_text (history->group, 0, "state");
  gboolean is_set_up = !db_rows_is_null (history->group, 0, "proc_id");

  if (g_str_equal (state, "accepted"))
    return is_group_row (row) ? !is_set_up || !db_rows_is_null (history->scopes, row, "hold_reason")
                              : is_set_up;
  if (g_str_equal (state, "failure"))
    return is_group_row (row);
  return is_group_row (row) && !db_rows_is_null (history->scopes, row, "hold_reason");
}

/* --- As JSON --- */

static json_t *
time_or_null (gint64 ms)
{
  g_autofree char *text = ms ? clock_format_iso (ms) : NULL;

  return text ? json_string (text) : json_null ();
}

static json_t *
text_or_null (const char *text)
{
  return text ? json_string (text) : json_null ();
}

static json_t *
record_of (const History *history, guint row)
{
  const Asked *asked = g_ptr_array_index (history->asked, row);
  gboolean is_known;
  gboolean is_there = lies_there (history, row, &is_known);

  if (db_rows_is_null (history->scopes, row, "topic"))
    return json_null ();
  return json_pack ("{s:s,s:I,s:o,s:o,s:o,s:o}", "topic",
                    db_rows_text (history->scopes, row, "topic"), "partition",
                    (json_int_t)db_rows_int (history->scopes, row, "partition"), "offset",
                    db_rows_is_null (history->scopes, row, "record_offset")
                        ? json_null ()
                        : json_integer (db_rows_int (history->scopes, row, "record_offset")),
                    "published_at", time_or_null (db_rows_int (history->scopes, row, "written_ms")),
                    "is_there", is_known ? json_boolean (is_there) : json_null (), "committed",
                    is_known && asked->view->committed >= 0 ? json_integer (asked->view->committed)
                                                            : json_null ());
}

static json_t *
wait_of (const History *history, guint row)
{
  const DbRows *rows = history->scopes;

  if (db_rows_is_null (rows, row, "wait_topic"))
    return json_null ();
  return json_pack ("{s:s,s:s,s:o,s:I,s:b,s:s,s:s}", "consumer",
                    db_rows_text (rows, row, "wait_consumer"), "topic",
                    db_rows_text (rows, row, "wait_topic"), "due_at",
                    time_or_null (db_rows_int (rows, row, "due_ms")), "attempts",
                    (json_int_t)db_rows_int (rows, row, "wait_attempt"), "is_look",
                    (int)db_rows_boolean (rows, row, "is_look"), "error_class",
                    db_rows_text (rows, row, "wait_class"), "error_message",
                    db_rows_text (rows, row, "wait_message"));
}

static json_t *
hold_of (const History *history, guint row)
{
  const DbRows *rows = history->scopes;
  const char *candidates = db_rows_text (rows, row, "candidates");

  if (db_rows_is_null (rows, row, "hold_reason"))
    return json_null ();
  return json_pack ("{s:s,s:o,s:o,s:o}", "reason", db_rows_text (rows, row, "hold_reason"),
                    "opened_at", time_or_null (db_rows_int (rows, row, "held_ms")), "behind",
                    db_rows_is_null (rows, row, "behind_claim_id")
                        ? json_null ()
                        : json_integer (db_rows_int (rows, row, "behind_claim_id")),
                    "candidates", candidates ? json_loads (candidates, 0, NULL) : json_null ());
}

static json_t *
claim_of (const History *history, guint row)
{
  const DbRows *rows = history->scopes;

  return json_pack ("{s:I,s:s,s:s,s:o,s:o,s:o,s:o,s:b}", "claim_id",
                    (json_int_t)db_rows_int (rows, row, "claim_id"), "form_type",
                    db_rows_text (rows, row, "form_id"), "state", db_rows_text (rows, row, "state"),
                    "benefit_claim_id", text_or_null (db_rows_text (rows, row, "bgs_claim_id")),
                    "record", record_of (history, row), "waits", wait_of (history, row), "held",
                    hold_of (history, row), "in_hand",
                    (int)db_rows_boolean (rows, row, "is_in_hand"));
}

/* --- Now and Next --- */

typedef struct {
  GString *now, *next;
  json_t *each;
} Sentences;

static void
add_outlook (Sentences *sentences, gint64 claim_id, const Outlook *outlook)
{
  g_string_append_printf (sentences->now, "%s%s", sentences->now->len ? "; " : "", outlook->now);
  g_string_append_printf (sentences->next, "%s%s", sentences->next->len ? "; " : "", outlook->next);
  (void)json_array_append_new (sentences->each,
                               json_pack ("{s:o,s:s,s:s,s:o}", "claim_id",
                                          claim_id ? json_integer (claim_id) : json_null (), "now",
                                          outlook->now, "next", outlook->next, "at",
                                          time_or_null (outlook->next_ms)));
}

static gboolean
add_group (const History *history, Sentences *sentences)
{
  const DbRows *packages = history->packages;
  guint count = db_rows_count (packages), last = count - 1;
  OutlookPackage package = { 0 };
  Outlook outlook = { 0 };

  /* Papers that a folder did not take say nothing of a group that is established. */
  if (count > 0 && db_rows_boolean (packages, last, "is_of_papers"))
    count = 0;
  if (count > 0)
    package = (OutlookPackage){ .uuid = db_rows_text (packages, last, "uuid"),
                                .status = db_rows_text (packages, last, "intake_status"),
                                .sent_ms = db_rows_int (packages, last, "sent_ms"),
                                .ask_ms = db_rows_int (packages, last, "ask_ms"),
                                .is_stopped = db_rows_boolean (packages, last, "is_stopped") };
  outlook_of_group (db_rows_text (history->group, 0, "state"), count > 0 ? &package : NULL,
                    &outlook);
  add_outlook (sentences, 0, &outlook);
  outlook_clear (&outlook);
  return TRUE;
}

/* What is left of its papers, beside all else: they go on when the group is long a success. */
static void
add_papers (const History *history, Sentences *sentences)
{
  const DbRows *rows = history->papers;
  OutlookPapers papers = { 0 };
  Outlook outlook = { 0 };

  for (guint i = 0; i < db_rows_count (rows); i++) {
    const char *state = db_rows_text (rows, i, "state");
    gboolean is_settled = db_rows_boolean (rows, i, "is_settled");

    papers.pending += g_str_equal (state, "pending");
    papers.refused += g_str_equal (state, "refused") && !is_settled;
    papers.given_up += g_str_equal (state, "refused") && is_settled;
    papers.by_intake += db_rows_boolean (rows, i, "is_in_package");
    papers.off += g_str_equal (state, "off");
    papers.consumer = db_rows_text (rows, i, "wait_consumer");
    papers.topic = db_rows_text (rows, i, "wait_topic");
    papers.error_class = db_rows_text (rows, i, "wait_class");
    papers.due_ms = db_rows_int (rows, i, "due_ms");
    papers.attempts = db_rows_int (rows, i, "wait_attempt");
  }
  if (outlook_of_papers (&papers, db_rows_int (history->group, 0, "now_ms"), &outlook))
    add_outlook (sentences, 0, &outlook);
  outlook_clear (&outlook);
}

static json_t *
papers_of (const History *history)
{
  const DbRows *rows = history->papers;
  json_t *papers = json_array ();

  for (guint i = 0; i < db_rows_count (rows); i++)
    (void)json_array_append_new (
        papers, json_pack ("{s:I,s:I,s:o,s:o,s:s,s:o,s:o}", "number",
                           (json_int_t)db_rows_int (rows, i, "number"), "claim_id",
                           (json_int_t)db_rows_int (rows, i, "claim_id"), "form_type",
                           text_or_null (db_rows_text (rows, i, "form_type")), "attachment",
                           db_rows_is_null (rows, i, "attachment")
                               ? json_null ()
                               : json_integer (db_rows_int (rows, i, "attachment")),
                           "state", db_rows_text (rows, i, "state"), "error_class",
                           text_or_null (db_rows_text (rows, i, "error_class")), "uuid",
                           text_or_null (db_rows_text (rows, i, "uuid"))));
  return papers;
}

/* Its ledger's row is known, not where its record lies. */
static OutlookWork
work_of_email (const History *history, guint row, const char *name)
{
  const DbRows *rows = history->emails;
  OutlookWork work = {
    .name = name,
    .consumer = "notify",
    .topic = db_rows_text (rows, row, "wait_topic"),
    .due_ms = db_rows_int (rows, row, "due_ms"),
    .attempts = db_rows_int (rows, row, "wait_attempt"),
    .error_class = db_rows_text (rows, row, "wait_class"),
    .is_look = db_rows_boolean (rows, row, "is_look"),
    .open_step = db_rows_text (rows, row, "open_step"),
    .step_ms = db_rows_int (rows, row, "step_ms"),
    .is_alive = is_among (history->alive, "notify"),
    .is_paused = is_among (history->paused, "notify"),
  };

  add_breaker (history, &work);
  return work;
}

/* Beside what the group is doing, for whom it is over while they wait. */
static json_t *
emails_of (const History *history)
{
  const DbRows *rows = history->emails;
  json_t *emails = json_array ();

  for (guint i = 0; i < db_rows_count (rows); i++) {
    const char *kind = db_rows_text (rows, i, "kind");
    gint64 asked_ms = db_rows_int (rows, i, "asked_ms");
    g_autofree char *name = g_strdup_printf ("e-mail %s", kind);
    OutlookWork work = work_of_email (history, i, name);
    Outlook outlook = { 0 };

    outlook_of_email (&work, asked_ms, db_rows_int (history->group, 0, "now_ms"), &outlook);
    (void)json_array_append_new (
        emails, json_pack ("{s:I,s:s,s:o,s:s,s:s,s:o}", "claim_id",
                           (json_int_t)db_rows_int (rows, i, "claim_id"), "kind", kind, "asked_at",
                           time_or_null (asked_ms), "now", outlook.now, "next", outlook.next, "at",
                           time_or_null (outlook.next_ms)));
    outlook_clear (&outlook);
  }
  return emails;
}

static void
add_now_and_next (const History *history, json_t *document)
{
  Sentences sentences = { g_string_new (NULL), g_string_new (NULL), json_array () };

  for (guint i = 0; i < db_rows_count (history->scopes); i++) {
    g_autofree char *name = name_of (history, i);
    OutlookWork work = work_of (history, i, name);
    Outlook outlook = { 0 };

    if (!counts (history, i))
      continue;
    outlook_of_work (&work, db_rows_int (history->group, 0, "now_ms"), &outlook);
    add_outlook (&sentences, is_group_row (i) ? 0 : work.claim_id, &outlook);
    outlook_clear (&outlook);
  }
  if (sentences.now->len == 0)
    add_group (history, &sentences);
  add_papers (history, &sentences);
  (void)json_object_set_new (document, "outlook", sentences.each);
  (void)json_object_set_new (document, "now", json_string (sentences.now->str));
  (void)json_object_set_new (document, "next", json_string (sentences.next->str));
  g_string_free (sentences.now, TRUE);
  g_string_free (sentences.next, TRUE);
}

static json_t *
timeline_of (const DbRows *rows, gboolean may_reveal)
{
  json_t *timeline = json_array ();

  for (guint i = 0; i < db_rows_count (rows); i++) {
    const char *detail = db_rows_text (rows, i, "detail");
    const char *free_text = may_reveal ? db_rows_text (rows, i, "free") : NULL;
    json_t *line = json_pack (
        "{s:o,s:s,s:o,s:s}", "at", time_or_null (db_rows_int (rows, i, "at_ms")), "kind",
        db_rows_text (rows, i, "kind"), "claim_id",
        db_rows_is_null (rows, i, "claim_id") ? json_null ()
                                              : json_integer (db_rows_int (rows, i, "claim_id")),
        "what", db_rows_text (rows, i, "what"));

    if (detail && *detail)
      (void)json_object_set_new (line, "detail", json_string (detail));
    if (free_text)
      (void)json_object_set_new (line, "reason", json_string (free_text));
    (void)json_array_append_new (timeline, line);
  }
  return timeline;
}

static json_t *
document_of (const History *history, const DbRows *timeline, gboolean may_reveal)
{
  json_t *claims = json_array ();
  json_t *document;

  for (guint i = 1; i < db_rows_count (history->scopes); i++)
    (void)json_array_append_new (claims, claim_of (history, i));
  document = json_pack (
      "{s:s,s:I,s:s,s:o,s:o,s:o,s:I,s:o,s:o,s:o,s:o,s:o}", "group",
      db_rows_text (history->group, 0, "guid"), "claim_id",
      (json_int_t)db_rows_int (history->group, 0, "parent_claim_id"), "state",
      db_rows_text (history->group, 0, "state"), "submitted_at",
      time_or_null (db_rows_int (history->group, 0, "submitted_ms")), "submitted_by",
      text_or_null (db_rows_text (history->group, 0, "submitted_by")), "proc_id",
      text_or_null (db_rows_text (history->group, 0, "proc_id")), "replay",
      (json_int_t)db_rows_int (history->group, 0, "replay"), "record", record_of (history, 0),
      "waits", wait_of (history, 0), "held", hold_of (history, 0), "claims", claims, "timeline",
      timeline_of (timeline, may_reveal));
  (void)json_object_set_new (document, "papers", papers_of (history));
  (void)json_object_set_new (document, "emails", emails_of (history));
  (void)json_object_set_new (document, "broker", text_or_null (history->broker_said));
  add_now_and_next (history, document);
  return document;
}

json_t *
history_read (Db *db, const Settings *settings, const char *guid, HistoryWishes wishes,
              GError **error)
{
  g_auto (History) history = { .db = db, .settings = settings, .topics = topics_table (NULL) };
  g_autoptr (DbRows) own = db_query (db, error, SQL_HISTORY_ROW_OF_GROUP, "t", guid);
  g_autoptr (DbRows) timeline = NULL;
  gint64 row_id;

  if (!own || db_rows_count (own) == 0)
    return NULL;
  row_id = db_rows_int (own, 0, "id");
  history.group = db_query (db, error, SQL_HISTORY_GROUP, "t", guid);
  if (!history.group)
    return NULL;
  history.scopes = db_query (db, error, SQL_HISTORY_SCOPES, "ti", guid, row_id);
  history.papers =
      history.scopes ? db_query (db, error, SQL_HISTORY_PAPERS, "it", row_id, guid) : NULL;
  history.emails = history.papers ? db_query (db, error, SQL_HISTORY_EMAILS, "i",
                                              db_rows_int (history.group, 0, "parent_claim_id"))
                                  : NULL;
  history.breakers = history.emails ? db_query (db, error, SQL_HISTORY_BREAKERS, "") : NULL;
  history.alive = history.breakers
                      ? db_query (db, error, SQL_HISTORY_ALIVE, "i", (gint64)INSTANCE_S * 1000)
                      : NULL;
  history.paused = history.alive ? db_query (db, error, SQL_HISTORY_PAUSED, "") : NULL;
  history.packages =
      history.paused ? db_query (db, error, SQL_HISTORY_PACKAGES, "i", row_id) : NULL;
  timeline = history.packages ? db_query (db, error, SQL_HISTORY_TIMELINE, "tii", guid, row_id,
                                          db_rows_int (history.group, 0, "parent_claim_id"))
                              : NULL;
  if (!timeline)
    return NULL;
  ask_broker (&history, wishes & HISTORY_ASKS_BROKER);
  return document_of (&history, timeline, wishes & HISTORY_REVEALS);
}
