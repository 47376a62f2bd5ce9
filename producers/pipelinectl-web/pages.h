/* The pages: each reads a document, which is its .json twin as it is, and draws it. */
#pragma once

#include <jansson.h>

#include "base/settings.h"
#include "db/db.h"
#include "door.h"
#include "minutes.h"

typedef struct {
  Db *db;
  const Settings *settings;
  Minutes *minutes;
  const char *query;   /* raw */
  const char *operand; /* what stands in the path behind the page's own; NULL: it has none */
  const Caller *caller;
} PageRequest;

typedef struct {
  const char *path; /* with a / at its end: an operand follows */
  const char *title;
  /* Owned; NULL without @error: there is no such thing. A member "go_to" is where people are sent
   * instead. Errors: database, KAFKA_ERROR. */
  json_t *(*read) (const PageRequest *request, GError **error);
  void (*draw) (GString *page, const json_t *document, const PageRequest *request);
} Page;

/* @path: as asked for. @ret_is_json: it ends in .json. NULL: there is none. @ret_operand: owned, NULL
 * for none. */
const Page *page_find (const char *path, char **ret_operand, gboolean *ret_is_json);

/* A value of the query, owned; NULL: not given, empty, or no text. */
char *page_value (const PageRequest *request, const char *name);
