/* Faults of each family: what is left of them, and what must not be. */
#include "bgs/fault.h"

#include <string.h>

static void
gives (const char *fault_string, const char *message, const char *expected)
{
  g_autofree char *text = bgs_fault_text (fault_string, message, NULL);

  g_assert_cmpstr (text, ==, expected);
}

static void
test_message (void)
{
  gives ("GUIE50010 - Duplicate Benefit Claims found on the Corporate Database",
         "GUIE50010 - Duplicate Benefit Claims found on the Corporate Database",
         "GUIE50010 - Duplicate Benefit Claims found on the Corporate Database");
  gives ("No Record Found", NULL, "No Record Found");
  gives (NULL, "only here", "only here");
  gives (NULL, NULL, "a fault without a text");
  gives ("  \n ", "", "a fault without a text");
  gives ("the outer text", "the inner text", "the inner text; the outer text");
  gives ("the outer text around it", "text", "the outer text around it");
  gives ("Bean-->findBenefitClaimTypeIncrement-->Maximum number of EPs reached for this "
         "bnftClaimTypeCd",
         NULL,
         "Bean-->findBenefitClaimTypeIncrement-->Maximum number of EPs reached for this "
         "bnftClaimTypeCd");
}

/* Nobody's name gets through a text that nobody has seen before, and what tells an operator something does. */
static void
test_names (void)
{
  gives ("ORA-12899: value too large for column \"CORPPROD\".\"VNP_PERSON\".\"MIDDLE_NM\" Ann "
         "O'Grady-Zoë SMITH",
         NULL,
         "ORA-12899: value too large for column \"CORPPROD\".\"VNP_PERSON\".\"MIDDLE_NM\" … … …");
  gives ("claim of McDonald cannot be parsed by TuxedoServiceFoundButWrongApp", NULL,
         "claim of … cannot be parsed by TuxedoServiceFoundButWrongApp");
}

/* A trace as long as the real ones, with the useful text in the middle. */
static char *
long_trace (const char *useful)
{
  GString *trace = g_string_new (
      "EJB Exception: ; nested exception is: \n\tjavax.persistence.PersistenceException\n");

  for (guint i = 0; i < 600; i++)
    g_string_append_printf (trace, "\tat gov.va.vba.vonapp.Thing%u.invoke(Thing.java:%u)\n", i, i);
  g_string_append_printf (
      trace, "Caused by: org.apache.openjpa.lib.jdbc.ReportingSQLException: %s\n", useful);
  for (guint i = 0; i < 600; i++)
    g_string_append_printf (trace, "\tat oracle.jdbc.Driver%u.execute(Driver.java:%u)\n", i, i);
  g_string_append_printf (trace, "Caused by: java.sql.SQLException: %s\n\t... 12 more\n", useful);
  return g_string_free (trace, FALSE);
}

static void
test_oracle (void)
{
  const char *const texts[][2] = {
    { "ORA-00001: unique constraint (CORPPROD.PK_VNP_PROC_FORM) violated\n {prepstmnt 99 INSERT "
      "INTO X VALUES "
      "(?, ?) [params=(long) 666000001]} [code=1, state=23000]",
      "ORA-00001: unique constraint (CORPPROD.PK_VNP_PROC_FORM) violated" },
    { "ORA-12899: value too large for column \"CORPPROD\".\"VNP_PERSON\".\"MIDDLE_NM\" (actual: "
      "52, maximum: 30)\n"
      "{prepstmnt 1",
      "ORA-12899: value too large for column \"CORPPROD\".\"VNP_PERSON\".\"MIDDLE_NM\" (actual: "
      "52, maximum: 30)" },
    { "ORA-01400: cannot insert NULL into (\"CORPPROD\".\"VNP_BNFT_CLAIM\".\"VNP_PROC_ID\")\nnext "
      "line",
      "ORA-01400: cannot insert NULL into (\"CORPPROD\".\"VNP_BNFT_CLAIM\".\"VNP_PROC_ID\")" },
    { "ORA-20099: Error - File Number and Social Security number are different\nORA-06512: at line "
      "61",
      "ORA-20099: Error - File Number and Social Security number are different; ORA-06512: at line "
      "61" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autofree char *trace = long_trace (texts[i][0]);

    g_assert_cmpuint (strlen (trace), >, 50000);
    gives (trace, NULL, texts[i][1]);
  }
}

static void
test_trace_without_oracle (void)
{
  g_autofree char *trace = long_trace ("something else");

  gives (trace, NULL,
         "EJB Exception: ; nested exception is:; Caused by: java.sql.SQLException: something else");
}

static void
test_number_format (void)
{
  gives ("\n- vnpProcId is of type java.lang.Long gov.va.vba.vonapp.dto.VnpProcFormPKDTO"
         " java.lang.NumberFormatException: For input string: \"JOHN \"X\" DOE\"",
         NULL,
         "- vnpProcId is of type java.lang.Long gov.va.vba.vonapp.dto.VnpProcFormPKDTO"
         " java.lang.NumberFormatException: For input string: \"…\"");
  gives ("\nException Description: The object [a], of class [b], of class [class "
         "java.lang.String], from mapping "
         "[vnpProcId], could not be converted to [class java.lang.Long].",
         NULL,
         "Exception Description: The object […], of class [class java.lang.String], from mapping "
         "[vnpProcId], "
         "could not be converted to [class java.lang.Long].");
  gives ("x For input string: \"JOHN", NULL, "x For input string: \"…");
}

static void
test_withheld (void)
{
  gives ("CEST11 - John Doe 666000001 has a claim", NULL, "CEST11, its text withheld");
  gives ("x", "CEST11 John Doe; FABusnsTranRule fired",
         "CEST11, its text withheld; FABusnsTranRule");
}

static void
test_masks (void)
{
  const char *const sent[] = { "Doe", "8200 Doby Lane", "Zip", NULL };
  g_autofree char *text = bgs_fault_text (
      "DOE and Does, undoe, doe@example.com, 8200 DOBY LANE, 666-00-0001, 666000001, 01/02/1990, "
      "1990-01-02T00, line 1234567, (202) 555-0101",
      NULL, sent);
  g_autofree char *decides = bgs_fault_text ("insertBenefitClaim: Invalid zipcode. Zip 00021", NULL,
                                             (const char *const[]){ "Invalid", NULL });

  g_assert_cmpstr (text, ==, "… and Does, undoe, … …, #, #, #, #T00, line 1234567, (#");
  /* A Veteran named like a word of a deciding text must not change the verdict. */
  g_assert_cmpstr (
      decides, ==,
      "insertBenefitClaim: … zipcode. Zip 00021; insertBenefitClaim: Invalid zipcode.");
}

static void
test_bounded (void)
{
  g_autofree char *long_text = g_strnfill (100000, 'x');
  g_autofree char *behind = g_strconcat (long_text, " ORA-00001: unique constraint", NULL);
  g_autofree char *cut = bgs_fault_text (long_text, NULL, NULL);
  g_autofree char *dug_out = bgs_fault_text (behind, NULL, NULL);
  g_autofree char *invalid = bgs_fault_text ("a\xff\x01 b", NULL, NULL);

  g_assert_cmpuint (strlen (cut), ==, BGS_FAULT_MAX_CHARS);
  g_assert_cmpstr (dug_out, ==, "ORA-00001: unique constraint");
  g_assert_true (g_utf8_validate (invalid, -1, NULL));
}

/* Every text that decides a claim's way comes through, wherever it stands. */
static void
test_deciding_texts (void)
{
  const char *const texts[] = {
    "insertBenefitClaim: Invalid zipcode.",
    "Maximum number of EPs reached for this bnftClaimTypeCd",
    "This update is being elevated for additional review due to an Incident Flash associated with "
    "this Beneficiary",
    "ORA-20099: Error - File Number and Social Security number are different",
    "ORA-00001: unique constraint",
    "The length of the EXTERNAL_UID or EXTERNAL_KEY exceeds the maximum",
    "GUIE50010",
    "FABusnsTranRule",
  };
  g_autofree char *filler = g_strnfill (2000, 'y');

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++) {
    const char *const shapes[] = { "%s", "%s%s", "CEST11 %s", "ORA-06550: line 1\n{prepstmnt %s",
                                   "a; %s %s" };

    for (gsize j = 0; j < G_N_ELEMENTS (shapes); j++) {
      g_auto (GStrv) parts = g_strsplit (shapes[j], "%s", -1);
      g_autofree char *fault =
          g_strconcat (parts[0], g_strv_length (parts) > 2 ? filler : "", " ", texts[i], NULL);
      g_autofree char *text = bgs_fault_text (fault, NULL, NULL);

      g_assert_nonnull (strstr (text, texts[i]));
    }
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bgs/fault/message-or-string", test_message);
  g_test_add_func ("/bgs/fault/names-are-taken-out", test_names);
  g_test_add_func ("/bgs/fault/oracle-text-out-of-a-long-trace", test_oracle);
  g_test_add_func ("/bgs/fault/trace-without-oracle", test_trace_without_oracle);
  g_test_add_func ("/bgs/fault/number-format-without-its-value", test_number_format);
  g_test_add_func ("/bgs/fault/cest11-is-withheld", test_withheld);
  g_test_add_func ("/bgs/fault/personal-data-goes", test_masks);
  g_test_add_func ("/bgs/fault/is-bounded", test_bounded);
  g_test_add_func ("/bgs/fault/deciding-texts-stay", test_deciding_texts);
  return g_test_run ();
}
