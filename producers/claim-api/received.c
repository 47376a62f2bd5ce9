/* A request's body read as a submission; see submission.h. */
#include "received.h"

#include <stdarg.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "claims/content.h"
#include "claims/split.h"
#include "claims/validate.h"
#include "submission/survey.h"

#define APPLICATION        "dependents_application"
#define DOCUMENT_TYPE_KEY  "document_type_id"
#define OPTIONS            "view:selectable686_options"
#define USER_TEXT_MAX      256
#define PARTICIPANT_ID_MAX G_GINT64_CONSTANT (999999999999999999) /* 18 digits */

void
received_free (Received *submission)
{
  if (!submission)
    return;
  json_decref (submission->parent);
  json_decref (submission->user_data);
  g_ptr_array_unref (submission->attachments);
  g_ptr_array_unref (submission->refusals);
  g_ptr_array_unref (submission->warnings);
  g_free (submission);
}

static void refuse (Received *submission, const char *message, const char *pointer_format, ...)
    G_GNUC_PRINTF (3, 4);

static void
refuse (Received *submission, const char *message, const char *pointer_format, ...)
{
  va_list arguments;

  va_start (arguments, pointer_format);
  claim_finding_add (submission->refusals, CLAIM_RULE_LENIENT, message,
                     g_strdup_vprintf (pointer_format, arguments));
  va_end (arguments);
}

/* --- The claim --- */

/* The body without what is read beside the claim, or comes with the user. */
static json_t *
claim_of (const json_t *body)
{
  json_t *claim = json_copy ((json_t *)body);

  (void)json_object_del (claim, "user_data"); /* absent ones are fine */
  (void)json_object_del (claim, "attachments");
  (void)json_object_del (claim, "veteran_information");
  return claim;
}

/* A body without dependents_application: what stands beside it all the same. */
static json_t *
around (json_t *application)
{
  static const char *const keys[] = { "statement_of_truth_signature",
                                      "statement_of_truth_certified",
                                      OPTIONS,
                                      "add_spouse",
                                      "add_child",
                                      "report674",
                                      "report_death",
                                      "report_stepchild_not_in_household",
                                      "report_marriage_of_child_under18",
                                      "report_child18_or_older_is_not_attending_school",
                                      "veteran_was_married_before",
                                      "spouse_was_married_before",
                                      "supporting_documents",
                                      NULL };
  json_t *parent = json_pack ("{sO}", APPLICATION, application);

  for (const char *const *key = keys; *key; key++)
    if (json_object_get (application, *key))
      json_object_set (parent, *key, json_object_get (application, *key));
  return parent;
}

/* Every key stays with the claim, also one that nobody reads: what is told of it at the door is
 * told at the set-up, and stands on the papers. */
static json_t *
read_parent (const json_t *body)
{
  json_t *claim = claim_of (body);
  json_t *parent;

  if (!claim_is_nothing (json_object_get (body, APPLICATION)))
    return claim;
  (void)json_object_del (claim, APPLICATION); /* nothing is not there (claims/content.h) */
  parent = around (claim);
  json_decref (claim);
  return parent;
}

/* --- Whose it is --- */

/* BGS's ids are numbers; today's service hands them on as text. */
static void
read_participant_id (Received *submission, json_t *veteran)
{
  const json_t *value = json_object_get (veteran, "participant_id");
  const char *text = json_string_value (value);

  if (json_is_integer (value) && json_integer_value (value) > 0 &&
      json_integer_value (value) <= PARTICIPANT_ID_MAX) {
    g_autofree char *digits = g_strdup_printf ("%" JSON_INTEGER_FORMAT, json_integer_value (value));
    json_object_set_new (veteran, "participant_id", json_string (digits));
  } else if (text && strspn (text, "0123456789") == strlen (text) && strlen (text) <= 18 &&
             strspn (text, "0") < strlen (text))
    return;
  else if (value)
    refuse (submission, "must be 1 to 18 digits, and not zero",
            "/veteran_information/participant_id");
}

static void
read_user_texts (Received *submission, const json_t *veteran)
{
  static const char *const keys[] = { "birth_date",  "ssn",   "va_file_number",   "icn", "uuid",
                                      "common_name", "email", "va_profile_email", NULL };

  for (const char *const *key = keys; *key; key++) {
    const json_t *value = json_object_get (veteran, *key);

    if (value && !json_is_string (value))
      refuse (submission, "must be a string", "/veteran_information/%s", *key);
    else if (json_string_length (value) > USER_TEXT_MAX)
      refuse (submission, "is longer than 256 bytes", "/veteran_information/%s", *key);
  }
}

/* Every key stays with the user too: what nobody reads is told (submission/survey.h). */
static void
read_user_data (Received *submission, const json_t *body)
{
  const json_t *user_data = json_object_get (body, "user_data");
  const json_t *given = json_object_get (user_data, "veteran_information");
  json_t *veteran;
  const char *ssn;

  if (claim_is_nothing (user_data) && !json_is_object (user_data) && !json_is_array (user_data))
    refuse (submission, "needs user_data, the signed-in user's data", "%s", "");
  else if (!json_is_object (user_data))
    refuse (submission, "must be an object", "/user_data");
  else if (claim_is_nothing (given))
    refuse (submission, "needs veteran_information", "/user_data");
  else if (!json_is_object (given))
    refuse (submission, "must be an object", "/veteran_information");
  if (!json_is_object (given) || claim_is_nothing (given))
    return;

  submission->user_data = claim_content (user_data);
  veteran = json_object_get (submission->user_data, "veteran_information");
  if (!json_object_get (veteran, "full_name"))
    refuse (submission, "needs full_name", "/veteran_information");
  read_participant_id (submission, veteran);
  read_user_texts (submission, veteran);

  /* One of the two finds the Veteran's row, whose id keeps his claims in order. */
  ssn = json_string_value (json_object_get (veteran, "ssn"));
  if (ssn) {
    g_autofree char *digits = text_digits (ssn);

    if (strlen (digits) != 9 || strspn (ssn, "0123456789-") != strlen (ssn))
      refuse (submission, "must be nine digits, with or without dashes",
              "/veteran_information/ssn");
  } else if (!json_object_get (veteran, "participant_id"))
    refuse (submission, "needs participant_id or ssn", "/veteran_information");
}

/* --- What is attached --- */

static gboolean
is_base64 (const char *text)
{
  gsize length = strlen (text);
  gsize digits = strspn (text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
  gsize padding = strspn (text + digits, "=");

  return length >= 4 && length % 4 == 0 && padding <= 2 && digits + padding == length;
}

static void
read_attachment (Received *submission, const json_t *given, guint index)
{
  const char *name = json_string_value (json_object_get (given, "name"));
  const char *content = json_string_value (json_object_get (given, "content_base64"));
  const json_t *type = json_object_get (given, DOCUMENT_TYPE_KEY);
  g_autofree char *type_pointer = g_strdup_printf ("/attachments/%u/" DOCUMENT_TYPE_KEY, index);
  gint64 document_type = 0;
  Attachment *attachment;

  if (!json_is_object (given)) {
    refuse (submission, "must be an object", "/attachments/%u", index);
    return;
  }
  if (json_object_size (given) > (gsize)(name != NULL) + (content != NULL) + (gsize)(type != NULL))
    claim_finding_add (
        submission->warnings, CLAIM_RULE_WARNING,
        "has another key than name, content_base64 and document_type_id, which is not read",
        g_strdup_printf ("/attachments/%u", index));
  if (!name || text_is_blank (name) || g_utf8_strlen (name, -1) > ATTACHMENT_NAME_MAX)
    refuse (submission, "needs name, 1 to 255 characters", "/attachments/%u", index);
  if (!content)
    refuse (submission, "needs content_base64", "/attachments/%u", index);
  else if (!is_base64 (content))
    refuse (submission, "must be base64 of at least one byte", "/attachments/%u/content_base64",
            index);
  if (!attachment_read_type (type, type_pointer, submission->refusals, &document_type) || !name ||
      !content)
    return;

  attachment = attachment_new (name);
  attachment->document_type = document_type;
  attachment->content_base64 = g_strdup (content);
  g_ptr_array_add (submission->attachments, attachment);
}

static void
read_attachments (Received *submission, const json_t *body)
{
  const json_t *given = json_object_get (body, "attachments");

  if (claim_is_nothing (given))
    return;
  if (!json_is_array (given))
    refuse (submission, "must be an array", "/attachments");
  else if (json_array_size (given) > ATTACHMENTS_MAX)
    refuse (submission, "has more than 20 elements", "/attachments");
  else
    for (guint i = 0; i < json_array_size (given); i++)
      read_attachment (submission, json_array_get (given, i), i);
}

/* --- All of it --- */

/* The claim is judged as it will be sent: with the user's veteran_information laid over it, as it
 * came, for a finding names the place that was sent. */
static void
judge (Received *submission, const json_t *body, gboolean is_strict)
{
  g_autoptr (json_t) merged = json_copy (submission->parent);
  json_t *veteran = json_object_get (json_object_get (body, "user_data"), "veteran_information");
  g_autoptr (GPtrArray) findings = NULL;

  if (submission->user_data)
    json_object_set (merged, "veteran_information", veteran);
  findings = claim_validate (merged);
  g_ptr_array_set_free_func (findings, NULL); /* each goes to one of the two lists */
  for (guint i = 0; i < findings->len; i++) {
    ClaimFinding *finding = g_ptr_array_index (findings, i);
    gboolean refuses =
        finding->rule == CLAIM_RULE_LENIENT || (finding->rule == CLAIM_RULE_STRICT && is_strict);

    g_ptr_array_add (refuses ? submission->refusals : submission->warnings, finding);
  }
}

/* The JSON pointer of a finding's place; a key that is not the form's is not named. */
static char *
pointer_of (const char *field)
{
  const char *foreign = strstr (field, "/*");

  if (strcmp (field, "*") == 0)
    return g_strdup ("");
  return foreign ? g_strdup_printf ("/%.*s", (int)(foreign - field), field)
                 : g_strconcat ("/", field, NULL);
}

/* What BGS will not be told as it stands: the sender can still mend it. */
static void
warn_of_losses (Received *submission)
{
  g_autoptr (GPtrArray) children = claim_split (submission->parent);
  g_autofree char *today = clock_chicago_day (clock_now_ms ());
  g_autoptr (GPtrArray) findings =
      survey_claim (submission->parent, children, submission->user_data, today);

  for (guint i = 0; i < findings->len; i++) {
    const SurveyFinding *finding = g_ptr_array_index (findings, i);

    claim_finding_add (submission->warnings, CLAIM_RULE_WARNING, plan_finding_text (finding->code),
                       pointer_of (finding->field));
  }
}

Received *
received_read (const json_t *body, gboolean is_strict)
{
  Received *submission = g_new0 (Received, 1);

  submission->attachments = g_ptr_array_new_with_free_func (attachment_free);
  submission->refusals = g_ptr_array_new_with_free_func ((GDestroyNotify)claim_finding_free);
  submission->warnings = g_ptr_array_new_with_free_func ((GDestroyNotify)claim_finding_free);
  submission->parent = read_parent (body);
  read_user_data (submission, body);
  read_attachments (submission, body);
  judge (submission, body, is_strict);
  if (submission->refusals->len == 0)
    warn_of_losses (submission);
  return submission;
}

gsize
submission_claim_bytes (const json_t *body)
{
  g_autoptr (json_t) claim = json_copy ((json_t *)body);

  (void)json_object_del (claim, "attachments"); /* absent is fine */
  return json_dumpb (claim, NULL, 0, JSON_COMPACT);
}
