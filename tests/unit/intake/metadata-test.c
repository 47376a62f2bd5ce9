/* Metadata by the server's rules. */
#include "intake/metadata.h"

#include <jansson.h>
#include <string.h>
#include "base/cleanup.h"
#include "intake/intake.h"

static IntakeMetadata
ada (void)
{
  return (IntakeMetadata){ .first_name = "Ada",
                           .last_name = "Example",
                           .file_number = "123456789",
                           .postal_code = "00012",
                           .claim_date = "2026-11-21" };
}

static void
test_whole (void)
{
  IntakeMetadata metadata = ada ();
  g_autoptr (GError) error = NULL;
  g_autofree char *json = intake_metadata_json (&metadata, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (json, ==,
                   "{\"veteranFirstName\":\"Ada\",\"veteranLastName\":\"Example\","
                   "\"fileNumber\":\"123456789\",\"zipCode\":\"00012\","
                   "\"source\":\"va.gov backup dependent claim submission\","
                   "\"docType\":\"686C-674-V2\",\"businessLine\":\"CMP\","
                   "\"claimDate\":\"2026-11-21\"}");
}

static char *
value_of (const IntakeMetadata *metadata, const char *key, GError **error)
{
  g_autofree char *text = intake_metadata_json (metadata, error);
  g_autoptr (json_t) json = text ? json_loads (text, 0, NULL) : NULL;

  return g_strdup (json_string_value (json_object_get (json, key)));
}

static void
test_names (void)
{
  static const struct {
    const char *name, *written; /* NULL: refused */
  } cases[] = {
    { "Ann-Marie/Sue", "Ann-Marie/Sue" },
    { "  O'Neil,\tJr. ", "ONeil Jr" },
    { "Zoë", "Zoe" },
    { "Дмитрий", "Dmitrij" },
    { "李小龍", "li xiao long" },
    { "Mary  Ann\nLee", "Mary Ann Lee" },
    { "R2D2", "RD" },
    { "AbcdefghijabcdefghijabcdefghijabcdefghijabcdefghijX",
      "Abcdefghijabcdefghijabcdefghijabcdefghijabcdefghij" },
    { "Abcdefghijabcdefghijabcdefghijabcdefghijabcdefghi XYZ",
      "Abcdefghijabcdefghijabcdefghijabcdefghijabcdefghi" },
    { "-", "-" },
    { "123", NULL },
    { "😀", NULL },
    { "", NULL },
    { NULL, NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    for (int last = 0; last <= 1; last++) {
      g_autoptr (GError) error = NULL;
      IntakeMetadata metadata = ada ();
      g_autofree char *written = NULL;

      *(last ? &metadata.last_name : &metadata.first_name) = cases[i].name;
      written = value_of (&metadata, last ? "veteranLastName" : "veteranFirstName", &error);
      g_assert_cmpstr (written, ==, cases[i].written);
      if (cases[i].written)
        continue;
      g_assert_error (error, INTAKE_ERROR, INTAKE_ERROR_ARGUMENT);
      g_assert_nonnull (strstr (error->message, last ? "veteranLastName" : "veteranFirstName"));
      g_assert_true (!cases[i].name || !*cases[i].name || !strstr (error->message, cases[i].name));
    }
  }
}

static void
test_numbers (void)
{
  static const struct {
    const char *file_number, *ssn, *written; /* NULL: refused */
  } cases[] = {
    { "123456789", "987654321", "123456789" },
    { "12345678", NULL, "12345678" },
    { "123-45-6789", NULL, "123456789" },
    { "123 45 6789", NULL, "123456789" },
    { NULL, "987-65-4321", "987654321" },
    { "1234567", "987654321", "987654321" },
    { "", "987654321", "987654321" },
    { "C12345678", "987654321", "987654321" },
    { "1234567890", "987654321", "987654321" },
    { "1234567", "1234567890", NULL },
    { NULL, NULL, NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    IntakeMetadata metadata = ada ();
    g_autofree char *written = NULL;

    metadata.file_number = cases[i].file_number;
    metadata.ssn = cases[i].ssn;
    written = value_of (&metadata, "fileNumber", &error);
    g_assert_cmpstr (written, ==, cases[i].written);
    if (!cases[i].written) {
      g_assert_error (error, INTAKE_ERROR, INTAKE_ERROR_ARGUMENT);
      g_assert_null (strpbrk (error->message, "1234567"));
    }
  }
}

static void
test_zip (void)
{
  static const struct {
    const char *postal_code;
    gboolean is_abroad;
    const char *written;
  } cases[] = {
    { "12345", FALSE, "12345" },
    { "12345-6789", FALSE, "12345-6789" },
    { "123456789", FALSE, "12345-6789" },
    { " 12345 ", FALSE, "12345" },
    { "1234", FALSE, "00000" },
    { "K1A 0B1", FALSE, "00000" },
    { "", FALSE, "00000" },
    { NULL, FALSE, "00000" },
    { "12345", TRUE, "00000" },
    { "12345-67", FALSE, "00000" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    IntakeMetadata metadata = ada ();
    g_autofree char *written = NULL;

    metadata.postal_code = cases[i].postal_code;
    metadata.is_abroad = cases[i].is_abroad;
    written = value_of (&metadata, "zipCode", &error);
    g_assert_no_error (error);
    g_assert_cmpstr (written, ==, cases[i].written);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/intake/metadata/the-whole-of-it", test_whole);
  g_test_add_func ("/intake/metadata/names", test_names);
  g_test_add_func ("/intake/metadata/numbers", test_numbers);
  g_test_add_func ("/intake/metadata/zip-codes", test_zip);
  return g_test_run ();
}
