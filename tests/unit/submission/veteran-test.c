#include <glib.h>

#include "base/cleanup.h"
#include "bgs/fault.h"
#include "submission/veteran.h"

static Veteran *
veteran (const char *form_text, const char *user_text)
{
  json_t *form = json_loads (form_text, 0, NULL);
  json_t *user = user_text ? json_loads (user_text, 0, NULL) : NULL;
  Veteran *made;

  g_assert_nonnull (form);
  made = veteran_new (form, user);
  json_decref (form);
  json_decref (user);
  return made;
}

static void
test_user_replaces_whole (void)
{
  json_t *form = json_loads (
      "{\"veteran_information\":{\"ssn\":\"666000001\",\"birth_date\":\"1970-01-01\"},\"a\":1}", 0,
      NULL);
  json_t *user = json_loads ("{\"veteran_information\":{\"ssn\":\"666000002\"}}", 0, NULL);
  json_t *merged = veteran_merge (form, user);
  json_t *information = json_object_get (merged, "veteran_information");

  g_assert_cmpstr (json_string_value (json_object_get (information, "ssn")), ==, "666000002");
  g_assert_null (json_object_get (information, "birth_date"));
  g_assert_nonnull (json_object_get (merged, "a"));
  /* The form stays what it was. */
  g_assert_cmpstr (
      json_string_value (json_object_get (json_object_get (form, "veteran_information"), "ssn")),
      ==, "666000001");
  json_decref (merged);
  json_decref (form);
  json_decref (user);
}

static void
test_identifiers (void)
{
  g_autoptr (Veteran) dashes = veteran (
      "{}", "{\"veteran_information\":{\"ssn\":\"666-00-0003\",\"participant_id\":\"600123\"}}");
  g_autoptr (Veteran) own_file =
      veteran ("{}", "{\"veteran_information\":{\"ssn\":\"666000003\",\"va_file_number\":"
                     "\"12345678\",\"participant_id\":600124}}");
  g_autoptr (Veteran) odd =
      veteran ("{\"veteran_information\":{\"ssn\":\"666000004\"}}",
               "{\"veteran_information\":{\"ssn\":\"12345\",\"va_file_number\":\"abc\"}}");
  g_autoptr (Veteran) blank =
      veteran ("{}", "{\"veteran_information\":{\"participant_id\":\" \"}}");

  g_assert_cmpstr (dashes->ssn, ==, "666000003");
  g_assert_cmpstr (dashes->file_number, ==, "666000003");
  g_assert_cmpstr (dashes->participant_id, ==, "600123");
  g_assert_cmpstr (own_file->file_number, ==, "12345678");
  g_assert_cmpstr (own_file->participant_id, ==, "600124");
  g_assert_cmpstr (odd->ssn, ==, "666000004");
  g_assert_cmpstr (odd->file_number, ==, "666000004");
  g_assert_null (odd->participant_id);
  g_assert_null (blank->participant_id);
}

static void
test_caller (void)
{
  g_autoptr (Veteran) icn = veteran ("{}", "{\"veteran_information\":{\"icn\":\"1012V\",\"uuid\":"
                                           "\"u\",\"common_name\":\"A B\",\"email\":\"e\"}}");
  g_autoptr (Veteran) uuid =
      veteran ("{}", "{\"veteran_information\":{\"uuid\":\"u\",\"email\":\"e\"}}");

  g_assert_cmpstr (icn->caller.external_uid, ==, "1012V");
  g_assert_cmpstr (icn->caller.external_key, ==, "A B");
  g_assert_cmpstr (uuid->caller.external_uid, ==, "u");
  g_assert_cmpstr (uuid->caller.external_key, ==, "e");
}

static void
test_contact (void)
{
  g_autoptr (Veteran) number = veteran (
      "{\"dependents_application\":{\"veteran_contact_information\":{\"email_address\":1.5}}}",
      NULL);
  g_autoptr (Veteran) reachable =
      veteran ("{\"dependents_application\":{\"veteran_contact_information\":"
               "{\"phone_number\":\"(202) 555-0104\",\"email_address\":\"a@example.com\"}}}",
               "{\"veteran_information\":{\"email\":\"other@example.com\"}}");
  g_autoptr (Veteran) silent =
      veteran ("{\"dependents_application\":{\"veteran_contact_information\":"
               "{\"phone_number\":\"555-0104\"}}}",
               NULL);

  g_assert_cmpstr (reachable->phone_number, ==, "2025550104");
  g_assert_cmpstr (reachable->email, ==, "a@example.com"); /* the claim's, not the user's */
  g_assert_cmpstr (number->email, ==, "1.5");              /* as it was typed */
  g_assert_null (silent->phone_number);
}

/* --- What no error may tell. --- */

/* Words that programs use and people are called by, a different one for each name of a claim: they
 * stay in a fault's text unless they are known to be a name of this claim. */
static const char *const names[] = {
  "Bank",  "Bean",  "Close",   "Key",  "Line",   "Lock",  "Long",  "Package", "Pool",
  "Post",  "Proxy", "Release", "Rule", "School", "Small", "Stack", "State",   "Street",
  "Table", "Time",  "Trigger", "Zone", "Do",     "An",    "Read",
};

static gboolean
is_name (const char *key)
{
  return g_str_equal (key, "first") || g_str_equal (key, "middle") || g_str_equal (key, "last");
}

/* Gives each name of @value a word of its own, double now and then. */
static void
rename_people (json_t *value, GPtrArray *given)
{
  const char *key;
  json_t *inner;
  gsize i;

  json_array_foreach (value, i, inner) rename_people (inner, given);
  json_object_foreach (value, key, inner)
  {
    if (!json_is_string (inner) || !is_name (key)) {
      rename_people (inner, given);
    } else {
      const char *name = names[given->len % G_N_ELEMENTS (names)];
      g_autofree char *twice = g_strconcat (name, "-Marie", NULL);

      g_ptr_array_add (given, (gpointer)name);
      json_object_set_new (value, key, json_string (given->len % 2 ? name : twice));
    }
  }
}

static void
is_hidden (const Veteran *veteran, const char *word)
{
  g_autofree char *small = g_ascii_strdown (word, -1);
  g_autofree char *large = g_ascii_strup (word, -1);
  const char *const spellings[] = { word, small, large };

  for (guint i = 0; i < G_N_ELEMENTS (spellings); i++) {
    g_autofree char *fault = g_strconcat ("Error: ", spellings[i], ", not found", NULL);
    g_autofree char *open = bgs_fault_text (fault, NULL, NULL);
    g_autofree char *text = bgs_fault_text (fault, NULL, veteran->caller.private_values);

    g_assert_cmpstr (open, ==, fault); /* else this would show nothing */
    g_assert_cmpstr (text, ==, "Error: …, not found");
  }
}

/* Of every person of every sample: Veteran, spouses of now and before, children, other parents,
 * those who died, guardians, students; and of the signed-in user. */
static void
test_names_of_the_whole_claim_are_hidden (void)
{
  const char *folder = SOURCE_DIR "/tests/samples/claims";
  g_autoptr (GDir) samples = NULL;
  const char *file;
  guint count = 0;

  samples = g_dir_open (folder, 0, NULL);
  g_assert_nonnull (samples);
  while ((file = g_dir_read_name (samples))) {
    g_autofree char *path = g_build_filename (folder, file, NULL);
    g_autoptr (json_t) parent =
        g_str_has_suffix (file, ".json") ? json_load_file (path, 0, NULL) : NULL;
    g_autoptr (json_t) user =
        json_pack ("{s{s{ss} ss ss}}", "veteran_information", "full_name", "last", "x",
                   "common_name", "Target Key Small", "email", "service@example.com");
    g_autoptr (GPtrArray) given = g_ptr_array_new ();
    g_autoptr (Veteran) asks = NULL;

    if (!parent)
      continue;
    rename_people (parent, given);
    rename_people (user, given);
    g_assert_cmpuint (given->len, >=, 3);
    asks = veteran_new (parent, user);
    veteran_hide (asks, parent, user);
    for (guint i = 0; i < given->len; i++)
      is_hidden (asks, g_ptr_array_index (given, i));
    is_hidden (asks, "Target");
    count++;
  }
  g_assert_cmpuint (count, >=, 8);
}

/* Numbers, cities, typed signatures and unknown keys' texts too. */
static void
test_other_data_of_the_whole_claim_are_hidden (void)
{
  g_autoptr (json_t) parent =
      json_loads ("{\"statement_of_truth_signature\":\"Grace Bean\",\"dependents_application\":{"
                  "\"children_to_add\":[{\"ssn\":666778,\"city\":\"Mobile\",\"zip\":\"36601\","
                  "\"who\":\"Trigger\",\"n\":\"Zone\"}]}}",
                  0, NULL);
  g_autoptr (Veteran) asks = veteran_new (parent, NULL);

  veteran_hide (asks, parent, NULL);
  is_hidden (asks, "666778");
  is_hidden (asks, "36601");
  is_hidden (asks, "Bean");
  is_hidden (asks, "Trigger");
  is_hidden (asks, "Zone");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/submission/veteran/user-data-replace-whole", test_user_replaces_whole);
  g_test_add_func ("/submission/veteran/identifiers-of-nine-digits", test_identifiers);
  g_test_add_func ("/submission/veteran/who-asks", test_caller);
  g_test_add_func ("/submission/veteran/contact-is-the-claims", test_contact);
  g_test_add_func ("/submission/veteran/names-of-the-whole-claim-are-hidden",
                   test_names_of_the_whole_claim_are_hidden);
  g_test_add_func ("/submission/veteran/other-data-of-the-whole-claim-are-hidden",
                   test_other_data_of_the_whole_claim_are_hidden);
  return g_test_run ();
}
