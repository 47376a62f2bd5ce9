/* One of our simulators beside a unit test: started with its secret, asked and told by its control
 * calls, ended with the test. */
#pragma once

#include <jansson.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "http/http.h"

typedef struct {
  GPid pid;
  char *url;
  HttpClient *http;
} Simulator;

static inline void
simulator_dies_with_parent (gpointer unused)
{
  (void)unused;
  (void)prctl (PR_SET_PDEATHSIG, SIGKILL);
}

/* @command: program and options, NULL-terminated. @variable has @secret while it starts. It says
 * where it is in the first line of its log. */
static inline Simulator
simulator_start (const char *const *command, const char *variable, const char *secret)
{
  Simulator simulator = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GIOChannel) log = NULL;
  g_autoptr (json_t) line = NULL;
  g_autofree char *text = NULL;
  int fd = -1;

  g_setenv (variable, secret, TRUE);
  g_spawn_async_with_pipes (NULL, (char **)command, NULL, G_SPAWN_DO_NOT_REAP_CHILD,
                            simulator_dies_with_parent, NULL, &simulator.pid, NULL, NULL, &fd,
                            &error);
  g_assert_no_error (error);
  g_unsetenv (variable);
  log = g_io_channel_unix_new (fd);
  g_io_channel_read_line (log, &text, NULL, NULL, &error);
  g_assert_no_error (error);
  line = json_loads (text, 0, NULL);
  simulator.url = g_strdup (json_string_value (json_object_get (line, "url")));
  g_assert_nonnull (simulator.url);
  simulator.http = http_client_new (&(HttpClientOptions){ .verify = TRUE });
  return simulator;
}

/* It must end well. */
static inline void
simulator_end (Simulator *simulator)
{
  int status = -1;

  http_client_free (simulator->http);
  (void)kill (simulator->pid, SIGTERM);
  g_assert_cmpint (waitpid (simulator->pid, &status, 0), ==, simulator->pid);
  g_assert_true (WIFEXITED (status) && WEXITSTATUS (status) == 0);
  g_free (simulator->url);
}

static inline json_t *
simulator_control (const Simulator *simulator, const char *method, const char *what,
                   const char *body)
{
  g_autofree char *url = g_strdup_printf ("%s/_simulator/%s", simulator->url, what);
  g_autoptr (GError) error = NULL;
  g_autoptr (HttpAnswer) answer = http_send (
      simulator->http,
      &(HttpRequest){
          .method = method, .url = url, .body = body, .body_length = body ? strlen (body) : 0 },
      &error);

  g_assert_no_error (error);
  g_assert_cmpint (answer->status, ==, 200);
  return json_loadb (g_bytes_get_data (answer->body, NULL), g_bytes_get_size (answer->body), 0,
                     NULL);
}

static inline void
simulator_tell (const Simulator *simulator, const char *method, const char *what, const char *body)
{
  json_decref (simulator_control (simulator, method, what, body));
}
