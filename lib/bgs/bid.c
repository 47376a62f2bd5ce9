/* The pension read. Source: README.md, fact 21. */
#include "bgs/bid.h"

#include <jansson.h>
#include "base/cleanup.h"
#include "bgs/client.h"

gboolean
bgs_pension_find (BgsClient *client, const char *corporate_participant_id, gboolean *ret_in_receipt,
                  GError **error)
{
  g_autofree char *path = NULL;
  g_autoptr (HttpAnswer) answer = NULL;
  g_autoptr (json_t) object = NULL;
  json_t *flag = NULL;
  gint64 id = 0;

  /* It becomes part of a path, so it has to be a number and nothing else. */
  if (!corporate_participant_id || !parse_int64 (corporate_participant_id, 1, G_MAXINT64, &id)) {
    g_set_error_literal (error, BID_ERROR, BID_ERROR_ARGUMENT,
                         "awards pension: the participant id is missing");
    return FALSE;
  }
  path = g_strdup_printf ("/api/v1/awards/pension/%" G_GINT64_FORMAT, id);
  answer = bgs_bid_get (client, path, error);
  if (!answer)
    return FALSE;
  if (answer->status != 200) {
    g_set_error (error, BID_ERROR,
                 answer->status >= 500 || answer->status == 429 ? BID_ERROR_UNAVAILABLE
                 : answer->status >= 400                        ? BID_ERROR_REFUSED
                                                                : BID_ERROR_NO_ANSWER,
                 "awards pension: HTTP %ld", answer->status);
    return FALSE;
  }
  object =
      json_loadb (g_bytes_get_data (answer->body, NULL), g_bytes_get_size (answer->body), 0, NULL);
  flag = json_object_get (json_object_get (object, "awardsPension"), "isInReceiptOfPension");
  if (!json_is_boolean (flag)) {
    g_set_error_literal (error, BID_ERROR, BID_ERROR_NO_ANSWER,
                         "awards pension: the answer has no isInReceiptOfPension");
    return FALSE;
  }
  *ret_in_receipt = json_is_true (flag);
  return TRUE;
}
