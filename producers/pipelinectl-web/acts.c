/* What a person does on the page, see acts.h. */
#include "acts.h"

#include <jansson.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "frame.h"
#include "html.h"
#include "operator/audit.h"
#include "operator/change.h"
#include "operator/dead-ends.h"
#include "operator/look.h"
#include "operator/redrive.h"
#include "operator/replay.h"
#include "operator/resolve.h"
#include "operator/revive-papers.h"
#include "operator/revive.h"

#define REDRIVES_MAX  500   /* of one plan */
#define REPLAYS_MAX   500   /* of one step of it */
#define STEP_US       20000 /* 50 a second */
#define ID_DIGITS_MAX 18

typedef struct {
  const ActRequest *request;
  Db *db;
  OperatorSeat seat; /* with the same connection */
  char *who, *reason;
  gboolean has_changed; /* out: it was not as planned any more */
} Doing;

/* A plan: { "lines": what would be done, "rows": which ones (may be absent), "count": 0: nothing
 * would be, and the lines say why, "state": what decides and is not shown }. */
typedef struct {
  const char *name, *title, *button;
  const char *const *fields; /* that say what it is done to */
  /* NULL without @error: there is nothing of that name. */
  json_t *(*plan) (Doing *doing, GError **error);
  /* A sentence, owned. NULL without @error: doing->has_changed. */
  char *(*apply) (Doing *doing, const json_t *plan, GError **error);
} Act;

static char *
field (const Doing *doing, const char *name)
{
  return http_query_text (doing->request->form, name);
}

static gint64
number_field (const Doing *doing, const char *name)
{
  g_autofree char *text = field (doing, name);
  gint64 number;

  return text && parse_int64 (text, 1, G_MAXINT64, &number) ? number : 0;
}

static json_t *
plan_of (const char *line, gint64 count)
{
  return json_pack ("{s:[s],s:I}", "lines", line, "count", (json_int_t)count);
}

static void
add_line (json_t *plan, char *line_taken)
{
  (void)json_array_append_new (json_object_get (plan, "lines"), json_string (line_taken));
  g_free (line_taken);
}

/* --- pause, resume --- */

static gboolean
is_paused (Doing *doing, const char *consumer, gboolean *ret_paused, GError **error)
{
  g_autoptr (json_t) paused = look_pauses (doing->db, error);

  *ret_paused = FALSE;
  for (gsize i = 0; i < json_array_size (paused); i++)
    *ret_paused |= g_strcmp0 (consumer, json_string_value (json_object_get (
                                            json_array_get (paused, i), "consumer"))) == 0;
  return paused != NULL;
}

static json_t *
plan_change (Doing *doing, gboolean is_pause, GError **error)
{
  g_autofree char *consumer = field (doing, "consumer"), *line = NULL;
  gboolean paused;

  if (!consumer || !look_is_consumer (consumer))
    return NULL;
  if (!is_paused (doing, consumer, &paused, error))
    return NULL;
  if (paused == is_pause)
    line = g_strdup_printf (is_pause ? "%s is paused already." : "%s is not paused.", consumer);
  else
    line = g_strdup_printf (
        is_pause ? "%s takes nothing new, in all its processes, until it is resumed; "
                   "what it has in hand goes on to its end."
                 : "%s goes on.",
        consumer);
  return plan_of (line, paused != is_pause);
}

static json_t *
plan_pause (Doing *doing, GError **error)
{
  return plan_change (doing, TRUE, error);
}

static json_t *
plan_resume (Doing *doing, GError **error)
{
  return plan_change (doing, FALSE, error);
}

static char *
apply_change (Doing *doing, ChangeKind kind, GError **error)
{
  g_autofree char *consumer = field (doing, "consumer");
  Change change = { .kind = kind, .subject = consumer, .who = doing->who, .reason = doing->reason };

  if (!change_make (doing->db, &change, error))
    return NULL;
  return g_strdup_printf (kind == CHANGE_PAUSE ? "%s is paused" : "%s goes on", consumer);
}

static char *
apply_pause (Doing *doing, const json_t *plan G_GNUC_UNUSED, GError **error)
{
  return apply_change (doing, CHANGE_PAUSE, error);
}

static char *
apply_resume (Doing *doing, const json_t *plan G_GNUC_UNUSED, GError **error)
{
  return apply_change (doing, CHANGE_RESUME, error);
}

/* --- retry now --- */

static json_t *
sent_children (const ReviveGroup *group)
{
  json_t *rows = json_array ();

  for (guint i = 0; group->proc_id && i < group->children->len; i++) {
    const ReviveChild *child = g_ptr_array_index (group->children, i);

    if (revive_sends_child (group, child))
      (void)json_array_append_new (rows, json_pack ("{s:I,s:s,s:s}", "claim_id",
                                                    (json_int_t)child->claim_id, "form_type",
                                                    child->form_type, "state", child->state));
  }
  return rows;
}

static json_t *
plan_retry (Doing *doing, GError **error)
{
  g_autofree char *guid = field (doing, "group");
  g_autoptr (GPtrArray) wanted = g_ptr_array_new ();
  g_autoptr (GHashTable) groups = NULL;
  const ReviveGroup *group;
  const char *why;
  ReviveKind kind;
  json_t *plan;

  if (!text_is_uuid (guid))
    return NULL;
  g_ptr_array_add (wanted, guid);
  groups = revive_groups_find (doing->db, wanted, error);
  group = groups ? g_hash_table_lookup (groups, guid) : NULL;
  if (!group)
    return NULL;
  kind = revive_decide (group, number_field (doing, "claim"), REDRIVE_REPLAYS_DEFAULT, &why);
  plan = plan_of (kind == REVIVE_SEND
                      ? "What is not finished of this group is sent on its way again now, and does "
                        "not wait for its retry. What is finished stays finished."
                      : why,
                  kind == REVIVE_SEND);
  if (kind == REVIVE_SEND)
    (void)json_object_set_new (plan, "rows", sent_children (group));
  (void)json_object_set_new (plan, "state", json_string (group->fingerprint));
  return plan;
}

static char *
apply_retry (Doing *doing, const json_t *plan, GError **error)
{
  g_autofree char *guid = field (doing, "group");
  ReviveOrder order = { .guid = guid,
                        .claim_id = number_field (doing, "claim"),
                        .replays_max = REDRIVE_REPLAYS_DEFAULT,
                        .fingerprint = json_string_value (json_object_get (plan, "state")),
                        .action = "retry now",
                        .subject = guid,
                        .who = doing->who,
                        .reason = doing->reason };
  GError *problem = NULL;

  if (operator_seat_transact (revive_group, &order, &doing->seat, &problem))
    return g_strdup ("It is on its way again");
  doing->has_changed = problem->domain == REVIVE_ERROR;
  if (doing->has_changed)
    g_error_free (problem);
  else
    g_propagate_error (error, problem);
  return NULL;
}

/* --- redrive --- */

static GPtrArray *
find_cases (Doing *doing, GError **error)
{
  g_auto (GStrv) topics = dead_ends_topics (doing->request->settings, DEAD_ENDS_OF_ALL_KINDS);
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autofree char *cause = field (doing, "cause");
  gint64 id = number_field (doing, "id");
  const RedriveQuestion question = {
    .topics = topics, .ids = ids, .cause = id ? NULL : cause, .replays_max = REDRIVE_REPLAYS_DEFAULT
  };

  if (!id && (!cause || !*cause))
    return g_ptr_array_new ();
  if (id)
    g_array_append_val (ids, id);
  return redrive_find (doing->db, &question, error);
}

/* Which are taken now, and what of the others. */
static json_t *
plan_of_cases (const GPtrArray *cases)
{
  gint64 count = 0, refused = 0;
  json_t *rows = json_array ();
  g_autoptr (GChecksum) state = g_checksum_new (G_CHECKSUM_SHA256);
  json_t *plan;

  for (guint i = 0; i < cases->len; i++) {
    const RedriveCase *it = g_ptr_array_index (cases, i);

    g_checksum_update (state, (const guchar *)(it->fingerprint ? it->fingerprint : "-"), -1);
    refused += !redrive_is_to_do (it);
    if (redrive_is_to_do (it) && count++ >= REDRIVES_MAX)
      continue;
    if (json_array_size (rows) < REDRIVES_MAX)
      (void)json_array_append_new (rows, redrive_tell (it, FALSE));
  }
  plan = json_pack ("{s:[],s:I,s:o,s:s}", "lines", "count", (json_int_t)MIN (count, REDRIVES_MAX),
                    "rows", rows, "state", g_checksum_get_string (state));
  add_line (plan, g_strdup_printf ("%" G_GINT64_FORMAT " of %u groups are sent on their way again.",
                                   MIN (count, REDRIVES_MAX), cases->len));
  if (refused > 0)
    add_line (plan, g_strdup_printf ("%" G_GINT64_FORMAT " may not; each says why.", refused));
  if (count > REDRIVES_MAX)
    add_line (plan, g_strdup_printf ("These are the first %d; the others come by doing this again.",
                                     REDRIVES_MAX));
  return plan;
}

static json_t *
plan_redrive (Doing *doing, GError **error)
{
  g_autoptr (GPtrArray) cases = find_cases (doing, error);

  if (!cases)
    return NULL;
  return cases->len > 0 ? plan_of_cases (cases)
                        : plan_of ("Nothing of that kind is left to redrive.", 0);
}

static char *
apply_redrive (Doing *doing, const json_t *plan G_GNUC_UNUSED, GError **error)
{
  const RedriveOrder order = { .transact = operator_seat_transact,
                               .owner = &doing->seat,
                               .who = doing->who,
                               .reason = doing->reason,
                               .replays_max = REDRIVE_REPLAYS_DEFAULT };
  g_autoptr (GPtrArray) cases = find_cases (doing, error);
  guint tried = 0, done = 0;

  for (guint i = 0; cases && i < cases->len && tried < REDRIVES_MAX; i++) {
    RedriveCase *it = g_ptr_array_index (cases, i);

    if (!redrive_is_to_do (it))
      continue;
    if (tried++ > 0)
      g_usleep (STEP_US);
    if (!redrive_one (&order, it, error))
      return NULL;
    done += it->is_done;
  }
  return cases ? g_strdup_printf ("%u groups are on their way again; %u had changed meanwhile",
                                  done, tried - done)
               : NULL;
}

/* --- replay --- */

static gboolean
find_facts (Doing *doing, const ReplayOffer *offer, ReviveFacts *ret_facts, GError **error)
{
  g_autoptr (GPtrArray) guids = g_ptr_array_new (), of_papers = g_ptr_array_new ();

  for (guint i = 0; i < offer->next->len; i++) {
    const ReplayRecord *record = g_ptr_array_index (offer->next, i);

    g_ptr_array_add (record->is_of_papers ? of_papers : guids, record->guid);
  }
  return revive_find_both (doing->db, guids, of_papers, ret_facts, error);
}

/* What apply would do with it now. */
static const char *
judge (const ReplayOffer *offer, const ReplayRecord *record, const ReviveFacts *facts,
       const char **ret_why)
{
  const ReviveStanding standing = revive_standing_of (facts, record->guid, record->is_of_papers);
  const char *now = revive_standing_fingerprint (&standing);
  ReviveKind kind =
      revive_standing_decide (&standing, record->claim_id, offer->replays_max, ret_why);

  if (now && !g_str_equal (now, record->fingerprint)) {
    *ret_why = "it has changed since it was planned";
    kind = REVIVE_REFUSE;
  }
  return revive_kind_name (kind);
}

static json_t *
rows_of_offer (const ReplayOffer *offer, const ReviveFacts *facts, gint64 *ret_refused)
{
  json_t *rows = json_array ();

  *ret_refused = 0;
  for (guint i = 0; i < offer->next->len; i++) {
    const ReplayRecord *record = g_ptr_array_index (offer->next, i);
    const char *why, *what = judge (offer, record, facts, &why);

    *ret_refused += g_str_equal (what, revive_kind_name (REVIVE_REFUSE));
    (void)json_array_append_new (
        rows,
        json_pack ("{s:I,s:s,s:o,s:s,s:s}", "id", (json_int_t)record->n, "group", record->guid,
                   "claim_id", record->claim_id ? json_integer (record->claim_id) : json_null (),
                   "what", what, "why", why));
  }
  return rows;
}

static json_t *
plan_of_offer (const ReplayOffer *offer, const ReviveFacts *facts)
{
  gint64 refused, count = offer->next->len;
  json_t *rows = rows_of_offer (offer, facts, &refused);
  json_t *plan = json_pack ("{s:[],s:I,s:o}", "lines", "count", (json_int_t)count, "rows", rows);

  add_line (plan, g_strdup_printf ("%s planned this at %s: %" G_GINT64_FORMAT
                                   " groups of %" G_GINT64_FORMAT " records, %" G_GINT64_FORMAT
                                   " calls, %" G_GINT64_FORMAT " looks.",
                                   offer->who, offer->at, offer->to_send, offer->records,
                                   offer->calls, offer->looks));
  add_line (plan, g_strdup_printf ("%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT
                                   " that are left are sent on their way again.",
                                   count - refused, offer->rest));
  if (refused > 0)
    add_line (plan,
              g_strdup_printf ("%" G_GINT64_FORMAT
                               " are refused and will not be sent by this plan; each says why.",
                               refused));
  if (offer->rest > count)
    add_line (plan, g_strdup_printf ("These are the first %d; the others come by doing this again.",
                                     REPLAYS_MAX));
  return plan;
}

static json_t *
plan_replay (Doing *doing, GError **error)
{
  g_autofree char *wanted = field (doing, "plan");
  g_autoptr (ReplayOffer) offer =
      wanted ? replay_offer_read (doing->db, wanted, REPLAYS_MAX, error) : NULL;
  g_auto (ReviveFacts) facts = { 0 };

  if (!offer)
    return NULL;
  if (offer->rest == 0)
    return plan_of ("All of this plan has been applied.", 0);
  return find_facts (doing, offer, &facts, error) ? plan_of_offer (offer, &facts) : NULL;
}

static char *
send_offered (Doing *doing, const ReplayOffer *offer, GError **error)
{
  const ReplayWork work = { .transact = operator_seat_transact,
                            .owner = &doing->seat,
                            .db = doing->db,
                            .plan = offer->plan,
                            .who = doing->who,
                            .reason = doing->reason,
                            .replays_max = offer->replays_max };
  guint counts[REPLAY_FAILED + 1] = { 0 };

  if (!replay_begin (&work, offer->records, offer->to_send, error))
    return NULL;
  for (guint i = 0; i < offer->next->len; i++) {
    if (i > 0)
      g_usleep (STEP_US);
    counts[replay_send (&work, g_ptr_array_index (offer->next, i), NULL, error)]++;
    if (counts[REPLAY_FAILED] > 0)
      return NULL;
  }
  if (offer->rest == offer->next->len && !replay_end (doing->db, offer->plan, error))
    return NULL;
  return g_strdup_printf (
      "%u groups are on their way again; %u were refused; %" G_GINT64_FORMAT " are left",
      counts[REPLAY_SENT], counts[REPLAY_REFUSED], offer->rest - offer->next->len);
}

static char *
apply_replay (Doing *doing, const json_t *plan G_GNUC_UNUSED, GError **error)
{
  g_autofree char *wanted = field (doing, "plan");
  g_autoptr (ReplayOffer) offer = replay_offer_read (doing->db, wanted, REPLAYS_MAX, error);

  if (offer && offer->rest > 0)
    return send_offered (doing, offer, error);
  doing->has_changed = !(error && *error);
  return NULL;
}

/* --- resolve --- */

static gboolean
is_id (const char *text)
{
  return text && *text && strlen (text) <= ID_DIGITS_MAX &&
         strspn (text, "0123456789") == strlen (text);
}

/* Only what somebody has seen is adopted here: for another one there is pipelinectl. */
static gboolean
read_answer (const Doing *doing, const char *adopted_id, Resolve *resolve)
{
  static const ResolveAnswer answers[] = { RESOLVE_ADOPT, RESOLVE_NOT_THERE, RESOLVE_AGAIN,
                                           RESOLVE_PAPER };
  g_autofree char *answer = field (doing, "answer");

  resolve->claim_id = number_field (doing, "claim");
  resolve->who = doing->who;
  resolve->reason = doing->reason;
  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    if (g_strcmp0 (answer, resolve_answer_name (answers[i])) == 0) {
      resolve->answer = answers[i];
      resolve->adopted_id = answers[i] == RESOLVE_ADOPT ? adopted_id : NULL;
      return resolve->claim_id > 0 && (answers[i] != RESOLVE_ADOPT || is_id (adopted_id));
    }
  return FALSE;
}

static json_t *
plan_answer (Doing *doing, Resolve *resolve, GError **error)
{
  GError *problem = NULL;
  g_autoptr (json_t) told = resolve_plan (doing->db, resolve, &problem);
  json_t *plan;

  if (problem && problem->domain == RESOLVE_ERROR) {
    plan = plan_of (problem->message, 0);
    g_error_free (problem);
    return plan;
  }
  if (problem)
    g_propagate_error (error, problem);
  if (!told)
    return NULL;
  plan = plan_of (json_string_value (json_object_get (told, "outcome")), 1);
  add_line (plan, g_strdup_printf ("%" JSON_INTEGER_FORMAT " claims behind it are freed.",
                                   json_integer_value (json_object_get (told, "behind"))));
  (void)json_object_set (plan, "rows", json_object_get (told, "holds"));
  (void)json_object_set_new (plan, "state", json_string (resolve->fingerprint));
  return plan;
}

static json_t *
plan_resolve (Doing *doing, GError **error)
{
  g_autofree char *adopted_id = field (doing, "adopt");
  Resolve resolve = { 0 };
  json_t *plan =
      read_answer (doing, adopted_id, &resolve) ? plan_answer (doing, &resolve, error) : NULL;

  resolve_clear (&resolve);
  return plan;
}

static char *
apply_resolve (Doing *doing, const json_t *plan G_GNUC_UNUSED, GError **error)
{
  g_autofree char *adopted_id = field (doing, "adopt");
  Resolve resolve = { 0 };
  g_autoptr (json_t) told =
      read_answer (doing, adopted_id, &resolve) ? plan_answer (doing, &resolve, error) : NULL;
  GError *problem = NULL;
  char *said = NULL;

  if (told && resolve.guid &&
      operator_seat_transact (resolve_claim, &resolve, &doing->seat, &problem))
    said = g_strdup_printf ("It is decided; %u claims behind it are freed", resolve.freed);
  else if (problem && problem->domain != RESOLVE_ERROR)
    g_propagate_error (error, g_steal_pointer (&problem));
  else
    doing->has_changed = !(error && *error);
  g_clear_error (&problem);
  resolve_clear (&resolve);
  return said;
}

/* --- Their table --- */

static const char *const of_consumer[] = { "consumer", NULL };
static const char *const of_retry[] = { "group", "claim", NULL };
static const char *const of_redrive[] = { "id", "cause", NULL };
static const char *const of_resolve[] = { "claim", "answer", "adopt", NULL };
static const char *const of_replay[] = { "plan", NULL };

static const Act acts[] = {
  { "pause", "Pause", "Pause it", of_consumer, plan_pause, apply_pause },
  { "resume", "Resume", "Resume it", of_consumer, plan_resume, apply_resume },
  { "retry", "Retry now", "Send it now", of_retry, plan_retry, apply_retry },
  { "redrive", "Redrive", "Send them on their way", of_redrive, plan_redrive, apply_redrive },
  { "replay", "Replay", "Apply it", of_replay, plan_replay, apply_replay },
  { "resolve", "Resolve", "Decide so", of_resolve, plan_resolve, apply_resolve },
};

static const Act *
find_act (const char *path)
{
  if (!g_str_has_prefix (path, ACTS_PATH))
    return NULL;
  for (guint i = 0; i < G_N_ELEMENTS (acts); i++)
    if (g_str_equal (path + strlen (ACTS_PATH), acts[i].name))
      return &acts[i];
  return NULL;
}

/* --- The two steps --- */

static void
put_fields (GString *page, const Act *act, const Doing *doing)
{
  for (const char *const *name = act->fields; *name; name++) {
    g_autofree char *value = field (doing, *name);

    if (value)
      html_put (page, "<input type=\"hidden\" name=\"%s\" value=\"%s\">", *name, value);
  }
}

static void
put_subject (GString *page, const Act *act, const Doing *doing)
{
  html_put (page, "<h1>%s <small>", act->title);
  for (const char *const *name = act->fields; *name; name++) {
    g_autofree char *value = field (doing, *name);

    if (value && *value)
      html_put (page, "%s %s ", *name, value);
  }
  html_put (page, "</small></h1>\n");
}

static void
put_rows (GString *page, const json_t *rows)
{
  static const Cell cells[] = {
    { "id", "id", CELL_NUMBER, NULL },
    { "group", "group", CELL_GROUP, NULL },
    { "claim_id", "claim", CELL_NUMBER, NULL },
    { "form_type", "form", CELL_TEXT, NULL },
    { "state", "state", CELL_STATE, NULL },
    { "cause", "cause", CELL_CODE, NULL },
    { "what", "what", CELL_TEXT, NULL },
    { "why", "why", CELL_TEXT, NULL },
    { "opened_at", "since", CELL_TIME, NULL },
    { "reason", "reason", CELL_TEXT, NULL },
    { "candidates", "seen at BGS", CELL_TEXT, NULL },
  };
  Cell used[G_N_ELEMENTS (cells) + 1] = { { NULL, NULL, CELL_TEXT, NULL } };
  guint count = 0;

  for (guint i = 0; i < G_N_ELEMENTS (cells); i++)
    if (json_object_get (json_array_get (rows, 0), cells[i].name))
      used[count++] = cells[i];
  if (count > 0)
    html_table (page, rows, used, "");
}

static char *
digest_of (const json_t *plan)
{
  char *text = json_dumps (plan, JSON_COMPACT | JSON_SORT_KEYS);
  char *digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);

  free (text); /* jansson's, not GLib's */
  return digest;
}

static char *
draw_plan (const Act *act, const Doing *doing, const json_t *plan, const char *notice)
{
  GString *page = page_begin (act->title, "", doing->request->caller);
  const json_t *lines = json_object_get (plan, "lines");
  g_autofree char *digest = digest_of (plan);

  put_subject (page, act, doing);
  if (notice)
    html_put (page, "<p class=\"worst bad\" role=\"alert\">%s.</p>\n", notice);
  html_put (page, "<div class=\"plan\">\n");
  for (gsize i = 0; i < json_array_size (lines); i++)
    html_put (page, "<p>%s</p>\n", json_string_value (json_array_get (lines, i)));
  html_put (page, "</div>\n");
  put_rows (page, json_object_get (plan, "rows"));
  if (json_integer_value (json_object_get (plan, "count")) > 0) {
    html_put (page,
              "<form class=\"plan\" method=\"post\" action=\"" ACTS_PATH "%s\">"
              "<input type=\"hidden\" name=\"csrf\" value=\"%s\">"
              "<input type=\"hidden\" name=\"digest\" value=\"%s\">",
              act->name, doing->request->caller->csrf, digest);
    put_fields (page, act, doing);
    html_put (page,
              "<label>Why <small>written down, with your name; at most %d characters, nothing "
              "personal</small><textarea name=\"reason\" required maxlength=\"%d\">%s</textarea>"
              "</label>\n<button class=\"bad\">%s</button></form>\n",
              REASON_MAX, REASON_MAX, doing->reason ? doing->reason : "", act->button);
  } else {
    html_put (page, "<p class=\"empty\">Nothing is done.</p>\n");
  }
  return page_end (page);
}

static char *
draw_done (const Act *act, const Doing *doing, const char *said)
{
  GString *page = page_begin (act->title, "", doing->request->caller);
  g_autofree char *group = field (doing, "group");

  put_subject (page, act, doing);
  html_put (page, "<p class=\"worst good\" role=\"status\">%s.</p>\n", said);
  if (group)
    html_put (page, "<p><a href=\"/groups/%s\">How the group stands</a></p>\n", group);
  return page_end (page);
}

static char *
draw_changed (const Act *act, Doing *doing, int *ret_status, GError **error)
{
  g_autoptr (json_t) plan = act->plan (doing, error);

  *ret_status = 409;
  if (plan)
    return draw_plan (act, doing, plan,
                      "Nothing was done: it has changed since you looked. This is how it stands "
                      "now");
  return error && *error
             ? NULL
             : page_problem ("Nothing was done: it is there no more", doing->request->caller);
}

static char *
take_step (const Act *act, Doing *doing, int *ret_status, GError **error)
{
  g_autoptr (json_t) plan = act->plan (doing, error);
  g_autofree char *digest = plan ? digest_of (plan) : NULL, *given = field (doing, "digest");
  g_autofree char *said = NULL;

  *ret_status = 200;
  if (!plan && error && *error)
    return NULL;
  if (!plan) {
    *ret_status = 404;
    return page_problem ("There is nothing of this name", doing->request->caller);
  }
  if (!given)
    return draw_plan (act, doing, plan, NULL);
  if (!g_str_equal (given, digest))
    return draw_changed (act, doing, ret_status, error);
  if (json_integer_value (json_object_get (plan, "count")) == 0)
    return draw_plan (act, doing, plan, NULL);
  if (!audit_is_reason (doing->reason)) {
    *ret_status = 422;
    return draw_plan (act, doing, plan,
                      text_is_blank (doing->reason)
                          ? "Nothing was done: say why"
                          : "Nothing was done: say why in fewer characters, and in none that "
                            "steers a terminal");
  }
  said = act->apply (doing, plan, error);
  if (said)
    return draw_done (act, doing, said);
  return doing->has_changed ? draw_changed (act, doing, ret_status, error) : NULL;
}

char *
acts_answer (const char *path, const ActRequest *request, int *ret_status, GError **error)
{
  const Act *act = find_act (path);
  Doing doing = { .request = request, .who = g_strconcat (request->caller->name, "@web", NULL) };
  char *page = NULL;

  doing.reason = field (&doing, "reason");
  doing.db = db_pool_take (request->pool, error);
  doing.seat = (OperatorSeat){ request->desk, doing.db };
  if (doing.db && act) {
    page = take_step (act, &doing, ret_status, error);
  } else if (doing.db) {
    *ret_status = 404;
    page = page_problem ("There is nothing of this name", request->caller);
  }
  db_pool_give (request->pool, doing.db);
  g_free (doing.who);
  g_free (doing.reason);
  return page;
}

void
acts_put_button (GString *page, const Caller *caller, const char *name, const char *label, ...)
{
  va_list pairs;
  const char *field_name;

  if (!caller->may_act)
    return;
  html_put (page,
            "<form method=\"post\" action=\"" ACTS_PATH "%s\"><input type=\"hidden\" name=\"csrf\" "
            "value=\"%s\">",
            name, caller->csrf);
  va_start (pairs, label);
  while ((field_name = va_arg (pairs, const char *))) {
    const char *value = va_arg (pairs, const char *);

    html_put (page, "<input type=\"hidden\" name=\"%s\" value=\"%s\">", field_name, value);
  }
  va_end (pairs);
  html_put (page, "<button>%s</button></form>\n", label);
}
