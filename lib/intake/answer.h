/* What the API, its gateway and its storage have answered. Pure functions over bytes.
 * Source: README.md, "What an answer means". */
#pragma once

#include "intake/intake.h"

typedef enum {
  INTAKE_CALL_CREATE,
  INTAKE_CALL_PUT,
  INTAKE_CALL_STATUS,
  INTAKE_CALL_REPORT,
} IntakeCall;
const char *intake_call_name (IntakeCall call); /* as errors and metrics name it */

/* Who has written a body. */
typedef enum {
  INTAKE_BODY_OTHER,   /* a proxy, nobody, nonsense */
  INTAKE_BODY_DATA,    /* the API: an object with data */
  INTAKE_BODY_ERRORS,  /* the API: a list of errors */
  INTAKE_BODY_GATEWAY, /* {"message": …} */
  INTAKE_BODY_STORAGE, /* XML <Error> */
} IntakeBody;

/* @ret_code: the code that it names, in letters, digits, - and _ alone, or NULL; owned. */
IntakeBody intake_body_of (GBytes *body, char **ret_code);

/**
 * intake_judge:
 *
 * TRUE: the call was carried out. For a PUT the caller still has to look at the ETag; a status may
 * be 404: the API knows no such guid.
 * Errors: %INTAKE_ERROR, with status and code in the text and nothing else of the answer.
 */
gboolean intake_judge (IntakeCall call, long status, GBytes *body, GError **error);

/* What a create gave. */
typedef struct {
  char *guid;     /* the package's, at the API */
  char *location; /* whole URL, opaque; good for one PUT of one package within 900 s */
} IntakeLocation;
void intake_location_free (IntakeLocation *location);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (IntakeLocation, intake_location_free)

/* Of a create that was carried out. Errors: %INTAKE_ERROR_UNKNOWN. */
IntakeLocation *intake_location_parse (GBytes *body, GError **error);

typedef enum {
  INTAKE_STATUS_OTHER, /* a word that nobody has told us of */
  INTAKE_STATUS_PENDING,
  INTAKE_STATUS_UPLOADED,
  INTAKE_STATUS_RECEIVED,
  INTAKE_STATUS_PROCESSING,
  INTAKE_STATUS_SUCCESS,
  INTAKE_STATUS_VBMS,
  INTAKE_STATUS_ERROR,
  INTAKE_STATUS_EXPIRED,
} IntakeStatus;

/* What has become of a package, as the API sees it. */
#define INTAKE_DETAIL_MAX_CHARS 2000
typedef struct {
  char *guid;
  IntakeStatus status;
  char *status_word; /* as it came */
  gboolean is_final; /* nothing else will come; where the answer does not say so: by the status */
  char *code;        /* "DOC104", of an error; NULL: none */
  char *detail;      /* of an error; may hold personal data; at most INTAKE_DETAIL_MAX_CHARS */
  gint64 updated_at_ms; /* UTC; 0: not told */
  int documents, pages; /* that were counted there; -1: not told */
} IntakeUpload;
void intake_upload_free (IntakeUpload *upload);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (IntakeUpload, intake_upload_free)

/* Of a single status that is not 404. Errors: %INTAKE_ERROR_UNKNOWN. */
IntakeUpload *intake_upload_parse (GBytes *body, GError **error);
/* Of a report: guid -> IntakeUpload. A row that cannot be read is left out: of it there is no news.
 * Errors: %INTAKE_ERROR_UNKNOWN when there is no list. */
GHashTable *intake_report_parse (GBytes *body, GError **error);
/* What the API says of a guid that it does not know. */
IntakeUpload *intake_upload_new_unknown (const char *guid);
