/* Rules: how a test makes a simulator answer, wait, drop or hang instead of, or around, its work.
 *
 * A rule is looked at when it fits the exchange (operation, contains, request_no). The first `skip`
 * fitting exchanges pass it, the next `times` are its; 0 means without end. Rules are asked in the
 * order in which they came; the first that takes an exchange has it. Thread safe.
 * Source: README.md. */
#pragma once

#include <glib.h>
#include <jansson.h>
#include "http/server.h"

typedef enum {
  RULE_ANSWER,       /* the given status, headers and body, without acting */
  RULE_ANSWER_AFTER, /* acts, then gives the given answer in place of its own */
  RULE_DELAY,        /* waits, then acts, then answers; acts also when the client has gone */
  RULE_DROP_BEFORE,  /* closes the connection without acting */
  RULE_DROP_AFTER,   /* acts, then closes the connection without answering */
  RULE_HOLD,         /* waits until its rule is deleted, at most delay_ms; then as RULE_DELAY */
  RULE_HANG,         /* neither acts nor answers, until its rule is deleted or delay_ms is over */
} RuleAction;

/* What a hit rule asks for; immutable. */
typedef struct {
  char *name;
  RuleAction action;
  int status;
  const char *content_type; /* interned, or NULL */
  GPtrArray *headers;       /* "Name: value"; never NULL */
  GBytes *body;
  guint repeat;    /* how often the body stands in the answer, from 1 */
  gint64 delay_ms; /* waited before anything else; 0: none */
} RuleOrder;

typedef struct Rules Rules;

Rules *rules_new (void);
void rules_free (Rules *rules);

/* Adds the rule @json describes; one of the same name is replaced. NULL: malformed, and
 * @ret_problem (owned by the caller) says how. Returns a new reference to the rule as it stands. */
json_t *rules_add (Rules *rules, json_t *json, char **ret_problem);
json_t *rules_json (Rules *rules);
/* @name: NULL for all. Returns how many went. */
guint rules_remove (Rules *rules, const char *name);
/* Whether the rule is still there that @order was taken from. */
gboolean rules_have (Rules *rules, const RuleOrder *order);

/* The order of the rule that takes this exchange, or NULL. Release with rule_order_unref(). */
RuleOrder *rules_take (Rules *rules, const char *operation, const HttpServerRequest *request);
void rule_order_unref (RuleOrder *order);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RuleOrder, rule_order_unref)
