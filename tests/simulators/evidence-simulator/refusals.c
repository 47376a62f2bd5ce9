/* As rules (tests/simulators/control): asked in their order, counted as they are used. */
#include "evidence-simulator/refusals.h"

#include <string.h>

#include "base/cleanup.h"
#include "evidence-simulator/fault.h"

typedef struct {
  json_t *json;                                     /* as posted; keeps the texts below */
  const char *code, *operation, *folder, *contains; /* but the code: NULL fits everything */
  gint64 skip, times;                               /* times 0: without end */
  gint64 seen, taken;
} Refusal;

struct Refusals {
  GMutex lock;
  GPtrArray *list; /* of Refusal */
};

static void
refusal_free (gpointer data)
{
  Refusal *refusal = data;

  json_decref (refusal->json);
  g_free (refusal);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Refusal, refusal_free)

Refusals *
refusals_new (void)
{
  Refusals *refusals = g_new0 (Refusals, 1);

  g_mutex_init (&refusals->lock);
  refusals->list = g_ptr_array_new_with_free_func (refusal_free);
  return refusals;
}

void
refusals_free (Refusals *refusals)
{
  if (!refusals)
    return;
  g_ptr_array_unref (refusals->list);
  g_mutex_clear (&refusals->lock);
  g_free (refusals);
}

void
refusals_clear (Refusals *refusals)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&refusals->lock);

  g_ptr_array_set_size (refusals->list, 0);
}

char *
refusals_add (Refusals *refusals, json_t *json)
{
  g_autoptr (Refusal) refusal = g_new0 (Refusal, 1);
  g_autoptr (GMutexLocker) locker = NULL;
  json_int_t skip = 0, times = 0;
  json_error_t error = { 0 };

  refusal->json = json_deep_copy (json);
  if (json_unpack_ex (refusal->json, &error, JSON_STRICT, "{s:s, s?s, s?s, s?s, s?I, s?I}", "code",
                      &refusal->code, "operation", &refusal->operation, "folder", &refusal->folder,
                      "contains", &refusal->contains, "skip", &skip, "times", &times) != 0)
    return g_strdup (error.text);
  if (!fault_is_code (refusal->code) || skip < 0 || times < 0)
    return g_strdup ("code is VEFSERR and five digits, skip and times are 0 or more");
  refusal->skip = skip;
  refusal->times = times;
  locker = g_mutex_locker_new (&refusals->lock);
  g_ptr_array_add (refusals->list, g_steal_pointer (&refusal));
  return NULL;
}

json_t *
refusals_json (Refusals *refusals)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&refusals->lock);
  json_t *list = json_array ();

  for (guint i = 0; i < refusals->list->len; i++) {
    const Refusal *refusal = g_ptr_array_index (refusals->list, i);
    json_t *json = json_copy (refusal->json);

    json_object_set_new (json, "seen", json_integer (refusal->seen));
    json_object_set_new (json, "taken", json_integer (refusal->taken));
    json_array_append_new (list, json);
  }
  return list;
}

static gboolean
fits (const Refusal *refusal, const char *operation, const char *folder,
      const HttpServerRequest *request)
{
  gsize length = 0;
  const char *body = g_bytes_get_data (request->body, &length);

  if (refusal->operation && strcmp (refusal->operation, operation) != 0)
    return FALSE;
  if (refusal->folder && g_strcmp0 (refusal->folder, folder) != 0)
    return FALSE;
  return !refusal->contains || strstr (request->path, refusal->contains) ||
         (length > 0 && memmem (body, length, refusal->contains, strlen (refusal->contains)));
}

HttpReply *
refusals_take (Refusals *refusals, const char *operation, const char *folder,
               const HttpServerRequest *request)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&refusals->lock);

  for (guint i = 0; i < refusals->list->len; i++) {
    Refusal *refusal = g_ptr_array_index (refusals->list, i);

    if (!fits (refusal, operation, folder, request))
      continue;
    if (refusal->seen++ < refusal->skip || (refusal->times > 0 && refusal->taken >= refusal->times))
      continue;
    refusal->taken++;
    return fault_reply (refusal->code, "told by a test", "told by a test");
  }
  return NULL;
}
