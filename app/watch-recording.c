/* Recordings in the project: each file is a media with one run, whose track grows with the file. A
 * track has room for a whole recording; when the recording ends it is written anew at its length.
 */
#include <glib/gstdio.h>
#include <math.h>
#include <sys/stat.h>

#include "app/analysis.h"
#include "app/watch.h"
#include "engine/core/json-lines.h"
#include "engine/store/media-table.h"
#include "engine/store/runs.h"

/* A recording is longer than its time by the wait for a key frame. */
enum { SLACK_S = 300 };

static gint64
window_ns (const PraxiModelSpec *spec)
{
  return (gint64) llround (spec->frames / spec->rate_hz * 1e9);
}

static void
tell_error (const PraxiWatch *watch, const GError *error)
{
  praxi_watch_tell (
      watch,
      &(PraxiWatchLine){.what = "error", .at_us = g_get_real_time (), .text = error->message});
}

static void
add_thresholds (JsonBuilder *builder, const PraxiModelSpec *spec)
{
  g_autofree PraxiEventOptions *events = praxi_cli_model_events (spec);
  praxi_cli_add_thresholds (builder, spec, events);
}

static char *
to_text (JsonBuilder *builder)
{
  g_autoptr (JsonNode) root = json_builder_get_root (builder);
  return json_to_string (root, FALSE);
}

static char *
params_json (const PraxiWatch *watch)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  praxi_json_add_double (builder, "stride_s", PRAXI_WATCH_STRIDE_S);
  praxi_json_add_string (builder, "backend", praxi_executor_backend_name (watch->executor));
  praxi_json_add_boolean (builder, "live", TRUE);
  add_thresholds (builder, watch->spec);
  json_builder_end_object (builder);
  return to_text (builder);
}

/* --- the track ----------------------------------------------------------------------------- */

static PraxiScoreTrack *
make_track (const PraxiScoreTrackSpec *spec, const char *path, GError **error)
{
  return praxi_score_track_create (path, spec, error);
}

/* The windows up to `last` in a file of just that length, in the place of the one that grew. */
static gboolean
shorten_track (const PraxiScoreTrack *track, int n_windows, const char *path, GError **error)
{
  const int n_classes = praxi_score_track_n_classes (track);
  g_autofree const char **classes = g_new0 (const char *, n_classes + 1);
  for (int c = 0; c < n_classes; c++)
    classes[c] = praxi_score_track_class_name (track, c);
  const PraxiScoreTrackSpec spec = {
      .classes = classes,
      .n_classes = n_classes,
      .n_windows = n_windows,
      .start_ns = praxi_score_track_start_ns (track),
      .stride_ns = praxi_score_track_stride_ns (track),
      .window_ns = praxi_score_track_window_ns (track),
      .model_sha256 = praxi_score_track_model_sha256 (track),
  };
  g_autofree char *new_path = g_strconcat (path, ".new", NULL);
  g_autoptr (PraxiScoreTrack) shorter = make_track (&spec, new_path, error);
  g_autofree float *scores = g_new (float, n_classes);
  for (int k = 0; shorter != NULL && k < n_windows; k++) {
    for (int c = 0; c < n_classes; c++)
      scores[c] = praxi_score_track_get (track, k, c);
    if (!praxi_score_track_put (shorter, k, scores, error))
      g_clear_pointer (&shorter, praxi_score_track_free);
  }
  const gboolean ok = shorter != NULL &&
                      praxi_score_track_finish (shorter, PRAXI_SCORE_TRACK_FINISHED, error) &&
                      g_rename (new_path, path) == 0;
  if (!ok)
    g_unlink (new_path);
  return ok;
}

/* One past the last window with a score. */
static int
count_windows (const PraxiScoreTrack *track)
{
  int n = praxi_score_track_n_windows (track);
  while (n > 0 && isnan (praxi_score_track_get (track, n - 1, 0)))
    n--;
  return n;
}

static char *
events_json (const PraxiScoreTrack *track, const PraxiModelSpec *spec, gint64 end_ns)
{
  g_autofree PraxiEventOptions *options = praxi_cli_model_events (spec);
  g_autoptr (GArray) events = g_array_new (FALSE, FALSE, sizeof (PraxiEvent));
  for (int c = 0; c < praxi_score_track_n_classes (track) && c < spec->n_classes; c++) {
    if (!praxi_events_is_background (praxi_score_track_class_name (track, c)))
      praxi_events_find (track, c, &options[c], events);
  }
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_array (builder);
  for (guint i = 0; i < events->len; i++) {
    const PraxiEvent *event = &g_array_index (events, PraxiEvent, i);
    json_builder_begin_object (builder);
    praxi_json_add_string (builder, "class",
                           praxi_score_track_class_name (track, event->class_index));
    praxi_json_add_double (builder, "start_s", (double) event->start_ns / 1e9);
    praxi_json_add_double (builder, "end_s", (double) MIN (event->end_ns, end_ns) / 1e9);
    praxi_json_add_double (builder, "peak", (double) event->peak);
    json_builder_end_object (builder);
  }
  json_builder_end_array (builder);
  return to_text (builder);
}

void
praxi_watch_keep_scores (PraxiWatch *watch, gint64 end_clock_us, const float *scores)
{
  PraxiWatchRecording *recording = &watch->recording;
  if (recording->track == NULL)
    return;
  const gint64 step_ns = (gint64) llround (1e9 / watch->spec->rate_hz);
  const gint64 stride_ns = praxi_score_track_stride_ns (recording->track);
  const gint64 start_ns = (end_clock_us - recording->begin_clock_us) * 1000 + step_ns -
                          praxi_score_track_window_ns (recording->track);
  const int k = (int) ((start_ns + stride_ns / 2) / stride_ns);
  g_autoptr (GError) error = NULL;
  if (start_ns < -stride_ns / 2 || k <= recording->last_window ||
      k >= praxi_score_track_n_windows (recording->track))
    return;
  if (praxi_score_track_put (recording->track, k, scores, &error)) {
    recording->last_window = k;
    return;
  }
  tell_error (watch, error);
  g_clear_pointer (&recording->track, praxi_score_track_free);
}

/* --- in the project ------------------------------------------------------------------------ */

static gboolean
begin_run (PraxiWatch *watch, const PraxiRecording *recording, GError **error)
{
  PraxiStore *store = watch->options->store;
  g_autofree char *params = params_json (watch);
  g_autofree char *base = g_path_get_basename (recording->path);
  g_autofree char *name = g_strdup_printf ("%s %s", watch->label, base);
  g_autofree char *path = g_canonicalize_filename (recording->path, NULL);
  const PraxiMediaRow row = {.path = path, .name = name, .group = watch->label};
  PraxiRunStart start = {.model_name = praxi_model_name (watch->options->model),
                         .model_sha256 = praxi_model_sha256 (watch->options->model),
                         .model_path = watch->options->model_path,
                         .params = params};
  if (!praxi_store_add_media (store, &row, &start.media_id, error) ||
      !praxi_store_begin_run (store, &start, &watch->recording.run_id, &watch->recording.track_path,
                              error))
    return FALSE;
  watch->recording.media_id = start.media_id;
  return TRUE;
}

static gboolean
begin_track (PraxiWatch *watch, GError **error)
{
  const PraxiModelSpec *spec = watch->spec;
  const PraxiScoreTrackSpec track_spec = {
      .classes = (const char *const *) spec->classes,
      .n_classes = spec->n_classes,
      .n_windows = (int) ((watch->options->segment_s + SLACK_S) / PRAXI_WATCH_STRIDE_S),
      .stride_ns = (gint64) (PRAXI_WATCH_STRIDE_S * 1e9),
      .window_ns = window_ns (spec),
      .model_sha256 = praxi_model_sha256 (watch->options->model),
  };
  watch->recording.track = make_track (&track_spec, watch->recording.track_path, error);
  return watch->recording.track != NULL;
}

static void
tell_begin (const PraxiWatch *watch, const PraxiRecording *recording)
{
  JsonBuilder *line = praxi_watch_line_begin (watch, "recording-begin", recording->begin_at_us);
  if (line == NULL)
    return;
  g_autofree char *uri = g_filename_to_uri (watch->recording.path, NULL, NULL);
  praxi_json_add_string (line, "file", uri != NULL ? uri : "");
  praxi_json_add_int (line, "begin_clock_us", recording->begin_clock_us);
  praxi_json_add_int (line, "begin_at_us", recording->begin_at_us);
  praxi_json_add_int (line, "width", recording->width);
  praxi_json_add_int (line, "height", recording->height);
  if (watch->recording.track != NULL) {
    praxi_json_add_int (line, "media", watch->recording.media_id);
    praxi_json_add_int (line, "run", watch->recording.run_id);
    praxi_json_add_string (line, "track", watch->recording.track_path);
    add_thresholds (line, watch->spec);
  }
  praxi_watch_line_end (line);
}

static void
begin_recording (PraxiWatch *watch, const PraxiRecording *recording)
{
  g_autoptr (GError) error = NULL;
  praxi_watch_recording_clear (watch);
  watch->recording = (PraxiWatchRecording){.path = g_canonicalize_filename (recording->path, NULL),
                                           .begin_clock_us = recording->begin_clock_us,
                                           .last_window = -1};
  if (watch->options->store != NULL &&
      (!begin_run (watch, recording, &error) || !begin_track (watch, &error)))
    tell_error (watch, error);
  tell_begin (watch, recording);
  praxi_watch_keep (watch);
}

/* Every frame is named, so that who follows needs not read the file. */
static void
tell_frames (PraxiWatch *watch, const PraxiRecording *recording)
{
  watch->recording.last_pts_ns = recording->pts_ns[recording->n_frames - 1];
  JsonBuilder *line = praxi_watch_line_begin (watch, "frames", g_get_real_time ());
  if (line == NULL)
    return;
  json_builder_set_member_name (line, "pts_ms");
  json_builder_begin_array (line);
  for (int i = 0; i < recording->n_frames; i++)
    json_builder_add_int_value (line, recording->pts_ns[i] / 1000000);
  json_builder_end_array (line);
  json_builder_set_member_name (line, "keys");
  json_builder_begin_array (line);
  for (int i = 0; i < recording->n_frames; i++)
    if (recording->is_key[i])
      json_builder_add_int_value (line, i);
  json_builder_end_array (line);
  praxi_json_add_int (line, "total", recording->total_frames);
  if (recording->gap_ns > 0)
    praxi_json_add_double (line, "gap_s", (double) recording->gap_ns / 1e9);
  praxi_watch_line_end (line);
}

/* What is known of the file now that it is complete. */
static gboolean
complete_media (const PraxiWatch *watch, const PraxiRecording *recording, GError **error)
{
  PraxiStore *store = watch->options->store;
  g_autoptr (PraxiMediaRow) row = praxi_store_get_media (store, watch->recording.media_id, error);
  struct stat info;
  if (row == NULL)
    return FALSE;
  if (stat (row->path, &info) == 0) {
    row->size_bytes = info.st_size;
    row->mtime_us = (gint64) info.st_mtim.tv_sec * 1000000 + info.st_mtim.tv_nsec / 1000;
  }
  row->frames = recording->total_frames;
  row->width_px = recording->width;
  row->height_px = recording->height;
  row->duration_ns = watch->recording.last_pts_ns;
  return praxi_store_update_media (store, row, error);
}

/* Finishes the track and the run. Returns FALSE with an error when the project refuses. */
static gboolean
finish_run (PraxiWatch *watch, GError **error)
{
  PraxiWatchRecording *recording = &watch->recording;
  PraxiStore *store = watch->options->store;
  if (recording->track == NULL)
    return praxi_store_finish_run (store, recording->run_id, PRAXI_RUN_FAILED, NULL, error);
  g_autofree char *events = events_json (recording->track, watch->spec, recording->last_pts_ns);
  return shorten_track (recording->track, recording->last_window + 1, recording->track_path,
                        error) &&
         praxi_store_finish_run (store, recording->run_id, PRAXI_RUN_DONE, events, error);
}

void
praxi_watch_recording_clear (PraxiWatch *watch)
{
  PraxiWatchRecording *recording = &watch->recording;
  g_autoptr (GError) error = NULL;
  if (recording->run_id != 0 && !finish_run (watch, &error))
    tell_error (watch, error);
  g_clear_pointer (&recording->track, praxi_score_track_free);
  g_clear_pointer (&recording->track_path, g_free);
  g_clear_pointer (&recording->path, g_free);
  *recording = (PraxiWatchRecording){0};
}

static void
end_recording (PraxiWatch *watch, const PraxiRecording *recording)
{
  g_autoptr (GError) error = NULL;
  if (watch->recording.media_id != 0 && !complete_media (watch, recording, &error))
    tell_error (watch, error);
  g_autofree char *path = g_canonicalize_filename (recording->path, NULL);
  g_autofree char *uri = g_filename_to_uri (path, NULL, NULL);
  praxi_watch_recording_clear (watch);
  JsonBuilder *line = praxi_watch_line_begin (watch, "recording-end", g_get_real_time ());
  if (line != NULL) {
    praxi_json_add_string (line, "file", uri != NULL ? uri : "");
    praxi_json_add_int (line, "frames", recording->total_frames);
    praxi_watch_line_end (line);
  }
}

void
praxi_watch_recorded (PraxiWatch *watch, const PraxiRecording *recording)
{
  switch (recording->news) {
  case PRAXI_RECORDING_BEGUN:
    begin_recording (watch, recording);
    break;
  case PRAXI_RECORDING_GREW:
    tell_frames (watch, recording);
    break;
  case PRAXI_RECORDING_ENDED:
    end_recording (watch, recording);
    break;
  }
}

/* --- after a crash ------------------------------------------------------------------------- */

static gboolean
recover_run (const PraxiWatch *watch, const PraxiRun *run, GError **error)
{
  g_autoptr (PraxiScoreTrack) track = praxi_score_track_open (run->track_path, NULL);
  const int n_windows = track != NULL ? count_windows (track) : 0;
  if (track == NULL || !shorten_track (track, n_windows, run->track_path, NULL))
    return praxi_store_finish_run (watch->options->store, run->id, PRAXI_RUN_FAILED, NULL, error);
  gint64 start_ns, end_ns;
  praxi_score_track_window_span (track, n_windows, &start_ns, &end_ns);
  g_autofree char *events = events_json (track, watch->spec, end_ns);
  return praxi_store_finish_run (watch->options->store, run->id, PRAXI_RUN_CANCELLED, events,
                                 error);
}

void
praxi_watch_recover (const PraxiWatch *watch)
{
  PraxiStore *store = watch->options->store;
  if (store == NULL || watch->folder == NULL)
    return;
  g_autofree char *folder = g_canonicalize_filename (watch->folder, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) runs = praxi_store_list_runs (store, 0, &error);
  for (guint i = 0; runs != NULL && i < runs->len && error == NULL; i++) {
    const PraxiRun *run = runs->pdata[i];
    if (run->state != PRAXI_RUN_RUNNING)
      continue;
    g_autoptr (PraxiMediaRow) media = praxi_store_get_media (store, run->media_id, NULL);
    g_autofree char *of_media = media != NULL ? g_path_get_dirname (media->path) : NULL;
    if (g_strcmp0 (of_media, folder) == 0)
      recover_run (watch, run, &error);
  }
  if (error != NULL)
    tell_error (watch, error);
}
