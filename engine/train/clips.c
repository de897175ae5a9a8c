#include "engine/train/clips.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/core/error.h"
#include "engine/infer/clip-reader.h"
#include "engine/infer/events.h"
#include "engine/media/clip-sampler.h"

enum { AHEAD_WINDOWS = 3, WAIT_MS = 100 };

typedef struct {
  const PraxiModelSpec *spec;
  const PraxiDataset *dataset;
  PraxiClipsOptions options;
  PraxiClips *clips;
  int background; /* −1: the model has none */
  guint n_files, n_files_done;
  guint8 *clip;
} Load;

/* The windows of one file that teach something. */
typedef struct {
  PraxiMedia *media;
  PraxiClipReader *reader;
  GArray *windows; /* of PraxiClip */
  GArray *frames;  /* int [n_windows][T]: places in wanted */
  GArray *wanted;  /* int: ordinals, ascending */
} File;

static void
file_clear (File *file)
{
  praxi_clip_reader_free (file->reader);
  praxi_media_unref (file->media);
  g_clear_pointer (&file->windows, g_array_unref);
  g_clear_pointer (&file->frames, g_array_unref);
  g_clear_pointer (&file->wanted, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (File, file_clear)

static const PraxiSample *
sample_at (const Load *load, guint i)
{
  return g_ptr_array_index (load->dataset->samples, i);
}

static gint64
overlap_ns (gint64 a_start, gint64 a_end, gint64 b_start, gint64 b_end)
{
  return MAX (MIN (a_end, b_end) - MAX (a_start, b_start), 0);
}

/* The sample among [first, end) that a window from start to end shows; −1 for none. */
static int
choose_sample (const Load *load,
               guint first,
               guint end,
               gint64 origin_ns,
               gint64 start_ns,
               gint64 end_ns)
{
  int background = -1;
  for (guint i = first; i < end; i++) {
    const PraxiSample *sample = sample_at (load, i);
    const gboolean is_background = sample->class_index == load->background;
    if (!sample->is_timed)
      return (int) i;
    const gint64 from_ns = origin_ns + sample->start_ns, to_ns = origin_ns + sample->end_ns;
    const gint64 shared_ns = overlap_ns (start_ns, end_ns, from_ns, to_ns);
    if (shared_ns == 0)
      continue;
    if (is_background) {
      if (shared_ns == end_ns - start_ns)
        background = (int) i;
      continue;
    }
    const gboolean shows = 2 * shared_ns >= end_ns - start_ns || shared_ns == to_ns - from_ns;
    return shows ? (int) i : -1;
  }
  return background;
}

static void
choose_windows (Load *load, File *file, guint first, guint end)
{
  const PraxiModelSpec *spec = load->spec;
  PraxiFrameIndex *index = praxi_media_index (file->media);
  const PraxiClipSamplerOptions options = {
      .frames = spec->frames, .rate_hz = spec->rate_hz, .stride_s = load->options.stride_s};
  g_autoptr (PraxiClipSampler) sampler = praxi_clip_sampler_new (index, &options);
  const gint64 origin_ns = load->dataset->starts_at_0 ? praxi_frame_index_pts_ns (index, 0) : 0;
  g_autofree int *ordinals = g_new (int, spec->frames);
  for (int k = 0; k < praxi_clip_sampler_n_windows (sampler); k++) {
    gint64 start_ns, end_ns;
    praxi_clip_sampler_window (sampler, k, &start_ns, &end_ns, ordinals);
    const int sample = choose_sample (load, first, end, origin_ns, start_ns, end_ns);
    if (sample < 0)
      continue;
    const PraxiClip clip = {.class_index = sample_at (load, (guint) sample)->class_index,
                            .sample = sample};
    g_array_append_val (file->windows, clip);
    g_array_append_vals (file->frames, ordinals, (guint) spec->frames);
  }
}

static int
compare_ints (gconstpointer a, gconstpointer b)
{
  const int x = *(const int *) a, y = *(const int *) b;
  return (x > y) - (x < y);
}

/* wanted: what file->frames asks for, each once; file->frames then counts in it. */
static void
list_wanted (File *file)
{
  g_array_append_vals (file->wanted, file->frames->data, file->frames->len);
  g_array_sort (file->wanted, compare_ints);
  int *wanted = (int *) (void *) file->wanted->data;
  guint n = 0;
  for (guint i = 0; i < file->wanted->len; i++)
    if (n == 0 || wanted[n - 1] != wanted[i])
      wanted[n++] = wanted[i];
  g_array_set_size (file->wanted, n);
  for (guint i = 0; i < file->frames->len; i++) {
    int *frame = &g_array_index (file->frames, int, i);
    const int *at = bsearch (frame, wanted, n, sizeof *wanted, compare_ints);
    *frame = (int) (at - wanted);
  }
}

static gboolean
open_file (Load *load, File *file, guint first, guint end, GError **error)
{
  const PraxiModelSpec *spec = load->spec;
  file->media = praxi_media_open (sample_at (load, first)->path, error);
  if (file->media == NULL)
    return FALSE;
  file->windows = g_array_new (FALSE, FALSE, sizeof (PraxiClip));
  file->frames = g_array_new (FALSE, FALSE, sizeof (int));
  file->wanted = g_array_new (FALSE, FALSE, sizeof (int));
  choose_windows (load, file, first, end);
  list_wanted (file);
  if (file->windows->len == 0)
    return TRUE;
  const PraxiClipReaderOptions options = {.wanted = (const int *) (void *) file->wanted->data,
                                          .n_wanted = (int) file->wanted->len,
                                          .width_px = spec->width,
                                          .height_px = spec->height,
                                          .ahead_frames = AHEAD_WINDOWS * spec->frames,
                                          .threads = load->options.threads};
  file->reader = praxi_clip_reader_new (file->media, &options, error);
  return file->reader != NULL;
}

/* FALSE without an error: a frame of it is lost. */
static gboolean
assemble (Load *load, const File *file, guint window)
{
  const int T = load->spec->frames;
  const gsize frame_bytes = load->clips->clip_bytes / (gsize) T;
  const int *places = &g_array_index (file->frames, int, window *(guint) T);
  for (int i = 0; i < T; i++) {
    const guint8 *frame = praxi_clip_reader_frame (file->reader, places[i]);
    if (frame == NULL)
      return FALSE;
    memcpy (load->clip + (gsize) i * frame_bytes, frame, frame_bytes);
  }
  return TRUE;
}

static gboolean
fail_disk (const char *what, GError **error)
{
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_DISK, "%s: %s; make room or set TMPDIR", what,
               g_strerror (errno));
  return FALSE;
}

static gboolean
keep_clip (Load *load, const PraxiClip *clip, GError **error)
{
  PraxiClips *clips = load->clips;
  const gsize bytes = clips->clip_bytes;
  gsize done = 0;
  while (done < bytes) {
    const off_t at = (off_t) (clips->clips->len * bytes + done);
    const ssize_t n = pwrite (clips->file, load->clip + done, bytes - done, at);
    if (n < 0 && errno != EINTR)
      return fail_disk ("keeping the clips", error);
    done += n > 0 ? (gsize) n : 0;
  }
  g_array_append_val (clips->clips, *clip);
  return TRUE;
}

static gboolean
tick (const Load *load, double share, GError **error)
{
  const double done = (load->n_files_done + share) / MAX (load->n_files, 1);
  if (load->options.tick == NULL || load->options.tick (load->options.data, done))
    return TRUE;
  g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_CANCELLED, "cancelled");
  return FALSE;
}

static gboolean
read_windows (Load *load, File *file, GError **error)
{
  const int T = load->spec->frames;
  for (guint k = 0; k < file->windows->len; k++) {
    const int *places = &g_array_index (file->frames, int, k *(guint) T);
    praxi_clip_reader_release (file->reader, places[0]);
    do {
      if (!tick (load, (double) k / file->windows->len, error))
        return FALSE;
    } while (!praxi_clip_reader_wait (file->reader, places[T - 1], WAIT_MS));
    if (assemble (load, file, k) &&
        !keep_clip (load, &g_array_index (file->windows, PraxiClip, k), error))
      return FALSE;
  }
  return TRUE;
}

/* Samples [first, end) are of one file. FALSE: stop altogether. */
static gboolean
load_file (Load *load, guint first, guint end, GError **error)
{
  g_auto (File) file = {0};
  g_autoptr (GError) failure = NULL;
  if (!open_file (load, &file, first, end, &failure)) {
    g_ptr_array_add (load->clips->warnings, g_strdup (failure->message));
    return TRUE;
  }
  return file.windows->len == 0 || read_windows (load, &file, error);
}

static guint
end_of_file (const Load *load, guint first)
{
  guint end = first + 1;
  while (end < load->dataset->samples->len &&
         g_str_equal (sample_at (load, end)->file, sample_at (load, first)->file))
    end++;
  return end;
}

static gboolean
load_files (Load *load, GError **error)
{
  const guint n = load->dataset->samples->len;
  for (guint i = 0; i < n; i = end_of_file (load, i))
    load->n_files++;
  for (guint i = 0; i < n; load->n_files_done++) {
    const guint end = end_of_file (load, i);
    if (!load_file (load, i, end, error))
      return FALSE;
    i = end;
  }
  if (load->clips->clips->len > 0)
    return TRUE;
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FAILED, "no labelled clip could be read: %s",
               load->clips->warnings->len > 0
                   ? (const char *) g_ptr_array_index (load->clips->warnings, 0)
                   : "the labels are too short or leave no window that shows one class");
  return FALSE;
}

/* A file without a name: it is gone with the process. */
static gboolean
open_store (PraxiClips *clips, GError **error)
{
  g_autofree char *name = NULL;
  g_autoptr (GError) why = NULL;
  clips->file = g_file_open_tmp ("praxiscope-clips-XXXXXX", &name, &why);
  if (clips->file < 0) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_DISK, "keeping the clips: %s; set TMPDIR",
                 why->message);
    return FALSE;
  }
  g_unlink (name);
  return TRUE;
}

PraxiClips *
praxi_clips_load (const PraxiModelSpec *spec,
                  const PraxiDataset *dataset,
                  const PraxiClipsOptions *options,
                  GError **error)
{
  g_autoptr (PraxiClips) clips = g_new0 (PraxiClips, 1);
  clips->clips = g_array_new (FALSE, FALSE, sizeof (PraxiClip));
  clips->warnings = g_ptr_array_new_with_free_func (g_free);
  clips->frames = spec->frames;
  clips->height = spec->height;
  clips->width = spec->width;
  clips->clip_bytes = (gsize) spec->frames * (gsize) spec->height * (gsize) spec->width * 3;
  if (!open_store (clips, error))
    return NULL;
  Load load = {.spec = spec,
               .dataset = dataset,
               .clips = clips,
               .background =
                   praxi_events_background ((const char *const *) spec->classes, spec->n_classes)};
  if (options != NULL)
    load.options = *options;
  if (load.options.stride_s <= 0)
    load.options.stride_s = 0.5;
  load.clip = g_malloc (clips->clip_bytes);
  const gboolean good = load_files (&load, error);
  g_free (load.clip);
  return good ? g_steal_pointer (&clips) : NULL;
}

void
praxi_clips_free (PraxiClips *clips)
{
  if (clips == NULL)
    return;
  if (clips->file > 0)
    close (clips->file);
  g_array_unref (clips->clips);
  g_ptr_array_unref (clips->warnings);
  g_free (clips);
}

gboolean
praxi_clips_read (const PraxiClips *clips, guint i, guint8 *pixels, GError **error)
{
  gsize done = 0;
  while (done < clips->clip_bytes) {
    const off_t at = (off_t) (i * clips->clip_bytes + done);
    const ssize_t n = pread (clips->file, pixels + done, clips->clip_bytes - done, at);
    if (n == 0 || (n < 0 && errno != EINTR))
      return fail_disk ("reading the kept clips", error);
    done += n > 0 ? (gsize) n : 0;
  }
  return TRUE;
}

const void *
praxi_clip_convert (const PraxiModelSpec *spec, const guint8 *clip, float *converted)
{
  const gsize n = (gsize) spec->frames * (gsize) spec->height * (gsize) spec->width;
  const gboolean is_planar = spec->layout == PRAXI_LAYOUT_NCTHW;
  if (!spec->is_float)
    return clip;
  for (gsize i = 0; i < n; i++)
    for (gsize c = 0; c < 3; c++)
      converted[is_planar ? c * n + i : i * 3 + c] =
          ((float) clip[i * 3 + c] / 255.0f - spec->mean[c]) / spec->std[c];
  return converted;
}
