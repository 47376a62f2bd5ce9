/* Cleanups for other libraries' types, for g_autoptr and g_auto.
 *
 * Include the library's own header first: a section is active only when it was, so that a room does
 * not have to see libraries it does not use. Hence no guard around the whole file. */

#include <glib.h>

#if defined(JANSSON_H) && !defined(CLEANUP_JANSSON)
#define CLEANUP_JANSSON
G_DEFINE_AUTOPTR_CLEANUP_FUNC (json_t, json_decref)
#endif

#if defined(LIBPQ_FE_H) && !defined(CLEANUP_LIBPQ)
#define CLEANUP_LIBPQ
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PGresult, PQclear)
#endif

#if defined(__XML_TREE_H__) && !defined(CLEANUP_LIBXML)
#define CLEANUP_LIBXML
G_DEFINE_AUTOPTR_CLEANUP_FUNC (xmlDoc, xmlFreeDoc)
#endif

#if defined(_RDKAFKA_H_) && !defined(CLEANUP_RDKAFKA)
#define CLEANUP_RDKAFKA
G_DEFINE_AUTOPTR_CLEANUP_FUNC (rd_kafka_topic_partition_list_t,
                               rd_kafka_topic_partition_list_destroy)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (rd_kafka_message_t, rd_kafka_message_destroy)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (rd_kafka_headers_t, rd_kafka_headers_destroy)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (rd_kafka_queue_t, rd_kafka_queue_destroy)
#endif

#if defined(QPDF_C_H) && !defined(CLEANUP_QPDF)
#define CLEANUP_QPDF
static inline void
cleanup_qpdf (qpdf_data pdf)
{
  qpdf_cleanup (&pdf);
}
G_DEFINE_AUTO_CLEANUP_FREE_FUNC (qpdf_data, cleanup_qpdf, NULL)
#endif

#if defined(__POPPLER_GLIB_H__) && !defined(CLEANUP_POPPLER)
#define CLEANUP_POPPLER
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PopplerDocument, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PopplerPage, g_object_unref)
#endif
