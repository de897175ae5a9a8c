/* praxi watch URL…: cameras live, scored and recorded, without a window. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "app/cli.h"
#include "engine/core/error.h"
#include "engine/core/json-lines.h"
#include "engine/infer/events.h"
#include "engine/infer/executor.h"
#include "engine/media/camera.h"

enum { SMOOTH_WINDOWS = 3, RING_CLIPS = 2, POLL_MS = 20 };
static const double stride_s = 0.5;

typedef struct {
  PraxiCameraState state;
  char *text;
  gint64 at_us;
} StateChange;

typedef struct {
  PraxiCamera *camera;
  PraxiExecutor *executor;
  const PraxiModelSpec *spec;
  gsize picture_bytes;
  int ring_pictures;

  pthread_mutex_t lock;
  /* guarded by lock: */
  guint8 *ring; /* u8 [ring_pictures,H,W,3] */
  gint64 n_pictures;
  gint64 last_picture_us;
  GQueue changes; /* StateChange, owned */

  /* below: the main thread only */
  guint8 *clip; /* u8 [T,H,W,3] */
  gint64 n_taken;
  gint64 n_dropped;
  float *recent; /* f32 [classes,SMOOTH_WINDOWS], newest last */
  int n_recent;
  float *peak; /* of the event under way; 0: there is none */
} Watch;

typedef struct {
  gboolean json;
  Watch *watches;
  int n_watches;
} WatchAll;

static void
picture_cb (PraxiCamera *camera, const guint8 *rgb, gint64 at_us, gpointer user_data)
{
  Watch *watch = user_data;
  pthread_mutex_lock (&watch->lock);
  const gint64 slot = watch->n_pictures % watch->ring_pictures;
  memcpy (watch->ring + (gsize) slot * watch->picture_bytes, rgb, watch->picture_bytes);
  watch->n_pictures++;
  watch->last_picture_us = at_us;
  pthread_mutex_unlock (&watch->lock);
}

static void
state_cb (PraxiCamera *camera,
          PraxiCameraState state,
          const char *text,
          gint64 at_us,
          gpointer user_data)
{
  Watch *watch = user_data;
  StateChange *change = g_new (StateChange, 1);
  *change = (StateChange){state, g_strdup (text), at_us};
  pthread_mutex_lock (&watch->lock);
  g_queue_push_tail (&watch->changes, change);
  pthread_mutex_unlock (&watch->lock);
}

static char *
utc_text (gint64 at_us)
{
  g_autoptr (GDateTime) at = g_date_time_new_from_unix_utc (at_us / G_USEC_PER_SEC);
  g_autofree char *seconds = g_date_time_format (at, "%Y-%m-%dT%H:%M:%S");
  return g_strdup_printf ("%s.%03dZ", seconds, (int) (at_us % G_USEC_PER_SEC / 1000));
}

/* class_name: NULL where the line is about the camera itself */
static void
print_line (const Watch *watch,
            gboolean json,
            gint64 at_us,
            const char *what,
            const char *class_name,
            float peak,
            const char *text)
{
  g_autofree char *at = utc_text (at_us);
  if (!json) {
    g_print ("%s  %s  %s%s%s%s%s\n", at, praxi_camera_name (watch->camera), what,
             class_name != NULL ? " " : "", class_name != NULL ? class_name : "",
             *text != '\0' ? ": " : "", text);
    return;
  }
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  praxi_json_add_string (builder, "camera", praxi_camera_name (watch->camera));
  praxi_json_add_string (builder, "at", at);
  praxi_json_add_string (builder, "what", what);
  praxi_json_add_string (builder, "class", class_name);
  if (class_name != NULL)
    praxi_json_add_double (builder, "peak", (double) peak);
  praxi_json_add_string (builder, "text", text);
  json_builder_end_object (builder);
  praxi_json_write (builder, stdout, FALSE);
}

static void
end_events (Watch *watch, gboolean json, gint64 at_us)
{
  for (int c = 0; c < watch->spec->n_classes; c++) {
    if (watch->peak[c] > 0)
      print_line (watch, json, at_us, "event-end", watch->spec->classes[c], watch->peak[c], "");
    watch->peak[c] = 0;
  }
  watch->n_recent = 0;
}

static void
print_changes (Watch *watch, gboolean json)
{
  static const char *const names[] = {
      [PRAXI_CAMERA_CONNECTED] = "picture",
      [PRAXI_CAMERA_STALL] = "stall",
      [PRAXI_CAMERA_BACK] = "back",
      [PRAXI_CAMERA_ERROR] = "error",
  };
  for (;;) {
    pthread_mutex_lock (&watch->lock);
    StateChange *change = g_queue_pop_head (&watch->changes);
    pthread_mutex_unlock (&watch->lock);
    if (change == NULL)
      return;
    print_line (watch, json, change->at_us, names[change->state], NULL, 0, change->text);
    /* What was before the gap says nothing about what comes after it. */
    if (change->state == PRAXI_CAMERA_STALL)
      end_events (watch, json, change->at_us);
    g_free (change->text);
    g_free (change);
  }
}

/* Takes the newest clip when a stride of new pictures is there.
 * Returns the number of pictures that are new in watch->clip; 0: wait.
 */
static int
take_clip (Watch *watch, gint64 *at_us)
{
  const int frames = watch->spec->frames;
  const int stride = MAX (1, (int) (stride_s * watch->spec->rate_hz));
  int n_new = 0;
  pthread_mutex_lock (&watch->lock);
  const gint64 first = watch->n_pictures - frames;
  if (first >= 0 && watch->n_pictures - watch->n_taken >= stride) {
    n_new = (int) MIN (watch->n_pictures - watch->n_taken, frames);
    watch->n_dropped += watch->n_pictures - watch->n_taken - n_new;
    const gsize kept = (gsize) (frames - n_new) * watch->picture_bytes;
    memmove (watch->clip, watch->clip + (gsize) n_new * watch->picture_bytes, kept);
    for (int i = frames - n_new; i < frames; i++)
      memcpy (watch->clip + (gsize) i * watch->picture_bytes,
              watch->ring + (gsize) ((first + i) % watch->ring_pictures) * watch->picture_bytes,
              watch->picture_bytes);
    watch->n_taken = watch->n_pictures;
    *at_us = watch->last_picture_us;
  }
  pthread_mutex_unlock (&watch->lock);
  return n_new;
}

/* The mean over the newest windows. */
static float
smoothed_score (const Watch *watch, int c)
{
  float out[SMOOTH_WINDOWS];
  const float *scores = watch->recent + c * SMOOTH_WINDOWS + SMOOTH_WINDOWS - watch->n_recent;
  praxi_events_smooth (scores, watch->n_recent, SMOOTH_WINDOWS, out);
  return out[watch->n_recent - 1];
}

static void
follow_event (Watch *watch, int c, float score, gboolean json, gint64 at_us)
{
  const char *name = watch->spec->classes[c];
  const PraxiEventOptions options = praxi_events_resolve (
      &(PraxiEventOptions){.enter = watch->spec->enter[c], .exit = watch->spec->exit[c]});
  const float level = smoothed_score (watch, c);
  if (watch->peak[c] > 0 && (double) level < options.exit) {
    print_line (watch, json, at_us, "event-end", name, watch->peak[c], "");
    watch->peak[c] = 0;
  } else if (watch->peak[c] > 0) {
    watch->peak[c] = MAX (watch->peak[c], score);
  } else if ((double) level >= options.enter) {
    watch->peak[c] = score;
    print_line (watch, json, at_us, "event-begin", name, score, "");
  }
}

static gboolean
score_clip (Watch *watch, int n_new, gint64 at_us, gboolean json, GError **error)
{
  const int n_classes = watch->spec->n_classes;
  g_autofree float *scores = g_new (float, n_classes);
  if (!praxi_executor_run_shifted (watch->executor, watch->clip, n_new, scores, error))
    return FALSE;
  watch->n_recent = MIN (watch->n_recent + 1, SMOOTH_WINDOWS);
  for (int c = 0; c < n_classes; c++) {
    float *recent = watch->recent + c * SMOOTH_WINDOWS;
    memmove (recent, recent + 1, (SMOOTH_WINDOWS - 1) * sizeof *recent);
    recent[SMOOTH_WINDOWS - 1] = scores[c];
    if (!praxi_events_is_background (watch->spec->classes[c]))
      follow_event (watch, c, scores[c], json, at_us);
  }
  return TRUE;
}

static gboolean
watch_begin (Watch *watch,
             const char *url,
             PraxiModel *model,
             const PraxiExecutorOptions *executor_options,
             PraxiCameraOptions camera_options,
             GError **error)
{
  static const PraxiCameraCallbacks callbacks = {.picture = picture_cb, .state = state_cb};
  const PraxiModelSpec *spec = praxi_model_spec (model);
  watch->spec = spec;
  watch->picture_bytes = (gsize) spec->height * (gsize) spec->width * 3;
  watch->ring_pictures = spec->frames * RING_CLIPS;
  watch->ring = g_malloc_n ((gsize) watch->ring_pictures, watch->picture_bytes);
  watch->clip = g_malloc0_n ((gsize) spec->frames, watch->picture_bytes);
  watch->recent = g_new0 (float, spec->n_classes *SMOOTH_WINDOWS);
  watch->peak = g_new0 (float, spec->n_classes);
  pthread_mutex_init (&watch->lock, NULL);
  g_queue_init (&watch->changes);
  watch->executor = praxi_executor_new (model, executor_options, error);
  if (watch->executor == NULL)
    return FALSE;
  camera_options.width_px = spec->width;
  camera_options.height_px = spec->height;
  camera_options.rate_hz = spec->rate_hz;
  watch->camera = praxi_camera_new (url, &camera_options, &callbacks, watch, error);
  return watch->camera != NULL;
}

static void
watch_end (Watch *watch, gboolean json)
{
  if (watch->camera != NULL) {
    end_events (watch, json, g_get_real_time ());
    if (watch->n_dropped > 0)
      g_printerr ("praxi: %s: %" G_GINT64_FORMAT " pictures were dropped, scoring was too slow\n",
                  praxi_camera_name (watch->camera), watch->n_dropped);
  }
  praxi_camera_free (watch->camera);
  praxi_executor_free (watch->executor);
  for (StateChange *change; (change = g_queue_pop_head (&watch->changes)) != NULL;) {
    g_free (change->text);
    g_free (change);
  }
  g_free (watch->ring);
  g_free (watch->clip);
  g_free (watch->recent);
  g_free (watch->peak);
}

/* Returns FALSE when scoring failed. until_us: monotonic, 0: for ever */
static gboolean
watch_all (const WatchAll *all, gint64 until_us, GError **error)
{
  while (!praxi_cli_cancelled && (until_us == 0 || g_get_monotonic_time () < until_us)) {
    gboolean is_idle = TRUE;
    for (int i = 0; i < all->n_watches; i++) {
      Watch *watch = &all->watches[i];
      gint64 at_us = 0;
      print_changes (watch, all->json);
      const int n_new = take_clip (watch, &at_us);
      if (n_new > 0 && !score_clip (watch, n_new, at_us, all->json, error))
        return FALSE;
      is_idle = is_idle && n_new == 0;
    }
    if (is_idle)
      nanosleep (&(const struct timespec){.tv_nsec = POLL_MS * 1000 * 1000}, NULL);
  }
  return TRUE;
}

static PraxiExit
watch_urls (char **urls,
            PraxiModel *model,
            const PraxiExecutorOptions *executor_options,
            const PraxiCameraOptions *camera_options,
            double seconds,
            gboolean json)
{
  const int n = (int) g_strv_length (urls);
  g_autofree Watch *watches = g_new0 (Watch, n);
  const WatchAll all = {json, watches, n};
  g_autoptr (GError) error = NULL;
  gboolean ok = TRUE;
  int begun = 0;
  while (ok && begun < n) {
    ok = watch_begin (&watches[begun], urls[begun], model, executor_options, *camera_options,
                      &error);
    begun++;
  }
  if (ok)
    ok = watch_all (&all,
                    seconds > 0 ? g_get_monotonic_time () + (gint64) (seconds * G_USEC_PER_SEC) : 0,
                    &error);
  for (int i = 0; i < begun; i++)
    watch_end (&watches[i], json);
  if (!ok)
    return praxi_cli_fail (&error);
  return praxi_cli_cancelled ? PRAXI_EXIT_CANCELLED : PRAXI_EXIT_DONE;
}

PraxiExit
praxi_cli_watch (int argc, char **argv)
{
  g_autofree char *model_name = NULL, *backend = NULL, *record = NULL;
  double seconds = 0;
  int threads = 0, segment_s = 0;
  gboolean json = FALSE, udp = FALSE;
  const GOptionEntry entries[] = {
      {"model", 0, 0, G_OPTION_ARG_FILENAME, &model_name, "light (default), original or a file",
       "MODEL"},
      {"backend", 0, 0, G_OPTION_ARG_STRING, &backend, "auto, cpu, ref", "NAME"},
      {"threads", 0, 0, G_OPTION_ARG_INT, &threads, "threads for scoring", "N"},
      {"record", 0, 0, G_OPTION_ARG_FILENAME, &record, "keep the stream in this folder", "DIR"},
      {"segment", 0, 0, G_OPTION_ARG_INT, &segment_s, "length of a recorded file (60)", "SECONDS"},
      {"for", 0, 0, G_OPTION_ARG_DOUBLE, &seconds, "stop after this long", "SECONDS"},
      {"udp", 0, 0, G_OPTION_ARG_NONE, &udp, "RTSP over UDP instead of TCP", NULL},
      {"json", 0, 0, G_OPTION_ARG_NONE, &json, "one JSON object a line, as it happens", NULL},
      {NULL}};
  PraxiExit status = PRAXI_EXIT_DONE;
  if (!praxi_cli_parse (&argc, &argv, entries, "URL…", "Watches cameras: scores and records.",
                        &status))
    return status;
  if (argc < 2) {
    g_printerr ("praxi: watch: no camera given; see 'praxi watch --help'\n");
    return PRAXI_EXIT_USAGE;
  }
  g_autoptr (GError) error = NULL;
  g_autofree char *path = praxi_cli_model_path (model_name != NULL ? model_name : "light");
  g_autoptr (PraxiModel) model = praxi_model_load (path, &error);
  if (model != NULL && praxi_model_spec (model) == NULL)
    g_set_error (&error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED,
                 "%s: the model does not say what its classes are; convert it with a spec first",
                 path);
  if (error != NULL)
    return praxi_cli_fail (&error);
  praxi_cli_catch_signals ();
  const PraxiExecutorOptions executor_options = {.backend = backend, .threads = threads};
  const PraxiCameraOptions camera_options = {
      .udp = udp, .record_folder = record, .segment_s = segment_s};
  return watch_urls (argv + 1, model, &executor_options, &camera_options, seconds, json);
}
