/* What leaves the machine unprotected; see exposure.h. */
#include "base/exposure.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/log.h"

gboolean
host_is_this_machine (const char *host)
{
  g_autofree char *plain = NULL;
  struct in_addr four;
  struct in6_addr six;

  if (!host || *host == '\0' || *host == '/' || *host == '@')
    return TRUE;
  plain = *host == '[' && g_str_has_suffix (host, "]") ? g_strndup (host + 1, strlen (host) - 2)
                                                       : g_ascii_strdown (host, -1);
  if (inet_pton (AF_INET, plain, &four) == 1)
    return ntohl (four.s_addr) >> 24 == IN_LOOPBACKNET;
  if (inet_pton (AF_INET6, plain, &six) == 1)
    return IN6_IS_ADDR_LOOPBACK (&six) ||
           (IN6_IS_ADDR_V4MAPPED (&six) && six.s6_addr[12] == IN_LOOPBACKNET);
  return g_str_equal (plain, "localhost") || g_str_has_suffix (plain, ".localhost");
}

void
exposure_warn (const char *setting, const char *host, const char *what, const char *remedy)
{
  static GMutex lock;
  static GHashTable *told; /* of setting names */
  gboolean is_new;

  if (host_is_this_machine (host))
    return;
  g_mutex_lock (&lock);
  if (!told)
    told = g_hash_table_new (g_str_hash, g_str_equal);
  is_new = g_hash_table_add (told, (gpointer)g_intern_string (setting));
  g_mutex_unlock (&lock);
  if (is_new)
    log_warning ("a connection leaves this machine unprotected", "setting", setting, "host", host,
                 "connection", what, "remedy", remedy, NULL);
}
