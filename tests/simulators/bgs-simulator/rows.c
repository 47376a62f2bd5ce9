/* Tables, their elements in the order of the reply, and rows of them.
 * Source: recordings; where a reply's order was not recorded, alphabetical.
 */
#include "rows.h"

#include <string.h>

#include "base/settings.h"
#include "chicago.h"
#include "wire.h"

struct Row {
  TableId table;
  char *values[]; /* one per column: NULL absent, nil_value sent as nil, else owned */
};

/* Told apart by its address. */
static char nil_value[] = "nil";

/* clang-format off */
#define TEXT(name)         { name, COLUMN_TEXT, 0, FALSE, FALSE, FALSE }
#define SHORT(name, chars) { name, COLUMN_TEXT, chars, FALSE, FALSE, FALSE }
#define ID(name)           { name, COLUMN_ID, 0, FALSE, FALSE, FALSE }
#define KEY_ID(name)       { name, COLUMN_ID, 0, TRUE, FALSE, FALSE }
#define DECIMAL(name)      { name, COLUMN_DECIMAL, 0, FALSE, FALSE, FALSE }
#define DATE(name)         { name, COLUMN_DATE, 0, FALSE, FALSE, FALSE }
#define JOURNAL            DATE ("jrnDt"), TEXT ("jrnLctnId"), TEXT ("jrnObjId"), \
                           TEXT ("jrnStatusTypeCd"), TEXT ("jrnUserId")
/* clang-format on */

static const Column proc_columns[] = {
  ID ("vnpProcId"),   TEXT ("vnpProcTypeCd"),   TEXT ("vnpProcStateTypeCd"),
  DATE ("creatdDt"),  DATE ("lastModifdDt"),    DATE ("jrnDt"),
  TEXT ("jrnLctnId"), TEXT ("jrnStatusTypeCd"), TEXT ("jrnUserId"),
  TEXT ("jrnObjId"),  DATE ("submtdDt"),
};

static const Column proc_form_columns[] = {
  { "vnpProcId", COLUMN_ID, 0, TRUE, TRUE },
  { "formTypeCd", COLUMN_TEXT, 0, TRUE, TRUE },
  JOURNAL,
};

static const Column ptcpnt_columns[] = {
  ID ("vnpPtcpntId"),
  KEY_ID ("vnpProcId"),
  ID ("corpPtcpntId"),
  TEXT ("fraudInd"),
  JOURNAL,
  TEXT ("legacyPoaCd"),
  TEXT ("miscVendorInd"),
  ID ("ptcpntFkPtcpntId"),
  TEXT ("ptcpntShortNm"),
  TEXT ("ptcpntTypeNm"),
  TEXT ("taxIdfctnNbr"),
  TEXT ("tinWaiverReasonTypeCd"),
};

static const Column person_columns[] = {
  KEY_ID ("vnpPtcpntId"),
  SHORT ("birthCityNm", 30),
  TEXT ("birthCntryNm"),
  SHORT ("birthStateCd", 2),
  DATE ("brthdyDt"),
  TEXT ("cmptnyDecnTypeCd"),
  DATE ("deathDt"),
  DECIMAL ("depNbr"),
  TEXT ("empInd"),
  TEXT ("entlmtTypeCd"),
  TEXT ("ethnicTypeCd"),
  TEXT ("everMariedInd"),
  TEXT ("fidDecnCategyTypeCd"),
  TEXT ("fileNbr"),
  SHORT ("firstNm", 30),
  TEXT ("firstNmKey"),
  TEXT ("frgnSvcNbr"),
  TEXT ("genderCd"),
  JOURNAL,
  SHORT ("lastNm", 50),
  TEXT ("lastNmKey"),
  TEXT ("lgyEntlmtTypeCd"),
  TEXT ("martlStatusTypeCd"),
  { "middleNm", COLUMN_TEXT, 30, FALSE, FALSE, TRUE },
  TEXT ("mltyPersonInd"),
  DECIMAL ("monthsPresntEmplyrNbr"),
  DECIMAL ("netWorthAmt"),
  SHORT ("noSsnReasonTypeCd", 12),
  TEXT ("ocptnTxt"),
  TEXT ("personDeathCauseTypeNm"),
  TEXT ("personTypeNm"),
  TEXT ("potntlDngrsInd"),
  TEXT ("raceTypeNm"),
  TEXT ("serousEmplmtHndcapInd"),
  TEXT ("slttnTypeNm"),
  TEXT ("spinaBifidaInd"),
  TEXT ("ssnNbr"),
  TEXT ("ssnVrfctnStatusTypeCd"),
  SHORT ("suffixNm", 15),
  TEXT ("taxAbtmntCd"),
  TEXT ("termnlDigitNbr"),
  TEXT ("titleTxt"),
  TEXT ("vetInd"),
  TEXT ("vetTypeNm"),
  TEXT ("vnpSchoolChildInd"),
  TEXT ("vnpSruslyDsabldInd"),
  DECIMAL ("yearsPresntEmplyrNbr"),
  ID ("vnpProcId"),
};

static const Column addrs_columns[] = {
  ID ("vnpPtcpntAddrsId"),
  DATE ("efctvDt"),
  ID ("vnpPtcpntId"),
  ID ("vnpProcId"),
  SHORT ("addrsOneTxt", 20),
  SHORT ("addrsTwoTxt", 20),
  SHORT ("addrsThreeTxt", 20),
  TEXT ("badAddrsInd"),
  SHORT ("cityNm", 30),
  SHORT ("cntryNm", 50),
  TEXT ("countyNm"),
  TEXT ("eftWaiverTypeNm"),
  SHORT ("emailAddrsTxt", 254),
  DATE ("endDt"),
  TEXT ("fmsAddrsCodeTxt"),
  SHORT ("frgnPostalCd", 16),
  TEXT ("group1VerifdTypeCd"),
  JOURNAL,
  TEXT ("lctnNm"),
  SHORT ("mltyPostOfficeTypeCd", 12),
  SHORT ("mltyPostalTypeCd", 12),
  SHORT ("postalCd", 2),
  SHORT ("prvncNm", 35),
  TEXT ("ptcpntAddrsTypeNm"),
  TEXT ("sharedAddrsInd"),
  TEXT ("trsuryAddrsOneTxt"),
  TEXT ("trsuryAddrsTwoTxt"),
  TEXT ("trsuryAddrsThreeTxt"),
  TEXT ("trsuryAddrsFourTxt"),
  TEXT ("trsuryAddrsFiveTxt"),
  TEXT ("trsuryAddrsSixTxt"),
  DECIMAL ("trsurySeqNbr"),
  TEXT ("trtryNm"),
  SHORT ("zipFirstSuffixNbr", 4),
  SHORT ("zipPrefixNbr", 5),
  TEXT ("zipSecondSuffixNbr"),
};

static const Column phone_columns[] = {
  ID ("vnpPtcpntPhoneId"), ID ("vnpProcId"),         ID ("vnpPtcpntId"), TEXT ("phoneTypeNm"),
  SHORT ("phoneNbr", 11),  DATE ("efctvDt"),         DATE ("jrnDt"),     TEXT ("jrnLctnId"),
  TEXT ("jrnUserId"),      TEXT ("jrnStatusTypeCd"), TEXT ("jrnObjId"),
};

static const Column school_columns[] = {
  ID ("vnpChildSchoolId"),
  TEXT ("courseNameTxt"),
  ID ("currentEduInstnPtcpntId"),
  TEXT ("curntForgnPostalCd"),
  DECIMAL ("curntHoursPerWkNum"),
  TEXT ("curntMltyPostOfficeTypCd"),
  TEXT ("curntMltyPostalTypCd"),
  TEXT ("curntSchoolAddrsOneTxt"),
  TEXT ("curntSchoolAddrsThreeTxt"),
  TEXT ("curntSchoolAddrsTwoTxt"),
  TEXT ("curntSchoolAddrsZipNbr"),
  SHORT ("curntSchoolCityNm", 30),
  TEXT ("curntSchoolCntryNm"),
  SHORT ("curntSchoolNm", 80),
  TEXT ("curntSchoolPostalCd"),
  DECIMAL ("curntSessnsPerWkNum"),
  TEXT ("fullTimeStudntTypeCd"),
  DATE ("gradtnDt"),
  JOURNAL,
  DATE ("lastTermEndDt"),
  TEXT ("lastTermEnrlmtInd"),
  DATE ("lastTermStartDt"),
  TEXT ("partTimeSchoolSubjctTxt"),
  ID ("prevEduInstnPtcpntId"),
  TEXT ("prevFrgnPostalCd"),
  DECIMAL ("prevHoursPerWkNum"),
  TEXT ("prevMltyPostOfficeTypCd"),
  TEXT ("prevMltyPostalTypCd"),
  TEXT ("prevSchoolAddrsOneTxt"),
  TEXT ("prevSchoolAddrsThreeTxt"),
  TEXT ("prevSchoolAddrsTwoTxt"),
  TEXT ("prevSchoolAddrsZipNbr"),
  TEXT ("prevSchoolCityNm"),
  TEXT ("prevSchoolCntryNm"),
  SHORT ("prevSchoolNm", 80),
  TEXT ("prevSchoolPostalCd"),
  DECIMAL ("prevSessnsPerWkNum"),
  TEXT ("rmks"),
  TEXT ("schoolActualExpctdStartDt"), /* plain text in spite of its name */
  DATE ("schoolTermStartDt"),
  ID ("vnpPtcpntId"),
  ID ("vnpProcId"),
};

static const Column student_columns[] = {
  KEY_ID ("vnpPtcpntId"),
  TEXT ("acrdtdSchoolInd"),
  TEXT ("agencyPayingTuitnNm"),
  TEXT ("atndedSchoolCntnusInd"),
  TEXT ("govtPaidTuitnInd"),
  DATE ("govtPaidTuitnStartDt"),
  JOURNAL,
  DATE ("marageDt"),
  DECIMAL ("nextYearAnntyIncomeAmt"),
  DECIMAL ("nextYearEmplmtIncomeAmt"),
  DECIMAL ("nextYearOtherIncomeAmt"),
  DECIMAL ("nextYearSsaIncomeAmt"),
  DECIMAL ("otherAssetAmt"),
  DECIMAL ("realEstateAmt"),
  TEXT ("rmks"),
  DECIMAL ("savingAmt"),
  DECIMAL ("stockBondAmt"),
  DATE ("stopedAtndngSchoolDt"),
  DECIMAL ("termYearAnntyIncomeAmt"),
  DECIMAL ("termYearEmplmtIncomeAmt"),
  DECIMAL ("termYearOtherIncomeAmt"),
  DECIMAL ("termYearSsaIncomeAmt"),
  ID ("vnpProcId"),
};

static const Column rlnshp_columns[] = {
  ID ("vnpPtcpntRlnshpId"),
  DATE ("beginDt"),
  TEXT ("childPrevlyMarriedInd"),
  TEXT ("depHasIncomeInd"),
  DATE ("endDt"),
  DATE ("eventDt"),
  TEXT ("familyRlnshpTypeNm"),
  TEXT ("fidAttntnTxt"),
  TEXT ("hlthcrPrvdrRlseInd"),
  JOURNAL,
  TEXT ("livesWithRelatdPersonInd"),
  SHORT ("marageCityNm", 30),
  SHORT ("marageCntryNm", 50),
  TEXT ("marageMthdNm"),
  SHORT ("marageStateCd", 2),
  SHORT ("marageTrmntnCityNm", 30),
  SHORT ("marageTrmntnCntryNm", 50),
  SHORT ("marageTrmntnStateCd", 2),
  TEXT ("marageTrmntnTypeCd"),
  DECIMAL ("mthlySupportFromVetAmt"),
  TEXT ("poaAgencyNm"),
  TEXT ("poaRepNm"),
  TEXT ("poaRepTitleTxt"),
  TEXT ("poaRepTypeCd"),
  DATE ("poaSigntrVrfctnDt"),
  TEXT ("proofDepncyInd"),
  TEXT ("prptnlPhraseTypeNm"),
  TEXT ("ptcpntRlnshpTypeNm"),
  TEXT ("rateTypeNm"),
  DATE ("reviewDt"),
  TEXT ("statusTypeCd"),
  TEXT ("tempCustdnInd"),
  ID ("vnpProcId"),
  ID ("vnpPtcpntIdA"),
  ID ("vnpPtcpntIdB"),
};

static const Column vnp_claim_columns[] = {
  ID ("vnpBnftClaimId"),
  TEXT ("atchmsInd"),
  TEXT ("bnftClaimTypeCd"),
  ID ("claimJrsdtnLctnId"),
  DATE ("claimRcvdDt"),
  TEXT ("endPrdctTypeCd"),
  ID ("intakeJrsdtnLctnId"),
  JOURNAL,
  TEXT ("netWorthOverLimitInd"),
  TEXT ("pgmTypeCd"),
  ID ("ptcpntClmantId"),
  TEXT ("statusTypeCd"),
  TEXT ("svcTypeCd"),
  ID ("ptcpntMailAddrsId"),
  ID ("vnpPtcpntVetId"),
  KEY_ID ("vnpProcID"), /* capital ID; vnpProcId is nobody's name here */
  ID ("bnftClaimId"),
};

static const Column note_columns[] = {
  TEXT ("callId"),    DATE ("jrnDt"),         TEXT ("jrnLctnId"), TEXT ("jrnObjId"),
  TEXT ("jrnSttTc"),  TEXT ("jrnUserId"),     TEXT ("name"),      TEXT ("rowCnt"),
  TEXT ("rowId"),     TEXT ("bnftClmNoteTc"), TEXT ("clmId"),     TEXT ("noteId"),
  TEXT ("noteOutTn"), TEXT ("ptcpntId"),      TEXT ("txt"),
};

static const Column claim_input_columns[] = {
  TEXT ("fileNumber"),
  TEXT ("ssn"),
  TEXT ("benefitClaimType"),
  TEXT ("payee"),
  TEXT ("endProduct"),
  TEXT ("endProductCode"),
  TEXT ("firstName"),
  TEXT ("lastName"),
  TEXT ("city"),
  TEXT ("state"),
  TEXT ("postalCode"),
  TEXT ("country"),
  TEXT ("disposition"),
  TEXT ("sectionUnitNo"),
  TEXT ("folderWithClaim"),
  TEXT ("endProductName"),
  TEXT ("preDischargeIndicator"),
  TEXT ("dateOfClaim"),
  TEXT ("titleName"),
  TEXT ("middleName"),
  TEXT ("suffixName"),
  TEXT ("addressLine1"),
  TEXT ("addressLine2"),
  TEXT ("addressLine3"),
  TEXT ("postalCodePlus4"),
  TEXT ("dayTimeAreaCode"),
  TEXT ("dayTimePhoneNumber"),
  TEXT ("nightTimeAreaCode"),
  TEXT ("nightTimePhoneNumber"),
  TEXT ("emailAddress"),
  TEXT ("suspenseDate"),
  TEXT ("futureReason"),
  TEXT ("claimantSsn"),
  TEXT ("beneficiaryDateOfBirth"),
  TEXT ("powerOfAttorney"),
  TEXT ("gulfWarRegistryPermit"),
  TEXT ("suppressAcknowledgementLetter"),
  TEXT ("specialIssueCase"),
  TEXT ("inTakeSite"),
  TEXT ("soj"),
  TEXT ("mltyPostalTypeCd"),
  TEXT ("mltyPostOfficeTypeCd"),
  TEXT ("foreignMailCode"),
  TEXT ("addressType"),
  TEXT ("bypassIndicator"),
  TEXT ("bnftClaimId"),
  TEXT ("allowPoaAccess"),
  TEXT ("allowPoaCadd"),
  TEXT ("submtrRoleTypeCd"),
  TEXT ("submtrApplcnTypeCd"),
  TEXT ("awardSoj"),
  TEXT ("powNumberOfDays"),
  TEXT ("homelessIndicator"),
  TEXT ("ptcpntIdClaimant"),
  TEXT ("preDschrgTypeCd"),
  TEXT ("personOrgInd"),
  TEXT ("payeeOrgName"),
  TEXT ("payeeOrgType"),
  TEXT ("payeeOrgTitle"),
  TEXT ("groupOneValidatedInd"),
  TEXT ("prvncNm"),
  TEXT ("trtryNm"),
  TEXT ("treasuryMailingAddress1"),
  TEXT ("treasuryMailingAddress2"),
  TEXT ("treasuryMailingAddress3"),
  TEXT ("treasuryMailingAddress4"),
  TEXT ("treasuryMailingAddress5"),
  TEXT ("treasuryMailingAddress6"),
  TEXT ("fiduciaryOneLastName"),
  TEXT ("fiduciaryOneFirstName"),
  TEXT ("fiduciaryOneMiddleName"),
  TEXT ("fiduciaryOneSuffixName"),
  TEXT ("fiduciaryOrgName"),
  TEXT ("ptcpntIdFiduciaryOne"),
  TEXT ("fiduciaryOrgTitle"),
  TEXT ("fiduciaryOrgType"),
  TEXT ("fiduciaryPrepPhraseType"),
};

#define COLUMNS(array) .columns = (array), .n_columns = G_N_ELEMENTS (array)

/* The sequences start far apart, so that an id used in another's place is seen. */
static const Table tables[N_TABLES] = {
  [TABLE_PROC] = { "procs", "VnpProcDTO", "VNP_PROC", .key = { "vnpProcId" }, .first_id = 3830201,
                   COLUMNS (proc_columns) },
  [TABLE_PROC_FORM] = { "proc_forms", "VnpProcFormPKDTO", "VNP_PROC_FORM",
                        "CORPPROD.PK_VNP_PROC_FORM", "compId", .key = { "vnpProcId", "formTypeCd" },
                        COLUMNS (proc_form_columns) },
  [TABLE_PTCPNT] = { "participants", "VnpPtcpntDTO", "VNP_PTCPNT", .key = { "vnpPtcpntId" },
                     .first_id = 150101, COLUMNS (ptcpnt_columns) },
  [TABLE_PERSON] = { "persons", "VnpPersonDTO", "VNP_PERSON", "CORPPROD.PK_VNP_PERSON",
                     .key = { "vnpPtcpntId" }, COLUMNS (person_columns) },
  [TABLE_ADDRS] = { "addresses", "VnpPtcpntAddrsDTO", "VNP_PTCPNT_ADDRS",
                    .key = { "vnpPtcpntAddrsId" }, .first_id = 1169001, COLUMNS (addrs_columns) },
  [TABLE_PHONE] = { "phones", "VnpPtcpntPhoneDTO", "VNP_PTCPNT_PHONE",
                    .key = { "vnpPtcpntPhoneId" }, .first_id = 11104001, COLUMNS (phone_columns) },
  [TABLE_SCHOOL] = { "schools", "VnpChildSchoolDTO", "VNP_CHILD_SCHOOL",
                     .key = { "vnpChildSchoolId" }, .first_id = 20201, COLUMNS (school_columns) },
  [TABLE_STUDENT] = { "students", "VnpChildStudentDTO", "VNP_CHILD_STUDENT",
                      "CORPPROD.PK_VNP_CHILD_STUDENT", .key = { "vnpPtcpntId" },
                      COLUMNS (student_columns) },
  [TABLE_RLNSHP] = { "relationships", "VnpPtcpntRlnshpDTO", "VNP_PTCPNT_RLNSHP",
                     .key = { "vnpPtcpntRlnshpId" }, .first_id = 72000001,
                     COLUMNS (rlnshp_columns) },
  [TABLE_VNP_CLAIM] = { "vnp_claims", "VnpBnftClaimDTO", "VNP_BNFT_CLAIM",
                        .key = { "vnpBnftClaimId" }, .first_id = 426001,
                        COLUMNS (vnp_claim_columns) },
  [TABLE_NOTE] = { "notes", "NoteDTO", "DVLPMT_NOTE", .key = { "noteId" }, .first_id = 52965001,
                   COLUMNS (note_columns) },
  [TABLE_CLAIM_INPUT] = { NULL, "BenefitClaimInput", "BNFT_CLAIM", COLUMNS (claim_input_columns) },
};

const Table *
table_get (TableId id)
{
  return &tables[id];
}

static GHashTable *
column_indexes (TableId id)
{
  static gsize once = 0;
  static GHashTable *indexes[N_TABLES]; /* element name → index + 1 */

  if (g_once_init_enter (&once)) {
    for (guint t = 0; t < N_TABLES; t++) {
      indexes[t] = g_hash_table_new (g_str_hash, g_str_equal);
      for (guint i = 0; i < tables[t].n_columns; i++)
        g_hash_table_insert (indexes[t], (gpointer)tables[t].columns[i].name,
                             GUINT_TO_POINTER (i + 1));
    }
    g_once_init_leave (&once, 1);
  }
  return indexes[id];
}

int
table_column (TableId id, const char *name)
{
  return (int)GPOINTER_TO_UINT (g_hash_table_lookup (column_indexes (id), name)) - 1;
}

static void
replace_value (Row *row, guint column, char *value)
{
  if (row->values[column] != nil_value)
    g_free (row->values[column]);
  row->values[column] = value;
}

/* The value as the service's types take it: @text is owned, and what comes back is too. */
static char *
take_value (const Column *column, char *text)
{
  char *plain = NULL;

  switch (column->kind) {
  case COLUMN_TEXT:
    return text;
  case COLUMN_DECIMAL:
    if (text[0] != '.')
      return text;
    plain = g_strconcat ("0", text, NULL);
    g_free (text);
    return plain;
  case COLUMN_ID:
  case COLUMN_DATE:
    break;
  }
  g_strstrip (text);
  if (*text)
    return text;
  g_free (text); /* an empty number or date is none */
  return NULL;
}

static void
read_children (Row *row, xmlNode *parent, gboolean in_key)
{
  const Table *table = &tables[row->table];

  for (xmlNode *child = parent ? parent->children : NULL; child; child = child->next) {
    int column = -1;

    if (child->type != XML_ELEMENT_NODE || child->ns)
      continue;
    if (!in_key && table->key_wrapper && xmlStrEqual (child->name, BAD_CAST table->key_wrapper)) {
      read_children (row, child, TRUE);
      continue;
    }
    column = table_column (row->table, (const char *)child->name);
    if (column < 0 || table->columns[column].is_key_part != in_key)
      continue;
    if (wire_is_nil (child))
      replace_value (row, (guint)column, nil_value);
    else
      replace_value (row, (guint)column, take_value (&table->columns[column], wire_text (child)));
  }
}

Row *
row_read (TableId table, xmlNode *arguments)
{
  Row *row = g_malloc0 (sizeof (Row) + tables[table].n_columns * sizeof (char *));

  row->table = table;
  read_children (row, arguments, FALSE);
  return row;
}

void
row_free (Row *row)
{
  if (!row)
    return;
  for (guint i = 0; i < tables[row->table].n_columns; i++)
    replace_value (row, i, NULL);
  g_free (row);
}

static const char *
value_of (const Row *row, guint column)
{
  return row->values[column] == nil_value ? NULL : row->values[column];
}

const char *
row_get (const Row *row, const char *name)
{
  int column = table_column (row->table, name);

  g_assert (column >= 0);
  return value_of (row, (guint)column);
}

void
row_set (Row *row, const char *name, const char *value)
{
  int column = table_column (row->table, name);

  g_assert (column >= 0);
  replace_value (row, (guint)column, g_strdup (value));
}

RowProblem
row_check (const Row *row, gboolean check_lengths, const Column **ret_column)
{
  const Table *table = &tables[row->table];
  gint64 number = 0;

  for (guint i = 0; i < table->n_columns; i++) {
    *ret_column = &table->columns[i];
    if (table->columns[i].kind == COLUMN_ID && value_of (row, i) &&
        !parse_int64 (value_of (row, i), G_MININT64, G_MAXINT64, &number))
      return ROW_NOT_A_NUMBER;
  }
  for (guint i = 0; i < table->n_columns; i++) {
    *ret_column = &table->columns[i];
    /* Oracle takes an empty text for NULL. */
    if (table->columns[i].is_required && (!value_of (row, i) || !*value_of (row, i)))
      return ROW_NULL;
  }
  for (guint i = 0; i < table->n_columns; i++) {
    *ret_column = &table->columns[i];
    if ((check_lengths || table->columns[i].is_recorded) && table->columns[i].max_chars &&
        value_of (row, i) &&
        g_utf8_strlen (value_of (row, i), -1) > (glong)table->columns[i].max_chars)
      return ROW_TOO_LONG;
  }
  *ret_column = NULL;
  return ROW_FINE;
}

char *
row_key (const Row *row)
{
  const Table *table = &tables[row->table];
  g_autoptr (GString) key = g_string_new (NULL);

  for (guint i = 0; table->key[i]; i++) {
    const char *part = row_get (row, table->key[i]);

    if (!part)
      return NULL;
    g_string_append_printf (key, "%s%s", i > 0 ? "/" : "", part);
  }
  return g_strdup (key->str);
}

static void
append_column (const Row *row, guint i, GString *xml, gboolean in_chicago, gboolean old_dialect)
{
  const Column *column = &tables[row->table].columns[i];
  const char *value = row->values[i];
  g_autofree char *converted = NULL;

  if (value == nil_value) {
    gboolean is_number = column->kind == COLUMN_ID || column->kind == COLUMN_DECIMAL;

    if (old_dialect)
      wire_append (xml, column->name, is_number ? "0" : "");
    return;
  }
  if (value && in_chicago && column->kind == COLUMN_DATE) {
    converted = chicago_from_wire (value);
    value = converted ? converted : value;
  }
  wire_append (xml, column->name, value);
}

void
row_append_xml (const Row *row, GString *xml, gboolean in_chicago, gboolean old_dialect)
{
  const Table *table = &tables[row->table];

  if (table->key_wrapper) {
    g_string_append_printf (xml, "<%s>", table->key_wrapper);
    for (guint i = 0; i < table->n_columns; i++)
      if (table->columns[i].is_key_part)
        append_column (row, i, xml, in_chicago, old_dialect);
    g_string_append_printf (xml, "</%s>", table->key_wrapper);
  }
  for (guint i = 0; i < table->n_columns; i++)
    if (!table->columns[i].is_key_part)
      append_column (row, i, xml, in_chicago, old_dialect);
}

json_t *
row_json (const Row *row)
{
  const Table *table = &tables[row->table];
  json_t *json = json_object ();

  for (guint i = 0; i < table->n_columns; i++)
    if (value_of (row, i))
      json_object_set_new (json, table->columns[i].name, json_string (value_of (row, i)));
  return json;
}

char *
sql_column_name (const char *element)
{
  GString *name = g_string_new (NULL);

  for (const char *at = element; *at; at++) {
    if (g_ascii_isupper (*at) && at > element && !g_ascii_isupper (at[-1]))
      g_string_append_c (name, '_');
    g_string_append_c (name, g_ascii_toupper (*at));
  }
  return g_string_free (name, FALSE);
}

char *
row_sql (const Row *row, gboolean is_update)
{
  const Table *table = &tables[row->table];
  g_autoptr (GString) names = g_string_new (NULL);
  g_autoptr (GString) marks = g_string_new (NULL);
  g_autoptr (GString) values = g_string_new (NULL);

  for (guint i = 0; i < table->n_columns; i++) {
    g_autofree char *name = NULL;

    if (!value_of (row, i))
      continue;
    name = sql_column_name (table->columns[i].name);
    if (names->len > 0) {
      g_string_append (names, ", ");
      g_string_append (marks, ", ");
      g_string_append (values, ", ");
    }
    g_string_append_printf (names, is_update ? "%s = ?" : "%s", name);
    g_string_append_c (marks, '?');
    g_string_append_printf (values, "(%s) %s",
                            table->columns[i].kind == COLUMN_ID ? "long" : "String",
                            value_of (row, i));
  }
  return is_update ? g_strdup_printf ("UPDATE CORPPROD.%s SET %s [params=%s]", table->sql_name,
                                      names->str, values->str)
                   : g_strdup_printf ("INSERT INTO CORPPROD.%s (%s) VALUES (%s) [params=%s]",
                                      table->sql_name, names->str, marks->str, values->str);
}
