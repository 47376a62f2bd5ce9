/* Files without a name; see spool.h. */
#include "base/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

const Setting spool_settings[] = {
  { "spool-directory", SETTING_TEXT, "",
    "Folder for the unnamed files that documents pass through, unsealed: a tmpfs or an encrypted "
    "volume; empty: memory." },
  { NULL },
};

static gboolean
fail (const char *doing, GError **error)
{
  int number = errno;

  g_set_error (error, G_FILE_ERROR, (gint)g_file_error_from_errno (number), "%s: %s", doing,
               g_strerror (number));
  return FALSE;
}

int
spool_file_new (const char *directory, GError **error)
{
  int fd = directory && *directory
               ? open (directory, O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR)
               : memfd_create ("spool", MFD_CLOEXEC | MFD_ALLOW_SEALING);

  if (fd < 0)
    (void)fail ("an unnamed file cannot be had", error);
  return fd;
}

gboolean
spool_is_usable (const char *directory, GError **error)
{
  g_autoptr (GError) problem = NULL;
  int fd = spool_file_new (directory, &problem);

  if (fd >= 0)
    return close (fd) == 0;
  g_set_error (error, SETTINGS_ERROR, SETTINGS_ERROR_INVALID, "spool-directory: %s",
               problem->message);
  return FALSE;
}

gboolean
spool_file_append (int fd, gconstpointer bytes, gsize length, GError **error)
{
  const char *from = bytes;

  while (length > 0) {
    ssize_t done = write (fd, from, length);

    if (done < 0 && errno == EINTR)
      continue;
    if (done < 0)
      return fail ("an unnamed file takes no more", error);
    from += done;
    length -= (gsize)done;
  }
  return TRUE;
}

gboolean
spool_file_read (int fd, gint64 offset, void *to, gsize length, GError **error)
{
  char *at = to;

  while (length > 0) {
    ssize_t done = pread (fd, at, length, offset);

    if (done < 0 && errno == EINTR)
      continue;
    if (done == 0)
      errno = EIO; /* shorter than it was said to be */
    if (done <= 0)
      return fail ("an unnamed file cannot be read", error);
    at += done;
    offset += done;
    length -= (gsize)done;
  }
  return TRUE;
}
