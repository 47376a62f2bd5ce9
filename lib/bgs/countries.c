/* Country names for BGS. Source: README.md, fact 25. */
#include "bgs/countries.h"

#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "bgs/names.h"

#define TURKEY_WITH_ADANA "Turkey (Adana only)"
/* Longer texts name no country. */
#define COUNTRY_MAX_BYTES 200

typedef struct {
  char code[4];
  char short_code[3]; /* alpha-2; none for SCG, which ISO has given up */
  const char *name;
} Country;

/* ISO 3166-1's short names in ASCII, in the order of the codes, and SCG, which BGS still knows. */
static const Country countries[] = {
  { "ABW", "AW", "Aruba" },
  { "AFG", "AF", "Afghanistan" },
  { "AGO", "AO", "Angola" },
  { "AIA", "AI", "Anguilla" },
  { "ALA", "AX", "Aland Islands" },
  { "ALB", "AL", "Albania" },
  { "AND", "AD", "Andorra" },
  { "ARE", "AE", "United Arab Emirates" },
  { "ARG", "AR", "Argentina" },
  { "ARM", "AM", "Armenia" },
  { "ASM", "AS", "American Samoa" },
  { "ATA", "AQ", "Antarctica" },
  { "ATF", "TF", "French Southern Territories" },
  { "ATG", "AG", "Antigua and Barbuda" },
  { "AUS", "AU", "Australia" },
  { "AUT", "AT", "Austria" },
  { "AZE", "AZ", "Azerbaijan" },
  { "BDI", "BI", "Burundi" },
  { "BEL", "BE", "Belgium" },
  { "BEN", "BJ", "Benin" },
  { "BES", "BQ", "Bonaire, Sint Eustatius and Saba" },
  { "BFA", "BF", "Burkina Faso" },
  { "BGD", "BD", "Bangladesh" },
  { "BGR", "BG", "Bulgaria" },
  { "BHR", "BH", "Bahrain" },
  { "BHS", "BS", "Bahamas" },
  { "BIH", "BA", "Bosnia-Herzegovina" },
  { "BLM", "BL", "Saint Barthelemy" },
  { "BLR", "BY", "Belarus" },
  { "BLZ", "BZ", "Belize" },
  { "BMU", "BM", "Bermuda" },
  { "BOL", "BO", "Bolivia" },
  { "BRA", "BR", "Brazil" },
  { "BRB", "BB", "Barbados" },
  { "BRN", "BN", "Brunei" },
  { "BTN", "BT", "Bhutan" },
  { "BVT", "BV", "Bouvet Island" },
  { "BWA", "BW", "Botswana" },
  { "CAF", "CF", "Central African Republic" },
  { "CAN", "CA", "Canada" },
  { "CCK", "CC", "Cocos (Keeling) Islands" },
  { "CHE", "CH", "Switzerland" },
  { "CHL", "CL", "Chile" },
  { "CHN", "CN", "China" },
  { "CIV", "CI", "Cote d'Ivoire" },
  { "CMR", "CM", "Cameroon" },
  { "COD", "CD", "Congo, Democratic Republic of" },
  { "COG", "CG", "Congo, People's Republic of" },
  { "COK", "CK", "Cook Islands" },
  { "COL", "CO", "Colombia" },
  { "COM", "KM", "Comoros" },
  { "CPV", "CV", "Cape Verde" },
  { "CRI", "CR", "Costa Rica" },
  { "CUB", "CU", "Cuba" },
  { "CUW", "CW", "Curacao" },
  { "CXR", "CX", "Christmas Island" },
  { "CYM", "KY", "Cayman Islands" },
  { "CYP", "CY", "Cyprus" },
  { "CZE", "CZ", "Czech Republic" },
  { "DEU", "DE", "Germany" },
  { "DJI", "DJ", "Djibouti" },
  { "DMA", "DM", "Dominica" },
  { "DNK", "DK", "Denmark" },
  { "DOM", "DO", "Dominican Republic" },
  { "DZA", "DZ", "Algeria" },
  { "ECU", "EC", "Ecuador" },
  { "EGY", "EG", "Egypt" },
  { "ERI", "ER", "Eritrea" },
  { "ESH", "EH", "Western Sahara" },
  { "ESP", "ES", "Spain" },
  { "EST", "EE", "Estonia" },
  { "ETH", "ET", "Ethiopia" },
  { "FIN", "FI", "Finland" },
  { "FJI", "FJ", "Fiji" },
  { "FLK", "FK", "Falkland Islands (Malvinas)" },
  { "FRA", "FR", "France" },
  { "FRO", "FO", "Faroe Islands" },
  { "FSM", "FM", "Micronesia (Federated States of)" },
  { "GAB", "GA", "Gabon" },
  { "GBR", "GB", "United Kingdom" },
  { "GEO", "GE", "Georgia" },
  { "GGY", "GG", "Guernsey" },
  { "GHA", "GH", "Ghana" },
  { "GIB", "GI", "Gibraltar" },
  { "GIN", "GN", "Guinea" },
  { "GLP", "GP", "Guadeloupe" },
  { "GMB", "GM", "Gambia" },
  { "GNB", "GW", "Guinea-Bissau" },
  { "GNQ", "GQ", "Equatorial Guinea" },
  { "GRC", "GR", "Greece" },
  { "GRD", "GD", "Grenada" },
  { "GRL", "GL", "Greenland" },
  { "GTM", "GT", "Guatemala" },
  { "GUF", "GF", "French Guiana" },
  { "GUM", "GU", "Guam" },
  { "GUY", "GY", "Guyana" },
  { "HKG", "HK", "Hong Kong" },
  { "HMD", "HM", "Heard Island and McDonald Islands" },
  { "HND", "HN", "Honduras" },
  { "HRV", "HR", "Croatia" },
  { "HTI", "HT", "Haiti" },
  { "HUN", "HU", "Hungary" },
  { "IDN", "ID", "Indonesia" },
  { "IMN", "IM", "Isle of Man" },
  { "IND", "IN", "India" },
  { "IOT", "IO", "British Indian Ocean Territory" },
  { "IRL", "IE", "Ireland" },
  { "IRN", "IR", "Iran (Islamic Republic of)" },
  { "IRQ", "IQ", "Iraq" },
  { "ISL", "IS", "Iceland" },
  { "ISR", "IL", "Israel" },
  { "ITA", "IT", "Italy" },
  { "JAM", "JM", "Jamaica" },
  { "JEY", "JE", "Jersey" },
  { "JOR", "JO", "Jordan" },
  { "JPN", "JP", "Japan" },
  { "KAZ", "KZ", "Kazakhstan" },
  { "KEN", "KE", "Kenya" },
  { "KGZ", "KG", "Kyrgyzstan" },
  { "KHM", "KH", "Cambodia" },
  { "KIR", "KI", "Kiribati" },
  { "KNA", "KN", "St. Kitts" },
  { "KOR", "KR", "South Korea" },
  { "KWT", "KW", "Kuwait" },
  { "LAO", "LA", "Laos" },
  { "LBN", "LB", "Lebanon" },
  { "LBR", "LR", "Liberia" },
  { "LBY", "LY", "Libya" },
  { "LCA", "LC", "St. Lucia" },
  { "LIE", "LI", "Liechtenstein" },
  { "LKA", "LK", "Sri Lanka" },
  { "LSO", "LS", "Lesotho" },
  { "LTU", "LT", "Lithuania" },
  { "LUX", "LU", "Luxembourg" },
  { "LVA", "LV", "Latvia" },
  { "MAC", "MO", "Macao" },
  { "MAF", "MF", "Saint Martin (French part)" },
  { "MAR", "MA", "Morocco" },
  { "MCO", "MC", "Monaco" },
  { "MDA", "MD", "Moldavia" },
  { "MDG", "MG", "Madagascar" },
  { "MDV", "MV", "Maldives" },
  { "MEX", "MX", "Mexico" },
  { "MHL", "MH", "Marshall Islands" },
  { "MKD", "MK", "Macedonia" },
  { "MLI", "ML", "Mali" },
  { "MLT", "MT", "Malta" },
  { "MMR", "MM", "Myanmar" },
  { "MNE", "ME", "Montenegro" },
  { "MNG", "MN", "Mongolia" },
  { "MNP", "MP", "Northern Mariana Islands" },
  { "MOZ", "MZ", "Mozambique" },
  { "MRT", "MR", "Mauritania" },
  { "MSR", "MS", "Montserrat" },
  { "MTQ", "MQ", "Martinique" },
  { "MUS", "MU", "Mauritius" },
  { "MWI", "MW", "Malawi" },
  { "MYS", "MY", "Malaysia" },
  { "MYT", "YT", "Mayotte" },
  { "NAM", "NA", "Namibia" },
  { "NCL", "NC", "New Caledonia" },
  { "NER", "NE", "Niger" },
  { "NFK", "NF", "Norfolk Island" },
  { "NGA", "NG", "Nigeria" },
  { "NIC", "NI", "Nicaragua" },
  { "NIU", "NU", "Niue" },
  { "NLD", "NL", "Netherlands" },
  { "NOR", "NO", "Norway" },
  { "NPL", "NP", "Nepal" },
  { "NRU", "NR", "Nauru" },
  { "NZL", "NZ", "New Zealand" },
  { "OMN", "OM", "Oman" },
  { "PAK", "PK", "Pakistan" },
  { "PAN", "PA", "Panama" },
  { "PCN", "PN", "Pitcairn" },
  { "PER", "PE", "Peru" },
  { "PHL", "PH", "Philippines" },
  { "PLW", "PW", "Palau" },
  { "PNG", "PG", "Papua New Guinea" },
  { "POL", "PL", "Poland" },
  { "PRI", "PR", "Puerto Rico" },
  { "PRK", "KP", "North Korea" },
  { "PRT", "PT", "Portugal" },
  { "PRY", "PY", "Paraguay" },
  { "PSE", "PS", "Palestine, State of" },
  { "PYF", "PF", "French Polynesia" },
  { "QAT", "QA", "Qatar" },
  { "REU", "RE", "Reunion" },
  { "ROU", "RO", "Romania" },
  { "RUS", "RU", "Russia" },
  { "RWA", "RW", "Rwanda" },
  { "SAU", "SA", "Saudi Arabia" },
  { "SCG", "", "Serbia" },
  { "SDN", "SD", "Sudan" },
  { "SEN", "SN", "Senegal" },
  { "SGP", "SG", "Singapore" },
  { "SGS", "GS", "South Georgia and the South Sandwich Islands" },
  { "SHN", "SH", "Saint Helena, Ascension and Tristan da Cunha" },
  { "SJM", "SJ", "Svalbard and Jan Mayen" },
  { "SLB", "SB", "Solomon Islands" },
  { "SLE", "SL", "Sierra Leone" },
  { "SLV", "SV", "El Salvador" },
  { "SMR", "SM", "San Marino" },
  { "SOM", "SO", "Somalia" },
  { "SPM", "PM", "Saint Pierre and Miquelon" },
  { "SRB", "RS", "Serbia" },
  { "SSD", "SS", "South Sudan" },
  { "STP", "ST", "Sao-Tome/Principe" },
  { "SUR", "SR", "Suriname" },
  { "SVK", "SK", "Slovakia" },
  { "SVN", "SI", "Slovenia" },
  { "SWE", "SE", "Sweden" },
  { "SWZ", "SZ", "Eswatini" },
  { "SXM", "SX", "Sint Maarten (Dutch part)" },
  { "SYC", "SC", "Seychelles" },
  { "SYR", "SY", "Syria" },
  { "TCA", "TC", "Turks and Caicos Islands" },
  { "TCD", "TD", "Chad" },
  { "TGO", "TG", "Togo" },
  { "THA", "TH", "Thailand" },
  { "TJK", "TJ", "Tajikistan" },
  { "TKL", "TK", "Tokelau" },
  { "TKM", "TM", "Turkmenistan" },
  { "TLS", "TL", "Timor-Leste" },
  { "TON", "TO", "Tonga" },
  { "TTO", "TT", "Trinidad and Tobago" },
  { "TUN", "TN", "Tunisia" },
  { "TUR", "TR", "Turkey (except Adana)" },
  { "TUV", "TV", "Tuvalu" },
  { "TWN", "TW", "Taiwan (Province of China)" },
  { "TZA", "TZ", "Tanzania" },
  { "UGA", "UG", "Uganda" },
  { "UKR", "UA", "Ukraine" },
  { "UMI", "UM", "United States Minor Outlying Islands" },
  { "URY", "UY", "Uruguay" },
  { "USA", "US", "USA" },
  { "UZB", "UZ", "Uzbekistan" },
  { "VAT", "VA", "Holy See" },
  { "VCT", "VC", "Saint Vincent and the Grenadines" },
  { "VEN", "VE", "Venezuela" },
  { "VGB", "VG", "Virgin Islands (British)" },
  { "VIR", "VI", "Virgin Islands (U.S.)" },
  { "VNM", "VN", "Vietnam" },
  { "VUT", "VU", "Vanuatu" },
  { "WLF", "WF", "Wallis and Futuna" },
  { "WSM", "WS", "Samoa" },
  { "YEM", "YE", "Yemen Arab Republic" },
  { "ZAF", "ZA", "South Africa" },
  { "ZMB", "ZM", "Zambia" },
  { "ZWE", "ZW", "Zimbabwe" },
};

/* Other English names, in the words that name_key() makes. What could be two countries (Congo,
 * Korea) is not here. */
static const struct {
  const char *key;
  char code[4];
} other_names[] = {
  { "america", "USA" },
  { "bolivia plurinational state of", "BOL" },
  { "bosnia and herzegovina", "BIH" },
  { "british virgin islands", "VGB" },
  { "brunei darussalam", "BRN" },
  { "burma", "MMR" },
  { "cabo verde", "CPV" },
  { "caribbean netherlands", "BES" },
  { "china people s republic of", "CHN" },
  { "cocos islands", "CCK" },
  { "congo brazzaville", "COG" },
  { "congo kinshasa", "COD" },
  { "czechia", "CZE" },
  { "democratic people s republic of korea", "PRK" },
  { "democratic republic of congo", "COD" },
  { "deutschland", "DEU" },
  { "east timor", "TLS" },
  { "england", "GBR" },
  { "falkland islands", "FLK" },
  { "federal republic of germany", "DEU" },
  { "great britain", "GBR" },
  { "heard and mcdonald islands", "HMD" },
  { "holland", "NLD" },
  { "hong kong sar china", "HKG" },
  { "iran", "IRN" },
  { "ivory coast", "CIV" },
  { "korea north", "PRK" },
  { "korea republic of", "KOR" },
  { "korea south", "KOR" },
  { "lao people s democratic republic", "LAO" },
  { "macao sar china", "MAC" },
  { "macau", "MAC" },
  { "micronesia", "FSM" },
  { "moldova", "MDA" },
  { "moldova republic of", "MDA" },
  { "myanmar burma", "MMR" },
  { "north macedonia", "MKD" },
  { "northern ireland", "GBR" },
  { "palestine", "PSE" },
  { "palestinian territories", "PSE" },
  { "people s republic of china", "CHN" },
  { "philippines republic of", "PHL" },
  { "pitcairn islands", "PCN" },
  { "republic of congo", "COG" },
  { "republic of ireland", "IRL" },
  { "republic of korea", "KOR" },
  { "republic of moldova", "MDA" },
  { "republic of philippines", "PHL" },
  { "russian federation", "RUS" },
  { "sao tome and principe", "STP" },
  { "scotland", "GBR" },
  { "sint maarten", "SXM" },
  { "st helena", "SHN" },
  { "st kitts and nevis", "KNA" },
  { "st martin", "MAF" },
  { "swaziland", "SWZ" },
  { "syrian arab republic", "SYR" },
  { "taiwan", "TWN" },
  { "tanzania united republic of", "TZA" },
  { "turkey", "TUR" },
  { "turkiye", "TUR" },
  { "u k", "GBR" },
  { "u s", "USA" },
  { "u s a", "USA" },
  { "u s outlying islands", "UMI" },
  { "u s virgin islands", "VIR" },
  { "uk", "GBR" },
  { "united kingdom of great britain and northern ireland", "GBR" },
  { "united republic of tanzania", "TZA" },
  { "united states", "USA" },
  { "united states of america", "USA" },
  { "us of a", "USA" },
  { "us virgin islands", "VIR" },
  { "vatican", "VAT" },
  { "vatican city", "VAT" },
  { "venezuela bolivarian republic of", "VEN" },
  { "viet nam", "VNM" },
  { "virgin islands", "VIR" },
  { "virgin islands of u s", "VIR" },
  { "wales", "GBR" },
  { "yemen", "YEM" },
};

static int
compare_code (const void *code, const void *country)
{
  return strcmp (code, ((const Country *)country)->code);
}

static const Country *
country_of_code (const char *code)
{
  return bsearch (code, countries, G_N_ELEMENTS (countries), sizeof countries[0], compare_code);
}

/* Small words with one blank between them, without "the"; St. and Saint are one. */
static char *
name_key (const char *text)
{
  g_autofree char *ascii = bgs_ascii (text);
  g_autofree char *small = g_ascii_strdown (ascii, -1);
  GString *key = g_string_new (NULL);

  for (const char *at = small; *at;) {
    gsize length = strspn (at, "abcdefghijklmnopqrstuvwxyz0123456789");
    g_autofree char *word = *at == '&' ? g_strdup ("and") : g_strndup (at, length);

    if (*word && strcmp (word, "the") != 0)
      g_string_append_printf (key, "%s%s", key->len > 0 ? " " : "",
                              strcmp (word, "saint") == 0 ? "st" : word);
    at += length > 0 ? length : 1;
  }
  return g_string_free (key, FALSE);
}

/* Short codes and names, as name_key() makes them, to countries. */
static GHashTable *
by_name (void)
{
  static gsize once = 0;
  static GHashTable *table;

  if (g_once_init_enter (&once)) {
    table = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < G_N_ELEMENTS (other_names); i++)
      g_hash_table_insert (table, g_strdup (other_names[i].key),
                           (gpointer)country_of_code (other_names[i].code));
    for (guint i = 0; i < G_N_ELEMENTS (countries); i++)
      g_hash_table_insert (table, name_key (countries[i].name), (gpointer)&countries[i]);
    for (guint i = 0; i < G_N_ELEMENTS (countries); i++)
      if (*countries[i].short_code)
        g_hash_table_insert (table, g_ascii_strdown (countries[i].short_code, -1),
                             (gpointer)&countries[i]);
    g_once_init_leave (&once, 1);
  }
  return table;
}

static const Country *
find_country (const char *text)
{
  g_autofree char *code = NULL;
  g_autofree char *key = NULL;
  const Country *found;

  if (strlen (text) > COUNTRY_MAX_BYTES)
    return NULL;
  code = g_strstrip (g_ascii_strup (text, -1));
  found = country_of_code (code);
  if (found)
    return found;
  key = name_key (text);
  return g_hash_table_lookup (by_name (), key);
}

const char *
bgs_country_name (const char *text, const char *city)
{
  const Country *found = text_is_blank (text) ? NULL : find_country (text);

  if (!found)
    return NULL;
  if (strcmp (found->code, "TUR") == 0 && city && g_ascii_strcasecmp (city, "Adana") == 0)
    return TURKEY_WITH_ADANA;
  return found->name;
}

const char *
bgs_country_us_state (const char *text)
{
  static const struct {
    const char *code, *state;
  } territories[] = {
    { "PRI", "PR" }, { "GUM", "GU" }, { "VIR", "VI" }, { "ASM", "AS" }, { "MNP", "MP" },
  };
  const Country *found = text_is_blank (text) ? NULL : find_country (text);

  for (guint i = 0; found && i < G_N_ELEMENTS (territories); i++)
    if (strcmp (found->code, territories[i].code) == 0)
      return territories[i].state;
  return NULL;
}
