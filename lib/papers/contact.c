#include "papers/contact.h"

void
papers_write_contact (Sheet *sheet, json_t *contact)
{
  sheet_begin (sheet, "veteran", "Veteran", NULL);
  sheet_put_phone (sheet, "phone", "Telephone number", contact, "phone_number");
  sheet_put (sheet, "international-phone", "International telephone number", contact,
             "international_phone_number");
  sheet_put (sheet, "email", "E-mail address", contact, "email_address");
  if (sheet_has_row (sheet, "email-consent") &&
      sheet_take_yes (contact, "electronic_correspondence"))
    sheet_put_check (sheet, "email-consent", "Electronic correspondence", "Yes");
}
