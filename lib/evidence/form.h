/* An upload as it goes over the wire: a form of two parts, read as a stream. Source: README.md, "The
 * upload". */
#pragma once

#include "evidence/evidence.h"

/* Refers to what the paper has; nothing of it may go before. */
typedef struct EvidenceForm EvidenceForm;
EvidenceForm *evidence_form_new (const EvidencePaper *paper);
void evidence_form_free (EvidenceForm *form);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EvidenceForm, evidence_form_free)

gsize evidence_form_bytes (const EvidenceForm *form);
const char *evidence_form_content_type (const EvidenceForm *form); /* borrowed */
/* From the beginning again. */
void evidence_form_rewind (EvidenceForm *form);
/* An HttpBodyReader; @form is an EvidenceForm. */
gssize evidence_form_read (gpointer form, char *buffer, gsize size);
/* Of the document, once all has been read: MD5 in hexadecimal, lower case. Borrowed. */
const char *evidence_form_md5 (EvidenceForm *form);
