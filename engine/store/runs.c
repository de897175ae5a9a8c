#include "engine/store/runs.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/store/records.h"

#define RUN_COLUMNS                                                                                \
  "run.id, run.media_id, model.name, model.sha256, model.path, run.params, run.state, run.track,"  \
  " run.begun_us, run.finished_us, run_events.events"
#define RUN_TABLES                                                                                 \
  " FROM run JOIN model ON model.id = run.model_id"                                                \
  " LEFT JOIN run_events ON run_events.run_id = run.id"

static const char *const state_names[] = {
    [PRAXI_RUN_RUNNING] = "running",
    [PRAXI_RUN_DONE] = "done",
    [PRAXI_RUN_CANCELLED] = "cancelled",
    [PRAXI_RUN_FAILED] = "failed",
};

const char *
praxi_run_state_name (PraxiRunState state)
{
  return state_names[state];
}

void
praxi_run_free (PraxiRun *run)
{
  if (run == NULL)
    return;
  g_free (run->model_name);
  g_free (run->model_sha256);
  g_free (run->model_path);
  g_free (run->params);
  g_free (run->track_path);
  g_free (run->events);
  g_free (run);
}

static PraxiRunState
state_from_name (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (state_names); i++)
    if (g_strcmp0 (name, state_names[i]) == 0)
      return (PraxiRunState) i;
  return PRAXI_RUN_FAILED;
}

static gpointer
read_run (PraxiStore *store, PraxiStatement *select)
{
  PraxiRun *run = g_new0 (PraxiRun, 1);
  g_autofree char *track = praxi_sql_bytes (select, 7);
  run->id = sqlite3_column_int64 (select, 0);
  run->media_id = sqlite3_column_int64 (select, 1);
  run->model_name = praxi_sql_text (select, 2);
  run->model_sha256 = praxi_sql_text (select, 3);
  run->model_path = praxi_sql_bytes (select, 4);
  run->params = praxi_sql_text (select, 5);
  run->state = state_from_name ((const char *) sqlite3_column_text (select, 6));
  run->track_path = praxi_store_full_path (store, track != NULL && *track != '\0' ? track : ".");
  run->begun_us = sqlite3_column_int64 (select, 8);
  run->finished_us = sqlite3_column_int64 (select, 9);
  run->events = praxi_sql_text (select, 10);
  return run;
}

GPtrArray *
praxi_store_list_runs (PraxiStore *store, gint64 media_id, GError **error)
{
  static const char sql[] =
      "SELECT " RUN_COLUMNS RUN_TABLES " WHERE ?1 = 0 OR run.media_id = ?1 ORDER BY run.id";
  PraxiStatement *select = praxi_sql_prepare (store, sql, error);
  if (select != NULL)
    sqlite3_bind_int64 (select, 1, media_id);
  return praxi_store_read_records (store, select, read_run, (GDestroyNotify) praxi_run_free, error);
}

PraxiRun *
praxi_store_latest_run (PraxiStore *store,
                        gint64 media_id,
                        const char *model_sha256,
                        GError **error)
{
  g_autoptr (GPtrArray) runs = praxi_store_list_runs (store, media_id, error);
  if (runs == NULL)
    return NULL;
  for (guint i = runs->len; i > 0; i--) {
    const PraxiRun *run = runs->pdata[i - 1];
    const gboolean is_model =
        model_sha256 == NULL || g_strcmp0 (run->model_sha256, model_sha256) == 0;
    if (is_model && run->state != PRAXI_RUN_FAILED &&
        g_file_test (run->track_path, G_FILE_TEST_IS_REGULAR))
      return g_ptr_array_steal_index (runs, i - 1);
  }
  praxi_store_fail (store, PRAXI_ERROR_NOT_FOUND, error,
                    "no model has looked at the footage yet; analyse it first");
  return NULL;
}

static gboolean
find_model (PraxiStore *store, const char *sha256, gint64 *id, GError **error)
{
  g_autoptr (PraxiStatement) select =
      praxi_sql_prepare (store, "SELECT id FROM model WHERE sha256 = ?1", error);
  if (select == NULL)
    return FALSE;
  praxi_sql_bind_text (select, 1, sha256);
  const int status = praxi_sql_step (store, select, error);
  *id = status > 0 ? sqlite3_column_int64 (select, 0) : 0;
  return status >= 0;
}

static gboolean
add_model (PraxiStore *store, const PraxiRunStart *start, gint64 *id, GError **error)
{
  if (!find_model (store, start->model_sha256, id, error))
    return FALSE;
  if (*id != 0)
    return TRUE;
  g_autofree char *path =
      start->model_path != NULL ? g_canonicalize_filename (start->model_path, NULL) : NULL;
  g_autoptr (GString) row = g_string_new (NULL);
  praxi_row_add_text (row, start->model_name);
  praxi_row_add_text (row, start->model_sha256);
  praxi_row_add_bytes (row, path);
  return praxi_history_change (store, PRAXI_KIND_MODEL, id, row->str, error);
}

static gboolean
check_start (PraxiStore *store, const PraxiRunStart *start, GError **error)
{
  const gsize max_bytes = PRAXI_STORE_MAX_NAME_BYTES;
  if (start->model_name == NULL || start->model_sha256 == NULL)
    return praxi_store_fail (store, PRAXI_ERROR_USAGE, error,
                             "a run needs the name and the hash of its model; give both");
  return praxi_store_check_text (store, "model name", start->model_name, max_bytes, error) &&
         praxi_store_check_text (store, "model hash", start->model_sha256, max_bytes, error) &&
         praxi_store_check_text (store, "parameters", start->params, PRAXI_STORE_MAX_TEXT_BYTES,
                                 error);
}

/* The number in the name is the run's id, which is the number of the history row to come. */
static char *
new_track (const PraxiStore *store)
{
  g_autofree char *base = g_path_get_basename (store->path);
  return g_strdup_printf ("%s-tracks/run-%" G_GINT64_FORMAT "-%08x.scores", base,
                          store->head.seq + 1, g_random_int ());
}

static gboolean
begin_run (PraxiStore *store,
           const PraxiRunStart *start,
           gint64 *run_id,
           char **track,
           GError **error)
{
  gint64 model_id = 0;
  if (!check_start (store, start, error) ||
      !praxi_store_check_record (store, PRAXI_KIND_MEDIA, start->media_id, error) ||
      !add_model (store, start, &model_id, error))
    return FALSE;
  *track = new_track (store);
  g_autoptr (GString) row = g_string_sized_new (512);
  praxi_row_add_int (row, start->media_id);
  praxi_row_add_int (row, model_id);
  praxi_row_add_text (row, start->params != NULL ? start->params : "{}");
  praxi_row_add_text (row, state_names[PRAXI_RUN_RUNNING]);
  praxi_row_add_bytes (row, *track);
  praxi_row_add_int (row, g_get_real_time ());
  praxi_row_add_int (row, 0);
  praxi_row_add_text (row, NULL);
  return praxi_history_change (store, PRAXI_KIND_RUN, run_id, row->str, error);
}

static gboolean
make_track_folder (const PraxiStore *store, const char *track_path, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (track_path);
  if (mkdir (folder, 0777) == 0 || errno == EEXIST)
    return TRUE;
  return praxi_store_fail (store, PRAXI_ERROR_DISK, error,
                           "the folder for scores cannot be made (%s); make room or allow writing",
                           g_strerror (errno));
}

gboolean
praxi_store_begin_run (PraxiStore *store,
                       const PraxiRunStart *start,
                       gint64 *run_id,
                       char **track_path,
                       GError **error)
{
  gint64 id = 0;
  g_autofree char *track = NULL;
  g_autofree char *full = NULL;
  if (!praxi_store_begin (store, error))
    return FALSE;
  gboolean ok = begin_run (store, start, &id, &track, error);
  if (ok) {
    full = praxi_store_full_path (store, track);
    ok = make_track_folder (store, full, error);
  }
  if (!praxi_store_end (store, ok, error))
    return FALSE;
  *run_id = id;
  *track_path = g_steal_pointer (&full);
  return TRUE;
}

static gboolean
write_events (PraxiStore *store, gint64 run_id, const char *events, GError **error)
{
  static const char sql[] = "INSERT INTO run_events (run_id, events) VALUES (?1, ?2)"
                            " ON CONFLICT (run_id) DO UPDATE SET events = ?2";
  PraxiStatement *put = praxi_sql_prepare (store, sql, error);
  if (put == NULL)
    return FALSE;
  sqlite3_bind_int64 (put, 1, run_id);
  praxi_sql_bind_text (put, 2, events);
  return praxi_sql_run (store, put, error);
}

/* The columns of the run behind its id, with a new state. NULL when there is no such run. */
static char *
finished_row (PraxiStore *store,
              gint64 run_id,
              PraxiRunState state,
              const char *sha256,
              GError **error)
{
  const char *sql = praxi_record_tables[PRAXI_KIND_RUN].select;
  g_autoptr (PraxiStatement) select = praxi_sql_prepare (store, sql, error);
  if (select == NULL)
    return NULL;
  sqlite3_bind_int64 (select, 1, run_id);
  const int status = praxi_sql_step (store, select, error);
  if (status == 0)
    praxi_store_fail (store, PRAXI_ERROR_NOT_FOUND, error,
                      "there is no run %" G_GINT64_FORMAT "; begin one", run_id);
  if (status <= 0)
    return NULL;
  GString *row = g_string_sized_new (512);
  praxi_row_add_columns (row, select, 1, 3);
  praxi_row_add_text (row, state_names[state]);
  praxi_row_add_columns (row, select, 5, 2);
  praxi_row_add_int (row, g_get_real_time ());
  praxi_row_add_text (row, sha256);
  return g_string_free (row, FALSE);
}

static gboolean
finish_run (PraxiStore *store,
            gint64 run_id,
            PraxiRunState state,
            const char *events,
            GError **error)
{
  const gsize max_bytes = 8 * PRAXI_STORE_MAX_TEXT_BYTES;
  if (!praxi_store_check_text (store, "list of events", events, max_bytes, error))
    return FALSE;
  g_autofree char *sha256 = g_compute_checksum_for_string (G_CHECKSUM_SHA256, events, -1);
  g_autofree char *row = finished_row (store, run_id, state, sha256, error);
  return row != NULL && praxi_history_change (store, PRAXI_KIND_RUN, &run_id, row, error) &&
         write_events (store, run_id, events, error);
}

gboolean
praxi_store_finish_run (PraxiStore *store,
                        gint64 run_id,
                        PraxiRunState state,
                        const char *events,
                        GError **error)
{
  if (!praxi_store_begin (store, error))
    return FALSE;
  const char *text = events != NULL ? events : "[]";
  return praxi_store_end (store, finish_run (store, run_id, state, text, error), error);
}
