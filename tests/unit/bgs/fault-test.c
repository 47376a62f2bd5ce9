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

/* Nobody's name gets through a text that nobody has seen before, and what tells an operator
 * something does. */
static void
test_names (void)
{
  gives ("ORA-12899: value too large for column \"CORPPROD\".\"VNP_PERSON\".\"MIDDLE_NM\" Ann "
         "O'Grady-Zoë SMITH",
         NULL,
         "ORA-12899: value too large for column \"CORPPROD\".\"VNP_PERSON\".\"MIDDLE_NM\" … … …");
  gives ("claim of McDonald cannot be parsed by TuxedoServiceFoundButWrongApp", NULL,
         "claim of … cannot be parsed by TuxedoServiceFoundButWrongApp");
  /* Whatever their case, and hidden in what looks like a class or a column. */
  gives ("row of ann example for lukasz q. cannot be read", NULL,
         "row of … … for … …. cannot be read");
  gives ("AnnSmithException in gov.va.smith.AnnService: SMITH_NM and smith_person are null", NULL,
         "… in gov.va.….…: …_NM and …_person are null");
}

/* A private value goes as a whole and by its words, in any case, as typed and as BGS is told it;
 * also where a word is one that programs use. */
static void
test_private_values (void)
{
  static const char *const values[] = { "Bean",
                                        "Łukasz",
                                        "Anne–Marie O’Grady",
                                        "grace.hopeful@example.com",
                                        "12 Wrongway St",
                                        "4321",
                                        "Juan Santos.",
                                        "Юрий",
                                        "\u738b\u5c0f\u660e",
                                        NULL };
  static const char *const said[] = {
    "bean",        "BEAN",
    "łukasz",      "LUKASZ",
    "Lukasz's",    "anne-marie",
    "MARIE",       "o'grady",
    "Grady",       "Hopeful",
    "wrongway",    "4321",
    "santos",      "santos_id",
    "mcsantos",    "Jurij",
    "O`GRADY",     "юрий",
    "123WRONGWAY", "o’grady",
    "Marie.Anne",  "\u738b\u5c0f\u660e",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (said); i++) {
    g_autofree char *fault = g_strdup_printf ("the row of %s is locked", said[i]);
    g_autofree char *text = bgs_fault_text (fault, NULL, values);
    g_autofree char *rest = NULL;

    g_test_message ("%s: %s", said[i], text);
    g_assert_true (g_str_has_prefix (text, "the row of "));
    g_assert_true (g_str_has_suffix (text, " is locked"));
    rest =
        g_strndup (text + strlen ("the row of "), strlen (text) - strlen ("the row of  is locked"));
    for (const char *at = rest; *at; at = g_utf8_next_char (at))
      g_assert_nonnull (g_utf8_strchr ("…-_.'id123", -1, g_utf8_get_char (at)));
  }
}

/* A Veteran whose name is made of the words of a text that decides changes no verdict. */
static void
test_deciding_texts_outlast_names (void)
{
  static const char *const texts[] = {
    "insertBenefitClaim: Invalid zipcode.",
    "Maximum number of EPs reached for this bnftClaimTypeCd",
    "This update is being elevated for additional review due to an Incident Flas",
    "ORA-20099: Error - File Number and Social Security number are different",
    "ORA-00001: unique constraint",
    "The length of the EXTERNAL_UID or EXTERNAL_KEY exceeds the maximum",
    "insertBenefitClaim: City is null",
    "has invalid character(s)",
    "parent key not found",
    "The Tuxedo service is down",
    "System error with BGS",
    "WssVerification Exception - Security Verification Exception",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_auto (GStrv) words = g_strsplit_set (texts[i], " :-()", -1);
    g_autofree char *text = bgs_fault_text (texts[i], NULL, (const char *const *)words);

    g_assert_nonnull (strstr (text, texts[i]));
  }
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
  gives ("x For input string: \"JOHN", NULL, "… For input string: \"…");
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

  g_assert_cmpstr (text, ==, "… and Does, …, … …, #, #, #, #…, line 1234567, (#");
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
  g_auto (GStrv) pieces = g_strsplit (long_text, "xxxxx", -1);
  g_autofree char *long_and_known = g_strjoinv (" row", pieces);
  g_autofree char *cut = bgs_fault_text (long_and_known, NULL, NULL);
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
    "This update is being elevated for additional review due to an Incident Flas",
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

/* What nobody has seen yet, and what somebody might send on purpose. */
static void
test_hostile (void)
{
  g_autofree char *one_line_trace = NULL;
  GString *trace = g_string_new ("EJB Exception: ; nested exception is: ");

  /* Escaped once too often, and in CDATA inside of CDATA. */
  gives ("&amp;lt;message&amp;gt;&#68;OE &#x36;66-00-0001&amp;lt;/message&amp;gt;", NULL, "… #");
  gives ("<![CDATA[<m><![CDATA[SMITH]]></m>]]> is unknown", NULL, "…    is unknown");
  gives ("C&#69;ST11 Ann", NULL, "CEST11, its text withheld");
  gives ("cest11 ann example", NULL, "CEST11, its text withheld");
  /* Numbers. */
  gives ("6 6 6-0 0-0 0 0 1; 666\u201300\u20130001; "
         "\uff16\uff16\uff16\uff10\uff10\uff10\uff10\uff10\uff11; "
         "666\u200b000\u200b001",
         NULL, "#; #; #; #");
  gives (
      "born 1/2/90, 02-JAN-1990, 2 jan 90, January 2, 1990, Jan. 2nd 1990, 1990.1.2, call 555-0101",
      NULL, "… #, #, #, #, #, #, call #");
  gives ("lives at 8200 doby lane, apt 3; po box 77", NULL, "lives at #, … 3; #");
  /* Names, in each case that people and programs write them in. */
  gives ("JOHN.DOE John/Doe jOHN_dOE Bean-->find-->DOE,JOHN DeShawn vanDyke McDonald-O'Brien "
         "SMITH1 LongJohn",
         NULL, "….… …/… …_… Bean-->find-->…,… … … … … …");
  gives ("jos\u00e9 \u738b\u5c0f\u660e", NULL, "… …");
  gives ("the value \"john doe\" of [john] in 'doe street', class [class java.lang.Long]", NULL,
         "the value \"…\" of […] in '…', class [class java.lang.Long]");
  gives ("mailto:john.doe%40example.com and <jd@example.com>", NULL, "… and");
  /* A driver's statement without an ORA- text before it. */
  gives (
      "Caused by: x.Y: {prepstmnt 7 INSERT INTO P VALUES (?) [params=(String) john doe]} [code=1]",
      NULL, "Caused by: ….…: …");

  for (guint i = 0; i < 2000; i++)
    g_string_append_printf (trace, " at gov.va.vba.vonapp.Thing%u.invoke(Thing.java:%u)", i, i);
  g_string_append (trace,
                   " Caused by: java.sql.SQLException: ORA-12899: value too large Caused by: "
                   "x {prepstmnt 1 [params=(String) john doe]}");
  one_line_trace = g_string_free (trace, FALSE);
  g_assert_cmpuint (strlen (one_line_trace), >, 70000);
  gives (one_line_trace, NULL, "ORA-12899: value too large");
}

/* --- Seeded: one person, written in every way, in every kind of fault. --- */

static const char *const people[][9] = {
  /* first, last, SSN, born, e-mail, street, city, phone, key */
  { "Quentin", "Leaky", "666987654", "1983-04-07", "quentin.leaky@example.com", "8200 Doby Lane",
    "Lakeside", "2025550143", "1012345678V123456" },
  { "Jos\u00e9", "O'Grady-Zo\u00eb", "666123450", "1990-12-30", "jo@mail.example.org",
    "9 Specimen Court", "R\u00edo Seco", "2025550199", "5f3c09aa77" },
};

static char *
spelt (GRand *chance, const char *value)
{
  GString *text = g_string_new (NULL);
  gint32 way = g_rand_int_range (chance, 0, 5);

  for (const char *at = value; *at; at = g_utf8_next_char (at)) {
    gunichar character = g_utf8_get_char (at);

    if (way == 1)
      character = g_unichar_toupper (character);
    if (way == 2 || (way == 3 && g_rand_boolean (chance)))
      character = g_unichar_tolower (character);
    if (way == 4 && g_rand_int_range (chance, 0, 3) == 0)
      g_string_append_printf (text, "&#%u;", character);
    else
      g_string_append_unichar (text, character);
  }
  return g_string_free (text, FALSE);
}

/* Nine digits, with whatever may stand between them. */
static char *
numbered (GRand *chance, const char *digits)
{
  static const char *const gaps[] = { "", "-", " ", ".", "/", "\u2013", "&#45;" };
  const char *gap = gaps[g_rand_int_range (chance, 0, G_N_ELEMENTS (gaps))];

  return g_strdup_printf ("%.3s%s%.2s%s%s", digits, gap, digits + 3, gap, digits + 5);
}

static void
append_somebody (GRand *chance, GString *text, const char *const *person)
{
  static const char *const between[] = { " ", ", ", "\n", "; ", " for ", "/", " (", "\t", "|" };
  guint count = (guint)g_rand_int_range (chance, 1, 5);

  for (guint i = 0; i < count; i++) {
    gint32 which = g_rand_int_range (chance, 0, 9);
    g_autofree char *value = which == 2 || (which == 7 && g_rand_boolean (chance))
                                 ? numbered (chance, person[which])
                                 : spelt (chance, person[which]);

    g_string_append (text, between[g_rand_int_range (chance, 0, G_N_ELEMENTS (between))]);
    g_string_append (text, value);
  }
}

static char *
made_up_fault (GRand *chance, const char *const *person)
{
  static const char *const pieces[] = {
    "EJB Exception: ; nested exception is: ",
    "ORA-12899: value too large for column \"CORPPROD\".\"VNP_PERSON\".\"MIDDLE_NM\" ",
    "\nCaused by: java.sql.SQLException: ",
    " {prepstmnt 12 INSERT INTO X (A) VALUES (?) [params=(String) ",
    "\n\tat gov.va.vba.vonapp.Thing.invoke(Thing.java:7)\n",
    "For input string: \"",
    "\" The object [",
    "], of class [class java.lang.String]",
    "<![CDATA[<message>",
    "</message>]]>",
    "GUIE50010 - Duplicate Benefit Claims found",
    "insertBenefitClaim: ",
    " was not found for ",
    "ORA-00001: unique constraint (CORPPROD.PK_VNP_PERSON) violated",
  };
  GString *text = g_string_new (NULL);
  guint count = (guint)g_rand_int_range (chance, 1, 9);

  for (guint i = 0; i < count; i++) {
    g_string_append (text, pieces[g_rand_int_range (chance, 0, G_N_ELEMENTS (pieces))]);
    append_somebody (chance, text, person);
    if (g_rand_int_range (chance, 0, 12) == 0)
      for (guint k = 0; k < 700; k++)
        g_string_append_printf (text, "\n\tat gov.va.vba.vonapp.Thing%u.invoke(Thing.java:%u)", k,
                                k);
  }
  return g_string_free (text, FALSE);
}

static void
says_nothing_of (const char *text, const char *const *person, const char *fault)
{
  g_autofree char *folded = g_utf8_casefold (text, -1);
  g_autofree char *digits = g_strdup (text);
  char *to = digits;

  for (const char *at = text; *at; at++)
    if (g_ascii_isdigit (*at))
      *to++ = *at;
  *to = '\0';
  for (guint i = 0; i < 9; i++) {
    g_autofree char *value = g_utf8_casefold (person[i], -1);

    if (strstr (folded, value))
      g_error ("“%s” is seen in “%s”, made of “%.3000s”", person[i], text, fault);
  }
  if (strstr (digits, person[2]) || strstr (digits, person[7]))
    g_error ("digits are seen in “%s”, made of “%.3000s”", text, fault);
}

/* BGS_FAULT_SEED repeats a run, BGS_FAULT_ROUNDS makes it longer. */
static void
test_made_up (void)
{
  const char *seed_text = g_getenv ("BGS_FAULT_SEED");
  const char *rounds_text = g_getenv ("BGS_FAULT_ROUNDS");
  guint32 seed = seed_text ? (guint32)g_ascii_strtoull (seed_text, NULL, 10) : 686674;
  guint rounds = rounds_text ? (guint)g_ascii_strtoull (rounds_text, NULL, 10) : 600;
  g_autoptr (GRand) chance = g_rand_new_with_seed (seed);

  g_test_message ("BGS_FAULT_SEED=%u", seed);
  for (guint i = 0; i < rounds; i++) {
    const char *const *person = people[g_rand_int_range (chance, 0, G_N_ELEMENTS (people))];
    const char *const sent[] = { person[0], person[1], person[5], person[6], person[8], NULL };
    g_autofree char *fault = made_up_fault (chance, person);
    g_autofree char *detail = g_rand_boolean (chance) ? made_up_fault (chance, person) : NULL;
    g_autofree char *text = bgs_fault_text (fault, detail, sent);

    g_assert_true (g_utf8_validate (text, -1, NULL));
    g_assert_cmpint (g_utf8_strlen (text, -1), <=, 2 * BGS_FAULT_MAX_CHARS);
    g_assert_null (strpbrk (text, "\n\r\t"));
    says_nothing_of (text, person, fault);
    if (strstr (fault, "ORA-00001: unique constraint") ||
        (detail && strstr (detail, "ORA-00001: unique constraint")))
      g_assert_nonnull (strstr (text, "ORA-00001: unique constraint"));
  }
}

/* Eight megabytes are read of an answer, and all of them may be one fault: that costs what 256 kB
 * cost. */
static void
test_huge (void)
{
  g_autofree char *filler = g_strnfill (8 * 1000 * 1000, 'x');
  g_autofree char *fault = g_strconcat (filler, " ORA-12899: value too large", NULL);
  g_autofree char *text = bgs_fault_text (fault, NULL, NULL);
  g_autofree char *near = g_strdup_printf ("%.100000s ORA-12899: value too large", filler);

  g_assert_null (strstr (text, "ORA-"));
  gives (near, NULL, "ORA-12899: value too large");
}

static void
test_refusals (void)
{
  static const char *const own[] = {
    "insertBenefitClaim: Invalid zipcode.",
    "insertBenefitClaim: City is null",
    "GUIE50010 - Duplicate Benefit Claims found on the Corporate Database",
    "EJB Exception: ;\n\tat x.TimeoutWatch(Y.java:1)\nCaused by: z.SQLException: ORA-12899: value "
    "too "
    "large\n\tat x.TimeoutWatch(Y.java:1)",
    "\nInternal Exception: java.lang.NumberFormatException: For input string: \"x\"",
    "ID: 2b8a1c5e-0000-4000-8000-00000000000a: Logon ID APPLICATION Not Found",
    "TUX-20306 - An unexpected error was encountered",
    "CEST11 a text that is withheld",
    "ORA-20099: Error - File Number and Social Security number are different",
  };
  static const char *const foreign[] = {
    "",
    "backend read timed out",
    "Internal Error (from client)",
    "insertBenefitClaim: upstream did not answer",
    "java.net.SocketTimeoutException: Read timed out",
    "ORA-03113: end-of-file on communication channel",
    "TUX-20306 - An unexpected error was encountered: TPETIME - timeout occurred",
    "System error with BGS: the call Timed Out",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (own); i++) {
    g_test_message ("%s", own[i]);
    g_assert_true (bgs_fault_is_refusal (own[i], NULL));
    g_assert_true (bgs_fault_is_refusal (NULL, own[i]));
  }
  for (gsize i = 0; i < G_N_ELEMENTS (foreign); i++) {
    g_test_message ("%s", foreign[i]);
    g_assert_false (bgs_fault_is_refusal (foreign[i], NULL));
    g_assert_false (bgs_fault_is_refusal (foreign[i], foreign[i]));
  }
  g_assert_false (bgs_fault_is_refusal (NULL, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bgs/fault/message-or-string", test_message);
  g_test_add_func ("/bgs/fault/names-are-taken-out", test_names);
  g_test_add_func ("/bgs/fault/private-values-go-by-their-words", test_private_values);
  g_test_add_func ("/bgs/fault/deciding-texts-outlast-names", test_deciding_texts_outlast_names);
  g_test_add_func ("/bgs/fault/oracle-text-out-of-a-long-trace", test_oracle);
  g_test_add_func ("/bgs/fault/trace-without-oracle", test_trace_without_oracle);
  g_test_add_func ("/bgs/fault/number-format-without-its-value", test_number_format);
  g_test_add_func ("/bgs/fault/cest11-is-withheld", test_withheld);
  g_test_add_func ("/bgs/fault/personal-data-goes", test_masks);
  g_test_add_func ("/bgs/fault/is-bounded", test_bounded);
  g_test_add_func ("/bgs/fault/deciding-texts-stay", test_deciding_texts);
  g_test_add_func ("/bgs/fault/only-known-texts-refuse", test_refusals);
  g_test_add_func ("/bgs/fault/hostile-texts", test_hostile);
  g_test_add_func ("/bgs/fault/nobody-is-seen-in-made-up-faults", test_made_up);
  g_test_add_func ("/bgs/fault/is-read-up-to-a-bound", test_huge);
  return g_test_run ();
}
