/* Around every page, see frame.h. */
#include "frame.h"

#include "html.h"

static const struct {
  const char *path, *title;
} menu[] = {
  { "/", "Overview" },
  { "/groups", "Groups" },
  { "/waiting", "Waiting" },
  { "/holds", "Holds" },
  { "/dead-letters", "Dead letters" },
  { "/quarantine", "Quarantine" },
  { "/consumers", "Consumers" },
  { "/replays", "Replays" },
};

GString *
page_begin (const char *title, const char *path, const Caller *caller)
{
  GString *page = g_string_new (NULL);

  html_put (page,
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
            "<title>%s · dependents pipeline</title>\n"
            "<link rel=\"stylesheet\" href=\"/style.css\">\n</head>\n<body>\n",
            title);
  if (caller) {
    html_put (page, "<header>\n<nav aria-label=\"Pages\">");
    for (guint i = 0; i < G_N_ELEMENTS (menu); i++)
      html_put (page, "<a href=\"%s\"%s>%s</a>", menu[i].path,
                g_str_equal (menu[i].path, path) ? " aria-current=page" : "", menu[i].title);
    html_put (page,
              "</nav>\n<form class=\"find\" action=\"/groups\" method=\"get\" role=\"search\">"
              "<input name=\"q\" type=\"search\" required aria-label=\"Any id\" "
              "placeholder=\"any id\" size=\"22\"><button>Find</button></form>\n");
    if (caller->csrf)
      html_put (page,
                "<form class=\"who\" action=\"/logout\" method=\"post\">"
                "<input type=\"hidden\" name=\"csrf\" value=\"%s\">"
                "<span>%s, may %s</span> <button>Log out</button></form>\n",
                caller->csrf, caller->name, caller->may_act ? "act" : "read");
    html_put (page, "</header>\n");
  }
  html_put (page, "<main>\n");
  return page;
}

char *
page_end (GString *page_taken)
{
  html_put (page_taken, "</main>\n</body>\n</html>\n");
  return g_string_free (page_taken, FALSE);
}

char *
page_problem (const char *text, const Caller *caller)
{
  GString *page = page_begin (text, "", caller);

  html_put (page, "<p class=\"worst bad\">%s.</p>\n", text);
  return page_end (page);
}
