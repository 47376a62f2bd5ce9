/* A claim's text is read and judged; see reading.h. */
#include "reading.h"

#include "answers.h"

HttpReply *
claim_read (GBytes *text, const ClaimRules *rules, gboolean is_camel, json_t **ret_body,
            Received **ret_received)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (json_t) body = body_parse (text, &rules->bounds, is_camel, &error);
  g_autoptr (Received) received = NULL;

  if (!body)
    return answer_error (400, "Bad request", error->message);
  if (submission_claim_bytes (body) > rules->max_claim_bytes)
    return answer_error (413, "Content too large", "The claim is larger than max-claim-bytes.");

  received = received_read (body, rules->is_strict);
  if (received->refusals->len > 0)
    return answer_refusals (received->refusals, is_camel);
  *ret_body = g_steal_pointer (&body);
  *ret_received = g_steal_pointer (&received);
  return NULL;
}
