/* Rows: what the service keeps of one request element, table by table.
 *
 * A table knows its elements, so that a row takes the known ones and forgets all others, as the
 * real service does: a misspelt name is lost without an error. Element order in requests means
 * nothing; the order of the columns is the order of the reply. Source: README.md, 3 to 8. */
#pragma once

#include <glib.h>
#include <jansson.h>
#include <libxml/tree.h>

typedef enum {
  COLUMN_TEXT,
  COLUMN_ID,      /* a 64-bit integer; anything else is a number-format fault */
  COLUMN_DECIMAL, /* text, but .5 comes back as 0.5 */
  COLUMN_DATE,    /* shown in US Central in replies of that kind, untouched in the others */
} ColumnKind;

typedef struct {
  const char *name;
  ColumnKind kind;
  guint max_chars;      /* 0: no limit known */
  gboolean is_required; /* the database refuses NULL */
  gboolean is_key_part; /* sent and shown inside the table's key_wrapper */
  gboolean is_recorded; /* the limit was seen at work, not only stated: it always holds */
} Column;

typedef enum {
  TABLE_PROC,
  TABLE_PROC_FORM,
  TABLE_PTCPNT,
  TABLE_PERSON,
  TABLE_ADDRS,
  TABLE_PHONE,
  TABLE_SCHOOL,
  TABLE_STUDENT,
  TABLE_RLNSHP,
  TABLE_VNP_CLAIM,
  TABLE_NOTE,
  TABLE_CLAIM_INPUT, /* benefitClaimInput: never stored by itself */
  N_TABLES,
} TableId;

typedef struct {
  const char *state_key;   /* in GET state */
  const char *dto;         /* the class that number-format faults name */
  const char *sql_name;    /* the table that Oracle's texts name */
  const char *constraint;  /* of the primary key, where a second create can hit it */
  const char *key_wrapper; /* element around the key's parts, or NULL */
  const char *key[3];      /* element names of the primary key, NULL-terminated */
  gint64 first_id;         /* of the sequence that makes the key; 0: the key is sent */
  const Column *columns;
  guint n_columns;
} Table;

const Table *table_get (TableId id);
int table_column (TableId id, const char *name); /* index, -1 when there is none */

typedef struct Row Row;

/* What of a row is wrong, and where. */
typedef enum { ROW_FINE, ROW_NOT_A_NUMBER, ROW_NULL, ROW_TOO_LONG } RowProblem;

/* Reads the children of @arguments (NULL: none) that the table knows; elements in a namespace are
 * not the table's. Never fails: see row_check(). */
Row *row_read (TableId table, xmlNode *arguments);
void row_free (Row *row);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Row, row_free)

/* The first thing that the service would refuse: numbers first, then NULLs, then, with
 * @check_lengths, texts that are too long. @ret_column: the column in question. */
RowProblem row_check (const Row *row, gboolean check_lengths, const Column **ret_column);

const char *row_get (const Row *row, const char *name); /* NULL when absent or nil; borrowed */
void row_set (Row *row, const char *name, const char *value);

/* The primary key as one text, parts joined by '/'; NULL when a part is missing. */
char *row_key (const Row *row);

/* Appends the row's elements: absent values left out, empty text as an empty element.
 * @old_dialect: nil text as an empty element too, nil numbers as 0. */
void row_append_xml (const Row *row, GString *xml, gboolean in_chicago, gboolean old_dialect);

/* Element names and values; what is absent or nil is left out. */
json_t *row_json (const Row *row);

/* VNP_PROC_ID for vnpProcId, and for vnpProcID. */
char *sql_column_name (const char *element);
/* The statement that Oracle's fault shows, values included. */
char *row_sql (const Row *row, gboolean is_update);
