#include "app/watch.h"

#include <string.h>

#include "engine/core/json-lines.h"
#include "engine/infer/events.h"

enum { RING_CLIPS = 2, DROPS_AGAIN_US = 5000000 };

/* From the camera's thread to the main one. */
typedef struct {
  gboolean is_recording;
  PraxiCameraState state;
  char *text; /* of the state, or the recording's path */
  gint64 at_us;
  PraxiRecording recording; /* its pointers are owned here */
} WatchNews;

static void
news_free (WatchNews *news)
{
  g_free (news->text);
  g_free ((gpointer) news->recording.pts_ns);
  g_free ((gpointer) news->recording.is_key);
  g_free (news);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WatchNews, news_free)

/* --- on the camera's thread ---------------------------------------------------------------- */

static void
push_news (PraxiWatch *watch, WatchNews *news)
{
  pthread_mutex_lock (&watch->lock);
  /* What was before the gap says nothing about what comes after it. */
  if (!news->is_recording && news->state == PRAXI_CAMERA_STALL)
    watch->first_valid = watch->n_pictures;
  g_queue_push_tail (&watch->news, news);
  pthread_mutex_unlock (&watch->lock);
}

static void
picture_cb (PraxiCamera *camera, const PraxiCameraPicture *picture, gpointer user_data)
{
  PraxiWatch *watch = user_data;
  pthread_mutex_lock (&watch->lock);
  const gint64 slot = watch->n_pictures % watch->ring_pictures;
  memcpy (watch->ring + (gsize) slot * watch->picture_bytes, picture->rgb, watch->picture_bytes);
  watch->n_pictures++;
  watch->last_picture_at_us = picture->at_us;
  watch->last_picture_clock_us = picture->clock_us;
  pthread_mutex_unlock (&watch->lock);
}

static void
state_cb (PraxiCamera *camera,
          PraxiCameraState state,
          const char *text,
          gint64 at_us,
          gpointer user_data)
{
  WatchNews *news = g_new0 (WatchNews, 1);
  news->state = state;
  news->text = g_strdup (text);
  news->at_us = at_us;
  push_news (user_data, news);
}

static void
recorded_cb (const PraxiRecording *recording, gpointer user_data)
{
  const gsize n = (gsize) recording->n_frames;
  WatchNews *news = g_new0 (WatchNews, 1);
  news->is_recording = TRUE;
  news->text = g_strdup (recording->path);
  news->recording = *recording;
  news->recording.path = news->text;
  news->recording.pts_ns = g_memdup2 (recording->pts_ns, n * sizeof (gint64));
  news->recording.is_key = g_memdup2 (recording->is_key, n);
  push_news (user_data, news);
}

/* --- events -------------------------------------------------------------------------------- */

static void
end_events (PraxiWatch *watch, gint64 at_us)
{
  for (int c = 0; c < watch->spec->n_classes; c++) {
    if (watch->peak[c] > 0)
      praxi_watch_tell (watch, &(PraxiWatchLine){.what = "event-end",
                                                 .at_us = at_us,
                                                 .class_name = watch->spec->classes[c],
                                                 .peak = watch->peak[c]});
    watch->peak[c] = 0;
  }
  watch->n_recent = 0;
}

/* The mean over the newest windows. */
static float
smoothed_score (const PraxiWatch *watch, int c)
{
  float out[PRAXI_WATCH_SMOOTH];
  const float *scores =
      watch->recent + c * PRAXI_WATCH_SMOOTH + PRAXI_WATCH_SMOOTH - watch->n_recent;
  praxi_events_smooth (scores, watch->n_recent, PRAXI_WATCH_SMOOTH, out);
  return out[watch->n_recent - 1];
}

static void
follow_event (PraxiWatch *watch, int c, float score, gint64 at_us)
{
  const PraxiEventOptions options = praxi_events_resolve (
      &(PraxiEventOptions){.enter = watch->spec->enter[c], .exit = watch->spec->exit[c]});
  const float level = smoothed_score (watch, c);
  PraxiWatchLine line = {.at_us = at_us, .class_name = watch->spec->classes[c]};
  if (watch->peak[c] > 0 && (double) level < options.exit) {
    line.what = "event-end";
    line.peak = watch->peak[c];
    watch->peak[c] = 0;
    praxi_watch_tell (watch, &line);
  } else if (watch->peak[c] > 0) {
    watch->peak[c] = MAX (watch->peak[c], score);
  } else if ((double) level >= options.enter) {
    line.what = "event-begin";
    line.peak = watch->peak[c] = score;
    praxi_watch_tell (watch, &line);
  }
}

/* --- scoring ------------------------------------------------------------------------------- */

/* The moments of the newest clip's end. */
typedef struct {
  gint64 at_us, clock_us;
} ClipEnd;

static void
copy_clip (PraxiWatch *watch, int n_new)
{
  const int frames = watch->spec->frames;
  const gint64 first = watch->n_pictures - frames;
  const gsize kept = (gsize) (frames - n_new) * watch->picture_bytes;
  memmove (watch->clip, watch->clip + (gsize) n_new * watch->picture_bytes, kept);
  for (int i = frames - n_new; i < frames; i++)
    memcpy (watch->clip + (gsize) i * watch->picture_bytes,
            watch->ring + (gsize) ((first + i) % watch->ring_pictures) * watch->picture_bytes,
            watch->picture_bytes);
}

/* Takes the newest clip when a stride of new pictures is there; older ones are dropped and counted.
 * Returns the number of pictures that are new in watch->clip; 0: wait.
 */
static int
take_clip (PraxiWatch *watch, ClipEnd *end)
{
  const int frames = watch->spec->frames;
  const int stride = MAX (1, (int) (PRAXI_WATCH_STRIDE_S * watch->spec->rate_hz));
  int n_new = 0;
  pthread_mutex_lock (&watch->lock);
  const gint64 n_waiting = watch->n_pictures - watch->n_taken;
  if (watch->n_pictures - watch->first_valid >= frames && n_waiting >= stride) {
    n_new = (int) MIN (n_waiting, frames);
    watch->n_dropped += n_waiting - n_new;
    copy_clip (watch, n_new);
    watch->n_taken = watch->n_pictures;
    *end = (ClipEnd){watch->last_picture_at_us, watch->last_picture_clock_us};
  } else if (watch->n_taken < watch->first_valid) {
    watch->n_taken = watch->first_valid;
  }
  pthread_mutex_unlock (&watch->lock);
  return n_new;
}

static void
tell_drops (PraxiWatch *watch)
{
  const gint64 now_us = g_get_monotonic_time ();
  if (watch->n_dropped == watch->n_dropped_told || now_us - watch->dropped_told_us < DROPS_AGAIN_US)
    return;
  JsonBuilder *line = praxi_watch_line_begin (watch, "drop", g_get_real_time ());
  if (line != NULL) {
    praxi_json_add_int (line, "pictures", watch->n_dropped - watch->n_dropped_told);
    praxi_json_add_int (line, "total", watch->n_dropped);
    praxi_watch_line_end (line);
  } else {
    g_printerr ("praxi: %s: %" G_GINT64_FORMAT " pictures were dropped, scoring was too slow\n",
                watch->label, watch->n_dropped - watch->n_dropped_told);
  }
  watch->n_dropped_told = watch->n_dropped;
  watch->dropped_told_us = now_us;
}

static gboolean
score_clip (PraxiWatch *watch, int n_new, ClipEnd end, GError **error)
{
  const int n_classes = watch->spec->n_classes;
  g_autofree float *scores = g_new (float, n_classes);
  if (!praxi_executor_run_shifted (watch->executor, watch->clip, n_new, scores, error))
    return FALSE;
  praxi_watch_keep_scores (watch, end.clock_us, scores);
  watch->n_recent = MIN (watch->n_recent + 1, PRAXI_WATCH_SMOOTH);
  for (int c = 0; c < n_classes; c++) {
    float *recent = watch->recent + c * PRAXI_WATCH_SMOOTH;
    memmove (recent, recent + 1, (PRAXI_WATCH_SMOOTH - 1) * sizeof *recent);
    recent[PRAXI_WATCH_SMOOTH - 1] = scores[c];
    if (!praxi_events_is_background (watch->spec->classes[c]))
      follow_event (watch, c, scores[c], end.at_us);
  }
  return TRUE;
}

/* --- life ---------------------------------------------------------------------------------- */

static void
take_news (PraxiWatch *watch)
{
  static const char *const names[] = {
      [PRAXI_CAMERA_CONNECTED] = "picture", [PRAXI_CAMERA_STALL] = "stall",
      [PRAXI_CAMERA_BACK] = "back",         [PRAXI_CAMERA_ERROR] = "error",
      [PRAXI_CAMERA_NOTE] = "note",
  };
  for (;;) {
    pthread_mutex_lock (&watch->lock);
    g_autoptr (WatchNews) news = g_queue_pop_head (&watch->news);
    pthread_mutex_unlock (&watch->lock);
    if (news == NULL)
      return;
    if (news->is_recording) {
      praxi_watch_recorded (watch, &news->recording);
      continue;
    }
    praxi_watch_tell (
        watch,
        &(PraxiWatchLine){.what = names[news->state], .at_us = news->at_us, .text = news->text});
    if (news->state == PRAXI_CAMERA_STALL)
      end_events (watch, news->at_us);
  }
}

gboolean
praxi_watch_step (PraxiWatch *watch, gboolean *is_idle, GError **error)
{
  ClipEnd end = {0};
  take_news (watch);
  const int n_new = take_clip (watch, &end);
  tell_drops (watch);
  *is_idle = n_new == 0;
  return n_new == 0 || score_clip (watch, n_new, end, error);
}

gboolean
praxi_watch_begin (PraxiWatch *watch,
                   const PraxiWatchOptions *options,
                   const char *url,
                   const char *label,
                   PraxiCameraOptions camera,
                   GError **error)
{
  static const PraxiCameraCallbacks callbacks = {picture_cb, state_cb, recorded_cb};
  const PraxiModelSpec *spec = praxi_model_spec (options->model);
  watch->options = options;
  watch->label = label != NULL ? g_strdup (label) : praxi_camera_strip_credentials (url);
  watch->folder = g_strdup (camera.record_folder);
  watch->spec = spec;
  watch->picture_bytes = (gsize) spec->height * (gsize) spec->width * 3;
  watch->ring_pictures = spec->frames * RING_CLIPS;
  watch->ring = g_malloc_n ((gsize) watch->ring_pictures, watch->picture_bytes);
  watch->clip = g_malloc0_n ((gsize) spec->frames, watch->picture_bytes);
  watch->recent = g_new0 (float, spec->n_classes *PRAXI_WATCH_SMOOTH);
  watch->peak = g_new0 (float, spec->n_classes);
  pthread_mutex_init (&watch->lock, NULL);
  g_queue_init (&watch->news);
  watch->executor = praxi_executor_new (options->model, &options->executor, error);
  if (watch->executor == NULL)
    return FALSE;
  camera.width_px = spec->width;
  camera.height_px = spec->height;
  camera.rate_hz = spec->rate_hz;
  watch->camera = praxi_camera_new (url, &camera, &callbacks, watch, error);
  if (watch->camera != NULL)
    praxi_watch_recover (watch);
  return watch->camera != NULL;
}

/* The camera's name is still needed while the last news are told. */
static void
stop_camera (PraxiWatch *watch)
{
  end_events (watch, g_get_real_time ());
  praxi_camera_stop (watch->camera);
  take_news (watch);
  watch->dropped_told_us = 0;
  tell_drops (watch);
  praxi_watch_recording_clear (watch);
}

void
praxi_watch_end (PraxiWatch *watch)
{
  if (watch->camera != NULL)
    stop_camera (watch);
  praxi_camera_free (watch->camera);
  praxi_executor_free (watch->executor);
  g_queue_clear_full (&watch->news, (GDestroyNotify) news_free);
  g_free (watch->ring);
  g_free (watch->clip);
  g_free (watch->recent);
  g_free (watch->peak);
  g_free (watch->label);
  g_free (watch->folder);
}
