/* What bench/pdf measures: one form of 200 values, filled, stamped and continued on an addendum.
 *
 *   bench-forms time latin|mixed COUNT   microseconds of wall and of CPU of each form, one a line
 *   bench-forms grow COUNT               kB resident after the 10th form and after the last one
 *   bench-forms write FOLDER             filled.pdf, values.fdf and stamp-1.pdf to -3.pdf for pdftk
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "papers/stamps.h"
#include "pdf/forms.h"

#define FORM         "21-686c"
#define VALUES       200
#define SUBMITTED_MS 1795287900000
#define TOO_LONG     "far too long for this box, whatever the size of its letters is"

typedef struct {
  PdfForms *forms;
  PdfTemplate *form; /* for its rows and boxes */
  GPtrArray *rows;   /* of PdfRow, by name */
  Stamps stamps;
  gboolean mixed;
} Bench;

static GBytes *
read_form (const char *ending)
{
  g_autofree char *path = g_strconcat (SOURCE_DIR "/schemas/forms/" FORM, ending, NULL);
  char *data;
  gsize length;

  if (!g_file_get_contents (path, &data, &length, NULL))
    g_error ("%s cannot be read", path);
  return g_bytes_new_take (data, length);
}

static int
compare_rows (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(PdfRow *const *)a)->name, (*(PdfRow *const *)b)->name);
}

static void
open_bench (Bench *bench)
{
  static const StampPlaces places = { { 5, 5 }, { 400, 770 }, { 400, 675 } };
  g_autoptr (GError) error = NULL;
  PdfFormFiles files = { FORM, read_form (".pdf"), read_form (".json") };
  GHashTableIter all;
  gpointer row;

  bench->forms = pdf_forms_open (&files, 1, &error);
  bench->form = bench->forms ? pdf_template_open (&files, &error) : NULL;
  if (!bench->form || !pdf_forms_print (bench->forms, &error) ||
      !pdf_template_print (bench->form, &error))
    g_error ("%s", error->message);
  bench->rows = g_ptr_array_new ();
  g_hash_table_iter_init (&all, bench->form->map->rows);
  while (g_hash_table_iter_next (&all, NULL, &row))
    g_ptr_array_add (bench->rows, row);
  g_ptr_array_sort (bench->rows, compare_rows);
  stamps_make (&places, SUBMITTED_MS, &bench->stamps);
  g_bytes_unref (files.pdf);
  g_bytes_unref (files.map);
}

/* What stands in a field: as many digits as a short one has cells, else a name; one in ten does not
 * fit. Owned. */
static char *
value_of (const Bench *bench, const PdfField *field, guint number)
{
  static const char *const names[] = { "Maximilian", "Featherstone", "Sampleville" };
  static const char *const scripts[] = { "Ξενοφών", "김민준", "山田太郎", "محمد", "Łódź" };

  if (field->cells > 0 && field->cells <= 5)
    return g_strndup ("12345", field->cells);
  if (number % 10 == 9)
    return g_strdup (TOO_LONG " " TOO_LONG " " TOO_LONG);
  return g_strdup (bench->mixed ? scripts[number % G_N_ELEMENTS (scripts)]
                                : names[number % G_N_ELEMENTS (names)]);
}

/* Rows of up to three fields, until there are 200 values. @told: field and value in turn; may be
 * NULL. */
static PdfFilling *
make_filling (const Bench *bench, GPtrArray *told)
{
  PdfFilling *filling =
      pdf_filling_new (FORM, "Veteran: Ada Okafor, VA file number 666070701", SUBMITTED_MS);
  guint count = 0;

  for (guint i = 0; i < bench->rows->len && count < VALUES; i++) {
    const PdfRow *row = g_ptr_array_index (bench->rows, i);
    g_auto (GStrv) parts = g_new0 (char *, PDF_PARTS_MAX + 1);
    g_autofree char *whole = NULL;

    if (row->fields->len > 3)
      continue;
    for (guint k = 0; k < row->fields->len; k++) {
      const PdfField *field = g_ptr_array_index (row->fields, k);

      parts[k] = value_of (bench, field, count++);
      if (told) {
        g_ptr_array_add (told, g_strdup (field->name));
        g_ptr_array_add (told, g_strdup (parts[k]));
      }
    }
    whole = g_strjoinv (" ", parts);
    if (row->fields->len == 1 &&
        g_array_index (((PdfField *)row->fields->pdata[0])->boxes, PdfBox, 0).width < 10)
      pdf_filling_check (filling, row->name, "A mark", "Yes");
    else
      pdf_filling_parts (filling, row->name, "A value", whole, (const char *const *)parts);
  }
  return filling;
}

static GBytes *
make_form (const Bench *bench)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PdfFilling) filling = make_filling (bench, NULL);
  GBytes *form =
      pdf_forms_fill (bench->forms, filling, bench->stamps.stamps, STAMPS_ON_FORM, &error);

  if (!form)
    g_error ("%s", error->message);
  return form;
}

static gint64
cpu_us (void)
{
  struct timespec now;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &now);
  return (gint64)now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

static void
time_forms (const Bench *bench, guint count)
{
  for (guint i = 0; i < count; i++) {
    gint64 wall = g_get_monotonic_time (), cpu = cpu_us ();

    g_bytes_unref (make_form (bench));
    printf ("%" G_GINT64_FORMAT " %" G_GINT64_FORMAT "\n", g_get_monotonic_time () - wall,
            cpu_us () - cpu);
  }
}

static guint
resident_kb (void)
{
  g_autofree char *status = NULL;
  const char *line;

  if (!g_file_get_contents ("/proc/self/status", &status, NULL, NULL) ||
      !(line = strstr (status, "VmRSS:")))
    g_error ("/proc/self/status does not tell");
  return (guint)g_ascii_strtoull (line + strlen ("VmRSS:"), NULL, 10);
}

static void
grow (Bench *bench, guint count)
{
  for (guint i = 1; i <= count; i++) {
    bench->mixed = i % 2 == 0;
    g_bytes_unref (make_form (bench));
    if (i == 10 || i == count)
      printf ("%u\n", resident_kb ());
  }
}

/* --- The same for pdftk. --- */

static void
write_file (const char *folder, const char *name, gconstpointer data, gsize length)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) error = NULL;

  if (!g_file_set_contents (path, data, (gssize)length, &error))
    g_error ("%s", error->message);
}

static void
write_fdf (const Bench *bench, const char *folder)
{
  g_autoptr (GPtrArray) told = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (PdfFilling) filling = make_filling (bench, told);
  g_autoptr (GString) fdf = g_string_new ("%FDF-1.2\n1 0 obj\n<< /FDF << /Fields [\n");

  for (guint i = 0; i < told->len; i += 2)
    g_string_append_printf (fdf, "<< /T (%s) /V (%s) >>\n", (char *)told->pdata[i],
                            (char *)told->pdata[i + 1]);
  g_string_append (fdf, "] >> >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n");
  write_file (folder, "values.fdf", fdf->str, fdf->len);
}

static void
write_all (const Bench *bench, const char *folder)
{
  g_autoptr (GBytes) form = make_form (bench);

  write_file (folder, "filled.pdf", g_bytes_get_data (form, NULL), g_bytes_get_size (form));
  write_fdf (bench, folder);
  for (guint i = 0; i < 3; i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) page = pdf_forms_stamp_page (
        bench->forms, 612, 792, &bench->stamps.stamps[i], 1, SUBMITTED_MS, &error);
    g_autofree char *name = g_strdup_printf ("stamp-%u.pdf", i + 1);

    if (!page)
      g_error ("%s", error->message);
    write_file (folder, name, g_bytes_get_data (page, NULL), g_bytes_get_size (page));
  }
}

int
main (int argc, char **argv)
{
  g_auto (Stamps) none = { 0 };
  Bench bench = { .stamps = none };

  if (argc < 3) {
    fprintf (stderr, "usage: bench-forms time latin|mixed COUNT | grow COUNT | write FOLDER\n");
    return 2;
  }
  open_bench (&bench);
  if (g_str_equal (argv[1], "time") && argc == 4) {
    bench.mixed = g_str_equal (argv[2], "mixed");
    time_forms (&bench, (guint)g_ascii_strtoull (argv[3], NULL, 10));
  } else if (g_str_equal (argv[1], "grow"))
    grow (&bench, (guint)g_ascii_strtoull (argv[2], NULL, 10));
  else
    write_all (&bench, argv[2]);
  g_ptr_array_unref (bench.rows);
  pdf_template_free (bench.form);
  pdf_forms_free (bench.forms);
  stamps_clear (&bench.stamps);
  return 0;
}
