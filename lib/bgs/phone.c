/* vnp participant phone. Source: README.md, fact 11. */
#include "bgs/phone.h"

#include <string.h>
#include "base/text.h"
#include "bgs/client.h"

static const BgsOperation phone_create = {
  "/VnpPtcpntPhoneWebServiceBean/VnpPtcpntPhoneService",
  "http://ptcpntPhoneService.services.vonapp.vba.va.gov/",
  "vnpPtcpntPhoneCreate",
  .is_harmless = TRUE,
};

static BgsBody *
write_phone (BgsBody *body, const BgsPhone *phone)
{
  bgs_body_open (body, "arg0");
  bgs_body_required (body, "vnpProcId", phone->proc_id);
  bgs_body_required (body, "vnpPtcpntId", phone->participant_id);
  bgs_body_text (body, "phoneTypeNm", "Daytime");
  bgs_body_required_private (body, "phoneNbr", phone->number);
  bgs_body_now (body, "efctvDt");
  bgs_body_audit (body, BGS_AUDIT_PLAIN);
  bgs_body_close (body, "arg0");
  return body;
}

char *
bgs_phone_create (BgsClient *client, const BgsCaller *caller, const BgsPhone *phone, GError **error)
{
  return bgs_call_for_id (client, caller, &phone_create,
                          write_phone (bgs_client_body (client, &phone_create), phone),
                          "vnpPtcpntPhoneId", error);
}

char *
bgs_phone_digest_text (const BgsPhone *phone)
{
  return bgs_body_digest (write_phone (bgs_body_new (&phone_create, NULL, 0), phone));
}

/* Digits behind a letter are an extension's, and those of other alphabets are not read; those behind
 * a plus begin with the country, and only that of the USA is 1. */
static gboolean
is_number_of_the_usa (const char *text, const char *digits)
{
  for (const char *at = text; *at; at = g_utf8_next_char (at))
    if ((guchar)*at >= 0x80 && g_unichar_isalnum (g_utf8_get_char (at)))
      return FALSE;
  for (const char *at = text + strcspn (text, "0123456789"); *at; at++)
    if (g_ascii_isalpha (*at))
      return FALSE;
  return !strchr (text, '+') || (strlen (digits) == 11 && digits[0] == '1');
}

char *
bgs_phone_number (const char *text)
{
  g_autofree char *digits = text_digits (text);

  if (text && !is_number_of_the_usa (text, digits))
    return NULL;
  if (strlen (digits) == 11 && digits[0] == '1')
    return g_strdup (digits + 1);
  return strlen (digits) == 10 ? g_steal_pointer (&digits) : NULL;
}
