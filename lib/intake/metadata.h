/* The metadata of a package: whose it is, and what it is, in what the server takes. Pure.
 * Source: README.md, "The metadata". */
#pragma once

#include <glib.h>

typedef struct {
  const char *first_name, *last_name;
  const char *file_number, *ssn; /* either may be NULL */
  const char *postal_code;       /* may be NULL */
  gboolean is_abroad;            /* the address is outside the US */
  const char *claim_date;        /* YYYY-MM-DD: the day of submission in America/Chicago */
} IntakeMetadata;

/**
 * intake_metadata_json:
 *
 * The same metadata give the same text. Names are written in ASCII letters; the number is the
 * first of file number and SSN that has 8 or 9 digits.
 *
 * Errors: %INTAKE_ERROR_ARGUMENT: of a name nothing is left, or no number has 8 or 9 digits. The
 * text names the field, never its value.
 */
char *intake_metadata_json (const IntakeMetadata *metadata, GError **error);
