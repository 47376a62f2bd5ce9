/* Rules: kept as they were posted, counted as they are used. Source: README.md. */
#include "control/rules.h"

#include <string.h>

#include "base/cleanup.h"

#define ANSWER_MAX_BYTES (256 * (json_int_t)1048576)

typedef struct {
  char *name, *operation, *contains; /* operation and contains: NULL fits everything */
  gint64 request_no;                 /* on its connection; 0: any */
  gint64 skip, times;
  gint64 seen, taken;
  RuleOrder *order;
  json_t *json; /* as posted, defaults filled in */
} Rule;

struct Rules {
  GMutex lock;
  GPtrArray *list; /* of Rule */
  guint unnamed;
  gint count; /* atomic: a simulator without rules asks for no lock */
};

static const struct {
  const char *word;
  RuleAction action;
} actions[] = {
  { "answer", RULE_ANSWER },
  { "answer-after", RULE_ANSWER_AFTER },
  { "delay", RULE_DELAY },
  { "drop-before", RULE_DROP_BEFORE },
  { "drop-after", RULE_DROP_AFTER },
  { "hold", RULE_HOLD },
  { "hang", RULE_HANG },
};

static void
rule_order_clear (gpointer data)
{
  RuleOrder *order = data;

  g_free (order->name);
  g_ptr_array_unref (order->headers);
  g_bytes_unref (order->body);
}

void
rule_order_unref (RuleOrder *order)
{
  if (order)
    g_atomic_rc_box_release_full (order, rule_order_clear);
}

static void
rule_free (gpointer data)
{
  Rule *rule = data;

  g_free (rule->name);
  g_free (rule->operation);
  g_free (rule->contains);
  g_clear_pointer (&rule->order, rule_order_unref);
  json_decref (rule->json);
  g_free (rule);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Rule, rule_free)

Rules *
rules_new (void)
{
  Rules *rules = g_new0 (Rules, 1);

  g_mutex_init (&rules->lock);
  rules->list = g_ptr_array_new_with_free_func (rule_free);
  return rules;
}

void
rules_free (Rules *rules)
{
  if (!rules)
    return;
  g_ptr_array_unref (rules->list);
  g_mutex_clear (&rules->lock);
  g_free (rules);
}

static gboolean
read_headers (json_t *headers, RuleOrder *order, char **ret_problem)
{
  const char *name = NULL;
  json_t *value = NULL;

  json_object_foreach (headers, name, value)
  {
    if (!json_is_string (value)) {
      *ret_problem = g_strdup ("a header's value must be a text");
      return FALSE;
    }
    if (g_ascii_strcasecmp (name, "content-type") == 0)
      order->content_type = g_intern_string (json_string_value (value));
    else
      g_ptr_array_add (order->headers, g_strdup_printf ("%s: %s", name, json_string_value (value)));
  }
  return TRUE;
}

/* Fills @rule from @json. Strict: a misspelt field would make a rule that never bites. */
static gboolean
rule_read (Rule *rule, json_t *json, char **ret_problem)
{
  const char *name = NULL, *word = NULL, *operation = NULL, *contains = NULL;
  const char *body = "";
  json_t *headers = NULL;
  json_int_t skip = 0, times = 0, status = 200, delay_ms = 0, request_no = 0, repeat = 1;
  json_error_t error = { 0 };

  if (json_unpack_ex (json, &error, JSON_STRICT,
                      "{s?s, s?s, s?s, s?I, s?I, s:s, s?I, s?o, s?s, s?I, s?I, s?I}", "name", &name,
                      "operation", &operation, "contains", &contains, "skip", &skip, "times",
                      &times, "do", &word, "status", &status, "headers", &headers, "body", &body,
                      "delay_ms", &delay_ms, "request_no", &request_no, "repeat", &repeat) != 0) {
    *ret_problem = g_strdup (error.text);
    return FALSE;
  }
  if (skip < 0 || times < 0 || delay_ms < 0 || request_no < 0 ||
      (status != 0 && (status < 200 || status > 599))) {
    *ret_problem = g_strdup ("skip, times, delay_ms and request_no are 0 or more, status is 0 "
                             "(close) or 200 to 599");
    return FALSE;
  }
  if (repeat < 1 || repeat > ANSWER_MAX_BYTES / (json_int_t)MAX (strlen (body), 1)) {
    *ret_problem = g_strdup ("repeat is 1 or more, and the whole answer at most 256 MiB");
    return FALSE;
  }
  if (headers && !json_is_object (headers)) {
    *ret_problem = g_strdup ("headers must be an object");
    return FALSE;
  }

  rule->order->action = G_MAXINT;
  for (guint i = 0; i < G_N_ELEMENTS (actions); i++)
    if (g_str_equal (word, actions[i].word))
      rule->order->action = actions[i].action;
  if (rule->order->action == G_MAXINT) {
    *ret_problem =
        g_strdup ("do must be answer, answer-after, delay, drop-before, drop-after, hold or hang");
    return FALSE;
  }
  rule->name = g_strdup (name);
  rule->operation =
      operation && *operation && !g_str_equal (operation, "*") ? g_strdup (operation) : NULL;
  rule->contains = contains && *contains ? g_strdup (contains) : NULL;
  rule->skip = skip;
  rule->times = times;
  rule->request_no = request_no;
  rule->order->status = (int)status;
  rule->order->delay_ms = delay_ms;
  rule->order->repeat = (guint)repeat;
  g_clear_pointer (&rule->order->body, g_bytes_unref);
  rule->order->body = g_bytes_new (body, strlen (body));
  return !headers || read_headers (headers, rule->order, ret_problem);
}

/* The rule as posted, with its counts. The lock is held. */
static json_t *
rule_json (Rule *rule)
{
  json_t *json = json_copy (rule->json);

  json_object_set_new (json, "seen", json_integer (rule->seen));
  json_object_set_new (json, "taken", json_integer (rule->taken));
  return json;
}

static guint
remove_locked (Rules *rules, const char *name)
{
  guint removed = 0;

  for (guint i = rules->list->len; i-- > 0;) {
    Rule *rule = g_ptr_array_index (rules->list, i);

    if (name && !g_str_equal (rule->name, name))
      continue;
    g_ptr_array_remove_index (rules->list, i);
    removed++;
  }
  g_atomic_int_set (&rules->count, (gint)rules->list->len);
  return removed;
}

json_t *
rules_add (Rules *rules, json_t *json, char **ret_problem)
{
  g_autoptr (Rule) rule = g_new0 (Rule, 1);
  json_t *shown = NULL;

  rule->order = g_atomic_rc_box_new0 (RuleOrder);
  rule->order->headers = g_ptr_array_new_with_free_func (g_free);
  rule->order->body = g_bytes_new_static ("", 0);
  rule->order->repeat = 1;
  if (!rule_read (rule, json, ret_problem))
    return NULL;

  rule->json = json_deep_copy (json);
  g_mutex_lock (&rules->lock);
  if (!rule->name)
    rule->name = g_strdup_printf ("rule-%u", ++rules->unnamed);
  rule->order->name = g_strdup (rule->name);
  json_object_set_new (rule->json, "name", json_string (rule->name));
  (void)remove_locked (rules, rule->name); /* usually there is none */
  shown = rule_json (rule);
  g_ptr_array_add (rules->list, g_steal_pointer (&rule));
  g_atomic_int_set (&rules->count, (gint)rules->list->len);
  g_mutex_unlock (&rules->lock);
  return shown;
}

json_t *
rules_json (Rules *rules)
{
  json_t *list = json_array ();

  g_mutex_lock (&rules->lock);
  for (guint i = 0; i < rules->list->len; i++)
    json_array_append_new (list, rule_json (g_ptr_array_index (rules->list, i)));
  g_mutex_unlock (&rules->lock);
  return list;
}

guint
rules_remove (Rules *rules, const char *name)
{
  guint removed = 0;

  g_mutex_lock (&rules->lock);
  removed = remove_locked (rules, name);
  g_mutex_unlock (&rules->lock);
  return removed;
}

gboolean
rules_have (Rules *rules, const RuleOrder *order)
{
  gboolean is_there = FALSE;

  g_mutex_lock (&rules->lock);
  for (guint i = 0; i < rules->list->len && !is_there; i++)
    is_there = ((const Rule *)g_ptr_array_index (rules->list, i))->order == order;
  g_mutex_unlock (&rules->lock);
  return is_there;
}

static gboolean
rule_fits (const Rule *rule, const char *operation, const HttpServerRequest *request)
{
  gsize length = 0;
  const char *body = g_bytes_get_data (request->body, &length);

  if (rule->operation && !g_str_equal (rule->operation, operation))
    return FALSE;
  if (rule->request_no && rule->request_no != request->request_no)
    return FALSE;
  return !rule->contains || strstr (request->path, rule->contains) ||
         (length > 0 && memmem (body, length, rule->contains, strlen (rule->contains)));
}

RuleOrder *
rules_take (Rules *rules, const char *operation, const HttpServerRequest *request)
{
  RuleOrder *order = NULL;

  if (g_atomic_int_get (&rules->count) == 0)
    return NULL;

  g_mutex_lock (&rules->lock);
  for (guint i = 0; i < rules->list->len && !order; i++) {
    Rule *rule = g_ptr_array_index (rules->list, i);

    if (!rule_fits (rule, operation, request))
      continue;
    if (rule->seen++ < rule->skip || (rule->times > 0 && rule->taken >= rule->times))
      continue;
    rule->taken++;
    order = g_atomic_rc_box_acquire (rule->order);
  }
  g_mutex_unlock (&rules->lock);
  return order;
}
