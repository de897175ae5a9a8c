#include <stdio.h>

#include "engine/store/schema-2.h"
#include "engine/store/schema-3.h"
#include "engine/store/schema.h"
#include "engine/store/sql.h"

/* steps[v] brings a file from schema v to v + 1. */
static const char *const steps[PRAXI_STORE_SCHEMA] = {schema_sql, schema_2_sql, schema_3_sql};

static gboolean
read_version (PraxiStore *store, gint64 *version, GError **error)
{
  return praxi_sql_int (store, "PRAGMA user_version", 0, version, error);
}

gboolean
praxi_store_check_header (PraxiStore *store, GError **error)
{
  gint64 application = 0;
  gint64 version = 0;
  if (!praxi_sql_int (store, "PRAGMA application_id", 0, &application, error) ||
      !read_version (store, &version, error))
    return FALSE;
  if (application != PRAXI_STORE_APPLICATION_ID || version < 1)
    return praxi_store_fail (store, PRAXI_ERROR_FORMAT, error,
                             "not a project file; choose a file that ends in .praxi");
  if (version > PRAXI_STORE_SCHEMA)
    return praxi_store_fail (store, PRAXI_ERROR_UNSUPPORTED, error,
                             "made by a newer Praxiscope (project schema %" G_GINT64_FORMAT
                             ", this one knows %d); update Praxiscope to open it",
                             version, PRAXI_STORE_SCHEMA);
  store->schema = (int) version;
  return TRUE;
}

static gboolean
run_steps (PraxiStore *store, gint64 version, GError **error)
{
  for (gint64 v = version; v < PRAXI_STORE_SCHEMA; v++)
    if (!praxi_sql_exec (store, steps[v], error))
      return FALSE;
  char sql[120];
  snprintf (sql, sizeof sql, "PRAGMA application_id = %d; PRAGMA user_version = %d",
            PRAXI_STORE_APPLICATION_ID, PRAXI_STORE_SCHEMA);
  return praxi_sql_exec (store, sql, error);
}

/* A copy beside the file, of before: the steps are tested, disks are not. */
static gboolean
keep_old (PraxiStore *store, gint64 version, GError **error)
{
  g_autoptr (GError) copy_error = NULL;
  g_autofree char *path = g_strdup_printf ("%s.schema-%" G_GINT64_FORMAT, store->path, version);
  if (version == 0 || praxi_store_save_copy (store, path, &copy_error) ||
      g_error_matches (copy_error, PRAXI_ERROR, PRAXI_ERROR_FAILED))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&copy_error));
  return FALSE;
}

/* The version is read again inside the transaction: another program may have been faster. */
gboolean
praxi_store_migrate (PraxiStore *store, GError **error)
{
  gint64 version = 0;
  if (!read_version (store, &version, error))
    return FALSE;
  store->schema = PRAXI_STORE_SCHEMA;
  if (version == PRAXI_STORE_SCHEMA)
    return TRUE;
  if (!keep_old (store, version, error))
    return FALSE;
  if (!praxi_sql_exec (store, "BEGIN IMMEDIATE", error))
    return FALSE;
  if (read_version (store, &version, error) && run_steps (store, version, error) &&
      praxi_sql_exec (store, "COMMIT", error))
    return TRUE;
  sqlite3_exec (store->db, "ROLLBACK", NULL, NULL, NULL);
  return FALSE;
}

static const char list_objects[] = "SELECT type || ' ' || quote (name), sql FROM sqlite_schema"
                                   " WHERE name NOT LIKE 'sqlite\\_stat%' ESCAPE '\\' ORDER BY 1";

/* The sentence about the first object that differs, NULL when the two lists are equal. */
static char *
compare_objects (sqlite3_stmt *reference, sqlite3_stmt *actual)
{
  for (;;) {
    const gboolean has_reference = sqlite3_step (reference) == SQLITE_ROW;
    const gboolean has_actual = sqlite3_step (actual) == SQLITE_ROW;
    if (!has_reference && !has_actual)
      return NULL;
    const char *expected = has_reference ? (const char *) sqlite3_column_text (reference, 0) : NULL;
    const char *found = has_actual ? (const char *) sqlite3_column_text (actual, 0) : NULL;
    const int order = g_strcmp0 (expected, found);
    if (found != NULL && (expected == NULL || order > 0)) {
      g_autofree char *valid = g_utf8_make_valid (found, -1);
      return g_strdup_printf ("holds the %.200s, which Praxiscope did not make", valid);
    }
    if (order != 0)
      return g_strdup_printf ("lacks the %s", expected);
    if (g_strcmp0 ((const char *) sqlite3_column_text (reference, 1),
                   (const char *) sqlite3_column_text (actual, 1)) != 0)
      return g_strdup_printf ("the %s was changed", expected);
  }
}

static sqlite3 *
open_reference (gint64 version)
{
  sqlite3 *reference = NULL;
  int status = sqlite3_open (":memory:", &reference);
  for (gint64 v = 0; v < version && status == SQLITE_OK; v++)
    status = sqlite3_exec (reference, steps[v], NULL, NULL, NULL);
  if (status == SQLITE_OK)
    return reference;
  sqlite3_close (reference);
  return NULL;
}

gboolean
praxi_store_check_schema (PraxiStore *store, char **odd, GError **error)
{
  gint64 version = 0;
  if (!read_version (store, &version, error))
    return FALSE;
  sqlite3 *reference = open_reference (CLAMP (version, 1, PRAXI_STORE_SCHEMA));
  if (reference == NULL)
    return praxi_store_fail (store, PRAXI_ERROR_MEMORY, error,
                             "not enough memory; close other programs and try again");
  sqlite3_stmt *expected = NULL;
  sqlite3_stmt *actual = NULL;
  const gboolean ok =
      sqlite3_prepare_v2 (reference, list_objects, -1, &expected, NULL) == SQLITE_OK &&
      sqlite3_prepare_v2 (store->db, list_objects, -1, &actual, NULL) == SQLITE_OK;
  *odd = ok ? compare_objects (expected, actual) : NULL;
  if (!ok)
    praxi_sql_fail (store, error);
  sqlite3_finalize (expected);
  sqlite3_finalize (actual);
  sqlite3_close (reference);
  return ok;
}
