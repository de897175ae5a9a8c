#include "run-fixture.h"

#include "engine/store/media-table.h"
#include "engine/store/runs.h"

static void
write_track (const char *path, const RunFixture *run, int n_scored)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiScoreTrack) track = praxi_score_track_create (path, &run->track, &error);
  g_assert_no_error (error);
  float scores[PRAXI_SCORE_TRACK_MAX_CLASSES];
  for (int k = 0; k < n_scored; k++) {
    run->score (k, scores, run->user_data);
    g_assert_true (praxi_score_track_append (track, scores, &error));
  }
  g_assert_true (praxi_score_track_finish (
      track,
      n_scored == run->track.n_windows ? PRAXI_SCORE_TRACK_FINISHED : PRAXI_SCORE_TRACK_PARTIAL,
      &error));
}

gint64
run_fixture_write (const char *project, const RunFixture *run)
{
  const int n_scored = run->n_scored > 0 ? run->n_scored : run->track.n_windows;
  const PraxiMediaRow media = {.path = (char *) run->media};
  gint64 media_id = 0, run_id = 0;
  g_autofree char *track_path = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiStore) store = praxi_store_open (project, PRAXI_STORE_CREATE, &error);
  g_assert_no_error (error);
  g_assert_true (praxi_store_add_media (store, &media, &media_id, &error));
  const PraxiRunStart start = {.media_id = media_id,
                               .model_name = run->model_name,
                               .model_sha256 = run->track.model_sha256,
                               .params = run->params};
  g_assert_true (praxi_store_begin_run (store, &start, &run_id, &track_path, &error));
  write_track (track_path, run, n_scored);
  const PraxiRunState state =
      n_scored == run->track.n_windows ? PRAXI_RUN_DONE : PRAXI_RUN_CANCELLED;
  g_assert_true (praxi_store_finish_run (store, run_id, state, "[]", &error));
  return media_id;
}
