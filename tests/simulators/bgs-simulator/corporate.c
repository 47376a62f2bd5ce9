/* The corporate database: Veterans, and the benefit claims they have.
 *
 * End products: a claim type of the 130 family takes a modifier from 130 on, one sequence for a
 * Veteran. An open claim (neither CLR nor CAN) holds its modifier; a cleared or cancelled one has
 * given it back, or the finder's "lowest free" and the insert's "already in use" would contradict
 * each other. Neither finder nor sequence reserves anything. Source: lib/bgs/README.md, facts 15,
 * 18, 20 and 27; README.md, 9 and 10. */
#include "bgs.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/settings.h"
#include "chicago.h"
#include "control/simulator.h"
#include "offices.h"

#define FIRST_CLAIM_ID     600200301
#define FIRST_CP_CLAIM_ID  41200001
#define FIRST_ADDRESS_ID   14906001
#define FIRST_STATUS_ID    18966001
/* Claims of long ago that only --large-replies shows; far from all ids that are given out. */
#define FIRST_OLD_CLAIM_ID 500000001
/* Who works at BGS; no Veteran. */
#define ACTING_PTCPNT      "600065501"
#define FAMILY_CHARS       3
#define MAX_VETERAN_CLAIMS 100000

typedef struct {
  char *ptcpnt_id;
  char *file_number, *ssn; /* NULL until known */
  gboolean has_flash, has_pension;
  GPtrArray *claims; /* of Claim, oldest first */
} Veteran;

/* A line of a claim's life cycle. */
typedef struct {
  char *type_name, *changed, *user, *object;
  gint64 id;
} LifeCycle;

typedef struct {
  Veteran *veteran;
  gint64 id, cp_id, address_id;
  char *modifier, *type, *type_name, *status;
  char *received; /* YYYY-MM-DD in Chicago */
  char *created;  /* timestamp there */
  char *user;     /* who made it */
  guint station, location;
  Row *input;      /* as sent; NULL for a clerk's claim */
  GPtrArray *life; /* of LifeCycle, oldest first */
} Claim;

struct Corporate {
  GMutex lock;
  GHashTable *by_ptcpnt;        /* owns the Veterans */
  GHashTable *by_file, *by_ssn; /* borrowed */
  GPtrArray *order;             /* Veterans as they came, borrowed */
  GPtrArray *claims;            /* owned, oldest first */
  GHashTable *claim_by_id;      /* borrowed */
  gint64 last_claim_id, last_cp_id, last_address_id, last_status_id;
};

static void
veteran_free (gpointer data)
{
  Veteran *veteran = data;

  g_free (veteran->ptcpnt_id);
  g_free (veteran->file_number);
  g_free (veteran->ssn);
  g_ptr_array_unref (veteran->claims);
  g_free (veteran);
}

static void
life_cycle_free (gpointer data)
{
  LifeCycle *line = data;

  g_free (line->type_name);
  g_free (line->changed);
  g_free (line->user);
  g_free (line->object);
  g_free (line);
}

static void
claim_free (gpointer data)
{
  Claim *claim = data;

  if (!claim)
    return;
  g_free (claim->modifier);
  g_free (claim->type);
  g_free (claim->type_name);
  g_free (claim->status);
  g_free (claim->received);
  g_free (claim->created);
  g_free (claim->user);
  row_free (claim->input);
  g_ptr_array_unref (claim->life);
  g_free (claim);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Claim, claim_free)

Corporate *
corporate_new (void)
{
  Corporate *corporate = g_new0 (Corporate, 1);

  g_mutex_init (&corporate->lock);
  corporate->by_ptcpnt = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, veteran_free);
  corporate->by_file = g_hash_table_new (g_str_hash, g_str_equal);
  corporate->by_ssn = g_hash_table_new (g_str_hash, g_str_equal);
  corporate->order = g_ptr_array_new ();
  corporate->claims = g_ptr_array_new_with_free_func (claim_free);
  corporate->claim_by_id = g_hash_table_new (g_int64_hash, g_int64_equal);
  corporate->last_claim_id = FIRST_CLAIM_ID - 1;
  corporate->last_cp_id = FIRST_CP_CLAIM_ID - 1;
  corporate->last_address_id = FIRST_ADDRESS_ID - 1;
  corporate->last_status_id = FIRST_STATUS_ID - 1;
  return corporate;
}

/* Sequences go on, as in vnp_clear(). */
void
corporate_clear (Corporate *corporate)
{
  g_mutex_lock (&corporate->lock);
  g_hash_table_remove_all (corporate->claim_by_id);
  g_hash_table_remove_all (corporate->by_file);
  g_hash_table_remove_all (corporate->by_ssn);
  g_ptr_array_set_size (corporate->claims, 0);
  g_ptr_array_set_size (corporate->order, 0);
  g_hash_table_remove_all (corporate->by_ptcpnt);
  g_mutex_unlock (&corporate->lock);
}

void
corporate_free (Corporate *corporate)
{
  if (!corporate)
    return;
  corporate_clear (corporate);
  g_hash_table_unref (corporate->claim_by_id);
  g_hash_table_unref (corporate->by_file);
  g_hash_table_unref (corporate->by_ssn);
  g_ptr_array_unref (corporate->claims);
  g_ptr_array_unref (corporate->order);
  g_hash_table_unref (corporate->by_ptcpnt);
  g_mutex_clear (&corporate->lock);
  g_free (corporate);
}

/* The Veteran, made when unknown. The lock is held, here and in all that follow up to the calls. */
static Veteran *
ensure_veteran (Corporate *corporate, const char *ptcpnt_id)
{
  Veteran *veteran = g_hash_table_lookup (corporate->by_ptcpnt, ptcpnt_id);

  if (veteran)
    return veteran;
  veteran = g_new0 (Veteran, 1);
  veteran->ptcpnt_id = g_strdup (ptcpnt_id);
  veteran->claims = g_ptr_array_new ();
  g_hash_table_insert (corporate->by_ptcpnt, veteran->ptcpnt_id, veteran);
  g_ptr_array_add (corporate->order, veteran);
  return veteran;
}

/* First come, first kept: a number that is known stays with whom it was known for. */
static void
learn (GHashTable *by_number, Veteran *veteran, char **known, const char *number)
{
  if (*known || !number || !*number || g_hash_table_contains (by_number, number))
    return;
  *known = g_strdup (number);
  g_hash_table_insert (by_number, *known, veteran);
}

static void
learn_veteran (Corporate *corporate, Veteran *veteran, const char *file_number, const char *ssn)
{
  learn (corporate->by_file, veteran, &veteran->file_number, file_number);
  learn (corporate->by_ssn, veteran, &veteran->ssn, ssn);
}

void
corporate_learn (Corporate *corporate, const char *ptcpnt_id, const char *file_number,
                 const char *ssn)
{
  g_mutex_lock (&corporate->lock);
  learn_veteran (corporate, ensure_veteran (corporate, ptcpnt_id), file_number, ssn);
  g_mutex_unlock (&corporate->lock);
}

void
corporate_set_flash (Corporate *corporate, const char *ptcpnt_id, gboolean has_flash)
{
  g_mutex_lock (&corporate->lock);
  ensure_veteran (corporate, ptcpnt_id)->has_flash = has_flash;
  g_mutex_unlock (&corporate->lock);
}

void
corporate_set_pension (Corporate *corporate, const char *ptcpnt_id, gboolean has_pension)
{
  g_mutex_lock (&corporate->lock);
  ensure_veteran (corporate, ptcpnt_id)->has_pension = has_pension;
  g_mutex_unlock (&corporate->lock);
}

gboolean
corporate_has_pension (Corporate *corporate, const char *ptcpnt_id)
{
  Veteran *veteran = NULL;
  gboolean has_pension = FALSE;

  g_mutex_lock (&corporate->lock);
  veteran = g_hash_table_lookup (corporate->by_ptcpnt, ptcpnt_id);
  has_pension = veteran && veteran->has_pension;
  g_mutex_unlock (&corporate->lock);
  return has_pension;
}

static gboolean
claim_is_open (const Claim *claim)
{
  return !g_str_equal (claim->status, "CLR") && !g_str_equal (claim->status, "CAN");
}

static gboolean
modifier_is_taken (const Veteran *veteran, const char *modifier)
{
  for (guint i = 0; i < veteran->claims->len; i++) {
    const Claim *claim = g_ptr_array_index (veteran->claims, i);

    if (claim_is_open (claim) && g_str_equal (claim->modifier, modifier))
      return TRUE;
  }
  return FALSE;
}

/* The lowest free modifier of the claim type's family; NULL when too many are open. */
static char *
next_modifier (const Veteran *veteran, const char *type, guint max_open_claims)
{
  g_autofree char *family = g_strndup (type, FAMILY_CHARS);
  gint64 first = 0;
  guint open = 0;

  if (!parse_int64 (family, 0, 999, &first))
    return NULL;
  for (guint i = 0; veteran && i < veteran->claims->len; i++) {
    const Claim *claim = g_ptr_array_index (veteran->claims, i);

    if (claim_is_open (claim) && g_str_has_prefix (claim->type, family))
      open++;
  }
  if (open >= max_open_claims)
    return NULL;
  for (gint64 number = first;; number++) {
    g_autofree char *modifier = g_strdup_printf ("%03d", (int)number);

    if (!veteran || !modifier_is_taken (veteran, modifier))
      return g_steal_pointer (&modifier);
  }
}

static void
add_life_cycle (Corporate *corporate, Claim *claim, const char *type_name, const char *user,
                const char *object)
{
  LifeCycle *line = g_new0 (LifeCycle, 1);

  line->id = ++corporate->last_status_id;
  line->type_name = g_strdup (type_name);
  line->changed = chicago_now ();
  line->user = g_strdup (user);
  line->object = g_strdup (object);
  g_ptr_array_add (claim->life, line);
}

static const char *
status_name (const char *status)
{
  if (g_str_equal (status, "PEND"))
    return "Pending";
  if (g_str_equal (status, "CLR"))
    return "Cleared";
  return g_str_equal (status, "CAN") ? "Cancelled" : status;
}

static const char *
life_cycle_name (const char *status)
{
  return g_str_equal (status, "PEND") ? "Open" : status_name (status);
}

/* Takes @claim, which must be whole but for its ids. */
static void
keep_claim (Corporate *corporate, Claim *claim, const char *object)
{
  claim->id = ++corporate->last_claim_id;
  claim->cp_id = ++corporate->last_cp_id;
  claim->address_id = ++corporate->last_address_id;
  claim->created = chicago_now ();
  add_life_cycle (corporate, claim, life_cycle_name (claim->status), claim->user, object);
  g_ptr_array_add (corporate->claims, claim);
  g_ptr_array_add (claim->veteran->claims, claim);
  g_hash_table_insert (corporate->claim_by_id, &claim->id, claim);
}

/* --- replies --- */

static void
append_id (GString *xml, const char *name, gint64 id)
{
  g_string_append_printf (xml, "<%s>%" G_GINT64_FORMAT "</%s>", name, id, name);
}

/* As wire_append(), and an empty element for what is not known: share services leave none out. */
static void
append_always (GString *xml, const char *name, const char *value)
{
  wire_append (xml, name, value ? value : "");
}

static const char *
input_of (const Claim *claim, const char *name)
{
  return claim->input ? row_get (claim->input, name) : NULL;
}

static void
append_selection (GString *xml, const Claim *claim)
{
  g_autofree char *received = us_date (claim->received);
  g_autofree char *day = g_strndup (claim->created, strlen ("2020-01-01"));
  g_autofree char *last_action = us_date (day);

  g_string_append (xml, "<selection>");
  append_id (xml, "benefitClaimID", claim->id);
  append_always (xml, "claimReceiveDate", received);
  append_always (xml, "claimTypeCode", claim->type);
  append_always (xml, "claimTypeName", claim->type_name);
  append_always (xml, "claimantFirstName", input_of (claim, "firstName"));
  append_always (xml, "claimantLastName", input_of (claim, "lastName"));
  append_always (xml, "claimantMiddleName", input_of (claim, "middleName"));
  append_always (xml, "claimantSuffix", input_of (claim, "suffixName"));
  append_always (xml, "endProductTypeCode", claim->modifier);
  append_always (xml, "lastActionDate", last_action);
  append_always (xml, "organizationName", NULL);
  append_always (xml, "organizationTitleTypeName", NULL);
  append_always (xml, "payeeTypeCode", "00");
  append_always (xml, "personOrOrganizationIndicator", "P");
  append_always (xml, "programTypeCode", "CPL");
  append_always (xml, "statusTypeCode", claim->status);
  g_string_append (xml, "</selection>");
}

/* Claims of years ago: cleared or cancelled, of other days and other hands. */
static void
append_old_selections (GString *xml, guint count)
{
  for (guint i = 0; i < count; i++) {
    g_string_append (xml, "<selection>");
    append_id (xml, "benefitClaimID", FIRST_OLD_CLAIM_ID + (gint64)(count - i));
    g_string_append_printf (xml,
                            "<claimReceiveDate>%02u/%02u/%u</claimReceiveDate>"
                            "<claimTypeCode>130DPNEBNADJ</claimTypeCode>"
                            "<claimTypeName>eBenefits Dependency Adjustment</claimTypeName>"
                            "<claimantFirstName/><claimantLastName/><claimantMiddleName/>"
                            "<claimantSuffix/><endProductTypeCode>%u</endProductTypeCode>",
                            1 + i % 12, 1 + i % 28, 2018 - i % 9, 130 + i % 10);
    g_string_append_printf (xml,
                            "<lastActionDate>%02u/%02u/%u</lastActionDate><organizationName/>"
                            "<organizationTitleTypeName/><payeeTypeCode>00</payeeTypeCode>"
                            "<personOrOrganizationIndicator>P</personOrOrganizationIndicator>"
                            "<programTypeCode>CPL</programTypeCode>"
                            "<statusTypeCode>%s</statusTypeCode></selection>",
                            1 + i % 12, 1 + i % 28, 2019 - i % 9, i % 3 ? "CLR" : "CAN");
  }
}

/* More selections may follow than are announced: the number counts the Veteran's own claims. */
static void
append_participant_record (GString *xml, const Veteran *veteran, guint large_replies)
{
  guint count = veteran ? veteran->claims->len : 0;

  g_string_append_printf (xml,
                          "<participantRecord><numberOfRecords>%03u</numberOfRecords>"
                          "<returnCode>SHAR 9999</returnCode>"
                          "<returnMessage>Records found.</returnMessage>",
                          count);
  for (guint i = count; i-- > 0;)
    append_selection (xml, g_ptr_array_index (veteran->claims, i));
  append_old_selections (xml, veteran ? large_replies : 0);
  g_string_append (xml, "</participantRecord>");
}

static void
append_claim_record (GString *xml, const Claim *claim)
{
  g_autofree char *received = us_date (claim->received);
  g_autofree char *station = g_strdup_printf ("%u", claim->station);

  g_string_append (xml, "<benefitClaimRecord>");
  append_always (xml, "bddSiteName", NULL);
  append_id (xml, "benefitClaimID", claim->id);
  append_always (xml, "benefitClaimReturnLabel", "BNFT_CLAIM");
  append_always (xml, "claimPriorityIndicator", NULL);
  append_always (xml, "claimReceiveDate", received);
  append_always (xml, "claimStationOfJurisdiction", station);
  append_always (xml, "claimTemporaryStationOfJurisdiction", NULL);
  append_always (xml, "claimTypeCode", claim->type);
  append_always (xml, "claimTypeName", claim->type_name);
  append_always (xml, "claimantFirstName", input_of (claim, "firstName"));
  append_always (xml, "claimantLastName", input_of (claim, "lastName"));
  append_always (xml, "claimantMiddleName", input_of (claim, "middleName"));
  append_always (xml, "claimantPersonOrOrganizationIndicator", "P");
  append_always (xml, "claimantSuffix", input_of (claim, "suffixName"));
  append_id (xml, "cpBenefitClaimID", claim->id);
  append_id (xml, "cpClaimID", claim->cp_id);
  append_always (xml, "cpClaimReturnLabel", "CP_CLAIM");
  append_id (xml, "cpLocationID", claim->location);
  append_always (xml, "directDepositAccountID", NULL);
  append_always (xml, "endProductTypeCode", claim->modifier);
  append_always (xml, "informalIndicator", NULL);
  append_always (xml, "journalDate", claim->created);
  append_always (xml, "journalObjectID", "SHARE  - CEST");
  append_always (xml, "journalStation", "281");
  append_always (xml, "journalStatusTypeCode", "I");
  append_always (xml, "journalUserId", claim->user);
  append_always (xml, "lastPaidDate", NULL);
  append_id (xml, "mailingAddressID", claim->address_id);
  append_always (xml, "numberOfBenefitClaimRecords", "001");
  append_always (xml, "numberOfCPClaimRecords", "001");
  append_always (xml, "organizationName", NULL);
  append_always (xml, "organizationTitleTypeName", NULL);
  append_always (xml, "participantClaimantID", claim->veteran->ptcpnt_id);
  append_always (xml, "participantVetID", claim->veteran->ptcpnt_id);
  append_always (xml, "payeeTypeCode", "00");
  append_id (xml, "paymentAddressID", claim->address_id);
  append_always (xml, "preDschrgTypeCd", NULL);
  append_always (xml, "programTypeCode", "CPL");
  append_always (xml, "returnCode", "SHAR 9999");
  append_always (xml, "returnMessage", "Records found.");
  append_always (xml, "serviceTypeCode", "CP");
  append_always (xml, "statusTypeCode", claim->status);
  append_always (xml, "vetFirstName", input_of (claim, "firstName"));
  append_always (xml, "vetLastName", input_of (claim, "lastName"));
  append_always (xml, "vetMiddleName", input_of (claim, "middleName"));
  append_always (xml, "vetSuffix", input_of (claim, "suffixName"));
  g_string_append (xml, "</benefitClaimRecord>");
}

static void
append_life_cycle (GString *xml, const Claim *claim)
{
  for (guint i = 0; i < claim->life->len; i++) {
    const LifeCycle *line = g_ptr_array_index (claim->life, i);

    g_string_append (xml, "<bnftClaimLcStatus>");
    append_id (xml, "actionJrsdtnLctnId", claim->location);
    append_id (xml, "actionJrsdtnStationNumber", claim->station);
    wire_append (xml, "actionPtcpntId", ACTING_PTCPNT);
    append_id (xml, "bnftClaimId", claim->id);
    append_id (xml, "bnftClaimLcStatusId", line->id);
    wire_append (xml, "bnftClaimLcStatusTypeNm", line->type_name);
    wire_append (xml, "chngdDt", line->changed);
    append_id (xml, "claimJrsdtnLctnId", claim->location);
    wire_append (xml, "jrnDt", line->changed);
    wire_append (xml, "jrnLctnId", "281");
    wire_append (xml, "jrnObjId", line->object);
    wire_append (xml, "jrnStatusTypeCd", "I");
    wire_append (xml, "jrnUserId", line->user);
    g_string_append (xml, "</bnftClaimLcStatus>");
  }
}

static void
append_detail (GString *xml, const Claim *claim)
{
  g_autofree char *received = chicago_midnight (claim->received);

  g_string_append (xml, "<BnftClaimDetail>");
  append_id (xml, "bnftClaimId", claim->id);
  append_life_cycle (xml, claim);
  wire_append (xml, "bnftClaimTypeCd", claim->type);
  wire_append (xml, "bnftClaimTypeNm", claim->type_name);
  append_id (xml, "claimJrsdtnLctnId", claim->location);
  wire_append (xml, "claimRcvdDt", received);
  g_string_append (xml, "<claimSuspnsLcStatus>");
  wire_append (xml, "claimSuspnsCd", claim_is_open (claim) ? "054" : "056");
  wire_append (xml, "claimSuspnsDt", received);
  g_string_append (xml, "</claimSuspnsLcStatus>");
  wire_append (xml, "cpClaimEndPrdctTypeCd", claim->modifier);
  wire_append (xml, "fileNbr", claim->veteran->file_number);
  wire_append (xml, "gulfWarRegistryInd", "N");
  wire_append (xml, "homelessInd", "N");
  wire_append (xml, "payeeTypeCd", "00");
  wire_append (xml, "payeeTypeNm", "Veteran");
  wire_append (xml, "pgmTypeCd", "CPL");
  wire_append (xml, "pgmTypeNm", "Compensation-Pension Live");
  wire_append (xml, "powInd", "N");
  wire_append (xml, "preDischargeInd", "N");
  wire_append (xml, "ptcpntClmantId", claim->veteran->ptcpnt_id);
  wire_append (xml, "ptcpntVetId", claim->veteran->ptcpnt_id);
  wire_append (xml, "ssnNbr", claim->veteran->ssn);
  append_id (xml, "stationOfJurisdiction", claim->station);
  wire_append (xml, "statusTypeCd", claim->status);
  wire_append (xml, "statusTypeNm", status_name (claim->status));
  g_string_append (xml, "</BnftClaimDetail>");
}

static void
append_old_details (GString *xml, guint count)
{
  for (guint i = 0; i < count; i++) {
    gint64 id = FIRST_OLD_CLAIM_ID + (gint64)(count - i);
    const char *status = i % 3 ? "CLR" : "CAN";

    g_string_append (xml, "<BnftClaimDetail>");
    append_id (xml, "bnftClaimId", id);
    for (guint line = 0; line < 4; line++) {
      g_string_append (xml, "<bnftClaimLcStatus><actionJrsdtnLctnId>347</actionJrsdtnLctnId>");
      append_id (xml, "bnftClaimId", id);
      g_string_append_printf (
          xml,
          "<bnftClaimLcStatusTypeNm>%s</bnftClaimLcStatusTypeNm>"
          "<chngdDt>%u-%02u-%02uT09:0%u:00-05:00</chngdDt>"
          "<jrnDt>%u-%02u-%02uT09:0%u:00-05:00</jrnDt><jrnStatusTypeCd>I</jrnStatusTypeCd>"
          "<jrnUserId>CLERK%u</jrnUserId></bnftClaimLcStatus>",
          line < 3 ? "Open" : status_name (status), 2018 - i % 9, 1 + i % 12, 1 + i % 28, line,
          2018 - i % 9, 1 + i % 12, 1 + i % 28, line, 100 + i);
    }
    g_string_append_printf (xml,
                            "<bnftClaimTypeCd>130DPNEBNADJ</bnftClaimTypeCd>"
                            "<claimRcvdDt>%u-%02u-%02uT00:00:00-05:00</claimRcvdDt>"
                            "<cpClaimEndPrdctTypeCd>%u</cpClaimEndPrdctTypeCd>"
                            "<statusTypeCd>%s</statusTypeCd><statusTypeNm>%s</statusTypeNm>"
                            "</BnftClaimDetail>",
                            2018 - i % 9, 1 + i % 12, 1 + i % 28, 130 + i % 10, status,
                            status_name (status));
  }
}

/* --- calls --- */

/* An id that share and vetsnet services take: digits only. */
static gboolean
is_number (const char *text)
{
  gint64 number = 0;

  return parse_int64 (text, 0, G_MAXINT64, &number);
}

HttpReply *
increment_find (Bgs *bgs, const Call *call, const Operation *operation)
{
  g_autofree char *ptcpnt_id = wire_child_text (call->body, NULL, "ptcpntId");
  g_autofree char *type = wire_child_text (call->body, NULL, "bnftClaimTypeCd");
  g_autofree char *program = wire_child_text (call->body, NULL, "pgmTypeCd");
  g_autofree char *family = g_strndup (type ? type : "", FAMILY_CHARS);
  g_autofree char *modifier = NULL;
  GString *xml = NULL;

  (void)operation;
  if (!is_number (ptcpnt_id))
    return fault_of_family (call, "ptcpntId is invalid");
  if (strlen (family) != FAMILY_CHARS || !is_number (family))
    return fault_of_family (call, "bnftClaimTypeCd is invalid");
  if (g_strcmp0 (program, "CPL") != 0)
    return fault_of_family (call, "pgmTypeCd is invalid");

  g_mutex_lock (&bgs->corporate->lock);
  modifier = next_modifier (g_hash_table_lookup (bgs->corporate->by_ptcpnt, ptcpnt_id), type,
                            bgs->max_open_claims);
  g_mutex_unlock (&bgs->corporate->lock);
  if (!modifier)
    return fault_of_family (call, "Maximum number of EPs reached for this bnftClaimTypeCd");

  xml = reply_begin (call);
  wire_append (xml, "return", modifier);
  return reply_end (call, xml);
}

/* What the service takes in an address; it writes nothing else on an envelope. */
static gboolean
has_invalid_characters (const char *line)
{
  static const char taken[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                              "+#@%&()_:',.-/ ";

  return line && (strspn (line, taken) != strlen (line) || strstr (line, "  "));
}

static const char *
refuse_address (const Row *input)
{
  static const char *const lines[] = { "addressLine1", "addressLine2", "addressLine3", "city" };
  const char *area = row_get (input, "mltyPostalTypeCd");

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    if (has_invalid_characters (row_get (input, lines[i])))
      return i < 3 ? "insertBenefitClaim: Address Line has invalid character(s)"
                   : "insertBenefitClaim: City has invalid character(s)";
  if (area && *area && strcmp (area, "AA") != 0 && strcmp (area, "AE") != 0 &&
      strcmp (area, "AP") != 0)
    return "insertBenefitClaim: Invalid data for MLTY_POSTAL_TYPE_CD";
  return NULL;
}

/* What of an insert is refused before the Veteran's claims are looked at; NULL: nothing. */
static const char *
refuse_input (const Row *input)
{
  const char *type = row_get (input, "addressType");
  const char *city = row_get (input, "city");
  const char *modifier = row_get (input, "endProduct");
  const char *code = row_get (input, "endProductCode");
  const char *date = row_get (input, "dateOfClaim");
  g_autofree char *day = day_from_us_date (date);

  /* A military address has no city (lib/bgs/README.md, fact 18). */
  if ((!city || !*city) && g_strcmp0 (type, "OVR") != 0)
    return "insertBenefitClaim: City is null";
  if (refuse_address (input))
    return refuse_address (input);
  if (g_strcmp0 (type, "INT") != 0 && !office_of_zip (row_get (input, "postalCode")))
    return "insertBenefitClaim: Invalid zipcode.";
  if (!is_number (row_get (input, "ptcpntIdClaimant")))
    return "insertBenefitClaim: Participant ID is invalid";
  if (!is_number (modifier) || strlen (modifier) != 3)
    return "insertBenefitClaim: End Product is invalid";
  if (!code || !*code)
    return "insertBenefitClaim: End Product Code is null";
  if (date && !day)
    return "insertBenefitClaim: Date of Claim is invalid";
  return NULL;
}

/* The claim that @input asks for. Takes @input. */
static Claim *
claim_from_input (Row *input, Veteran *veteran, const char *username)
{
  Claim *claim = g_new0 (Claim, 1);
  const char *name = row_get (input, "endProductName");
  const char *soj = row_get (input, "soj");
  const Office *office = NULL;
  gint64 station = 0;

  if (parse_int64 (soj, 1, 9999, &station))
    office = office_of_station ((guint)station);
  claim->veteran = veteran;
  claim->modifier = g_strdup (row_get (input, "endProduct"));
  claim->type = g_strdup (row_get (input, "endProductCode"));
  claim->type_name = g_strdup (name ? name : claim->type);
  claim->status = g_strdup ("PEND");
  claim->received = day_from_us_date (row_get (input, "dateOfClaim"));
  if (!claim->received)
    claim->received = chicago_today ();
  claim->user = g_ascii_strup (username, -1);
  claim->station = (guint)station;
  claim->location = office ? office->location_id : 0;
  claim->life = g_ptr_array_new_with_free_func (life_cycle_free);
  claim->input = input;
  return claim;
}

/* Finds whose claim it will be; NULL and @ret_problem when it may be nobody's. The lock is held. */
static Veteran *
owner_of_claim (Bgs *bgs, const Row *input, const char **ret_problem)
{
  Corporate *corporate = bgs->corporate;
  const char *file_number = row_get (input, "fileNumber");
  const char *ssn = row_get (input, "ssn");
  Veteran *claimant = ensure_veteran (corporate, row_get (input, "ptcpntIdClaimant"));
  Veteran *of_file = file_number ? g_hash_table_lookup (corporate->by_file, file_number) : NULL;
  Veteran *of_ssn = ssn ? g_hash_table_lookup (corporate->by_ssn, ssn) : NULL;
  Veteran *owner = of_file && !bgs->claim_owner_is_participant ? of_file : claimant;

  if (of_file && of_ssn && of_file != of_ssn) {
    *ret_problem = "ORA-20099: Error - File Number and Social Security number are different";
    return NULL;
  }
  if (owner->has_flash) {
    *ret_problem = "insertBenefitClaim: This update is being elevated for additional review due to "
                   "an Incident Flash associated with this Beneficiary";
    return NULL;
  }
  if (modifier_is_taken (owner, row_get (input, "endProduct"))) {
    *ret_problem = "GUIE50010 - Duplicate Benefit Claims found on the Corporate Database";
    return NULL;
  }
  return owner;
}

HttpReply *
claim_insert (Bgs *bgs, const Call *call, const Operation *operation)
{
  Corporate *corporate = bgs->corporate;
  xmlNode *arguments = wire_child (call->body, NULL, "benefitClaimInput");
  g_autoptr (Row) input = row_read (TABLE_CLAIM_INPUT, arguments);
  const char *problem = refuse_input (input);
  GString *xml = NULL;
  Veteran *owner = NULL;
  Claim *claim = NULL;

  (void)operation;
  if (problem)
    return fault_of_family (call, problem);

  xml = reply_begin (call);
  g_string_append (xml, "<return>");
  g_mutex_lock (&corporate->lock);
  owner = owner_of_claim (bgs, input, &problem);
  if (owner) {
    if (g_str_equal (owner->ptcpnt_id, row_get (input, "ptcpntIdClaimant")))
      learn_veteran (corporate, owner, row_get (input, "fileNumber"), row_get (input, "ssn"));
    claim = claim_from_input (g_steal_pointer (&input), owner, call->username);
    keep_claim (corporate, claim, "SHARE  - CEST");
    append_claim_record (xml, claim);
    g_string_append (xml, "<lifeCycleRecord><numberOfRecords>001</numberOfRecords>"
                          "<returnCode>SHAR 9999</returnCode>"
                          "<returnMessage>Records found.</returnMessage></lifeCycleRecord>");
    append_participant_record (xml, owner, bgs->large_replies);
  }
  g_mutex_unlock (&corporate->lock);
  if (!owner) {
    g_string_free (xml, TRUE);
    return fault_of_family (call, problem);
  }
  g_string_append (xml, "<returnCode>GUIE05000</returnCode>"
                        "<returnMessage>Benefit Claim was inserted.</returnMessage>"
                        "<suspenceRecord><numberOfRecords>001</numberOfRecords>"
                        "<returnCode>SHAR 9999</returnCode>"
                        "<returnMessage>Records found.</returnMessage></suspenceRecord></return>");
  return reply_end (call, xml);
}

HttpReply *
claims_of_file (Bgs *bgs, const Call *call, const Operation *operation)
{
  g_autofree char *file_number = wire_child_text (call->body, NULL, "fileNumber");
  GString *xml = NULL;

  (void)operation;
  if (!file_number || !*file_number)
    return fault_of_family (call, "findBenefitClaim: File Number is null");
  xml = reply_begin (call);
  g_string_append (xml, "<return>");
  g_mutex_lock (&bgs->corporate->lock);
  append_participant_record (xml, g_hash_table_lookup (bgs->corporate->by_file, file_number),
                             bgs->large_replies);
  g_mutex_unlock (&bgs->corporate->lock);
  g_string_append (xml, "</return>");
  return reply_end (call, xml);
}

/* The claim that the call's bnftClaimId names; the lock is held. */
static const Claim *
claim_of_call (Corporate *corporate, const char *claim_id)
{
  gint64 id = 0;

  return parse_int64 (claim_id, 0, G_MAXINT64, &id)
             ? g_hash_table_lookup (corporate->claim_by_id, &id)
             : NULL;
}

/* The last two digits of the file number; NULL when it is not known. Borrowed. */
static const char *
terminal_digits (const Veteran *veteran)
{
  gsize length = veteran->file_number ? strlen (veteran->file_number) : 0;

  return length >= 2 ? veteran->file_number + length - 2 : NULL;
}

static void
append_claim_dto (GString *xml, const Claim *claim)
{
  const LifeCycle *last = g_ptr_array_index (claim->life, claim->life->len - 1);
  g_autofree char *received = chicago_midnight (claim->received);
  const char *first_name = input_of (claim, "firstName");
  const char *last_name = input_of (claim, "lastName");
  g_autofree char *claimant =
      first_name && last_name ? g_strdup_printf ("%s %s", last_name, first_name) : NULL;

  g_string_append (xml, "<BnftClaimDTO>");
  append_id (xml, "bnftClaimId", claim->id);
  wire_append (xml, "bnftClaimTypeCd", claim->type);
  wire_append (xml, "bnftClaimTypeLabel", "Dependency");
  wire_append (xml, "bnftClaimTypeNm", claim->type_name);
  wire_append (xml, "bnftClaimUserDisplay", "YES");
  append_id (xml, "claimJrsdtnLctnId", claim->location);
  wire_append (xml, "claimRcvdDt", received);
  wire_append (xml, "cpClaimEndPrdctTypeCd", claim->modifier);
  wire_append (xml, "jrnDt", last->changed);
  wire_append (xml, "jrnLctnId", "281");
  wire_append (xml, "jrnObjId", last->object);
  wire_append (xml, "jrnStatusTypeCd", claim->life->len > 1 ? "U" : "I");
  wire_append (xml, "jrnUserId", last->user);
  wire_append (xml, "payeeTypeCd", "00");
  wire_append (xml, "payeeTypeNm", "Veteran");
  wire_append (xml, "pgmTypeCd", "CPL");
  wire_append (xml, "pgmTypeNm", "Compensation-Pension Live");
  wire_append (xml, "ptcpntClmantId", claim->veteran->ptcpnt_id);
  wire_append (xml, "ptcpntClmantNm", claimant);
  append_id (xml, "ptcpntMailAddrsId", claim->address_id);
  append_id (xml, "ptcpntPymtAddrsId", claim->address_id);
  wire_append (xml, "ptcpntVetId", claim->veteran->ptcpnt_id);
  append_id (xml, "stationOfJurisdiction", claim->station);
  wire_append (xml, "statusTypeCd", claim->status);
  wire_append (xml, "statusTypeNm", status_name (claim->status));
  wire_append (xml, "svcTypeCd", "CP");
  wire_append (xml, "termnlDigitNbr", terminal_digits (claim->veteran));
  g_string_append (xml, "</BnftClaimDTO>");
}

/* findBnftClaim and findBnftClaimDetailByBnftClaimId: an unknown id gives a reply without the
 * object. */
static HttpReply *
reply_with_claim (Bgs *bgs, const Call *call, void (*append) (GString *xml, const Claim *claim))
{
  g_autofree char *claim_id = wire_child_text (call->body, NULL, "bnftClaimId");
  const Claim *claim = NULL;
  GString *xml = NULL;

  if (!is_number (claim_id))
    return fault_of_family (call, "bnftClaimId is invalid");
  xml = reply_begin (call);
  g_mutex_lock (&bgs->corporate->lock);
  claim = claim_of_call (bgs->corporate, claim_id);
  if (claim)
    append (xml, claim);
  g_mutex_unlock (&bgs->corporate->lock);
  return reply_end (call, xml);
}

HttpReply *
claim_find (Bgs *bgs, const Call *call, const Operation *operation)
{
  (void)operation;
  return reply_with_claim (bgs, call, append_claim_dto);
}

HttpReply *
claim_detail (Bgs *bgs, const Call *call, const Operation *operation)
{
  (void)operation;
  return reply_with_claim (bgs, call, append_detail);
}

HttpReply *
claim_details_of_ptcpnt (Bgs *bgs, const Call *call, const Operation *operation)
{
  g_autofree char *ptcpnt_id = wire_child_text (call->body, NULL, "ptcpntId");
  const Veteran *veteran = NULL;
  GString *xml = NULL;

  (void)operation;
  if (!is_number (ptcpnt_id))
    return fault_of_family (call, "ptcpntId is invalid");
  xml = reply_begin (call);
  g_mutex_lock (&bgs->corporate->lock);
  veteran = g_hash_table_lookup (bgs->corporate->by_ptcpnt, ptcpnt_id);
  for (guint i = veteran ? veteran->claims->len : 0; i-- > 0;)
    append_detail (xml, g_ptr_array_index (veteran->claims, i));
  g_mutex_unlock (&bgs->corporate->lock);
  append_old_details (xml, bgs->large_replies);
  return reply_end (call, xml);
}

/* --- control calls --- */

/* A claim with the names of the insert (as sent), of its reply and of the readers. */
static json_t *
claim_json (const Claim *claim)
{
  json_t *json = claim->input ? row_json (claim->input) : json_object ();
  json_t *life = json_array ();
  g_autofree char *received = chicago_midnight (claim->received);
  g_autofree char *claim_id = g_strdup_printf ("%" G_GINT64_FORMAT, claim->id);
  g_autofree char *station = g_strdup_printf ("%u", claim->station);
  g_autofree char *location = g_strdup_printf ("%u", claim->location);
  const struct {
    const char *name, *value;
  } members[] = {
    { "ptcpntId", claim->veteran->ptcpnt_id },
    { "ptcpntVetId", claim->veteran->ptcpnt_id },
    { "participantVetID", claim->veteran->ptcpnt_id },
    { "bnftClaimId", claim_id },
    { "benefitClaimID", claim_id },
    { "cpClaimEndPrdctTypeCd", claim->modifier },
    { "endProductTypeCode", claim->modifier },
    { "bnftClaimTypeCd", claim->type },
    { "claimTypeCode", claim->type },
    { "statusTypeCd", claim->status },
    { "statusTypeCode", claim->status },
    { "claimRcvdDt", received },
    { "jrnUserId", claim->user },
    { "stationOfJurisdiction", station },
    { "claimJrsdtnLctnId", location },
  };

  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    json_object_set_new (json, members[i].name, json_string (members[i].value));
  json_object_set_new (json, "is_planted", json_boolean (!claim->input));
  for (guint i = 0; i < claim->life->len; i++) {
    const LifeCycle *line = g_ptr_array_index (claim->life, i);

    json_array_append_new (life,
                           json_pack ("{s:s, s:s, s:s}", "bnftClaimLcStatusTypeNm", line->type_name,
                                      "chngdDt", line->changed, "jrnUserId", line->user));
  }
  json_object_set_new (json, "bnftClaimLcStatus", life);
  return json;
}

static json_t *
veteran_json (const Veteran *veteran)
{
  return json_pack ("{s:s, s:s*, s:s*, s:b, s:b}", "ptcpntId", veteran->ptcpnt_id, "fileNumber",
                    veteran->file_number, "ssn", veteran->ssn, "incidentFlash", veteran->has_flash,
                    "isInReceiptOfPension", veteran->has_pension);
}

void
corporate_add_state (Corporate *corporate, json_t *state)
{
  json_t *claims = json_array ();
  json_t *veterans = json_array ();

  g_mutex_lock (&corporate->lock);
  for (guint i = 0; i < corporate->claims->len; i++)
    json_array_append_new (claims, claim_json (g_ptr_array_index (corporate->claims, i)));
  for (guint i = 0; i < corporate->order->len; i++)
    json_array_append_new (veterans, veteran_json (g_ptr_array_index (corporate->order, i)));
  g_mutex_unlock (&corporate->lock);
  json_object_set_new (state, "benefit_claims", claims);
  json_object_set_new (state, "veterans", veterans);
}

/* A posted text or whole number as text; NULL when absent, "" when it is neither. */
static char *
member_text (const json_t *json, const char *name)
{
  json_t *value = json_object_get (json, name);

  if (!value)
    return NULL;
  if (json_is_integer (value))
    return g_strdup_printf ("%" JSON_INTEGER_FORMAT, json_integer_value (value));
  return g_strdup (json_is_string (value) ? json_string_value (value) : "");
}

static gboolean
has_only (json_t *json, const char *const *names, const char **ret_other)
{
  json_t *value = NULL;

  json_object_foreach (json, *ret_other,
                       value) if (!g_strv_contains (names, *ret_other)) return FALSE;
  return TRUE;
}

/* A claim that a clerk made, under the lock. NULL and a reply in @ret_refusal when it cannot be. */
static Claim *
plant_claim (Corporate *corporate, json_t *json, HttpReply **ret_refusal)
{
  g_autofree char *ptcpnt_id = member_text (json, "ptcpntId");
  g_autoptr (Claim) claim = g_new0 (Claim, 1);
  g_autofree char *midnight = NULL;

  claim->life = g_ptr_array_new_with_free_func (life_cycle_free);
  if (!is_number (ptcpnt_id)) {
    *ret_refusal = simulator_refuse (400, "ptcpntId is missing or no number");
    return NULL;
  }
  claim->veteran = ensure_veteran (corporate, ptcpnt_id);
  claim->type = member_text (json, "bnftClaimTypeCd");
  if (!claim->type)
    claim->type = g_strdup ("130DPNEBNADJ");
  claim->type_name = g_strdup (claim->type);
  claim->modifier = member_text (json, "cpClaimEndPrdctTypeCd");
  if (!claim->modifier)
    claim->modifier = next_modifier (claim->veteran, claim->type, MAX_VETERAN_CLAIMS);
  claim->status = member_text (json, "statusTypeCd");
  if (!claim->status)
    claim->status = g_strdup ("PEND");
  claim->received = member_text (json, "claimRcvdDt");
  if (!claim->received)
    claim->received = chicago_today ();
  claim->user = member_text (json, "jrnUserId");
  if (!claim->user)
    claim->user = g_strdup ("CLERK");
  midnight = chicago_midnight (claim->received);
  if (!midnight || !claim->modifier || !*claim->modifier || !*claim->type || !*claim->status) {
    *ret_refusal = simulator_refuse (400, "claimRcvdDt is YYYY-MM-DD; the others are not empty");
    return NULL;
  }
  if (claim_is_open (claim) && modifier_is_taken (claim->veteran, claim->modifier) &&
      !json_is_true (json_object_get (json, "force"))) {
    *ret_refusal = simulator_refuse (409, "an open claim of this Veteran has that modifier");
    return NULL;
  }
  claim->station = 317;
  claim->location = office_of_station (317)->location_id;
  keep_claim (corporate, claim, "VBMS");
  return g_steal_pointer (&claim);
}

/* What a clerk does to a claim that is there, under the lock. */
static Claim *
change_claim (Corporate *corporate, json_t *json, HttpReply **ret_refusal)
{
  g_autofree char *claim_id = member_text (json, "bnftClaimId");
  g_autofree char *status = member_text (json, "statusTypeCd");
  g_autofree char *user = member_text (json, "jrnUserId");
  Claim *claim = (Claim *)claim_of_call (corporate, claim_id);

  if (!claim) {
    *ret_refusal = simulator_refuse (404, "no claim of that bnftClaimId");
    return NULL;
  }
  if (!status || !*status) {
    *ret_refusal = simulator_refuse (400, "statusTypeCd is missing: PEND, CLR or CAN");
    return NULL;
  }
  g_free (claim->status);
  claim->status = g_steal_pointer (&status);
  add_life_cycle (corporate, claim, life_cycle_name (claim->status), user ? user : "CLERK", "VBMS");
  return claim;
}

HttpReply *
corporate_plant (Corporate *corporate, const HttpServerRequest *request)
{
  static const char *const names[] = {
    "ptcpntId",     "bnftClaimId", "bnftClaimTypeCd", "cpClaimEndPrdctTypeCd",
    "statusTypeCd", "claimRcvdDt", "jrnUserId",       "force",
    NULL,
  };
  HttpReply *refusal = NULL;
  g_autoptr (json_t) json = NULL;
  const char *other = NULL;
  const Claim *claim = NULL;
  json_t *shown = NULL;

  if (!g_str_equal (request->method, "POST"))
    return simulator_refuse (405, "POST");
  json = simulator_read_json (request, &refusal);
  if (!json)
    return refusal;
  if (!has_only (json, names, &other))
    return simulator_refuse (400, "an unknown member");

  g_mutex_lock (&corporate->lock);
  claim = json_object_get (json, "bnftClaimId") ? change_claim (corporate, json, &refusal)
                                                : plant_claim (corporate, json, &refusal);
  if (claim)
    shown = claim_json (claim);
  g_mutex_unlock (&corporate->lock);
  return shown ? simulator_reply_json (200, shown) : refusal;
}

HttpReply *
corporate_describe (Corporate *corporate, const HttpServerRequest *request)
{
  static const char *const names[] = {
    "ptcpntId", "fileNumber", "ssn", "incidentFlash", "isInReceiptOfPension", NULL,
  };
  HttpReply *refusal = NULL;
  g_autoptr (json_t) json = NULL;
  g_autofree char *ptcpnt_id = NULL, *file_number = NULL, *ssn = NULL;
  const char *other = NULL;
  json_t *flash = NULL, *pension = NULL, *shown = NULL;
  Veteran *veteran = NULL;

  if (!g_str_equal (request->method, "POST"))
    return simulator_refuse (405, "POST");
  json = simulator_read_json (request, &refusal);
  if (!json)
    return refusal;
  ptcpnt_id = member_text (json, "ptcpntId");
  file_number = member_text (json, "fileNumber");
  ssn = member_text (json, "ssn");
  flash = json_object_get (json, "incidentFlash");
  pension = json_object_get (json, "isInReceiptOfPension");
  if (!is_number (ptcpnt_id) || !has_only (json, names, &other) ||
      (flash && !json_is_boolean (flash)) || (pension && !json_is_boolean (pension)))
    return simulator_refuse (400, "ptcpntId (a number), fileNumber, ssn (texts), incidentFlash, "
                                  "isInReceiptOfPension (true or false)");

  g_mutex_lock (&corporate->lock);
  veteran = ensure_veteran (corporate, ptcpnt_id);
  learn_veteran (corporate, veteran, file_number, ssn);
  if (flash)
    veteran->has_flash = json_is_true (flash);
  if (pension)
    veteran->has_pension = json_is_true (pension);
  shown = veteran_json (veteran);
  g_mutex_unlock (&corporate->lock);
  return simulator_reply_json (200, shown);
}
