#include <glib.h>

#include "base/cleanup.h"
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
  g_assert_null (silent->phone_number);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/submission/veteran/user-data-replace-whole", test_user_replaces_whole);
  g_test_add_func ("/submission/veteran/identifiers-of-nine-digits", test_identifiers);
  g_test_add_func ("/submission/veteran/who-asks", test_caller);
  g_test_add_func ("/submission/veteran/contact-is-the-claims", test_contact);
  return g_test_run ();
}
