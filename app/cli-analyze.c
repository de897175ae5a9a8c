/* praxi analyze: scores over time and events of media. */
#include <errno.h>
#include <glib/gstdio.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/analysis.h"
#include "app/analyze-output.h"
#include "engine/core/error.h"
#include "engine/core/json-lines.h"
#include "engine/core/text.h"
#include "engine/infer/heatmap.h"
#include "engine/store/media-table.h"
#include "engine/store/runs.h"

#define UNSET (-1.0)
/* Speed in the motion stem's maps below which nothing moves. Measured by tests/bench/bench-still on
 * 1,086 windows of labelled footage: below 0.113 no score is above 0.12, up to 0.16 one reaches
 * 0.70.
 */
#define STILL_LIMIT 0.1f

enum { MAX_LANES = 8 };

typedef struct Analyze Analyze;

/* One of several media at a time, with an executor of its own. */
typedef struct {
  Analyze *analyze;
  PraxiCliModel model;
  double done_s; /* of its media; guarded by Analyze.lock */
  pthread_t thread;
} Lane;

struct Analyze {
  char *model_name, *project, *png, *csv, *progress;
  PraxiCliDevice device;
  char *first;
  double stride_s, enter, exit, min_length_s, merge_gap_s, smooth_s;
  double first_start_s, first_end_s; /* equal: from the start on */
  gboolean json, coarse, no_gate;
  char **paths;

  PraxiCliModel model;
  gboolean json_progress;
  Lane lanes[MAX_LANES];
  int n_lanes;

  pthread_mutex_t lock;
  pthread_cond_t turned;
  /* guarded by lock: */
  PraxiStore *store; /* NULL without --project */
  FILE *csv_stream;  /* NULL without --csv */
  PraxiCliFootage footage;
  int next;               /* the media to come */
  int announced, printed; /* whose turn it is: what is said comes in the order of the media */
  int n_printed;
  PraxiExit status;
};

static gboolean
tick_cb (gpointer data, double done_s, double total_s)
{
  Lane *lane = data;
  Analyze *analyze = lane->analyze;
  double all_s = 0;
  pthread_mutex_lock (&analyze->lock);
  lane->done_s = done_s;
  for (int i = 0; i < analyze->n_lanes; i++)
    all_s += analyze->lanes[i].done_s;
  praxi_cli_footage_update (&analyze->footage, all_s);
  pthread_mutex_unlock (&analyze->lock);
  return !praxi_cli_cancelled;
}

static gint64
option_ns (double seconds)
{
  if (seconds == UNSET)
    return 0;
  return seconds > 0 ? (gint64) (seconds * 1e9) : PRAXI_EVENTS_NONE;
}

/* What the command line says, else the model's own thresholds for the class. */
static PraxiEventOptions
event_options (const Analyze *analyze, int class_index)
{
  const PraxiModelSpec *spec = praxi_model_spec (analyze->model.model);
  PraxiEventOptions options = {.min_length_ns = option_ns (analyze->min_length_s),
                               .merge_gap_ns = option_ns (analyze->merge_gap_s),
                               .smooth_ns = option_ns (analyze->smooth_s)};
  options.enter = analyze->enter != UNSET ? analyze->enter : spec->enter[class_index];
  if (analyze->exit != UNSET)
    options.exit = analyze->exit;
  else if (analyze->enter == UNSET)
    options.exit = spec->exit[class_index];
  return options;
}

static int
compare_event_cb (gconstpointer a, gconstpointer b)
{
  const PraxiEvent *x = a, *y = b;
  if (x->start_ns != y->start_ns)
    return x->start_ns < y->start_ns ? -1 : 1;
  return x->class_index - y->class_index;
}

/* Events of every class but the background; none reaches over the end of the footage. */
static GArray *
find_events (const Analyze *analyze, PraxiMedia *media, const PraxiScoreTrack *track)
{
  PraxiFrameIndex *index = praxi_media_index (media);
  const gint64 end_ns = praxi_frame_index_pts_ns (index, 0) + praxi_frame_index_duration_ns (index);
  GArray *events = g_array_new (FALSE, FALSE, sizeof (PraxiEvent));
  for (int c = 0; c < praxi_score_track_n_classes (track); c++) {
    const PraxiEventOptions options = event_options (analyze, c);
    if (!praxi_events_is_background (praxi_score_track_class_name (track, c)))
      praxi_events_find (track, c, &options, events);
  }
  for (guint i = 0; i < events->len; i++) {
    PraxiEvent *event = &g_array_index (events, PraxiEvent, i);
    event->end_ns = MAX (MIN (event->end_ns, end_ns), event->start_ns + 1);
  }
  g_array_sort (events, compare_event_cb);
  return events;
}

static void
add_thresholds (const Analyze *analyze, JsonBuilder *builder)
{
  const PraxiModelSpec *spec = praxi_model_spec (analyze->model.model);
  g_autofree PraxiEventOptions *options = g_new (PraxiEventOptions, spec->n_classes);
  for (int c = 0; c < spec->n_classes; c++)
    options[c] = event_options (analyze, c);
  praxi_cli_add_thresholds (builder, spec, options);
}

static char *
params_json (const Analyze *analyze)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  praxi_json_add_double (builder, "stride_s", analyze->stride_s > 0 ? analyze->stride_s : 0.5);
  praxi_json_add_string (builder, "backend", praxi_executor_backend_name (analyze->model.executor));
  const struct {
    const char *name;
    double value;
  } given[] = {{"enter", analyze->enter},
               {"exit", analyze->exit},
               {"min_length_s", analyze->min_length_s},
               {"merge_gap_s", analyze->merge_gap_s},
               {"smooth_s", analyze->smooth_s}};
  for (guint i = 0; i < G_N_ELEMENTS (given); i++)
    if (given[i].value != UNSET)
      praxi_json_add_double (builder, given[i].name, given[i].value);
  add_thresholds (analyze, builder);
  json_builder_end_object (builder);
  JsonNode *root = json_builder_get_root (builder);
  char *text = json_to_string (root, FALSE);
  json_node_unref (root);
  return text;
}

static gboolean
begin_run (Analyze *analyze, PraxiMedia *media, gint64 *run_id, char **track_path, GError **error)
{
  const PraxiMediaInfo *info = praxi_media_info (media);
  g_autofree char *path = g_canonicalize_filename (info->path, NULL);
  const PraxiMediaRow row = {.path = path,
                             .frames = info->frames,
                             .first_pts_ns = info->first_pts_ns,
                             .duration_ns = info->duration_ns,
                             .width_px = info->width,
                             .height_px = info->height};
  g_autofree char *params = params_json (analyze);
  g_autofree char *model_path =
      praxi_cli_model_path (analyze->model_name != NULL ? analyze->model_name : "light");
  g_autofree char *model_absolute = g_canonicalize_filename (model_path, NULL);
  PraxiRunStart start = {.model_name = praxi_model_name (analyze->model.model),
                         .model_sha256 = praxi_model_sha256 (analyze->model.model),
                         .model_path = model_absolute,
                         .params = params};
  return praxi_store_add_media (analyze->store, &row, &start.media_id, error) &&
         praxi_store_begin_run (analyze->store, &start, run_id, track_path, error);
}

/* Where the scores go: into the project; where someone follows them, into a temporary file, which
 * is theirs to remove; else nowhere.
 */
static gboolean
choose_track (Analyze *analyze, PraxiMedia *media, gint64 *run_id, char **path, GError **error)
{
  *run_id = 0;
  *path = NULL;
  if (analyze->store != NULL)
    return begin_run (analyze, media, run_id, path, error);
  if (!analyze->json_progress)
    return TRUE;
  const int fd = g_file_open_tmp ("praxi-track-XXXXXX", path, error);
  if (fd >= 0)
    close (fd);
  return fd >= 0;
}

/* Where the estimates go: someone who follows the run reads them from a temporary file. */
static gboolean
choose_estimate (const Analyze *analyze, PraxiAnalyzeResult *result, char **path, GError **error)
{
  *path = NULL;
  if (!analyze->coarse || !praxi_analyzer_can_estimate (result->analyzer))
    return TRUE;
  const int fd =
      analyze->json_progress ? g_file_open_tmp ("praxi-estimate-XXXXXX", path, error) : -1;
  if (analyze->json_progress && fd < 0)
    return FALSE;
  if (fd >= 0)
    close (fd);
  result->estimate = praxi_analyzer_create_estimate (result->analyzer, *path, error);
  praxi_analyzer_set_estimate (result->analyzer, result->estimate);
  return result->estimate != NULL;
}

/* Estimates are of no use once everything is analysed. */
static void
drop_estimate (PraxiAnalyzeResult *result, const char *path)
{
  g_clear_pointer (&result->estimate, praxi_score_track_free);
  if (path != NULL)
    g_unlink (path);
}

typedef struct {
  const char *media, *track, *estimate; /* estimate: NULL without any */
  gint64 run_id;
} Announcement;

static void
announce_track (const Analyze *analyze, const Announcement *what)
{
  if (!analyze->json_progress)
    return;
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autofree char *file = g_filename_display_name (what->media);
  json_builder_begin_object (builder);
  praxi_json_add_string (builder, "media", file);
  praxi_json_add_string (builder, "track", what->track);
  if (what->estimate != NULL)
    praxi_json_add_string (builder, "estimate", what->estimate);
  praxi_json_add_int (builder, "run", what->run_id);
  add_thresholds (analyze, builder);
  json_builder_end_object (builder);
  praxi_json_write (builder, stderr, FALSE);
}

/* FILE.png, or FILE-2.png for the second of several media. */
static char *
png_path (const Analyze *analyze, int i)
{
  if (analyze->paths[1] == NULL)
    return g_strdup (analyze->png);
  const char *dot = strrchr (analyze->png, '.');
  const int stem = dot != NULL && strchr (dot, '/') == NULL ? (int) (dot - analyze->png)
                                                            : (int) strlen (analyze->png);
  return g_strdup_printf ("%.*s-%d%s", stem, analyze->png, i + 1, analyze->png + stem);
}

static gboolean
write_png (const Analyze *analyze, const PraxiAnalyzeResult *result, int i, GError **error)
{
  if (analyze->png == NULL)
    return TRUE;
  g_autofree char *base = g_path_get_basename (result->path);
  g_autofree char *file = praxi_text_file_name (base);
  g_autofree char *title =
      g_strdup_printf ("%s · %s · %s", file, praxi_model_name (result->model->model),
                       praxi_executor_precision (result->model->executor));
  g_autofree char *path = png_path (analyze, i);
  PraxiFrameIndex *index = praxi_media_index (result->media);
  const gint64 start_ns = praxi_frame_index_pts_ns (index, 0);
  const PraxiHeatmapOptions options = {.title = title,
                                       .events = result->events,
                                       .start_ns = start_ns,
                                       .end_ns = start_ns + praxi_frame_index_duration_ns (index)};
  return praxi_heatmap_write (result->track, &options, path, error);
}

static void
print_result (Analyze *analyze, const PraxiAnalyzeResult *result)
{
  if (analyze->csv_stream != NULL)
    praxi_analyze_print_csv (result, analyze->csv_stream);
  if (analyze->json) {
    fputs (analyze->n_printed > 0 ? ",\n" : "", stdout);
    praxi_analyze_print_json (result, stdout);
  } else {
    praxi_analyze_print_text (result, stdout);
  }
  fflush (stdout);
  analyze->n_printed++;
}

static gboolean
finish_run (Analyze *analyze, const PraxiAnalyzeResult *result, gboolean good, GError **error)
{
  if (analyze->store == NULL)
    return TRUE;
  const PraxiRunState state = good                 ? PRAXI_RUN_DONE
                              : result->is_partial ? PRAXI_RUN_CANCELLED
                                                   : PRAXI_RUN_FAILED;
  g_autofree char *events = praxi_analyze_events_json (result);
  return praxi_store_finish_run (analyze->store, result->run_id, state, events, error);
}

static void
warn_lost (const PraxiAnalyzeResult *result)
{
  if (result->analysis.n_lost == 0)
    return;
  const char *why = praxi_analyzer_warning (result->analyzer);
  g_autofree char *file = praxi_text_file_name (result->path);
  fprintf (stderr, "praxi: %s: %d of %d windows could not be decoded and are not analysed%s%s\n",
           file, result->analysis.n_lost, result->analysis.n_windows, why != NULL ? ": " : "",
           why != NULL ? why : "");
}

/* A media on its way through a lane. */
typedef struct {
  PraxiMedia *media;
  PraxiAnalyzer *analyzer;
  PraxiScoreTrack *track;
  PraxiAnalyzeResult result;
  char *track_path, *estimate_path;
  double length_s;
} Work;

static void
work_clear (Work *work)
{
  drop_estimate (&work->result, work->estimate_path);
  g_clear_pointer (&work->track, praxi_score_track_free);
  g_clear_pointer (&work->analyzer, praxi_analyzer_free);
  g_clear_pointer (&work->media, praxi_media_unref);
  g_free (work->track_path);
  g_free (work->estimate_path);
}

/* Hands out what came of an analysis, also when it was cancelled. */
static gboolean
deliver (Analyze *analyze, Work *work, int i, GError *failure, GError **error)
{
  PraxiAnalyzeResult *result = &work->result;
  const gboolean good = failure == NULL;
  result->is_partial = g_error_matches (failure, PRAXI_ERROR, PRAXI_ERROR_CANCELLED);
  g_autoptr (GArray) events = find_events (analyze, result->media, work->track);
  result->events = events;
  gboolean is_kept = finish_run (analyze, result, good, error);
  if (good || result->is_partial) {
    print_result (analyze, result);
    warn_lost (result);
    is_kept = is_kept && write_png (analyze, result, i, error);
  }
  praxi_cli_footage_close (&analyze->footage, work->length_s);
  if (failure != NULL) {
    g_clear_error (error);
    g_propagate_error (error, failure);
  }
  return good && is_kept;
}

static gboolean
plan (Lane *lane, const char *path, Work *work, GError **error)
{
  const Analyze *analyze = lane->analyze;
  work->media = praxi_cli_media_open (path, error);
  if (work->media == NULL)
    return FALSE;
  work->length_s = (double) praxi_media_info (work->media)->duration_ns / 1e9;
  const PraxiAnalyzerOptions options = {.stride_s = analyze->stride_s,
                                        .threads = lane->model.threads,
                                        .first_start_ns = (gint64) (analyze->first_start_s * 1e9),
                                        .first_end_ns = (gint64) (analyze->first_end_s * 1e9),
                                        .tick = tick_cb,
                                        .data = lane};
  work->analyzer = praxi_analyzer_new (work->media, &lane->model.scorer, &options, error);
  work->result = (PraxiAnalyzeResult){
      .path = path, .media = work->media, .model = &lane->model, .analyzer = work->analyzer};
  return work->analyzer != NULL;
}

static gboolean
announce (Analyze *analyze, const char *path, Work *work, GError **error)
{
  praxi_cli_footage_open (&analyze->footage, path, work->length_s);
  if (!choose_track (analyze, work->media, &work->result.run_id, &work->track_path, error))
    return FALSE;
  work->track = praxi_analyzer_create_track (work->analyzer, work->track_path, error);
  work->result.track = work->track;
  if (work->track == NULL || !choose_estimate (analyze, &work->result, &work->estimate_path, error))
    return FALSE;
  announce_track (
      analyze, &(Announcement){path, work->track_path, work->estimate_path, work->result.run_id});
  return TRUE;
}

/* The lock is held. */
static void
wait_for_turn (Analyze *analyze, const int *turn, int i)
{
  while (*turn != i)
    pthread_cond_wait (&analyze->turned, &analyze->lock);
}

static void
end_turn (Analyze *analyze, int *turn)
{
  ++*turn;
  pthread_cond_broadcast (&analyze->turned);
}

/* Returns with the lock held, in the turn of media i to say something. */
static gboolean
analyze_media (Lane *lane, int i, GError **error)
{
  Analyze *analyze = lane->analyze;
  const char *path = analyze->paths[i];
  Work work = {NULL};
  const gboolean is_planned = plan (lane, path, &work, error);
  pthread_mutex_lock (&analyze->lock);
  wait_for_turn (analyze, &analyze->announced, i);
  gboolean good = is_planned && announce (analyze, path, &work, error);
  end_turn (analyze, &analyze->announced);
  GError *failure = NULL;
  if (good) {
    pthread_mutex_unlock (&analyze->lock);
    praxi_analyzer_run (work.analyzer, work.track, &work.result.analysis, &failure);
    pthread_mutex_lock (&analyze->lock);
  }
  wait_for_turn (analyze, &analyze->printed, i);
  lane->done_s = 0;
  good = good && deliver (analyze, &work, i, failure, error);
  work_clear (&work);
  return good;
}

/* Names the error and returns the exit status that is the worse one. */
static PraxiExit
worse (PraxiExit status, GError **error)
{
  const PraxiExit other = praxi_cli_fail (error);
  return MAX (status, other);
}

/* One media after the other; one that fails is named and the next one follows. */
static void *
lane_cb (void *data)
{
  Lane *lane = data;
  Analyze *analyze = lane->analyze;
  pthread_mutex_lock (&analyze->lock);
  while (analyze->paths[analyze->next] != NULL && !praxi_cli_cancelled) {
    const int i = analyze->next++;
    g_autoptr (GError) error = NULL;
    pthread_mutex_unlock (&analyze->lock);
    if (!analyze_media (lane, i, &error))
      analyze->status = worse (analyze->status, &error);
    end_turn (analyze, &analyze->printed);
  }
  pthread_mutex_unlock (&analyze->lock);
  return NULL;
}

static int
all_threads (const Analyze *analyze)
{
  return analyze->device.threads > 0 ? analyze->device.threads : (int) g_get_num_processors ();
}

static int
planned_lanes (const Analyze *analyze)
{
  const int n_media = (int) g_strv_length (analyze->paths);
  return CLAMP (MIN (n_media, all_threads (analyze)), 1, MAX_LANES);
}

/* Several media are analysed beside each other, each with its share of the processors: one core
 * that works on one of them wastes nothing in waiting for another.
 */
static gboolean
open_lanes (Analyze *analyze, GError **error)
{
  const int threads = all_threads (analyze);
  const gboolean is_cpu =
      g_str_equal (praxi_executor_backend_name (analyze->model.executor), "cpu");
  const int n = is_cpu ? planned_lanes (analyze) : 1;
  const PraxiExecutorOptions options = {.backend = analyze->device.backend, .threads = threads / n};
  analyze->lanes[0] = (Lane){.analyze = analyze, .model = analyze->model};
  for (analyze->n_lanes = 1; analyze->n_lanes < n; analyze->n_lanes++) {
    Lane *lane = &analyze->lanes[analyze->n_lanes];
    lane->analyze = analyze;
    if (!praxi_cli_model_share (&lane->model, &analyze->model, &options, error) ||
        !praxi_executor_set_still_limit (lane->model.executor, analyze->no_gate ? 0 : STILL_LIMIT,
                                         error))
      return FALSE;
  }
  /* The last media must not be left with a single core. */
  for (int k = 0; n > 1 && k < n; k++)
    analyze->lanes[k].model.threads = MIN (2 * MAX (threads / n, 1), threads);
  return TRUE;
}

static void
run_lanes (Analyze *analyze)
{
  int n_threads = 1;
  while (n_threads < analyze->n_lanes && pthread_create (&analyze->lanes[n_threads].thread, NULL,
                                                         lane_cb, &analyze->lanes[n_threads]) == 0)
    n_threads++;
  lane_cb (&analyze->lanes[0]);
  for (int k = 1; k < n_threads; k++)
    pthread_join (analyze->lanes[k].thread, NULL);
}

static PraxiExit
analyze_all (Analyze *analyze)
{
  praxi_cli_footage_begin (&analyze->footage, analyze->json_progress, analyze->paths);
  if (analyze->json)
    fputs ("{\"media\":[", stdout);
  run_lanes (analyze);
  if (analyze->status != PRAXI_EXIT_CANCELLED)
    praxi_cli_footage_end (&analyze->footage);
  g_clear_pointer (&analyze->footage.progress, praxi_cli_progress_free);
  if (analyze->json)
    fputs ("]}\n", stdout);
  return analyze->status;
}

static gboolean
check_share (const char *name, double value, GError **error)
{
  if (value == UNSET || (value > 0 && value <= 1))
    return TRUE;
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_USAGE, "%s %g: give a score above 0 and up to 1",
               name, value);
  return FALSE;
}

static gboolean
check_seconds (const char *name, double value, GError **error)
{
  if (value == UNSET || (value >= 0 && value <= 1e6))
    return TRUE;
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_USAGE, "%s %g: give seconds", name, value);
  return FALSE;
}

/* START-END in seconds; either may be negative. */
static gboolean
parse_first (Analyze *analyze, GError **error)
{
  if (analyze->first == NULL)
    return TRUE;
  char *middle = NULL, *end = NULL;
  analyze->first_start_s = g_ascii_strtod (analyze->first, &middle);
  analyze->first_end_s =
      middle != analyze->first && *middle == '-' ? g_ascii_strtod (middle + 1, &end) : NAN;
  if (end != NULL && end != middle + 1 && *end == '\0' && fabs (analyze->first_start_s) < 1e9 &&
      analyze->first_end_s > analyze->first_start_s && analyze->first_end_s < 1e9)
    return TRUE;
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_USAGE,
               "--first %s: give two times in seconds, as in 90-120.5", analyze->first);
  return FALSE;
}

static gboolean
check_options (Analyze *analyze, GError **error)
{
  if (analyze->paths == NULL || analyze->paths[0] == NULL) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_USAGE,
                 "analyze: no media given; see 'praxi analyze --help'");
    return FALSE;
  }
  return praxi_cli_wants_json_progress (analyze->progress, &analyze->json_progress, error) &&
         check_share ("--enter", analyze->enter, error) &&
         check_share ("--exit", analyze->exit, error) &&
         check_seconds ("--min-length", analyze->min_length_s, error) &&
         check_seconds ("--merge-gap", analyze->merge_gap_s, error) &&
         check_seconds ("--smooth", analyze->smooth_s, error) &&
         check_seconds ("--stride", analyze->stride_s, error) && parse_first (analyze, error);
}

static gboolean
open_outputs (Analyze *analyze, GError **error)
{
  PraxiExecutorOptions options = {0};
  if (!praxi_cli_device_options (&analyze->device, &options, error))
    return FALSE;
  if (options.threads > 0 || planned_lanes (analyze) > 1)
    options.threads = all_threads (analyze) / planned_lanes (analyze);
  if (!praxi_cli_model_open (&analyze->model, analyze->model_name, &options, error) ||
      !praxi_cli_model_beside_decoder (&analyze->model, &options, error) ||
      !praxi_executor_set_still_limit (analyze->model.executor, analyze->no_gate ? 0 : STILL_LIMIT,
                                       error))
    return FALSE;
  if (analyze->project != NULL) {
    analyze->store = praxi_store_open (analyze->project, PRAXI_STORE_CREATE, error);
    if (analyze->store == NULL)
      return FALSE;
  }
  if (analyze->csv == NULL)
    return TRUE;
  analyze->csv_stream = fopen (analyze->csv, "we");
  if (analyze->csv_stream == NULL) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_DISK, "%s: %s; choose another file", analyze->csv,
                 g_strerror (errno));
    return FALSE;
  }
  praxi_analyze_print_csv_header (analyze->csv_stream);
  return TRUE;
}

static gboolean
close_csv (Analyze *analyze, GError **error)
{
  if (analyze->csv_stream == NULL)
    return TRUE;
  const gboolean good = ferror (analyze->csv_stream) == 0;
  if (fclose (analyze->csv_stream) == 0 && good)
    return TRUE;
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_DISK,
               "%s: not all of it could be written; free some space", analyze->csv);
  return FALSE;
}

static PraxiExit
run_command (Analyze *analyze)
{
  g_autoptr (GError) error = NULL;
  PraxiExit status;
  pthread_mutex_init (&analyze->lock, NULL);
  pthread_cond_init (&analyze->turned, NULL);
  if (check_options (analyze, &error) && open_outputs (analyze, &error) &&
      open_lanes (analyze, &error))
    status = analyze_all (analyze);
  else
    status = praxi_cli_fail (&error);
  if (!close_csv (analyze, &error))
    status = worse (status, &error);
  g_clear_pointer (&analyze->store, praxi_store_close);
  for (int k = 1; k < analyze->n_lanes; k++)
    praxi_cli_model_close (&analyze->lanes[k].model);
  praxi_cli_model_close (&analyze->model);
  return status;
}

PraxiExit
praxi_cli_analyze (int argc, char **argv)
{
  Analyze a = {.enter = UNSET,
               .exit = UNSET,
               .min_length_s = UNSET,
               .merge_gap_s = UNSET,
               .smooth_s = UNSET,
               .stride_s = UNSET};
  const GOptionEntry entries[] = {
      {"model", 'm', 0, G_OPTION_ARG_FILENAME, &a.model_name, "Model (default: light)",
       "FILE|light|original"},
      PRAXI_CLI_DEVICE_ENTRIES (a.device),
      {"stride", 0, 0, G_OPTION_ARG_DOUBLE, &a.stride_s, "Seconds between windows (default: 0.5)",
       "S"},
      {"first", 0, 0, G_OPTION_ARG_STRING, &a.first, "Analyse this part first, in seconds",
       "START-END"},
      {"coarse", 0, 0, G_OPTION_ARG_NONE, &a.coarse,
       "Estimate all of it first, then refine where something is likely", NULL},
      {"no-gate", 0, 0, G_OPTION_ARG_NONE, &a.no_gate,
       "Run the whole network even where nothing moves", NULL},
      {"project", 0, 0, G_OPTION_ARG_FILENAME, &a.project, "Keep the run in a project",
       "FILE.praxi"},
      {"enter", 0, 0, G_OPTION_ARG_DOUBLE, &a.enter,
       "Score an event reaches (default: the model's)", "P"},
      {"exit", 0, 0, G_OPTION_ARG_DOUBLE, &a.exit, "Score it ends below (default: the model's)",
       "P"},
      {"min-length", 0, 0, G_OPTION_ARG_DOUBLE, &a.min_length_s,
       "Drop shorter events (default: 0.5)", "S"},
      {"merge-gap", 0, 0, G_OPTION_ARG_DOUBLE, &a.merge_gap_s,
       "Join events this close (default: 1)", "S"},
      {"smooth", 0, 0, G_OPTION_ARG_DOUBLE, &a.smooth_s, "Width of the moving mean (default: 1)",
       "S"},
      {"png", 0, 0, G_OPTION_ARG_FILENAME, &a.png, "Draw the heatmap", "FILE"},
      {"csv", 0, 0, G_OPTION_ARG_FILENAME, &a.csv, "Write scores and events as CSV", "FILE"},
      {"json", 0, 0, G_OPTION_ARG_NONE, &a.json, "Print one JSON document", NULL},
      {"progress", 0, 0, G_OPTION_ARG_STRING, &a.progress, "Print progress to stderr", "json"},
      {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &a.paths, NULL, NULL},
      {NULL}};
  PraxiExit status;
  if (praxi_cli_parse (&argc, &argv, entries, "MEDIA…",
                       "Scores what happens in media over time and lists the events.", &status)) {
    praxi_cli_catch_signals ();
    status = run_command (&a);
  }
  g_free (a.model_name);
  praxi_cli_device_clear (&a.device);
  g_free (a.project);
  g_free (a.first);
  g_free (a.png);
  g_free (a.csv);
  g_free (a.progress);
  g_strfreev (a.paths);
  return status;
}
