/* HTML from helpers that escape, see html.h. */
#include "html.h"

#include <string.h>

#include "base/clock.h"
#include "operator/look.h"

#define PLOT_HEIGHT 40

void
html_put (GString *page, const char *format, ...)
{
  va_list arguments;
  g_autofree char *text = NULL;

  va_start (arguments, format);
  text = g_markup_vprintf_escaped (format, arguments);
  va_end (arguments);
  g_string_append (page, text);
}

char *
html_url_part (const char *text)
{
  return g_uri_escape_string (text, NULL, FALSE);
}

/* --- Times --- */

/* "3 min", "2 h 5 min", "4 d". */
static char *
words_of_seconds (gint64 seconds)
{
  gint64 minutes = seconds / 60, hours = minutes / 60, days = hours / 24;

  if (seconds < 90)
    return g_strdup_printf ("%" G_GINT64_FORMAT " s", seconds);
  if (minutes < 90)
    return g_strdup_printf ("%" G_GINT64_FORMAT " min", minutes);
  if (hours < 36)
    return g_strdup_printf ("%" G_GINT64_FORMAT " h %" G_GINT64_FORMAT " min", hours, minutes % 60);
  return g_strdup_printf ("%" G_GINT64_FORMAT " d", days);
}

void
html_seconds (GString *page, gint64 seconds)
{
  g_autofree char *words = words_of_seconds (seconds);

  html_put (page, "%s", words);
}

void
html_time (GString *page, const char *iso)
{
  gint64 ms, away_s;
  g_autofree char *words = NULL;

  if (!iso)
    return;
  if (!clock_parse_iso (iso, &ms)) {
    html_put (page, "%s", iso);
    return;
  }
  away_s = (ms - g_get_real_time () / 1000) / 1000;
  words = words_of_seconds (ABS (away_s));
  html_put (
      page,
      "<time datetime=\"%s\"><span class=\"day\">%.10s</span> %.8s</time> <small>%s%s%s</small>",
      iso, iso, iso + 11, away_s > 0 ? "in " : "", words, away_s > 0 ? "" : " ago");
}

/* --- Tables --- */

void
html_state (GString *page, const char *state)
{
  html_put (page, "<span class=\"state %s\">%s</span>", state, state);
}

static void
put_linked (GString *page, const char *link, const char *text, gboolean is_code)
{
  g_autofree char *part = link ? html_url_part (text) : NULL;

  if (link)
    html_put (page, "<a href=\"%s%s\">", link, part);
  html_put (page, is_code ? "<code>%s</code>" : "%s", text);
  if (link)
    html_put (page, "</a>");
}

static void
put_value (GString *page, const json_t *row, const json_t *value, const Cell *cell)
{
  const char *text = json_string_value (value);
  g_autofree char *digits = json_is_integer (value) ? g_strdup_printf ("%" JSON_INTEGER_FORMAT,
                                                                       json_integer_value (value))
                                                    : NULL;

  switch (cell->kind) {
  case CELL_TEXT:
  case CELL_NUMBER:
    if (text || digits)
      put_linked (page, cell->link, text ? text : digits, FALSE);
    break;
  case CELL_CODE:
    if (text || digits)
      put_linked (page, cell->link, text ? text : digits, TRUE);
    break;
  case CELL_SECONDS:
    if (digits)
      html_seconds (page, json_integer_value (value));
    break;
  case CELL_TIME:
    html_time (page, text);
    break;
  case CELL_MOMENT:
    if (text)
      html_put (page, "<time datetime=\"%s\"><span class=\"day\">%.10s</span> %.12s</time>", text,
                text, strlen (text) > 11 ? text + 11 : "");
    break;
  case CELL_GROUP:
    if (text)
      put_linked (page, "/groups/", text, TRUE);
    break;
  case CELL_STATE:
    if (text)
      html_state (page, text);
    break;
  case CELL_FLAG:
    if (json_is_true (value))
      html_put (page, "<span class=\"state flag\">%s</span>", cell->title);
    break;
  case CELL_COUNT:
    html_put (page, "%" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT,
              json_integer_value (json_object_get (row, "children_done")),
              json_integer_value (json_object_get (row, "children")));
    break;
  }
}

static const char *
class_of (CellKind kind)
{
  return kind == CELL_NUMBER || kind == CELL_SECONDS || kind == CELL_COUNT ? "number" : "text";
}

static void
put_row (GString *page, const json_t *row, const Cell *cells)
{
  html_put (page, "<tr>");
  for (const Cell *cell = cells; cell->name; cell++) {
    const json_t *value = json_object_get (row, cell->name);
    gboolean is_none = !value || json_is_null (value) || json_is_false (value);

    /* Where the row is a card, what has no value has no line. */
    html_put (page, "<td class=\"%s%s\" data-title=\"%s\">", class_of (cell->kind),
              is_none ? " none" : "", cell->title);
    put_value (page, row, value, cell);
    html_put (page, "</td>");
  }
  html_put (page, "</tr>\n");
}

void
html_table (GString *page, const json_t *rows, const Cell *cells, const char *empty)
{
  if (json_array_size (rows) == 0) {
    html_put (page, "<p class=\"empty\">%s</p>\n", empty);
    return;
  }
  html_put (page, "<table>\n<thead><tr>");
  for (const Cell *cell = cells; cell->name; cell++)
    html_put (page, "<th scope=\"col\" class=\"%s\">%s</th>", class_of (cell->kind), cell->title);
  html_put (page, "</tr></thead>\n<tbody>\n");
  for (gsize i = 0; i < json_array_size (rows); i++)
    put_row (page, json_array_get (rows, i), cells);
  html_put (page, "</tbody>\n</table>\n");
}

/* --- Plots --- */

void
html_plot (GString *page, const json_t *minutes, const char *name, const char *title)
{
  gsize count = json_array_size (minutes);
  gint64 most = 0, sum = 0;

  for (gsize i = 0; i < count; i++) {
    gint64 number = json_integer_value (json_object_get (json_array_get (minutes, i), name));

    most = MAX (most, number);
    sum += number;
  }
  html_put (page,
            "<figure class=\"plot %s\"><figcaption>%s <small>%" G_GINT64_FORMAT
            ", at most %" G_GINT64_FORMAT " a minute</small></figcaption>\n"
            "<svg viewBox=\"0 0 %u %d\" preserveAspectRatio=\"none\" role=\"img\" "
            "aria-label=\"%s a minute, since %s\"><path d=\"",
            name, title, sum, most, (guint)MAX (count, 1), PLOT_HEIGHT, title,
            count > 0 ? look_text (json_array_get (minutes, 0), "at") : "now");
  for (gsize i = 0; i < count; i++) {
    gint64 number = json_integer_value (json_object_get (json_array_get (minutes, i), name));
    gint64 height = number > 0 ? MAX (1, number * PLOT_HEIGHT / most) : 0;

    if (height > 0)
      html_put (page, "M%u %dv-%" G_GINT64_FORMAT "h1v%" G_GINT64_FORMAT "z", (guint)i, PLOT_HEIGHT,
                height, height);
  }
  html_put (page, "\"/></svg></figure>\n");
}
