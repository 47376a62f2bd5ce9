/* Pushes the metrics, see statsd.h. One thread; lines are packed into datagrams while the metrics
 * are walked, and sent after it, so that nobody who counts waits for a socket. */
#include "program/statsd.h"

#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/metrics.h"
#include "base/rounds.h"

struct Statsd {
  char *program;
  Health *health;
  int fd;
  gint64 every_ms;
  Rounds *rounds;
};

/* --- Lines --- */

typedef struct {
  const char *program;
  GPtrArray *datagrams; /* of GString * */
  gint64 dropped;
} Packing;

static void
string_free (gpointer data)
{
  g_string_free (data, TRUE);
}

static void
pack (Packing *packing, const GString *line)
{
  GString *last = packing->datagrams->len > 0
                      ? g_ptr_array_index (packing->datagrams, packing->datagrams->len - 1)
                      : NULL;

  if (line->len > STATSD_DATAGRAM_MAX_BYTES) {
    packing->dropped++;
    return;
  }
  if (!last || last->len + 1 + line->len > STATSD_DATAGRAM_MAX_BYTES) {
    last = g_string_sized_new (STATSD_DATAGRAM_MAX_BYTES);
    g_ptr_array_add (packing->datagrams, last);
  } else {
    g_string_append_c (last, '\n');
  }
  g_string_append_len (last, line->str, (gssize)line->len);
}

/* name="value",… as name:value,… Values are the table's; what would end a tag becomes an
 * underscore. */
static void
append_tags (GString *line, const char *program, const char *labels)
{
  g_string_append_printf (line, "|#program:%s", program);
  for (const char *at = labels; *at;) {
    const char *equals = strchr (at, '=');
    const char *end = strchr (equals + 2, '"');

    g_string_append_c (line, ',');
    g_string_append_len (line, at, equals - at);
    g_string_append_c (line, ':');
    for (const char *c = equals + 2; c < end; c++)
      g_string_append_c (line,
                         g_ascii_isalnum (*c) || strchr ("-_./+", *c) ? g_ascii_tolower (*c) : '_');
    at = end[1] == ',' ? end + 2 : end + 1;
  }
}

/* What has not changed since is not told again, but once, so that it is known. */
static void
add_line (const MetricSample *sample, gpointer data)
{
  Packing *packing = data;
  const gboolean is_gauge = sample->row->kind == KIND_GAUGE;
  g_autoptr (GString) line = NULL;
  char number[G_ASCII_DTOSTR_BUF_SIZE];
  double value = sample->value;

  if (!is_gauge) {
    /* 1 more than it was, so that 0 says "never" */
    const double before = *sample->last > 0 ? *sample->last - 1 : 0;
    const gboolean is_known = *sample->last > 0;

    value -= before;
    *sample->last = sample->value + 1;
    if (is_known && value == 0)
      return;
  }
  line = g_string_sized_new (160);
  g_string_append_printf (line, METRIC_DATADOG_PREFIX "%s%s:%s|%c", sample->row->name,
                          sample->suffix, g_ascii_formatd (number, sizeof number, "%.15g", value),
                          is_gauge ? 'g' : 'c');
  append_tags (line, packing->program, sample->labels);
  pack (packing, line);
}

static gint64
count_lines (const GString *datagram)
{
  gint64 lines = 1;

  for (const char *at = datagram->str; (at = strchr (at, '\n')); at++)
    lines++;
  return lines;
}

static void
push (Statsd *statsd)
{
  Packing packing = { .program = statsd->program,
                      .datagrams = g_ptr_array_new_with_free_func (string_free) };

  health_read_gauges (statsd->health);
  metrics_walk (add_line, &packing, TRUE);
  for (guint i = 0; i < packing.datagrams->len; i++) {
    const GString *datagram = g_ptr_array_index (packing.datagrams, i);

    /* Also an error that belongs to the datagram before: nobody listens there. */
    if (send (statsd->fd, datagram->str, datagram->len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
      packing.dropped += count_lines (datagram);
  }
  metrics_count (METRIC_STATSD_LINES_DROPPED, packing.dropped, NULL);
  g_ptr_array_unref (packing.datagrams);
}

/* --- When --- */

static gint64
one_round (gpointer data)
{
  Statsd *statsd = data;

  push (statsd);
  return statsd->every_ms;
}

/* -1: error is set. A name is looked up once, at the start. */
static int
connect_to (const char *address, GError **error)
{
  const char *colon = strrchr (address, ':');
  const struct addrinfo wanted = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM };
  struct addrinfo *found = NULL;
  g_autofree char *host = colon ? g_strndup (address, (gsize)(colon - address)) : NULL;
  gint64 port = 0;
  int fd = -1;

  if (colon && *host == '[' && g_str_has_suffix (host, "]")) {
    host[strlen (host) - 1] = '\0';
    memmove (host, host + 1, strlen (host));
  }
  if (colon && *host && parse_int64 (colon + 1, 1, 65535, &port) &&
      getaddrinfo (host, colon + 1, &wanted, &found) == 0) {
    fd = socket (found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect (fd, found->ai_addr, found->ai_addrlen) < 0) {
      close (fd);
      fd = -1;
    }
    freeaddrinfo (found);
  }
  if (fd < 0)
    g_set_error_literal (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID,
                         "statsd-address must be host:port of somebody who can be reached");
  return fd;
}

Statsd *
statsd_start (const Settings *settings, const char *program, Health *health, GError **error)
{
  Statsd *statsd;
  int fd;

  if (!settings_is_set (settings, "statsd-address"))
    return NULL;
  fd = connect_to (settings_text (settings, "statsd-address"), error);
  if (fd < 0)
    return NULL;
  statsd = g_new0 (Statsd, 1);
  statsd->program = g_strdup (program);
  statsd->health = health;
  statsd->fd = fd;
  statsd->every_ms = MAX (100, settings_duration_ms (settings, "statsd-every"));
  statsd->rounds = rounds_new ("statsd", one_round, statsd);
  rounds_begin (statsd->rounds, statsd->every_ms);
  return statsd;
}

void
statsd_stop (Statsd *statsd)
{
  if (!statsd)
    return;
  rounds_free (statsd->rounds);
  push (statsd); /* what has been counted since */
  close (statsd->fd);
  g_free (statsd->program);
  g_free (statsd);
}
