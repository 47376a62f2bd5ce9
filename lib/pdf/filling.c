/* What is written into a form; see filling.h. */
#include "pdf/filling.h"

static void
entry_free (gpointer data)
{
  PdfEntry *entry = data;

  g_free (entry->row);
  g_free (entry->label);
  g_free (entry->text);
  for (guint i = 0; i < PDF_PARTS_MAX; i++)
    g_free (entry->parts[i]);
  g_free (entry);
}

PdfFilling *
pdf_filling_new (const char *form, const char *about, gint64 created_at_ms)
{
  PdfFilling *filling = g_new0 (PdfFilling, 1);

  filling->form = g_strdup (form);
  filling->about = g_strdup (about);
  filling->created_at_ms = created_at_ms;
  filling->entries = g_ptr_array_new_with_free_func (entry_free);
  return filling;
}

void
pdf_filling_free (PdfFilling *filling)
{
  if (!filling)
    return;
  g_free (filling->form);
  g_free (filling->about);
  g_ptr_array_unref (filling->entries);
  g_free (filling);
}

static PdfEntry *
add (PdfFilling *filling, PdfEntryKind kind, const char *row, const char *label, const char *text)
{
  PdfEntry *entry = g_new0 (PdfEntry, 1);

  entry->kind = kind;
  entry->row = g_strdup (row);
  entry->label = g_strdup (label);
  entry->text = g_strdup (text);
  g_ptr_array_add (filling->entries, entry);
  return entry;
}

void
pdf_filling_section (PdfFilling *filling, const char *heading)
{
  (void)add (filling, PDF_ENTRY_SECTION, NULL, NULL, heading);
}

void
pdf_filling_value (PdfFilling *filling, const char *row, const char *label, const char *text)
{
  (void)add (filling, PDF_ENTRY_VALUE, row, label, text);
}

void
pdf_filling_parts (PdfFilling *filling, const char *row, const char *label, const char *text,
                   const char *const *parts)
{
  PdfEntry *entry = add (filling, PDF_ENTRY_VALUE, row, label, text);

  for (guint i = 0; parts[i]; i++) {
    g_assert (i < PDF_PARTS_MAX);
    entry->parts[i] = g_strdup (parts[i]);
  }
}

void
pdf_filling_lines (PdfFilling *filling, const char *row, const char *label, const char *text)
{
  (void)add (filling, PDF_ENTRY_LINES, row, label, text);
}

void
pdf_filling_check (PdfFilling *filling, const char *row, const char *label, const char *text)
{
  (void)add (filling, PDF_ENTRY_CHECK, row, label, text);
}

void
pdf_filling_note (PdfFilling *filling, const char *row, const char *label, const char *text)
{
  (void)add (filling, PDF_ENTRY_NOTE, row, label, text);
}
