#include "engine/train/flow-clips.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "engine/core/error.h"
#include "engine/infer/events.h"
#include "engine/infer/executor.h"
#include "engine/infer/fuse.h"
#include "engine/model/flow-net.h"
#include "engine/train/flow-cache.h"
#include "engine/train/flow-pictures.h"

typedef struct {
  const PraxiModelSpec *spec;
  PraxiFlowClipsOptions options;
  PraxiFlowClips *clips;
  PraxiExecutor *executors[2];  /* the stem alone; with the statistics, NULL where none are asked */
  PraxiTensor maps, statistics; /* what they put out */
  guint8 *window, *room;
  guint16 *halves; /* of a window */
  GArray *rows;    /* of statistics, float */
  gsize n_pairs;   /* in the store */
  guint32 seed;    /* of the file */
} Load;

gboolean
praxi_flow_clips_fit (PraxiModel *model)
{
  const PraxiModelSpec *spec = praxi_model_spec (model);
  g_autoptr (PraxiGraph) graph = praxi_graph_resolve (praxi_model_graph (model), NULL, 0, 1, NULL);
  const int maps = graph != NULL ? praxi_graph_find (graph, PRAXI_MAPS_VALUE) : -1;
  /* Windows of motion are labelled by events: nothing happens in a class of its own, the first. */
  if (maps < 0 || spec == NULL || spec->is_float || !praxi_events_is_background (spec->classes[0]))
    return FALSE;
  const PraxiTensor *tensor = &praxi_graph_value (graph, maps)->tensor;
  return praxi_fuse_motion_stem (graph) && tensor->rank == 4 &&
         tensor->dims[0] == spec->frames - 1 && tensor->dims[1] == PRAXI_FLOW_MAPS;
}

static gboolean
open_store (PraxiFlowClips *clips, GError **error)
{
  g_autofree char *name = NULL;
  g_autoptr (GError) why = NULL;
  clips->store = g_file_open_tmp ("praxiscope-flow-XXXXXX", &name, &why);
  if (clips->store < 0) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_DISK, "keeping the motion: %s; set TMPDIR",
                 why->message);
    return FALSE;
  }
  g_unlink (name);
  return TRUE;
}

static gboolean
write_all (int file, const void *data, gsize bytes, gsize at, GError **error)
{
  for (gsize done = 0; done < bytes;) {
    const ssize_t n = pwrite (file, (const char *) data + done, bytes - done, (off_t) (at + done));
    if (n < 0 && errno != EINTR) {
      g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_DISK,
                   "keeping the motion: %s; make room or set TMPDIR", g_strerror (errno));
      return FALSE;
    }
    done += n > 0 ? (gsize) n : 0;
  }
  return TRUE;
}

static gboolean
read_pairs (const PraxiFlowClips *clips, gsize first, int n, guint16 *halves, GError **error)
{
  const gsize pair = clips->pair_numbers * sizeof *halves, bytes = pair * (gsize) n;
  for (gsize done = 0; done < bytes;) {
    const ssize_t got =
        pread (clips->store, (char *) halves + done, bytes - done, (off_t) (first * pair + done));
    if (got == 0 || (got < 0 && errno != EINTR)) {
      g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_DISK, "reading the kept motion: %s",
                   g_strerror (errno));
      return FALSE;
    }
    done += got > 0 ? (gsize) got : 0;
  }
  return TRUE;
}

static gboolean
make_executor (Load *load, gboolean with_statistics, GError **error)
{
  const PraxiModelSpec *spec = load->spec;
  const PraxiFlowShape shape = {spec->frames, spec->height, spec->width, spec->rate_hz};
  g_autoptr (PraxiBuilder) builder = praxi_builder_new ();
  int flow;
  const int maps = praxi_flow_stem (builder, &shape, &flow);
  praxi_builder_output (builder, maps, PRAXI_MAPS_VALUE);
  if (with_statistics)
    praxi_builder_output (builder, praxi_flow_statistics (builder, &shape, flow),
                          PRAXI_STATISTICS_VALUE);
  g_autoptr (PraxiGraph) graph = praxi_builder_finish (builder);
  const PraxiExecutorOptions options = {.threads = load->options.threads};
  load->executors[with_statistics] = praxi_executor_new_for_graph (graph, NULL, 0, &options, error);
  return load->executors[with_statistics] != NULL;
}

static gboolean
make_executors (Load *load, GError **error)
{
  PraxiFlowClips *clips = load->clips;
  if (!make_executor (load, FALSE, error) ||
      (load->options.statistics_views > 0 && !make_executor (load, TRUE, error)))
    return FALSE;
  load->maps = *praxi_executor_output (load->executors[0], 0);
  clips->height = (int) load->maps.dims[2];
  clips->width = (int) load->maps.dims[3];
  clips->pair_numbers = PRAXI_FLOW_MAPS * (gsize) clips->height * (gsize) clips->width;
  load->maps.data = g_new0 (float, clips->pair_numbers *(gsize) clips->pairs);
  if (load->executors[1] != NULL) {
    load->statistics = *praxi_executor_output (load->executors[1], 1);
    load->statistics.data = g_new0 (float, PRAXI_FLOW_STATISTICS);
  }
  return TRUE;
}

static gboolean
run_window (Load *load, gboolean with_statistics, GError **error)
{
  PraxiExecutor *executor = load->executors[with_statistics];
  PraxiTensor in = *praxi_executor_input (executor, 0);
  const PraxiTensor out[2] = {load->maps, load->statistics};
  in.data = load->window;
  return praxi_executor_run_tensors (executor, &in, out, error);
}

/* Keeps the maps of pairs [from, until) of the window that was run, of a track with n pairs so far.
 */
static gboolean
keep_pairs (Load *load, PraxiFlowTrack *track, int from, int until, GError **error)
{
  const gsize n = load->clips->pair_numbers;
  const float *maps = (const float *) load->maps.data + n * (gsize) from;
  const gsize count = n * (gsize) (until - from);
  for (gsize i = 0; i < count; i++)
    load->halves[i] = praxi_f32_to_f16 (maps[i]);
  const gsize at = (track->first + (gsize) track->n_pairs) * n * sizeof *load->halves;
  track->n_pairs += until - from;
  return write_all (load->clips->store, load->halves, count * sizeof *load->halves, at, error);
}

/* Windows follow each other so that they share a pair, whose acceleration the later one lacks; with
 * statistics there is one every few pairs.
 */
static gboolean
run_track (Load *load,
           const PraxiFlowView *how,
           const PraxiFlowPictures *pictures,
           PraxiFrameIndex *index,
           PraxiFlowTrack *track,
           gboolean with_statistics,
           GError **error)
{
  const PraxiModelSpec *spec = load->spec;
  const int pairs = load->clips->pairs;
  const gsize frame = (gsize) spec->width * (gsize) spec->height * 3;
  const double end_s = track->begin_s + (double) praxi_frame_index_duration_ns (index) / 1e9;
  const int n = MAX ((int) ((end_s - track->begin_s) / track->pair_s), pairs);
  const int step = with_statistics ? PRAXI_FLOW_STATISTICS_STRIDE : pairs - 1;
  g_autoptr (GRand) random = g_rand_new_with_seed (load->seed);
  track->first = load->n_pairs;
  track->statistics = load->rows->len / PRAXI_FLOW_STATISTICS;
  for (int start = 0; track->n_pairs < n; start += step) {
    for (int i = start == 0 ? 0 : pairs + 1 - step; i <= pairs; i++) {
      const double at_s = track->begin_s + (start + i) * track->pair_s;
      const int ordinal = praxi_frame_index_ordinal_at (index, (gint64) llrint (at_s * 1e9));
      if (i == pairs + 1 - step && start > 0)
        memmove (load->window, load->window + (gsize) step * frame,
                 frame * (gsize) (pairs + 1 - step));
      praxi_flow_view_picture (how, pictures, CLAMP (ordinal, 0, pictures->n - 1), spec->width,
                               spec->height, random, load->window + (gsize) i * frame, load->room);
    }
    if (!run_window (load, with_statistics, error) ||
        !keep_pairs (load, track, start == 0 ? 0 : pairs - step, pairs, error))
      return FALSE;
    if (with_statistics)
      g_array_append_vals (load->rows, load->statistics.data, PRAXI_FLOW_STATISTICS);
  }
  load->n_pairs += (gsize) track->n_pairs;
  track->n_pairs = n;
  return TRUE;
}

static gboolean
tick (const Load *load, guint n_done, int view, GError **error)
{
  const double done =
      (n_done + (double) (view + 1) / load->clips->n_views) / MAX (load->clips->files->len, 1);
  if (load->options.tick == NULL || load->options.tick (load->options.data, done))
    return TRUE;
  g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_CANCELLED, "cancelled");
  return FALSE;
}

int
praxi_flow_clips_views (const PraxiFlowClips *clips, guint file)
{
  return praxi_flow_clips_is_extra (clips, file) ? 1 : clips->n_views;
}

gboolean
praxi_flow_clips_is_extra (const PraxiFlowClips *clips, guint file)
{
  const PraxiFlowFile *of = clips->files->pdata[file];
  return ((const PraxiSample *) clips->dataset->samples->pdata[of->first])->is_extra;
}

static gboolean
load_views (Load *load,
            PraxiFlowFile *file,
            guint number,
            PraxiMedia *media,
            PraxiFlowPictures pictures[2],
            GError **error)
{
  const PraxiModelSpec *spec = load->spec;
  PraxiFrameIndex *index = praxi_media_index (media);
  const int n_views = praxi_flow_clips_views (load->clips, number);
  for (int v = 0; v < n_views; v++) {
    PraxiFlowView how;
    praxi_flow_view (v, load->seed, &how);
    PraxiFlowPictures *seen = &pictures[how.zoom < 1];
    if (how.zoom < 1 && seen->pixels != NULL)
      praxi_flow_pictures_clear (seen);
    if (seen->pixels == NULL &&
        !praxi_flow_pictures_read (seen, media, (int) lrint (spec->width / how.zoom),
                                   (int) lrint (spec->height / how.zoom), load->options.threads,
                                   error))
      return FALSE;
    PraxiFlowTrack *track = &file->tracks[v];
    track->pair_s = 1 / (spec->rate_hz * how.stretch);
    track->begin_s = (double) praxi_frame_index_pts_ns (index, 0) / 1e9 + how.phase * track->pair_s;
    const gboolean with_statistics = v < load->options.statistics_views;
    if (!run_track (load, &how, seen, index, track, with_statistics, error) ||
        !tick (load, number, v, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
compute_file (Load *load, guint number, const char *path, GError **error)
{
  PraxiFlowFile *file = load->clips->files->pdata[number];
  PraxiFlowPictures pictures[2] = {0};
  g_autoptr (PraxiMedia) media = praxi_media_open (path, error);
  const gboolean good = media != NULL && load_views (load, file, number, media, pictures, error);
  for (int i = 0; i < 2; i++)
    praxi_flow_pictures_clear (&pictures[i]);
  return good;
}

/* The motion of a file as it was kept; FALSE where it was not. */
static gboolean
take_kept (Load *load, guint number, const char *path, GError **error)
{
  PraxiFlowFile *file = load->clips->files->pdata[number];
  const gsize pair = load->clips->pair_numbers * sizeof *load->halves;
  g_auto (PraxiFlowEntry) entry = {0};
  if (!praxi_flow_cache_read (path, load->clips->pair_numbers, &entry) ||
      !write_all (load->clips->store, entry.halves, pair * entry.n_pairs, pair * load->n_pairs,
                  error))
    return FALSE;
  for (int v = 0; v < PRAXI_FLOW_VIEWS; v++) {
    file->tracks[v] = entry.tracks[v];
    file->tracks[v].first += load->n_pairs;
    file->tracks[v].statistics += load->rows->len / PRAXI_FLOW_STATISTICS;
  }
  load->n_pairs += entry.n_pairs;
  g_array_append_vals (load->rows, entry.rows, (guint) entry.n_rows * PRAXI_FLOW_STATISTICS);
  return tick (load, number, praxi_flow_clips_views (load->clips, number) - 1, error);
}

/* Keeps what was computed of a file: the pairs and rows from these on. */
static void
keep_file (Load *load, guint number, const char *path, gsize first_pair, gsize first_row)
{
  const PraxiFlowFile *file = load->clips->files->pdata[number];
  g_autoptr (GError) why = NULL;
  PraxiFlowEntry entry = {.n_pairs = load->n_pairs - first_pair,
                          .n_rows = load->rows->len / PRAXI_FLOW_STATISTICS - first_row};
  entry.rows = &g_array_index (load->rows, float, first_row *PRAXI_FLOW_STATISTICS);
  g_autofree guint16 *halves = g_new (guint16, entry.n_pairs * load->clips->pair_numbers + 1);
  entry.halves = halves;
  for (int v = 0; v < praxi_flow_clips_views (load->clips, number); v++) {
    entry.tracks[v] = file->tracks[v];
    entry.tracks[v].first -= first_pair;
    entry.tracks[v].statistics -= first_row;
  }
  if (!read_pairs (load->clips, first_pair, (int) entry.n_pairs, halves, &why) ||
      !praxi_flow_cache_write (path, load->clips->pair_numbers, &entry, &why))
    g_ptr_array_add (load->clips->warnings, g_strdup (why->message));
}

/* Where the motion of a file is kept, with the statistics of so many views; NULL without a cache.
 */
static char *
kept_path (const Load *load, guint number, const char *media, int statistics_views)
{
  return load->options.cache != NULL
             ? praxi_flow_cache_path (load->options.cache, media, load->seed, load->spec,
                                      praxi_flow_clips_views (load->clips, number),
                                      statistics_views)
             : NULL;
}

/* Takes what was kept, with statistics of more views too: who asks for fewer reads past them. */
static gboolean
find_kept (Load *load, guint number, const char *media, GError **error)
{
  for (int n = load->options.statistics_views; n <= PRAXI_FLOW_VIEWS; n++) {
    g_autoptr (GError) why = NULL;
    g_autofree char *kept = kept_path (load, number, media, n);
    if (kept != NULL && take_kept (load, number, kept, &why))
      return TRUE;
    if (why != NULL) {
      g_propagate_error (error, g_steal_pointer (&why));
      return FALSE;
    }
  }
  return FALSE;
}

/* Kept motion, or computed and kept. */
static gboolean
find_file (Load *load, guint number, const char *media, GError **error)
{
  const gsize first_pair = load->n_pairs, first_row = load->rows->len / PRAXI_FLOW_STATISTICS;
  g_autoptr (GError) why = NULL;
  g_autofree char *kept = kept_path (load, number, media, load->options.statistics_views);
  if (find_kept (load, number, media, &why))
    return TRUE;
  if (why != NULL) {
    g_propagate_error (error, g_steal_pointer (&why));
    return FALSE;
  }
  if (!compute_file (load, number, media, error))
    return FALSE;
  if (kept != NULL)
    keep_file (load, number, kept, first_pair, first_row);
  return TRUE;
}

/* FALSE: stop altogether; a file that cannot be read is only a warning. */
static gboolean
load_file (Load *load, guint number, GError **error)
{
  PraxiFlowFile *file = load->clips->files->pdata[number];
  const PraxiSample *sample = load->clips->dataset->samples->pdata[file->first];
  g_autoptr (GError) failure = NULL;
  load->seed = g_str_hash (sample->file);
  if (find_file (load, number, sample->path, &failure))
    return TRUE;
  memset (file->tracks, 0, sizeof file->tracks);
  if (g_error_matches (failure, PRAXI_ERROR, PRAXI_ERROR_CANCELLED) ||
      g_error_matches (failure, PRAXI_ERROR, PRAXI_ERROR_DISK)) {
    g_propagate_error (error, g_steal_pointer (&failure));
    return FALSE;
  }
  g_ptr_array_add (load->clips->warnings, g_strdup (failure->message));
  return TRUE;
}

static void
file_free (gpointer data)
{
  PraxiFlowFile *file = data;
  g_free (file->kind);
  g_free (file);
}

static void
list_files (PraxiFlowClips *clips)
{
  const GPtrArray *samples = clips->dataset->samples;
  for (guint i = 0; i < samples->len;) {
    const char *name = ((PraxiSample *) samples->pdata[i])->file;
    const char *slash = strchr (name, '/');
    PraxiFlowFile *file = g_new0 (PraxiFlowFile, 1);
    file->first = i;
    while (i < samples->len && g_str_equal (((PraxiSample *) samples->pdata[i])->file, name))
      i++;
    file->end = i;
    file->kind = slash != NULL ? g_strndup (name, (gsize) (slash - name)) : g_strdup ("");
    g_ptr_array_add (clips->files, file);
  }
}

static gboolean
load_files (Load *load, GError **error)
{
  PraxiFlowClips *clips = load->clips;
  for (guint i = 0; i < clips->files->len; i++)
    if (!load_file (load, i, error))
      return FALSE;
  if (load->n_pairs > 0)
    return TRUE;
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FAILED, "no labelled file could be read: %s",
               clips->warnings->len > 0 ? (const char *) clips->warnings->pdata[0]
                                        : "there are no labels");
  return FALSE;
}

PraxiFlowClips *
praxi_flow_clips_load (const PraxiModelSpec *spec,
                       const PraxiDataset *dataset,
                       const PraxiFlowClipsOptions *options,
                       GError **error)
{
  g_autoptr (PraxiFlowClips) clips = g_new0 (PraxiFlowClips, 1);
  *clips = (PraxiFlowClips){
      .dataset = dataset,
      .files = g_ptr_array_new_with_free_func (file_free),
      .warnings = g_ptr_array_new_with_free_func (g_free),
      .n_views = options->n_views > 0 ? options->n_views : PRAXI_FLOW_VIEWS,
      .pairs = spec->frames - 1,
      .background = praxi_events_background ((const char *const *) spec->classes, spec->n_classes)};
  clips->taught = g_new0 (gboolean, spec->n_classes + 1);
  for (guint i = 0; i < dataset->samples->len; i++) {
    const PraxiSample *sample = dataset->samples->pdata[i];
    clips->taught[sample->class_index] |= sample->is_extra;
  }
  list_files (clips);
  Load load = {.spec = spec, .options = *options, .clips = clips};
  gboolean good = open_store (clips, error) && make_executors (&load, error);
  if (good) {
    const gsize frame = (gsize) spec->width * (gsize) spec->height * 3;
    load.window = g_malloc0 (frame * (gsize) spec->frames);
    load.room = g_malloc (2 * frame);
    load.halves = g_new (guint16, clips->pair_numbers * (gsize) clips->pairs);
    load.rows = g_array_new (FALSE, FALSE, sizeof (float));
    good = load_files (&load, error);
    clips->n_statistics = load.rows->len / PRAXI_FLOW_STATISTICS;
    clips->statistics = (float *) (void *) g_array_free (load.rows, FALSE);
  }
  for (int i = 0; i < 2; i++)
    g_clear_pointer (&load.executors[i], praxi_executor_free);
  g_free (load.window);
  g_free (load.room);
  g_free (load.halves);
  g_free (load.maps.data);
  g_free (load.statistics.data);
  return good ? g_steal_pointer (&clips) : NULL;
}

void
praxi_flow_clips_free (PraxiFlowClips *clips)
{
  if (clips == NULL)
    return;
  if (clips->store > 0)
    close (clips->store);
  g_ptr_array_unref (clips->files);
  g_ptr_array_unref (clips->warnings);
  g_free (clips->statistics);
  g_free (clips->taught);
  g_free (clips);
}

/* As praxi_f16_to_f32, bit for bit, in a form that compilers make vectors of: the exponent is moved
 * by a product, which makes subnormal halves right too; all its bits set stay all set.
 */
void
praxi_flow_widen (const guint16 *halves, float *floats, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    const guint32 half = halves[i];
    guint32 bits = (half & 0x7fff) << 13;
    float value;
    memcpy (&value, &bits, sizeof value);
    value *= 0x1p112F;
    memcpy (&bits, &value, sizeof value);
    bits |= (half & 0x8000) << 16 | ((half & 0x7c00) == 0x7c00 ? 0x7f800000U : 0U);
    memcpy (&floats[i], &bits, sizeof bits);
  }
}

gboolean
praxi_flow_clips_read (const PraxiFlowClips *clips,
                       guint file,
                       int view,
                       int start,
                       double speed,
                       float *maps,
                       GError **error)
{
  const PraxiFlowFile *of = clips->files->pdata[file];
  const PraxiFlowTrack *track = &of->tracks[view];
  const gsize n = clips->pair_numbers, plane = n / PRAXI_FLOW_MAPS;
  const int last = track->n_pairs - 1;
  const int first = CLAMP (start, 0, last);
  const int end = CLAMP ((int) lrint (start + (clips->pairs - 1) * speed), first, last);
  g_autofree guint16 *halves = g_new (guint16, n * (gsize) (end - first + 1));
  if (!read_pairs (clips, track->first + (gsize) first, end - first + 1, halves, error))
    return FALSE;
  gboolean was_beyond = FALSE;
  for (int p = 0; p < clips->pairs; p++, maps += n) {
    const int at = (int) lrint (start + p * speed);
    const guint16 *from = halves + n * (gsize) (CLAMP (at, first, end) - first);
    const gboolean is_beyond = at > last;
    if (is_beyond)
      memset (maps, 0, sizeof *maps * n);
    else
      praxi_flow_widen (from, maps, n);
    for (gsize i = 0; i < 4 * plane && speed != 1; i++)
      maps[i] *= (float) speed;
    if (is_beyond && !was_beyond && p > 0)
      memcpy (maps + 3 * plane, maps - n + 2 * plane, sizeof *maps * plane);
    if (p == 0)
      memset (maps + 3 * plane, 0, sizeof *maps * plane);
    was_beyond = is_beyond;
  }
  return TRUE;
}

const float *
praxi_flow_clips_statistics (const PraxiFlowClips *clips, guint file, int view, int start)
{
  const PraxiFlowFile *of = clips->files->pdata[file];
  const PraxiFlowTrack *track = &of->tracks[view];
  const int last = MAX (track->n_pairs - clips->pairs, 0) / PRAXI_FLOW_STATISTICS_STRIDE;
  const int row = CLAMP ((int) lrint ((double) start / PRAXI_FLOW_STATISTICS_STRIDE), 0, last);
  return clips->statistics + (track->statistics + (gsize) row) * PRAXI_FLOW_STATISTICS;
}
