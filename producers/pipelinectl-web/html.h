/* HTML from helpers that escape: whatever is not markup of ours goes in as an argument, and comes
 * out as text. No script, no style in the markup: the page's Content-Security-Policy allows
 * neither. */
#pragma once

#include <jansson.h>

#include <glib.h>

/* Markup with arguments as in printf; every text among them is escaped, also for attributes in
 * double quotes. @format: a constant. */
void html_put (GString *page, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* As the value of a parameter in a URL; owned. */
char *html_url_part (const char *text);

typedef enum {
  CELL_TEXT,
  CELL_CODE, /* ids, topics, error classes */
  CELL_NUMBER,
  CELL_SECONDS, /* an age */
  CELL_TIME,    /* ISO 8601, with how far it is from now */
  CELL_MOMENT,  /* ISO 8601, to the millisecond */
  CELL_GROUP,   /* a claim group's guid, linked */
  CELL_STATE,
  CELL_FLAG,  /* told only when it is true */
  CELL_COUNT, /* children done of all, from "children_done" and "children" */
} CellKind;

typedef struct {
  const char *name;  /* the member */
  const char *title; /* of the column */
  CellKind kind;
  const char *link; /* a path that the value is put behind; NULL: no link */
} Cell;

/* @rows: objects; @cells: ended by a row without a name; @empty: said where there are none. */
void html_table (GString *page, const json_t *rows, const Cell *cells, const char *empty);
void html_time (GString *page, const char *iso);
void html_seconds (GString *page, gint64 seconds);
void html_state (GString *page, const char *state);

/* Bars, one a minute: @minutes has objects with "at" and a number named @name. */
void html_plot (GString *page, const json_t *minutes, const char *name, const char *title);
