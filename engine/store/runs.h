/* Runs: which model looked at which footage, how, and what came of it. The scores themselves lie in
 * a track file beside the project.
 */
#pragma once

#include "engine/store/store.h"

G_BEGIN_DECLS

typedef enum {
  PRAXI_RUN_RUNNING, /* also what a run that crashed looks like; see praxi_store_list_runs */
  PRAXI_RUN_DONE,
  PRAXI_RUN_CANCELLED, /* what was finished is in the track */
  PRAXI_RUN_FAILED,
} PraxiRunState;

typedef struct {
  gint64 id;
  gint64 media_id;
  char *model_name;
  char *model_sha256;
  char *model_path; /* NULL when not known */
  char *params;     /* JSON object: how it was run (thresholds, stride) */
  PraxiRunState state;
  char *track_path; /* absolute, in the encoding of file names */
  gint64 begun_us;
  gint64 finished_us; /* 0 while it runs */
  char *events;       /* JSON array, NULL while it runs */
} PraxiRun;

void praxi_run_free (PraxiRun *run);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiRun, praxi_run_free)

/* What praxi_store_begin_run needs to know; strings are borrowed. */
typedef struct {
  gint64 media_id;
  const char *model_name;
  const char *model_sha256; /* lower-case hex */
  const char *model_path;   /* NULL when not known */
  const char *params;       /* JSON object; NULL stands for "{}" */
} PraxiRunStart;

/* Notes that a run begins and says where its scores belong. Runs are in the history (so that they
 * cannot be changed unseen) but undo passes over them.
 * track_path: out: absolute, its folder `<project>-tracks/` exists, the file does not; g_free
 * Errors: NOT_FOUND (media), USAGE (text), and those of praxi_store_begin
 */
gboolean praxi_store_begin_run (PraxiStore *store,
                                const PraxiRunStart *start,
                                gint64 *run_id,
                                char **track_path,
                                GError **error);

/* events: JSON array, NULL stands for "[]"
 * Errors: NOT_FOUND, USAGE, and those of praxi_store_begin
 */
gboolean praxi_store_finish_run (PraxiStore *store,
                                 gint64 run_id,
                                 PraxiRunState state,
                                 const char *events,
                                 GError **error);

/* The newest run of that footage by that model (NULL: by any) whose track file is still there, in
 * any state but FAILED. Errors: NOT_FOUND, FORMAT
 */
PraxiRun *praxi_store_latest_run (PraxiStore *store,
                                  gint64 media_id,
                                  const char *model_sha256,
                                  GError **error);

/* Runs of one media (0: of all), oldest first: PraxiRun, freed with the array. NULL on error. */
GPtrArray *praxi_store_list_runs (PraxiStore *store, gint64 media_id, GError **error);

/* "running", "done", "cancelled", "failed". */
const char *praxi_run_state_name (PraxiRunState state);

G_END_DECLS
