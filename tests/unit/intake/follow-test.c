/* Every status × final_status × code. */
#include "intake/follow.h"

#define FOLLOW   INTAKE_NEXT_FOLLOW
#define HEALS    INTAKE_NEXT_HEALS
#define RECEIVED INTAKE_NEXT_RECEIVED
#define ANEW     INTAKE_NEXT_ANEW
#define REFUSED  INTAKE_NEXT_REFUSED
#define AT_VA    INTAKE_NEXT_AT_VA

static void
check (IntakeStatus status, gboolean is_final, const char *code, const char *detail,
       IntakeNext expected)
{
  const IntakeUpload upload = {
    .status = status, .is_final = is_final, .code = (char *)code, .detail = (char *)detail
  };

  g_test_message ("%d %d %s %s", status, is_final, code ? code : "-", detail ? detail : "-");
  g_assert_cmpstr (intake_next_name (intake_next (&upload)), ==, intake_next_name (expected));
}

static void
test_statuses (void)
{
  static const struct {
    IntakeStatus status;
    IntakeNext not_final, final;
  } cases[] = {
    { INTAKE_STATUS_OTHER, FOLLOW, AT_VA },      { INTAKE_STATUS_PENDING, FOLLOW, FOLLOW },
    { INTAKE_STATUS_UPLOADED, FOLLOW, AT_VA },   { INTAKE_STATUS_RECEIVED, FOLLOW, AT_VA },
    { INTAKE_STATUS_PROCESSING, FOLLOW, AT_VA }, { INTAKE_STATUS_SUCCESS, FOLLOW, AT_VA },
    { INTAKE_STATUS_VBMS, RECEIVED, RECEIVED },  { INTAKE_STATUS_ERROR, HEALS, REFUSED },
    { INTAKE_STATUS_EXPIRED, FOLLOW, ANEW },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    check (cases[i].status, FALSE, NULL, NULL, cases[i].not_final);
    check (cases[i].status, TRUE, NULL, NULL, cases[i].final);
  }
}

static void
test_codes (void)
{
  static const struct {
    const char *code;
    IntakeNext final;
  } cases[] = {
    { "DOC101", REFUSED }, { "DOC102", REFUSED }, { "DOC103", REFUSED }, { "DOC104", ANEW },
    { "DOC105", REFUSED }, { "DOC106", REFUSED }, { "DOC107", ANEW },    { "DOC108", REFUSED },
    { "DOC201", REFUSED }, { "DOC202", REFUSED }, { "DOC999", REFUSED },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    check (INTAKE_STATUS_ERROR, TRUE, cases[i].code, "", cases[i].final);
    check (INTAKE_STATUS_ERROR, FALSE, cases[i].code, "", HEALS);
  }
}

static void
test_data_fault (void)
{
  check (INTAKE_STATUS_ERROR, TRUE, "DOC104", "Upstream server error, try again", ANEW);
  check (INTAKE_STATUS_ERROR, TRUE, "DOC104", "Invalid Metadata: x", REFUSED);
  check (INTAKE_STATUS_ERROR, TRUE, "DOC104", "Bad fileNumber", REFUSED);
  check (INTAKE_STATUS_ERROR, TRUE, "DOC104", "zipcode is missing", REFUSED);
  check (INTAKE_STATUS_ERROR, FALSE, "DOC104", "Invalid Metadata: x", HEALS);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/intake/follow/statuses-final-and-not", test_statuses);
  g_test_add_func ("/intake/follow/codes-final-and-not", test_codes);
  g_test_add_func ("/intake/follow/a-fault-of-the-data-is-not-sent-anew", test_data_fault);
  return g_test_run ();
}
