/* The table of status × final_status × code. final_status decides before the code does: nobody is
 * told of a failure that may still heal. */
#include "intake/follow.h"

#include <string.h>

typedef enum { FINAL, NOT_FINAL, EITHER } Finality;

typedef struct {
  IntakeStatus status;
  Finality finality;
  const char *code;   /* NULL: any, or none */
  const char *detail; /* contained in it; NULL: any */
  IntakeNext next;
} FollowRow;

/* The first row that fits counts. */
static const FollowRow rows[] = {
  { INTAKE_STATUS_VBMS, EITHER, NULL, NULL, INTAKE_NEXT_RECEIVED },

  { INTAKE_STATUS_PENDING, EITHER, NULL, NULL, INTAKE_NEXT_FOLLOW },
  { INTAKE_STATUS_UPLOADED, NOT_FINAL, NULL, NULL, INTAKE_NEXT_FOLLOW },
  { INTAKE_STATUS_RECEIVED, NOT_FINAL, NULL, NULL, INTAKE_NEXT_FOLLOW },
  { INTAKE_STATUS_PROCESSING, NOT_FINAL, NULL, NULL, INTAKE_NEXT_FOLLOW },
  { INTAKE_STATUS_SUCCESS, NOT_FINAL, NULL, NULL, INTAKE_NEXT_FOLLOW },
  { INTAKE_STATUS_OTHER, NOT_FINAL, NULL, NULL, INTAKE_NEXT_FOLLOW },
  { INTAKE_STATUS_EXPIRED, NOT_FINAL, NULL, NULL, INTAKE_NEXT_FOLLOW },
  { INTAKE_STATUS_ERROR, NOT_FINAL, NULL, NULL, INTAKE_NEXT_HEALS },

  /* Known of success alone: its download was confirmed. Of the others it would mean the same. */
  { INTAKE_STATUS_SUCCESS, FINAL, NULL, NULL, INTAKE_NEXT_AT_VA },
  { INTAKE_STATUS_UPLOADED, FINAL, NULL, NULL, INTAKE_NEXT_AT_VA },
  { INTAKE_STATUS_RECEIVED, FINAL, NULL, NULL, INTAKE_NEXT_AT_VA },
  { INTAKE_STATUS_PROCESSING, FINAL, NULL, NULL, INTAKE_NEXT_AT_VA },
  { INTAKE_STATUS_OTHER, FINAL, NULL, NULL, INTAKE_NEXT_AT_VA },

  { INTAKE_STATUS_EXPIRED, FINAL, NULL, NULL, INTAKE_NEXT_ANEW },
  { INTAKE_STATUS_ERROR, FINAL, "DOC107", NULL, INTAKE_NEXT_ANEW },
  /* Refused upstream: once more, unless it is the data, which would be the same. */
  { INTAKE_STATUS_ERROR, FINAL, "DOC104", "metadata", INTAKE_NEXT_REFUSED },
  { INTAKE_STATUS_ERROR, FINAL, "DOC104", "fileNumber", INTAKE_NEXT_REFUSED },
  { INTAKE_STATUS_ERROR, FINAL, "DOC104", "veteranFirstName", INTAKE_NEXT_REFUSED },
  { INTAKE_STATUS_ERROR, FINAL, "DOC104", "veteranLastName", INTAKE_NEXT_REFUSED },
  { INTAKE_STATUS_ERROR, FINAL, "DOC104", "zipCode", INTAKE_NEXT_REFUSED },
  { INTAKE_STATUS_ERROR, FINAL, "DOC104", "businessLine", INTAKE_NEXT_REFUSED },
  { INTAKE_STATUS_ERROR, FINAL, "DOC104", NULL, INTAKE_NEXT_ANEW },
  /* DOC101 to DOC103, DOC105, DOC106, DOC108, what the service could not heal, and codes that
   * nobody has told us of: the same package would meet the same end. */
  { INTAKE_STATUS_ERROR, FINAL, NULL, NULL, INTAKE_NEXT_REFUSED },
};

IntakeNext
intake_next (const IntakeUpload *upload)
{
  Finality finality = upload->is_final ? FINAL : NOT_FINAL;

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    if (rows[i].status == upload->status &&
        (rows[i].finality == EITHER || rows[i].finality == finality) &&
        (!rows[i].code || g_strcmp0 (rows[i].code, upload->code) == 0) &&
        (!rows[i].detail || (upload->detail && strcasestr (upload->detail, rows[i].detail))))
      return rows[i].next;
  g_assert_not_reached ();
}

const char *
intake_next_name (IntakeNext next)
{
  switch (next) {
  case INTAKE_NEXT_FOLLOW:
    return "FOLLOW";
  case INTAKE_NEXT_HEALS:
    return "HEALS";
  case INTAKE_NEXT_RECEIVED:
    return "RECEIVED";
  case INTAKE_NEXT_ANEW:
    return "ANEW";
  case INTAKE_NEXT_REFUSED:
    return "REFUSED";
  case INTAKE_NEXT_AT_VA:
    return "AT_VA";
  }
  g_assert_not_reached ();
}
