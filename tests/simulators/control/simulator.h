/* The frame of a simulator: its server, ledger, rules, statistics and the calls under /_simulator/.
 * A simulator brings only its service: how a request is read, what it does, what it now holds.
 *
 * Source: README.md beside this, every control call in it. */
#pragma once

#include <glib.h>
#include <jansson.h>
#include "base/settings.h"
#include "http/server.h"

/* port, address-file, ledger-size, ledger-bytes, answer-delay-ms, max-connections, log-level */
extern const Setting simulator_settings[];

typedef struct {
  const char *name; /* the program's, for the log */
  gsize max_body_bytes;
  gint64 request_deadline_ms; /* for a whole request to arrive; 0: the server's own */
  gpointer data;              /* handed to all functions below, which any thread may call */

  /* Reads a request once; what comes back is handed on as @call and released with forget(). */
  gpointer (*read) (const HttpServerRequest *request, gpointer data);
  /* Its name in ledger and rules; never NULL, "" when the request names none. */
  const char *(*operation) (gconstpointer call);
  /* Carries the request out. A status from 200 to 299 counts as acted. */
  HttpReply *(*act) (gpointer call, gpointer data);
  void (*forget) (gpointer call);

  json_t *(*state) (gpointer data); /* a new object */
  void (*clear_state) (gpointer data);
  /* The service's own control calls; @what is the path after /_simulator/. NULL: no such call. */
  HttpReply *(*control) (const HttpServerRequest *request, const char *what, gpointer data);
} SimulatorService;

/* Serves until SIGTERM or SIGINT; returns the exit status of the process. To be called before any
 * thread is started, for it blocks both signals. Waits that rules asked for end at the signal,
 * without acting. */
int simulator_serve (const SimulatorService *service, const Settings *settings);

/* Replies of control calls. @json is taken. */
HttpReply *simulator_reply_json (int status, json_t *json);
HttpReply *simulator_refuse (int status, const char *problem);
/* The request's body as a JSON object; NULL and a reply in @ret_refusal when it is none. */
json_t *simulator_read_json (const HttpServerRequest *request, HttpReply **ret_refusal);
