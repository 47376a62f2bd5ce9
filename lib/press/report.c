/* The words for what a child reports, see report.h. */
#include "press/report.h"

#define AS_PDF "Print it to a PDF and attach that"

typedef struct {
  const char *code, *sentence;
} Words;

static const Words refusals[PRESS_REFUSALS] = {
  [PRESS_FINE] = { "fine", "The document was taken." },
  [PRESS_NO_DOCUMENT] = { "no-document", "The file is not a PDF, PNG or JPEG. " AS_PDF "." },
  [PRESS_HEIC] = { "heic",
                   "The file is a HEIC photo, whatever its name says. Save it as a JPEG and "
                   "attach that." },
  [PRESS_TOO_LARGE] = { "too-large", "The file is over 100,000,000 bytes. Attach it in parts." },
  [PRESS_GROWN_TOO_LARGE] = { "grown-too-large",
                              "The document would be over 100,000,000 bytes as a "
                              "stamped PDF. Attach it in parts." },
  [PRESS_UNREADABLE] = { "unreadable",
                         "The file is damaged and cannot be read. Make it anew and attach that." },
  [PRESS_PASSWORD] = { "password",
                       "The file opens with a password only. Attach a copy without one." },
  [PRESS_NO_PAGES] = { "no-pages", "The document has no pages." },
  [PRESS_TOO_MANY_PAGES] = { "too-many-pages",
                             "The document has more than 5,000 pages. Attach it in parts." },
  [PRESS_PAGES_MISSING] = { "pages-missing",
                            "The file is damaged: pages that it should have are not "
                            "there. Make it anew and attach that." },
  [PRESS_PAGE_TOO_LARGE] = { "page-too-large", "A page is larger than 78 x 101 inches. Attach it "
                                               "in a smaller format." },
  [PRESS_DYNAMIC_FORM] = { "dynamic-form",
                           "The document is a dynamic form (XFA), which others cannot "
                           "show. " AS_PDF "." },
  [PRESS_PORTFOLIO] = { "portfolio",
                        "The document is a portfolio of other files. Attach these one by one." },
  [PRESS_FIELD_NOT_DRAWN] = { "field-not-drawn",
                              "What was entered into a form field does not show in "
                              "the document as it is stored. " AS_PDF "." },
  [PRESS_IMAGE_TOO_LARGE] = { "image-too-large",
                              "The image has too many pixels. Attach it in a smaller format." },
  [PRESS_IMAGE_DAMAGED] = { "image-damaged",
                            "The image is damaged or cut off. Make it anew and attach that." },
  [PRESS_IMAGE_UNSUPPORTED] = { "image-unsupported", "The image is of a rare kind of JPEG. Save it "
                                                     "as an ordinary one and "
                                                     "attach that." },
  [PRESS_TOO_MANY_SCANS] = { "too-many-scans", "The image has more than 100 layers. Save it as an "
                                               "ordinary JPEG and attach that." },
  [PRESS_NOT_OPENED] = { "not-opened",
                         "The document cannot be opened in full by other programs. " AS_PDF "." },
  [PRESS_TOO_COMPLEX] = { "too-complex", "The document is too complex to be handled. " AS_PDF "." },
};

const char *
press_refusal_code (PressRefusal refusal)
{
  g_assert (refusal < PRESS_REFUSALS);
  return refusals[refusal].code;
}

char *
press_refusal_sentence (PressRefusal refusal, guint page)
{
  g_assert (refusal < PRESS_REFUSALS);
  return page == 0 ? g_strdup (refusals[refusal].sentence)
                   : g_strdup_printf ("Page %u: %s", page, refusals[refusal].sentence);
}

const char *
press_note_code (PressNote note)
{
  switch (note) {
  case PRESS_NOTE_SCRIPTS_REMOVED:
    return "scripts-removed";
  case PRESS_NOTE_SIGNED:
    return "signed";
  case PRESS_NOTE_REPAIRED:
    return "repaired";
  case PRESS_NOTE_DECRYPTED:
    return "decrypted";
  }
  g_assert_not_reached ();
}

char *
press_notes_text (guint notes)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint bit = 1; bit <= PRESS_NOTES_ALL; bit <<= 1)
    if (notes & bit)
      g_string_append_printf (text, "%s%s", text->len > 0 ? ", " : "",
                              press_note_code ((PressNote)bit));
  return text->len > 0 ? g_strdup (text->str) : NULL;
}
