/* findRegionalOffices and GetRegionalOfficeByZipCode. Source: lib/bgs/README.md, fact 16. */
#include <string.h>

#include "bgs.h"
#include "offices.h"

static void
append_number (GString *xml, const char *name, guint number)
{
  g_string_append_printf (xml, "<%s>%u</%s>", name, number, name);
}

HttpReply *
offices_find (Bgs *bgs, const Call *call, const Operation *operation)
{
  GString *xml = reply_begin (call);
  guint count = 0;
  const Office *offices = offices_all (&count);

  (void)bgs;
  (void)operation;
  for (guint i = 0; i < count; i++) {
    const Office *centre =
        offices[i].pension_centre ? office_of_station (offices[i].pension_centre) : NULL;

    g_string_append (xml, "<return>");
    append_number (xml, "lctnId", offices[i].location_id);
    wire_append (xml, "nm", offices[i].name);
    if (centre) {
      append_number (xml, "pmcLctnId", centre->location_id);
      wire_append (xml, "pmcNm", centre->name);
      append_number (xml, "pmcStationNumber", centre->station);
    }
    append_number (xml, "stationNumber", offices[i].station);
    g_string_append (xml, "</return>");
  }
  return reply_end (call, xml);
}

/* Whether BGS would know the country: by its name, never by an ISO code. There is no list in the
 * reference, so any name will do. */
static gboolean
is_country_name (const char *country)
{
  return country && g_utf8_strlen (country, -1) > 3 && !strpbrk (country, "0123456789");
}

HttpReply *
office_route (Bgs *bgs, const Call *call, const Operation *operation)
{
  /* The one operation whose inner elements are qualified. */
  const char *ns = call->service->name_space;
  xmlNode *criteria = wire_child (call->body, ns, "searchROCriteria");
  g_autofree char *zip = wire_child_text (criteria, ns, "zipCode");
  g_autofree char *country = wire_child_text (criteria, ns, "country");
  const Office *office = NULL;
  GString *xml = NULL;

  (void)bgs;
  (void)operation;
  if (g_strcmp0 (country, "USA") == 0)
    office = office_of_zip (zip);
  else if (is_country_name (country))
    office = office_of_station (311); /* Pittsburgh looks after those who live abroad */
  if (!office)
    return fault_not_found (call, "No regional office was found for the ZIP code and country");

  xml = reply_begin (call);
  g_string_append (xml, "<regionalOffice>");
  append_number (xml, "ns1:number", office->station);
  wire_append (xml, "ns1:name", office->name);
  g_string_append (xml, "</regionalOffice>");
  return reply_end (call, xml);
}
