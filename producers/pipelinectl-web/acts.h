/* What a person does on the page, in two steps: the plan, which changes nothing, then the same with
 * a reason and the plan's digest. Where things stand otherwise by then, nothing is done, and the new
 * plan is shown. */
#pragma once

#include "door.h"
#include "operator/desk.h"

#define ACTS_PATH "/act/"

typedef struct {
  const Settings *settings;
  DbPool *pool;
  OperatorDesk *desk;
  const Caller *caller;
  const char *form; /* urlencoded */
} ActRequest;

/* The page that answers a POST to @path, who has come in with a session and may act. @ret_status:
 * 200; 404: there is no such act, or nothing of that name; 409: it has changed; 422: no reason.
 * NULL: error. Errors: database, EVENTS_ERROR. */
char *acts_answer (const char *path, const ActRequest *request, int *ret_status, GError **error);

/* A button that asks for an act's plan: pairs of field and value, ended by NULL. Nothing for those
 * who may only read. */
void acts_put_button (GString *page, const Caller *caller, const char *name, const char *label,
                      ...) G_GNUC_NULL_TERMINATED;
