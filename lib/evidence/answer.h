/* What the service, or something between, has answered. Pure functions over bytes.
 * Source: README.md, "What an answer means". */
#pragma once

#include "evidence/evidence.h"

/**
 * evidence_judge_upload:
 *
 * Errors: %EVIDENCE_ERROR, with the status and the code in the text and nothing else of the answer.
 * Returns: the file, owned; @md5 of what was sent.
 */
EvidenceFile *evidence_judge_upload (long status, GBytes *body, const char *md5, GError **error);
/* A refusal, by whatever code, is a %EVIDENCE_ERROR_FAULT. @ret_uuid: of the file of that name; NULL:
 * the folder has none. An answer that cannot be sure of that, for it shows fewer files than it tells
 * of, or bears the name without a uuid, is %EVIDENCE_ERROR_UNKNOWN. */
gboolean evidence_judge_search (long status, GBytes *body, const char *content_name,
                                char **ret_uuid, GError **error);
