/* Who fills which row of the 21-674; see form-674.h. */
#include "papers/form-674.h"

#include "papers/contact.h"
#include "papers/rest.h"

static const guint five_digits[] = { 2, 3, 0 };
static const guint seven_digits[] = { 1, 3, 3, 0 };

static void
write_amounts (Sheet *sheet, json_t *amounts, const char *block, const char *what,
               const guint *boxes)
{
  static const struct {
    const char *key, *row, *label;
  } rows[] = {
    { "earnings_from_all_employment", "employment", "earnings from all employment" },
    { "annual_social_security_payments", "social-security", "annual Social Security" },
    { "other_annuities_income", "annuities", "other annuities" },
    { "all_other_income", "other", "all other income" },
    { "savings", "savings", "savings" },
    { "securities", "securities", "securities, bonds, etc." },
    { "real_estate", "real-estate", "real estate" },
    { "other_assets", "other", "other assets" },
    { "total_value", "total", "total value" },
  };

  sheet_block (sheet, block);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *label = g_strconcat (what, ", ", rows[i].label, NULL);

    sheet_put_money (sheet, rows[i].row, label, amounts, rows[i].key, boxes);
  }
}

/* The names of those that are chosen. */
static void
write_program (Sheet *sheet, json_t *programs)
{
  static const struct {
    const char *key, *name;
  } names[] = {
    { "ch35", "Chapter 35" },
    { "fry", "Fry Scholarship" },
    { "feca", "FECA" },
    { "other", "Other Benefit" },
  };
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (sheet_take_yes (programs, names[i].key))
      g_string_append_printf (text, "%s%s", text->len > 0 ? ", " : "", names[i].name);
  if (text->len > 0)
    pdf_filling_value (sheet->filling, "student.program", "Type of program or benefit", text->str);
}

static void
write_school (Sheet *sheet, json_t *school)
{
  json_t *terms = json_object_get (school, "current_term_dates");
  json_t *last = json_object_get (school, "last_term_school_information");

  sheet_block (sheet, "school");
  sheet_put (sheet, "name", "School or program", school, "name");
  sheet_put_yes_no (sheet, "full-time", "Enrolled full time", school,
                    "student_is_enrolled_full_time");
  sheet_put_date (sheet, "stopped", "Stopped attending continuously", school,
                  "date_full_time_ended");
  sheet_put_yes_no (sheet, "accredited", "School is accredited", school, "is_school_accredited");
  sheet_put_date (sheet, "official-start", "Official start of the term", terms,
                  "official_school_start_date");
  sheet_put_date (sheet, "student-start", "Student's start", terms, "expected_student_start_date");
  sheet_put_date (sheet, "graduation", "Expected graduation", terms, "expected_graduation_date");
  sheet_block (sheet, "last-term");
  sheet_put_yes_no (sheet, "attended", "Attended the last term", school,
                    "student_did_attend_school_last_term");
  sheet_put_date (sheet, "began", "Beginning of the last term", last, "term_begin");
  sheet_put_date (sheet, "ended", "End of the last term", last, "date_term_ended");
}

static void
write_student (Sheet *sheet, json_t *student)
{
  const char *remarks;

  sheet_begin (sheet, "student", "Student", student);
  sheet_put_name (sheet, "name", "Name", json_object_get (student, "full_name"));
  sheet_put_person_ssn (sheet, "Student", student);
  sheet_put_date (sheet, "birth", "Date of birth", student, "birth_date");
  sheet_put_yes_no (sheet, "married", "Has ever married", student, "was_married");
  sheet_put_date (sheet, "marriage", "Date of marriage", student, "marriage_date");
  sheet_put_address (sheet, "address", "Address", json_object_get (student, "address"));
  sheet_put_yes_no (sheet, "tuition", "Tuition is paid by a government agency", student,
                    "tuition_is_paid_by_gov_agency");
  write_program (sheet, json_object_get (student, "type_of_program_or_benefit"));
  sheet_put_date (sheet, "payments", "Date payments began", student, "benefit_payment_date");
  write_school (sheet, json_object_get (student, "school_information"));
  write_amounts (sheet, json_object_get (student, "student_earnings_from_school_year"), "received",
                 "Received this school year", five_digits);
  write_amounts (sheet, json_object_get (student, "student_expected_earnings_next_year"),
                 "expected", "Expected next year", five_digits);
  write_amounts (sheet, json_object_get (student, "student_networth_information"), "estate",
                 "Value of estate", seven_digits);
  remarks = sheet_take_text (sheet, student, "remarks");
  if (remarks)
    sheet_remark (sheet, remarks);
  papers_write_rest (sheet->filling, NULL, student);
}

void
papers_write_674 (Sheet *sheet, json_t *application)
{
  json_t *students = json_object_get (application, "student_information");
  json_t *student = json_array_get (students, 0);

  papers_write_contact (sheet, json_object_get (application, "veteran_contact_information"));
  write_student (sheet, student);
  if (json_is_object (student))
    (void)json_object_clear (student); /* all of it is told */
}
