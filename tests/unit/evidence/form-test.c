/* An upload on the wire: two parts, exactly as long as it says, whatever the pieces in which it is
 * read. */
#include "evidence/form.h"

#include <jansson.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "http/multipart.h"

#define DOCUMENT "%PDF-1.4\r\n--not the boundary\r\n%%EOF\n"
#define NAME     "21-686C-7d0f7f0e-55b2-4b0b-9d43-0a3f8f0b7c11-1.pdf"

static int
file_of (const char *text, gsize length)
{
  int fd = memfd_create ("document", MFD_CLOEXEC);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, text, length), ==, (gssize)length);
  return fd;
}

static EvidencePaper
paper_of (GBytes *bytes, int fd)
{
  return (EvidencePaper){ .folder = "VETERAN:SSN:666000001",
                          .content_name = NAME,
                          .document_type = 148,
                          .received_day = "2026-11-21",
                          .bytes = bytes,
                          .fd = fd,
                          .length = strlen (DOCUMENT) };
}

static GString *
read_all (EvidenceForm *form, gsize step)
{
  GString *all = g_string_new (NULL);
  g_autofree char *buffer = g_malloc (step);

  while (all->len < evidence_form_bytes (form)) {
    gssize got = evidence_form_read (form, buffer, step);

    g_assert_cmpint (got, >, 0);
    g_assert_cmpint (got, <=, (gssize)step);
    g_string_append_len (all, buffer, got);
  }
  g_assert_cmpuint (all->len, ==, evidence_form_bytes (form));
  return all;
}

/* Each part as "name|filename|type|content", read by a strict reader. */
static GPtrArray *
parts_of (const EvidenceForm *form, const GString *all)
{
  g_autofree char *boundary = multipart_boundary (evidence_form_content_type (form));
  g_autoptr (MultipartReader) reader = multipart_reader_new (boundary);
  GPtrArray *parts = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GString) content = g_string_new (NULL);
  const char *bytes = all->str, *data = NULL;
  gsize length = all->len, data_length = 0;

  for (;;) {
    const MultipartPart *part;

    switch (multipart_reader_step (reader, &bytes, &length, &data, &data_length)) {
    case MULTIPART_PART:
      g_string_set_size (content, 0);
      break;
    case MULTIPART_DATA:
      g_string_append_len (content, data, (gssize)data_length);
      break;
    case MULTIPART_PART_END:
      part = multipart_reader_part (reader);
      g_ptr_array_add (parts, g_strdup_printf ("%s|%s|%s|%s", part->name,
                                               part->filename ? part->filename : "",
                                               part->content_type, content->str));
      break;
    case MULTIPART_END:
      return parts;
    case MULTIPART_MORE:
    case MULTIPART_MALFORMED:
      g_error ("%s", multipart_reader_problem (reader));
    }
  }
}

static void
test_two_parts (void)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (DOCUMENT, strlen (DOCUMENT));
  const EvidencePaper paper = paper_of (bytes, -1);
  g_autoptr (EvidenceForm) form = evidence_form_new (&paper);
  g_autoptr (GString) all = read_all (form, 4096);
  g_autoptr (GPtrArray) parts = parts_of (form, all);

  g_assert_cmpuint (parts->len, ==, 2);
  g_assert_cmpstr (parts->pdata[0], ==,
                   "payload||application/json|{\"contentName\":\"" NAME
                   "\",\"providerData\":{\"contentSource\":\"VA.gov\","
                   "\"dateVaReceivedDocument\":\"2026-11-21\",\"documentTypeId\":148}}");
  g_assert_cmpstr (parts->pdata[1], ==, "file|" NAME "|application/pdf|" DOCUMENT);
}

static void
test_in_pieces (void)
{
  int fd = file_of (DOCUMENT, strlen (DOCUMENT));
  const EvidencePaper paper = paper_of (NULL, fd);
  g_autoptr (EvidenceForm) form = evidence_form_new (&paper);
  g_autoptr (GString) whole = read_all (form, 65536);
  g_autofree char *md5 = g_compute_checksum_for_string (G_CHECKSUM_MD5, DOCUMENT, -1);

  g_assert_cmpstr (evidence_form_md5 (form), ==, md5);
  for (gsize step = 1; step < 40; step += 13) {
    g_autoptr (GString) all = NULL;

    evidence_form_rewind (form);
    all = read_all (form, step);
    g_assert_cmpstr (all->str, ==, whole->str);
    g_assert_cmpstr (evidence_form_md5 (form), ==, md5);
  }
  (void)close (fd);
}

/* What cannot be read is no end of the document. */
static void
test_cut_off (void)
{
  int fd = file_of (DOCUMENT, strlen (DOCUMENT) - 5);
  const EvidencePaper paper = paper_of (NULL, fd);
  g_autoptr (EvidenceForm) form = evidence_form_new (&paper);
  char buffer[4096];
  gssize got, sum = 0;

  while ((got = evidence_form_read (form, buffer, sizeof buffer)) > 0)
    sum += got;
  g_assert_cmpint (got, ==, -1);
  g_assert_cmpint (sum, <, (gssize)evidence_form_bytes (form));
  (void)close (fd);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/evidence/form/payload-and-file", test_two_parts);
  g_test_add_func ("/evidence/form/the-same-in-whatever-pieces", test_in_pieces);
  g_test_add_func ("/evidence/form/a-document-that-is-cut-off-is-no-upload", test_cut_off);
  return g_test_run ();
}
