/* Answers: who has written them and what they mean for the paper. One table; it errs on the side of
 * not storing twice, and of not giving up a paper for a fault that is not its own. */
#include "evidence/answer.h"

#include <jansson.h>
#include <string.h>
#include "base/cleanup.h"

#define CODE_PREFIX "VEFSERR"
#define CODE_DIGITS 5

G_DEFINE_QUARK (evidence_error_quark, evidence_error)

void
evidence_file_free (EvidenceFile *file)
{
  if (!file)
    return;
  g_free (file->uuid);
  g_free (file);
}

/* --- Who has written it --- */

typedef enum {
  BODY_OTHER, /* a gateway, a proxy, nobody, nonsense */
  BODY_DONE,  /* what was asked for */
  BODY_FAULT, /* an object with a code of the service's own */
} Body;

/* NULL: the service itself has not said no. Foreign words go into logs and headers: nothing but its
 * own kind of code. */
static const char *
code_in (const json_t *json)
{
  const char *code = json_string_value (json_object_get (json, "code"));
  const char *digits =
      code && g_str_has_prefix (code, CODE_PREFIX) ? code + strlen (CODE_PREFIX) : "";

  return strlen (digits) == CODE_DIGITS && strspn (digits, "0123456789") == CODE_DIGITS ? code
                                                                                        : NULL;
}

/* --- What it means --- */

#define ANY_STATUS 0, 999
#define ANY_BODY   (-1)
#define DONE       (-1)

typedef struct {
  long from, to;
  int body;         /* ANY_BODY */
  const char *code; /* NULL: any */
  int error;        /* DONE */
  const char *says;
} AnswerRow;

/* The first row that fits counts. */
static const AnswerRow answer_rows[] = {
  { 200, 201, BODY_DONE, NULL, DONE, NULL },

  /* Made anew for each request, and alike for all: not this paper's. */
  { 400, 403, BODY_FAULT, "VEFSERR40009", EVIDENCE_ERROR_TOKEN, "the token is not taken" },
  { 401, 401, ANY_BODY, NULL, EVIDENCE_ERROR_TOKEN, "the token is not taken" },

  /* The service's own list of what no repetition mends. */
  { 400, 499, BODY_FAULT, "VEFSERR40001", EVIDENCE_ERROR_REFUSED, "the payload breaks the schema" },
  { 400, 499, BODY_FAULT, "VEFSERR40008", EVIDENCE_ERROR_REFUSED, "the folder is none" },
  { 400, 499, BODY_FAULT, "VEFSERR40010", EVIDENCE_ERROR_REFUSED, "the request is invalid" },
  { 400, 499, BODY_FAULT, "VEFSERR40059", EVIDENCE_ERROR_REFUSED,
    "folders are not asked for by this identifier" },
  { 400, 499, BODY_FAULT, "VEFSERR40301", EVIDENCE_ERROR_REFUSED, "not authorised" },
  { 400, 499, BODY_FAULT, "VEFSERR40302", EVIDENCE_ERROR_REFUSED, "there is no such Veteran" },

  { 429, 429, ANY_BODY, NULL, EVIDENCE_ERROR_BUSY, "too many at once" },
  { 408, 408, ANY_BODY, NULL, EVIDENCE_ERROR_UNAVAILABLE, "took too long" },
  { 500, 504, ANY_BODY, NULL, EVIDENCE_ERROR_UNAVAILABLE, "not available" },

  { 400, 499, BODY_FAULT, NULL, EVIDENCE_ERROR_FAULT, "refused" },
  { 404, 404, ANY_BODY, NULL, EVIDENCE_ERROR_CONFIGURATION,
    "there is no such service (evidence-url)" },
  { 400, 499, ANY_BODY, NULL, EVIDENCE_ERROR_BETWEEN, "something between refuses" },
  /* Also success without what belongs to it, and statuses that nobody has told us of. */
  { ANY_STATUS, ANY_BODY, NULL, EVIDENCE_ERROR_UNKNOWN, "no usable answer" },
};

static gboolean
fits (const AnswerRow *row, long status, Body body, const char *code)
{
  return status >= row->from && status <= row->to &&
         (row->body == ANY_BODY || row->body == (int)body) &&
         (!row->code || g_strcmp0 (row->code, code) == 0);
}

static gboolean
judge (const char *what, long status, const json_t *json, gboolean is_done, GError **error)
{
  const char *code = code_in (json);
  Body body = is_done ? BODY_DONE : code ? BODY_FAULT : BODY_OTHER;
  const AnswerRow *row = answer_rows;

  while (!fits (row, CLAMP (status, 0, 999), body, code))
    row++; /* the last one fits all */
  if (row->error == DONE)
    return TRUE;
  g_set_error (error, EVIDENCE_ERROR, row->error, "%s: %s (HTTP %ld%s%s)", what, row->says, status,
               code ? ", " : "", code ? code : "");
  return FALSE;
}

static json_t *
parse (GBytes *body)
{
  return json_loadb (g_bytes_get_data (body, NULL), g_bytes_get_size (body), 0, NULL);
}

static const char *
uuid_in (const json_t *json)
{
  const char *uuid = json_string_value (json_object_get (json, "uuid"));

  return uuid && g_uuid_string_is_valid (uuid) ? uuid : NULL;
}

EvidenceFile *
evidence_judge_upload (long status, GBytes *body, const char *md5, GError **error)
{
  g_autoptr (json_t) json = parse (body);
  const char *uuid = code_in (json) ? NULL : uuid_in (json);
  const char *told = json_string_value (json_object_get (json, "md5"));
  EvidenceFile *file;

  if (!judge ("upload", status, json, uuid != NULL, error))
    return NULL;
  file = g_new0 (EvidenceFile, 1);
  *file = (EvidenceFile){ .uuid = g_strdup (uuid),
                          .is_told_other_md5 = told && g_ascii_strcasecmp (told, md5) != 0 };
  return file;
}

/* A page of a folder, which leaves its list out where it is empty. */
static gboolean
is_page (const json_t *json)
{
  const json_t *files = json_object_get (json, "files");

  return json_is_integer (json_object_get (json_object_get (json, "page"), "totalResults")) &&
         (!files || json_is_array (files));
}

/* Whoever may not look knows nothing of the paper, which may be there: no end of it. */
static GError *
of_a_search (GError *problem_taken)
{
  if (problem_taken->code == EVIDENCE_ERROR_REFUSED)
    problem_taken->code = EVIDENCE_ERROR_FAULT;
  return problem_taken;
}

gboolean
evidence_judge_search (long status, GBytes *body, const char *content_name, char **ret_uuid,
                       GError **error)
{
  g_autoptr (json_t) json = parse (body);
  const json_t *files = json_object_get (json, "files");
  json_int_t total =
      json_integer_value (json_object_get (json_object_get (json, "page"), "totalResults"));
  gboolean is_there = FALSE;
  g_autoptr (GError) problem = NULL;

  if (!judge ("search", status, json, is_page (json), &problem)) {
    g_propagate_error (error, of_a_search (g_steal_pointer (&problem)));
    return FALSE;
  }
  *ret_uuid = NULL;
  for (gsize i = 0; !*ret_uuid && i < json_array_size (files); i++) {
    const json_t *file = json_array_get (files, i);
    const json_t *system = json_object_get (json_object_get (file, "currentVersion"), "systemData");
    const char *name = json_string_value (json_object_get (system, "contentName"));

    /* Its filter is not believed alone: another file is not this one. */
    if (g_strcmp0 (name, content_name) != 0)
      continue;
    is_there = TRUE;
    *ret_uuid = g_strdup (uuid_in (file));
  }
  if (*ret_uuid || (!is_there && total <= (json_int_t)json_array_size (files)))
    return TRUE;
  g_set_error (error, EVIDENCE_ERROR, EVIDENCE_ERROR_UNKNOWN, "search: %s (HTTP %ld)",
               is_there ? "the file is there, and its uuid is none"
                        : "more files are told of than are shown",
               status);
  return FALSE;
}
