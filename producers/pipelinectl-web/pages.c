/* The pages, see pages.h. Times are the database's, in UTC. */
#include "pages.h"

#include <string.h>

#include "acts.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "frame.h"
#include "html.h"
#include "http/server.h"
#include "kafka/client.h"
#include "operator/dead-ends.h"
#include "operator/groups.h"
#include "operator/history.h"
#include "operator/look.h"
#include "program/topics.h"

#define ROWS 50

/* --- What they share --- */

char *
page_value (const PageRequest *request, const char *name)
{
  char *value = http_query_text (request->query, name);

  if (value && *value == '\0')
    g_clear_pointer (&value, g_free);
  return value;
}

static gint64
number_value (const PageRequest *request, const char *name)
{
  g_autofree char *text = page_value (request, name);
  gint64 number;

  return text && parse_int64 (text, 1, G_MAXINT64, &number) ? number : 0;
}

static gboolean
wants (const PageRequest *request, const char *name)
{
  g_autofree char *text = page_value (request, name);

  return g_strcmp0 (text, "yes") == 0;
}

static json_t *
under (const char *name, json_t *rows_taken)
{
  return rows_taken ? json_pack ("{s:o}", name, rows_taken) : NULL;
}

static void
put_heading (GString *page, const char *title, const char *beside)
{
  html_put (page, "<h1>%s", title);
  if (beside)
    html_put (page, " <small>%s</small>", beside);
  html_put (page, "</h1>\n");
}

/* A link to the next page of a list: the query with another value of @name. */
static void
put_more (GString *page, const char *path, const char *const *pairs, const char *name,
          const char *value)
{
  html_put (page, "<p class=\"more\"><a href=\"%s?", path);
  for (; *pairs; pairs += 2) {
    g_autofree char *part = pairs[1] ? html_url_part (pairs[1]) : NULL;

    if (part)
      html_put (page, "%s=%s&amp;", pairs[0], part);
  }
  {
    g_autofree char *part = html_url_part (value);

    html_put (page, "%s=%s\">Older</a></p>\n", name, part);
  }
}

/* The id from which the next page of a list by id goes on; 0: there is none. */
static gint64
last_id (const json_t *rows)
{
  gsize count = json_array_size (rows);

  return count < ROWS ? 0 : look_number (json_array_get (rows, count - 1), "id");
}

/* --- / --- */

static const Cell cells_of_waiting[] = {
  { "consumer", "consumer", CELL_TEXT, NULL }, { "topic", "tier", CELL_CODE, NULL },
  { "downstream", "for", CELL_TEXT, NULL },    { "count", "waiting", CELL_NUMBER, NULL },
  { "overdue", "overdue", CELL_NUMBER, NULL }, { "next_due", "next due", CELL_TIME, NULL },
  { "last_due", "last due", CELL_TIME, NULL }, { NULL, NULL, CELL_TEXT, NULL },
};
static const Cell cells_of_breakers[] = {
  { "downstream", "downstream", CELL_TEXT, NULL },
  { "state", "state", CELL_STATE, NULL },
  { "opened_at", "last opened", CELL_TIME, NULL },
  { "next_probe", "next probe", CELL_TIME, NULL },
  { "failures", "failures now", CELL_NUMBER, NULL },
  { NULL, NULL, CELL_TEXT, NULL },
};
static const Cell cells_of_instances[] = {
  { "program", "program", CELL_TEXT, NULL },
  { "heartbeat_age_s", "heartbeat", CELL_SECONDS, NULL },
  { "in_flight", "in flight", CELL_NUMBER, NULL },
  { "snoozing", "snoozing", CELL_NUMBER, NULL },
  { "is_paused", "paused", CELL_FLAG, NULL },
  { NULL, NULL, CELL_TEXT, NULL },
};
static const Cell cells_of_newest_holds[] = {
  { "opened_at", "since", CELL_TIME, NULL },
  { "group", "group", CELL_GROUP, NULL },
  { "reason", "reason", CELL_TEXT, "/groups?reason=" },
  { NULL, NULL, CELL_TEXT, NULL },
};
static const Cell cells_of_causes[] = {
  { "cause", "cause", CELL_CODE, "/dead-letters?cause=" },
  { "count", "records", CELL_NUMBER, NULL },
  { "last_at", "last", CELL_TIME, NULL },
  { NULL, NULL, CELL_TEXT, NULL },
};

static gboolean
add (json_t *document, const char *name, json_t *value_taken)
{
  return value_taken && json_object_set_new (document, name, value_taken) == 0;
}

static json_t *
read_overview (const PageRequest *request, GError **error)
{
  g_autoptr (json_t) document = json_object ();
  g_auto (GStrv) topics = dead_ends_topics (request->settings, DEAD_LETTERS);
  g_autofree char *worst = NULL;
  const char *about;

  if (!add (document, "waiting", look_waiting (request->db, error)) ||
      !add (document, "overview",
            look_overview (request->db, json_object_get (document, "waiting"), error)) ||
      !add (document, "holds", look_holds (request->db, 0, 5, error)) ||
      !add (document, "dead_letters", dead_ends_count (request->db, topics, error)) ||
      !add (document, "breakers", look_breakers (request->db, error)) ||
      !add (document, "consumers", look_consumers (request->db, error)) ||
      !add (document, "minutes", minutes_read (request->minutes, request->db, error)))
    return NULL;
  worst = look_worst (
      json_object_get (document, "overview"), json_object_get (document, "consumers"),
      json_object_get (document, "breakers"), json_object_get (document, "waiting"), &about);
  (void)json_object_set_new (document, "worst", json_string (worst));
  (void)json_object_set_new (document, "about", about ? json_string (about) : json_null ());
  return g_steal_pointer (&document);
}

static void
put_worst (GString *page, const json_t *document)
{
  const char *about = look_text (document, "about");

  if (about)
    html_put (page, "<p class=\"worst bad\"><a href=\"%s%s\">%s.</a></p>\n",
              g_str_equal (about, "breakers") ? "#" : "/", about, look_text (document, "worst"));
  else
    html_put (page, "<p class=\"worst good\">%s.</p>\n", look_text (document, "worst"));
}

static void
put_figure (GString *page, const char *link, const char *name, gint64 figure, gboolean is_bad)
{
  html_put (page, "<li%s><a href=\"%s\"><b>%" G_GINT64_FORMAT "</b> <span>%s</span></a></li>\n",
            is_bad && figure > 0 ? " class=bad" : "", link, figure, name);
}

static void
put_figures (GString *page, const json_t *overview)
{
  const json_t *groups = json_object_get (overview, "groups");

  html_put (page, "<ul class=\"figures\">\n");
  for (gsize i = 0; i < json_array_size (groups); i++) {
    const json_t *group = json_array_get (groups, i);
    g_autofree char *link = g_strconcat ("/groups?state=", look_text (group, "state"), NULL);

    put_figure (page, link, look_text (group, "state"), look_number (group, "count"), FALSE);
  }
  html_put (page, "</ul>\n<ul class=\"figures\">\n");
  put_figure (page, "/waiting", "wait in tiers", look_number (overview, "waiting"), FALSE);
  put_figure (page, "/holds", "wait for a person", look_number (overview, "holds"), TRUE);
  put_figure (page, "/dead-letters", "dead within 24 h",
              look_number (overview, "dead_ends_of_24_h"), TRUE);
  put_figure (page, "/quarantine", "in quarantine", look_number (overview, "quarantined"), TRUE);
  put_figure (page, "/consumers", "programs run", look_number (overview, "instances"), FALSE);
  put_figure (page, "/consumers", "to publish", look_number (overview, "to_publish"), FALSE);
  html_put (page, "</ul>\n");
  if (look_text (overview, "oldest_open_group")) {
    html_put (page,
              "<p>The oldest unfinished group is <a href=\"/groups/%s\"><code>%s</code></a>, ",
              look_text (overview, "oldest_open_group"), look_text (overview, "oldest_open_group"));
    html_seconds (page, look_number (overview, "oldest_open_group_s"));
    html_put (page, " old.</p>\n");
  }
}

static void
put_section (GString *page, const char *id, const char *title, const json_t *rows,
             const Cell *cells, const char *empty)
{
  html_put (page, "<section id=\"%s\"><h2>%s</h2>\n", id, title);
  html_table (page, rows, cells, empty);
  html_put (page, "</section>\n");
}

static void
draw_overview (GString *page, const json_t *document, const PageRequest *request G_GNUC_UNUSED)
{
  const json_t *minutes = json_object_get (document, "minutes");

  put_worst (page, document);
  put_figures (page, json_object_get (document, "overview"));
  html_put (page, "<div class=\"plots\">\n");
  html_plot (page, minutes, "settled", "settled");
  html_plot (page, minutes, "retried", "retried");
  html_plot (page, minutes, "dead", "dead");
  html_put (page, "</div>\n<div class=\"columns\">\n");
  put_section (page, "waiting", "Waiting", json_object_get (document, "waiting"), cells_of_waiting,
               "Nothing waits.");
  put_section (page, "instances", "Programs", json_object_get (document, "consumers"),
               cells_of_instances, "Nothing runs.");
  put_section (page, "breakers", "Breakers", json_object_get (document, "breakers"),
               cells_of_breakers, "No downstream has been away yet.");
  put_section (page, "holds", "Newest holds", json_object_get (document, "holds"),
               cells_of_newest_holds, "Nobody waits for a person.");
  put_section (page, "causes", "Dead letters by cause", json_object_get (document, "dead_letters"),
               cells_of_causes, "None that was not redriven.");
  html_put (page, "</div>\n");
}

/* --- /groups --- */

static const char *const group_states[] = { "pending", "accepted",   "success",
                                            "failure", "processing", "failed" };

static json_t *
find_group (const PageRequest *request, const char *id, GError **error)
{
  g_autoptr (json_t) found = history_find (request->db, id, error);
  const char *first = look_text (json_array_get (found, 0), "guid");
  gboolean is_one = first != NULL;
  json_t *document;

  if (!found)
    return NULL;
  for (gsize i = 1; i < json_array_size (found); i++)
    is_one &= g_str_equal (look_text (json_array_get (found, i), "guid"), first);
  document = json_pack ("{s:s,s:O}", "q", id, "found", found);
  if (is_one) {
    g_autofree char *path = g_strconcat ("/groups/", first, NULL);

    (void)json_object_set_new (document, "go_to", json_string (path));
  }
  return document;
}

static json_t *
read_groups (const PageRequest *request, GError **error)
{
  g_autofree char *state = page_value (request, "state"), *reason = page_value (request, "reason");
  g_autofree char *q = page_value (request, "q"), *after = page_value (request, "after");
  const GroupsQuestion question = {
    .state = state, .reason = reason, .after = after, .limit = ROWS
  };

  return q ? find_group (request, g_strstrip (q), error)
           : groups_list (request->db, &question, error);
}

static void
draw_found (GString *page, const json_t *document)
{
  static const Cell cells[] = { { "what", "what it is", CELL_TEXT, NULL },
                                { "guid", "group", CELL_GROUP, NULL },
                                { NULL, NULL, CELL_TEXT, NULL } };

  put_heading (page, "Found", look_text (document, "q"));
  html_table (page, json_object_get (document, "found"), cells,
              "No claim group, claim, proc, benefit claim or package has this number.");
}

static void
put_filters (GString *page, const char *state, const char *reason)
{
  html_put (page, "<form class=\"filters\" method=\"get\"><label>state <select name=\"state\">"
                  "<option value=\"\">any</option>");
  for (guint i = 0; i < G_N_ELEMENTS (group_states); i++)
    html_put (page, "<option%s>%s</option>",
              g_strcmp0 (state, group_states[i]) == 0 ? " selected" : "", group_states[i]);
  html_put (page,
            "</select></label> <label>waits for <input name=\"reason\" value=\"%s\" "
            "placeholder=\"reason or error class\" size=\"28\"></label> "
            "<button>Show</button></form>\n",
            reason ? reason : "");
}

static void
draw_groups (GString *page, const json_t *document, const PageRequest *request)
{
  static const Cell cells[] = {
    { "group", "group", CELL_GROUP, NULL },
    { "submitted_at", "submitted", CELL_TIME, NULL },
    { "state", "state", CELL_STATE, NULL },
    { "children", "done", CELL_COUNT, NULL },
    { "waits_for", "waits for", CELL_TEXT, "/groups?reason=" },
    { "due_at", "due", CELL_TIME, NULL },
    { NULL, NULL, CELL_TEXT, NULL },
  };
  g_autofree char *state = page_value (request, "state"), *reason = page_value (request, "reason");
  const char *const pairs[] = { "state", state, "reason", reason, NULL };

  if (json_object_get (document, "found")) {
    draw_found (page, document);
    return;
  }
  put_heading (page, "Claim groups", "the newest first");
  put_filters (page, state, reason);
  html_table (page, json_object_get (document, "groups"), cells, "No group is like that.");
  if (look_text (document, "next"))
    put_more (page, "/groups", pairs, "after", look_text (document, "next"));
}

/* --- /groups/GUID --- */

static json_t *
read_group (const PageRequest *request, GError **error)
{
  if (!text_is_uuid (request->operand))
    return NULL;
  return history_read (request->db, request->settings, request->operand,
                       wants (request, "broker") ? HISTORY_ASKS_BROKER : HISTORY_OF_ROWS, error);
}

static void
put_outlook (GString *page, const json_t *document)
{
  const json_t *outlook = json_object_get (document, "outlook");
  const json_t *emails = json_object_get (document, "emails");
  static const char *const names[][2] = { { "now", "Now" }, { "next", "Next" } };

  html_put (page, "<dl class=\"outlook\">\n");
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    html_put (page, "<dt>%s</dt>", names[i][1]);
    for (gsize k = 0; k < json_array_size (outlook); k++)
      html_put (page, "<dd>%s.</dd>", look_text (json_array_get (outlook, k), names[i][0]));
    for (gsize k = 0; k < json_array_size (emails); k++)
      html_put (page, "<dd>%s.</dd>", look_text (json_array_get (emails, k), names[i][0]));
    html_put (page, "\n");
  }
  html_put (page, "</dl>\n");
}

static void
put_record (GString *page, const json_t *record)
{
  if (!json_is_object (record))
    return;
  html_put (page, "<code>%s/%" G_GINT64_FORMAT "/%" G_GINT64_FORMAT "</code>",
            look_text (record, "topic"), look_number (record, "partition"),
            look_number (record, "offset"));
  if (json_is_false (json_object_get (record, "is_there")))
    html_put (page, " <span class=\"state failed\">no more there</span>");
}

static void
put_wait (GString *page, const json_t *work)
{
  const json_t *waits = json_object_get (work, "waits"), *held = json_object_get (work, "held");

  if (json_is_object (held)) {
    html_put (page, "<span class=\"state held\">a person</span> %s", look_text (held, "reason"));
  } else if (json_is_object (waits)) {
    html_put (page, "<code>%s</code> ", look_text (waits, "error_class"));
    html_time (page, look_text (waits, "due_at"));
  } else if (json_is_true (json_object_get (work, "in_hand"))) {
    html_put (page, "<span class=\"state accepted\">in hand</span>");
  }
}

static void
put_claims (GString *page, const json_t *claims)
{
  html_put (page, "<h2>Claims</h2>\n<table><thead><tr><th class=\"number\">claim</th><th>form</th>"
                  "<th>state</th><th>benefit claim</th><th>waits for</th><th>its record</th></tr>"
                  "</thead><tbody>\n");
  for (gsize i = 0; i < json_array_size (claims); i++) {
    const json_t *claim = json_array_get (claims, i);
    const char *benefit_claim = look_text (claim, "benefit_claim_id");

    html_put (page,
              "<tr><td class=\"number\" data-title=\"claim\">%" G_GINT64_FORMAT
              "</td><td data-title=\"form\">%s</td><td data-title=\"state\">",
              look_number (claim, "claim_id"), look_text (claim, "form_type"));
    html_state (page, look_text (claim, "state"));
    html_put (page, "</td><td data-title=\"benefit claim\"%s>%s</td><td data-title=\"waits for\">",
              benefit_claim ? "" : " class=none", benefit_claim ? benefit_claim : "");
    put_wait (page, claim);
    html_put (page, "</td><td data-title=\"its record\">");
    put_record (page, json_object_get (claim, "record"));
    html_put (page, "</td></tr>\n");
  }
  html_put (page, "</tbody></table>\n");
}

static void
put_papers (GString *page, const json_t *papers)
{
  static const Cell cells[] = { { "number", "paper", CELL_NUMBER, NULL },
                                { "form_type", "form", CELL_TEXT, NULL },
                                { "attachment", "attachment", CELL_NUMBER, NULL },
                                { "state", "state", CELL_STATE, NULL },
                                { "error_class", "why", CELL_CODE, NULL },
                                { "uuid", "in the folder as", CELL_CODE, NULL },
                                { NULL, NULL, CELL_TEXT, NULL } };

  if (json_array_size (papers) == 0)
    return;
  html_put (page, "<h2>Papers</h2>\n");
  html_table (page, papers, cells, "");
}

/* What a person may do about a claim, or about the group's own work. */
static void
put_acts (GString *page, const json_t *work, const char *guid, const char *name,
          const PageRequest *request)
{
  g_autofree char *claim = g_strdup_printf ("%" G_GINT64_FORMAT, look_number (work, "claim_id"));
  gboolean is_group = json_object_get (work, "group") != NULL;

  if (json_is_object (json_object_get (work, "held"))) {
    html_put (page, "<span>Resolve %s:</span>\n", name);
    acts_put_button (page, request->caller, "resolve", "look and try again", "claim", claim,
                     "answer", "again", NULL);
    if (!is_group)
      acts_put_button (page, request->caller, "resolve", "the insert is not there", "claim", claim,
                       "answer", "not-there", NULL);
    acts_put_button (page, request->caller, "resolve", "send it by paper", "claim", claim, "answer",
                     "paper", NULL);
  } else if (json_is_object (json_object_get (work, "waits"))) {
    html_put (page, "<span>%s:</span>\n", name);
    acts_put_button (page, request->caller, "retry", "retry now", "group", guid, "claim",
                     is_group ? "0" : claim, NULL);
  }
}

static void
put_adoptions (GString *page, const json_t *claim, const PageRequest *request)
{
  const json_t *candidates = json_object_get (json_object_get (claim, "held"), "candidates");
  g_autofree char *claim_id =
      g_strdup_printf ("%" G_GINT64_FORMAT, look_number (claim, "claim_id"));

  for (gsize i = 0; i < json_array_size (candidates); i++) {
    const char *id = look_text (json_array_get (candidates, i), "benefit_claim_id");
    g_autofree char *label = g_strdup_printf ("%s is this claim's own", id);

    html_put (page, "<div class=\"acts\"><span>Seen at BGS: benefit claim %s, %s.</span>\n", id,
              look_text (json_array_get (candidates, i), "status"));
    acts_put_button (page, request->caller, "resolve", label, "claim", claim_id, "answer", "adopt",
                     "adopt", id, NULL);
    html_put (page, "</div>\n");
  }
}

static void
put_all_acts (GString *page, const json_t *document, const PageRequest *request)
{
  const json_t *claims = json_object_get (document, "claims");
  const char *guid = look_text (document, "group");

  if (!request->caller->may_act)
    return;
  html_put (page, "<div class=\"acts\">\n");
  put_acts (page, document, guid, "the group", request);
  for (gsize i = 0; i < json_array_size (claims); i++) {
    const json_t *claim = json_array_get (claims, i);
    g_autofree char *name = g_strdup_printf ("%s %" G_GINT64_FORMAT, look_text (claim, "form_type"),
                                             look_number (claim, "claim_id"));

    put_acts (page, claim, guid, name, request);
  }
  html_put (page, "</div>\n");
  for (gsize i = 0; i < json_array_size (claims); i++)
    put_adoptions (page, json_array_get (claims, i), request);
}

static void
draw_group (GString *page, const json_t *document, const PageRequest *request)
{
  static const Cell cells[] = {
    { "at", "when", CELL_MOMENT, NULL },        { "kind", "kind", CELL_TEXT, NULL },
    { "claim_id", "claim", CELL_NUMBER, NULL }, { "what", "what", CELL_TEXT, NULL },
    { "detail", "detail", CELL_TEXT, NULL },    { NULL, NULL, CELL_TEXT, NULL },
  };

  put_heading (page, "Claim group", look_text (document, "group"));
  put_outlook (page, document);
  put_all_acts (page, document, request);
  html_put (page, "<p class=\"facts\">");
  html_state (page, look_text (document, "state"));
  html_put (page, " submitted ");
  html_time (page, look_text (document, "submitted_at"));
  if (look_text (document, "submitted_by"))
    html_put (page, " by %s", look_text (document, "submitted_by"));
  if (look_text (document, "proc_id"))
    html_put (page, " · proc %s", look_text (document, "proc_id"));
  if (look_number (document, "replay") > 0)
    html_put (page, " · replayed %" G_GINT64_FORMAT " times", look_number (document, "replay"));
  if (look_text (document, "broker"))
    html_put (page, " · the broker was not asked: %s", look_text (document, "broker"));
  if (!wants (request, "broker"))
    html_put (page, " · <a href=\"?broker=yes\">ask the broker too</a>");
  html_put (page, "</p>\n");
  put_claims (page, json_object_get (document, "claims"));
  put_papers (page, json_object_get (document, "papers"));
  html_put (page, "<h2>Timeline</h2>\n<div class=\"timeline\">\n");
  html_table (page, json_object_get (document, "timeline"), cells, "Nothing is written down.");
  html_put (page, "</div>\n");
}

/* --- /waiting, /holds --- */

static json_t *
read_waiting (const PageRequest *request, GError **error)
{
  return under ("waiting", look_waiting (request->db, error));
}

static void
draw_waiting (GString *page, const json_t *document, const PageRequest *request G_GNUC_UNUSED)
{
  put_heading (page, "Waiting", "in retry tiers, until when");
  html_table (page, json_object_get (document, "waiting"), cells_of_waiting, "Nothing waits.");
}

static json_t *
read_holds (const PageRequest *request, GError **error)
{
  return under ("holds", look_holds (request->db, number_value (request, "before"), ROWS, error));
}

static void
put_next_ids (GString *page, const json_t *rows, const char *path, const char *const *pairs)
{
  gint64 last = last_id (rows);
  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, last);

  if (last)
    put_more (page, path, pairs, "before", text);
}

static void
draw_holds (GString *page, const json_t *document, const PageRequest *request G_GNUC_UNUSED)
{
  static const Cell cells[] = {
    { "opened_at", "since", CELL_TIME, NULL },
    { "group", "group", CELL_GROUP, NULL },
    { "claim_id", "claim", CELL_NUMBER, NULL },
    { "form_type", "form", CELL_TEXT, NULL },
    { "reason", "reason", CELL_TEXT, "/groups?reason=" },
    { "behind_claim_id", "behind claim", CELL_NUMBER, "/groups?q=" },
    { NULL, NULL, CELL_TEXT, NULL },
  };
  const char *const none[] = { NULL };
  const json_t *rows = json_object_get (document, "holds");

  put_heading (page, "Holds", "a person must decide");
  html_table (page, rows, cells, "Nobody waits for a person.");
  put_next_ids (page, rows, "/holds", none);
}

/* --- /dead-letters, /quarantine --- */

static json_t *
read_dead_ends (const PageRequest *request, DeadEndKind kind, GError **error)
{
  g_auto (GStrv) topics = dead_ends_topics (request->settings, kind);
  g_autofree char *cause = page_value (request, "cause");
  const DeadEndQuestion question = { .topics = topics,
                                     .cause = cause,
                                     .is_with_redriven = wants (request, "all"),
                                     .before = number_value (request, "before"),
                                     .limit = ROWS };
  g_autoptr (json_t) rows = dead_ends_list (request->db, &question, error);
  json_t *causes = rows ? dead_ends_count (request->db, topics, error) : NULL;

  return causes ? json_pack ("{s:o,s:O}", "causes", causes, "records", rows) : NULL;
}

static json_t *
read_dead_letters (const PageRequest *request, GError **error)
{
  return read_dead_ends (request, DEAD_LETTERS, error);
}

static json_t *
read_quarantine (const PageRequest *request, GError **error)
{
  return read_dead_ends (request, QUARANTINE, error);
}

static void
draw_dead_ends (GString *page, const json_t *document, const PageRequest *request, const char *path,
                const char *title, const char *beside)
{
  g_autofree char *one = g_strconcat (path, "/", NULL), *by = g_strconcat (path, "?cause=", NULL);
  g_autofree char *cause = page_value (request, "cause");
  const Cell causes[] = {
    { "cause", "cause", CELL_CODE, by },       { "topic", "topic", CELL_CODE, NULL },
    { "count", "records", CELL_NUMBER, NULL }, { "groups", "groups", CELL_NUMBER, NULL },
    { "first_at", "first", CELL_TIME, NULL },  { "last_at", "last", CELL_TIME, NULL },
    { NULL, NULL, CELL_TEXT, NULL },
  };
  const Cell cells[] = {
    { "id", "id", CELL_NUMBER, one },
    { "at", "when", CELL_TIME, NULL },
    { "consumer", "consumer", CELL_TEXT, NULL },
    { "group", "group", CELL_GROUP, NULL },
    { "group_state", "state", CELL_STATE, NULL },
    { "cause", "cause", CELL_CODE, by },
    { "redriven_at", "redriven", CELL_TIME, NULL },
    { "closed_at", "closed", CELL_TIME, NULL },
    { NULL, NULL, CELL_TEXT, NULL },
  };
  gboolean is_all = wants (request, "all");
  const char *const pairs[] = { "cause", cause, "all", is_all ? "yes" : NULL, NULL };
  const json_t *rows = json_object_get (document, "records");

  put_heading (page, title, beside);
  if (!cause)
    html_table (page, json_object_get (document, "causes"), causes, "None that was not redriven.");
  html_put (page, "<h2>Records");
  if (cause)
    html_put (page, " of <code>%s</code> <small><a href=\"%s\">all causes</a></small>", cause,
              path);
  html_put (page, "</h2>\n");
  if (cause && json_array_size (rows) > 0) {
    html_put (page, "<div class=\"acts\">");
    acts_put_button (page, request->caller, "redrive", "Redrive all of this cause", "cause", cause,
                     NULL);
    html_put (page, "</div>\n");
  }
  html_table (page, rows, cells, "None.");
  put_next_ids (page, rows, path, pairs);
  if (!is_all)
    html_put (page, "<p><a href=\"%s?all=yes\">Those too that were redriven or closed</a></p>\n",
              path);
}

static void
draw_dead_letters (GString *page, const json_t *document, const PageRequest *request)
{
  draw_dead_ends (page, document, request, "/dead-letters", "Dead letters", "have failed for good");
}

static void
draw_quarantine (GString *page, const json_t *document, const PageRequest *request)
{
  draw_dead_ends (page, document, request, "/quarantine", "Quarantine",
                  "nobody can read them, or they have ended their reader");
}

static json_t *
read_dead_end (const PageRequest *request, DeadEndKind kind, GError **error)
{
  g_auto (GStrv) topics = dead_ends_topics (request->settings, kind);
  gint64 id;

  if (!parse_int64 (request->operand, 1, G_MAXINT64, &id))
    return NULL;
  return dead_ends_get (request->db, topics, id,
                        wants (request, "broker") ? request->settings : NULL, error);
}

static json_t *
read_dead_letter (const PageRequest *request, GError **error)
{
  return read_dead_end (request, DEAD_LETTERS, error);
}

static json_t *
read_quarantined (const PageRequest *request, GError **error)
{
  return read_dead_end (request, QUARANTINE, error);
}

/* A row's members, a line each. */
static void
put_members (GString *page, const json_t *object)
{
  const char *name;
  json_t *value;

  html_put (page, "<dl class=\"members\">\n");
  json_object_foreach ((json_t *)object, name, value)
  {
    g_autofree char *digits = json_is_integer (value) ? g_strdup_printf ("%" JSON_INTEGER_FORMAT,
                                                                         json_integer_value (value))
                                                      : NULL;
    const char *text = json_is_string (value) ? json_string_value (value) : digits;

    if (!text)
      continue;
    if (g_str_equal (name, "group"))
      html_put (page, "<dt>%s</dt><dd><a href=\"/groups/%s\">%s</a></dd>\n", name, text, text);
    else
      html_put (page, "<dt>%s</dt><dd>%s</dd>\n", name, text);
  }
  html_put (page, "</dl>\n");
}

static void
draw_dead_end (GString *page, const json_t *document, const PageRequest *request)
{
  const json_t *headers = json_object_get (document, "headers");

  put_heading (page, "Record", request->operand);
  if (!look_text (document, "redriven_at") && !look_text (document, "closed_at")) {
    html_put (page, "<div class=\"acts\">");
    acts_put_button (page, request->caller, "redrive", "Redrive this one", "id", request->operand,
                     NULL);
    html_put (page, "</div>\n");
  }
  put_members (page, document);
  html_put (page, "<h2>What the record says of itself</h2>\n");
  if (json_is_object (headers))
    put_members (page, headers);
  else if (headers)
    html_put (page, "<p class=\"empty\">The broker has it no more.</p>\n");
  else
    html_put (page, "<p><a href=\"?broker=yes\">Ask the broker</a></p>\n");
}

/* --- /consumers, /replays --- */

static json_t *
read_consumers (const PageRequest *request, GError **error)
{
  g_autoptr (json_t) consumers = look_consumers (request->db, error);
  json_t *pauses = consumers ? look_pauses (request->db, error) : NULL;

  if (!pauses)
    return NULL;
  if (wants (request, "broker"))
    look_add_lags (request->settings, consumers);
  return json_pack ("{s:O,s:o}", "consumers", consumers, "pauses", pauses);
}

static const char *
paused_since (const json_t *pauses, const char *consumer)
{
  for (gsize i = 0; i < json_array_size (pauses); i++)
    if (g_str_equal (look_text (json_array_get (pauses, i), "consumer"), consumer))
      return look_text (json_array_get (pauses, i), "since");
  return NULL;
}

/* Also of a consumer of which no process runs now. */
static void
put_pauses (GString *page, const json_t *pauses, const PageRequest *request)
{
  g_autoptr (GPtrArray) topics = topics_table (NULL);

  if (!request->caller->may_act)
    return;
  html_put (page, "<h2>Pause and resume</h2>\n<div class=\"acts\">\n");
  for (guint i = 0; i < topics->len; i++) {
    const char *consumer = ((const Topic *)g_ptr_array_index (topics, i))->reader;
    gboolean is_paused = consumer && paused_since (pauses, consumer);
    g_autofree char *label = g_strconcat (is_paused ? "resume " : "pause ", consumer, NULL);

    if (consumer)
      acts_put_button (page, request->caller, is_paused ? "resume" : "pause", label, "consumer",
                       consumer, NULL);
  }
  html_put (page, "</div>\n");
}

static void
draw_consumers (GString *page, const json_t *document, const PageRequest *request)
{
  static const Cell cells[] = {
    { "program", "program", CELL_TEXT, NULL },
    { "instance", "instance", CELL_CODE, NULL },
    { "started_at", "started", CELL_TIME, NULL },
    { "heartbeat_age_s", "heartbeat", CELL_SECONDS, NULL },
    { "in_flight", "in flight", CELL_NUMBER, NULL },
    { "snoozing", "snoozing", CELL_NUMBER, NULL },
    { "lag", "lag", CELL_NUMBER, NULL },
    { "lag_s", "late", CELL_SECONDS, NULL },
    { "is_paused", "paused", CELL_FLAG, NULL },
    { "paused_since", "since", CELL_TIME, NULL },
    { NULL, NULL, CELL_TEXT, NULL },
  };

  put_heading (page, "Consumers", "and the other programs that run");
  html_table (page, json_object_get (document, "consumers"), cells, "Nothing runs.");
  put_pauses (page, json_object_get (document, "pauses"), request);
  if (!wants (request, "broker"))
    html_put (page, "<p><a href=\"?broker=yes\">Ask the broker what lies before them</a></p>\n");
}

static json_t *
read_replays (const PageRequest *request, GError **error)
{
  return under ("replays", look_replays (request->db, error));
}

/* Those that have not come to their end. */
static void
put_offered (GString *page, const json_t *replays, const PageRequest *request)
{
  html_put (page, "<div class=\"acts\">\n");
  for (gsize i = 0; i < json_array_size (replays); i++) {
    const json_t *replay = json_array_get (replays, i);
    g_autofree char *label = g_strdup_printf ("apply %.12s…", look_text (replay, "plan"));

    if (look_text (replay, "offered_at") && !look_text (replay, "ended_at"))
      acts_put_button (page, request->caller, "replay", label, "plan", look_text (replay, "plan"),
                       NULL);
  }
  html_put (page, "</div>\n");
}

static void
draw_replays (GString *page, const json_t *document, const PageRequest *request)
{
  static const Cell cells[] = {
    { "plan", "plan", CELL_CODE, NULL },         { "offered_at", "offered", CELL_TIME, NULL },
    { "offered_by", "by", CELL_TEXT, NULL },     { "began_at", "began", CELL_TIME, NULL },
    { "ended_at", "ended", CELL_TIME, NULL },    { "records", "records", CELL_NUMBER, NULL },
    { "to_send", "to send", CELL_NUMBER, NULL }, { "sent", "sent", CELL_NUMBER, NULL },
    { "refused", "refused", CELL_NUMBER, NULL }, { NULL, NULL, CELL_TEXT, NULL },
  };
  const json_t *replays = json_object_get (document, "replays");

  put_heading (page, "Replays", "plans that were offered or applied");
  html_table (page, replays, cells, "No plan has been offered or applied.");
  put_offered (page, replays, request);
  html_put (page,
            "<p>A plan is made by <code>pipelinectl replay plan FILE</code>, and offered here by "
            "<code>pipelinectl replay offer FILE</code>.</p>\n");
}

/* --- Their table --- */

static const Page pages[] = {
  { "/", "Overview", read_overview, draw_overview },
  { "/groups", "Groups", read_groups, draw_groups },
  { "/groups/", "Group", read_group, draw_group },
  { "/waiting", "Waiting", read_waiting, draw_waiting },
  { "/holds", "Holds", read_holds, draw_holds },
  { "/dead-letters", "Dead letters", read_dead_letters, draw_dead_letters },
  { "/dead-letters/", "Dead letter", read_dead_letter, draw_dead_end },
  { "/quarantine", "Quarantine", read_quarantine, draw_quarantine },
  { "/quarantine/", "Quarantined record", read_quarantined, draw_dead_end },
  { "/consumers", "Consumers", read_consumers, draw_consumers },
  { "/replays", "Replays", read_replays, draw_replays },
};

static gboolean
has_operand (const Page *page)
{
  return page->path[1] != '\0' && g_str_has_suffix (page->path, "/");
}

const Page *
page_find (const char *path, char **ret_operand, gboolean *ret_is_json)
{
  g_autofree char *plain = g_strdup (path);

  *ret_operand = NULL;
  *ret_is_json = g_str_has_suffix (path, ".json");
  if (*ret_is_json)
    plain[strlen (plain) - strlen (".json")] = '\0';
  if (g_str_equal (plain, "/index"))
    plain[1] = '\0';
  for (guint i = 0; i < G_N_ELEMENTS (pages); i++) {
    const Page *page = &pages[i];

    if (!has_operand (page) && g_str_equal (plain, page->path))
      return page;
    if (has_operand (page) && g_str_has_prefix (plain, page->path) &&
        plain[strlen (page->path)] != '\0' && !strchr (plain + strlen (page->path), '/')) {
      *ret_operand = g_strdup (plain + strlen (page->path));
      return page;
    }
  }
  return NULL;
}
