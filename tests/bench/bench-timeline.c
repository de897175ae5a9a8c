/* Prints what drawing the timeline costs over ten hours of footage, twenty classes and ten thousand
 * labels, at 1920 pixels; judges nothing. Run inside gui-env -s 1920x1080.
 */
#include <adwaita.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/store/classes.h"
#include "engine/store/labels.h"
#include "tests/gui/run-fixture.h"
#include "ui/session-analysis.h"
#include "ui/session-labels.h"
#include "ui/session-thresholds.h"
#include "ui/timeline.h"

#define MEDIA "/footage/day.mp4"
#define SHA "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define STRIDE_NS G_GINT64_CONSTANT (500000000)
#define FRAME_NS G_GINT64_CONSTANT (40000000)
#define HOUR_NS G_GINT64_CONSTANT (3600000000000)

enum { WIDTH = 1920, N_CLASSES = 20, N_WINDOWS = 10 * 3600 * 2, N_LABELS = 10000, ROUNDS = 100 };

typedef struct {
  PraxiSession *session;
  GtkWidget *timeline;
  cairo_surface_t *surface;
} Bench;

static double
cpu_ms (void)
{
  struct timespec now;
  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return (double) now.tv_sec * 1e3 + (double) now.tv_nsec / 1e6;
}

static void
score (int k, float *scores, gconstpointer user_data)
{
  for (int c = 0; c < N_CLASSES; c++)
    scores[c] = (float) pow (0.5 + 0.5 * sin (k / (20.0 + 13 * c) + c), 12);
}

static void
add_labels (PraxiStore *store, gint64 media_id)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) classes = praxi_store_list_classes (store, &error);
  g_assert_no_error (error);
  g_assert_true (praxi_store_begin (store, &error));
  for (int i = 0; i < N_LABELS; i++) {
    const PraxiClass *cls = classes->pdata[i % (int) classes->len];
    const int start = i * 90, end = start + 30 + i % 200;
    const PraxiLabel label = {.media_id = media_id,
                              .class_id = cls->id,
                              .start_ns = start * FRAME_NS,
                              .end_ns = end * FRAME_NS,
                              .start_frame = start,
                              .end_frame = end};
    g_assert_true (praxi_store_add_label (store, &label, NULL, &error));
  }
  g_assert_true (praxi_store_commit (store, &error));
}

static void
make_project (const char *path)
{
  static const char *const classes[] = {"normal", "c1",  "c2",  "c3",  "c4",  "c5",  "c6",
                                        "c7",     "c8",  "c9",  "c10", "c11", "c12", "c13",
                                        "c14",    "c15", "c16", "c17", "c18", "c19"};
  const RunFixture run = {.media = MEDIA,
                          .model_name = "light",
                          .track = {.classes = classes,
                                    .n_classes = N_CLASSES,
                                    .n_windows = N_WINDOWS,
                                    .stride_ns = STRIDE_NS,
                                    .window_ns = 4 * STRIDE_NS,
                                    .model_sha256 = SHA},
                          .score = score};
  const gint64 media_id = run_fixture_write (path, &run);
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiStore) store = praxi_store_open (path, PRAXI_STORE_CREATE, &error);
  g_assert_no_error (error);
  const char *const names[] = {"normal", "fight", "fall"};
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    praxi_store_add_class (store, &(PraxiClass){.name = (char *) names[i]}, TRUE, NULL, NULL);
  add_labels (store, media_id);
}

/* What GTK does for a frame of this widget: build the nodes, paint them. */
static double
draw (Bench *bench, double *build_ms)
{
  const double begin = cpu_ms ();
  GtkSnapshot *snapshot = gtk_snapshot_new ();
  GTK_WIDGET_GET_CLASS (bench->timeline)->snapshot (bench->timeline, snapshot);
  g_autoptr (GskRenderNode) node = gtk_snapshot_free_to_node (snapshot);
  *build_ms = cpu_ms () - begin;
  cairo_t *cr = cairo_create (bench->surface);
  gsk_render_node_draw (node, cr);
  cairo_destroy (cr);
  return cpu_ms () - begin;
}

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  const double x = *(const double *) a, y = *(const double *) b;
  return (x > y) - (x < y);
}

static void
print_times (const char *what, double *all, double *build)
{
  qsort (all, ROUNDS, sizeof *all, compare_doubles);
  qsort (build, ROUNDS, sizeof *build, compare_doubles);
  printf ("%-22s draw median %6.2f ms, p99 %6.2f ms (building it %6.2f, %6.2f)\n", what,
          all[ROUNDS / 2], all[ROUNDS * 99 / 100], build[ROUNDS / 2], build[ROUNDS * 99 / 100]);
}

static void
playing (Bench *bench, int i)
{
  praxi_session_scrub (bench->session, 1000 + i);
}

static void
hovering (Bench *bench, int i)
{
  praxi_session_set_hover (bench->session,
                           (PraxiHover){.is_valid = TRUE, .time_ns = i * HOUR_NS / 100});
}

static void
panning (Bench *bench, int i)
{
  const PraxiTimeSpan span = praxi_session_visible (bench->session);
  const gint64 by_ns = praxi_time_span_length (span) / 50 * (i % 20 < 10 ? 1 : -1);
  praxi_session_set_visible (bench->session,
                             (PraxiTimeSpan){span.start_ns + by_ns, span.end_ns + by_ns});
}

static void
zooming (Bench *bench, int i)
{
  praxi_session_zoom (bench->session, i % 60 < 30 ? 1.25 : 0.8, 5 * HOUR_NS);
}

static void
threshold (Bench *bench, int i)
{
  praxi_session_set_enter (bench->session, 1 + i % 3, 0.3 + 0.002 * i);
}

static void
selecting (Bench *bench, int i)
{
  const GPtrArray *labels = praxi_session_labels (bench->session);
  const PraxiUiLabel *label = labels->pdata[i * 7 % (int) labels->len];
  praxi_session_select_label (bench->session, label->id);
}

static void
run (Bench *bench, const char *what, PraxiTimeSpan visible, void (*change) (Bench *, int))
{
  static double all[ROUNDS], build[ROUNDS];
  double changes_ms = 0;
  praxi_session_set_visible (bench->session, visible);
  draw (bench, &build[0]);
  for (int i = 0; i < ROUNDS; i++) {
    const double begin = cpu_ms ();
    change (bench, i);
    changes_ms += cpu_ms () - begin;
    all[i] = draw (bench, &build[i]);
  }
  print_times (what, all, build);
  if (changes_ms / ROUNDS > 0.5)
    printf ("%-22s   the change itself takes %.2f ms\n", "", changes_ms / ROUNDS);
}

static void
wait_for_all (Bench *bench)
{
  while (praxi_session_n_frames (bench->session) == 0 ||
         praxi_session_labels (bench->session)->len < N_LABELS ||
         praxi_session_track (bench->session) == NULL)
    g_main_context_iteration (NULL, TRUE);
}

int
main (int argc, char **argv)
{
  setvbuf (stdout, NULL, _IOLBF, 0);
  gtk_init ();
  adw_init ();
  g_autofree char *folder = g_dir_make_tmp ("praxi-bench-XXXXXX", NULL);
  g_autofree char *project = g_build_filename (folder, "day.praxi", NULL);
  g_autofree char *command = g_strdup_printf ("rm -rf '%s'", folder);
  make_project (project);
  Bench bench = {.session = praxi_session_new ("/nowhere/praxi", project)};
  bench.timeline = g_object_new (PRAXI_TYPE_TIMELINE, NULL);
  praxi_timeline_set_session (PRAXI_TIMELINE (bench.timeline), bench.session);
  GtkWidget *window = gtk_window_new ();
  gtk_window_set_child (GTK_WINDOW (window), bench.timeline);
  gtk_window_set_default_size (GTK_WINDOW (window), WIDTH, 600);
  praxi_session_add_media (bench.session, MEDIA);
  wait_for_all (&bench);
  gtk_window_present (GTK_WINDOW (window));
  while (gtk_widget_get_width (bench.timeline) < WIDTH / 2)
    g_main_context_iteration (NULL, TRUE);
  const int height = gtk_widget_get_height (bench.timeline);
  bench.surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, WIDTH, height);
  printf ("timeline of %d x %d pixels, %u events\n", gtk_widget_get_width (bench.timeline), height,
          praxi_session_events (bench.session)->len);

  const PraxiTimeSpan all = praxi_session_footage (bench.session);
  const PraxiTimeSpan minutes = {5 * HOUR_NS, 5 * HOUR_NS + HOUR_NS / 12};
  run (&bench, "10 h, playhead", all, playing);
  run (&bench, "10 h, pointer", all, hovering);
  run (&bench, "10 h, threshold", all, threshold);
  run (&bench, "10 h, selection", all, selecting);
  run (&bench, "zooming 10 h to 1 min", all, zooming);
  run (&bench, "an hour, panning", (PraxiTimeSpan){HOUR_NS, 2 * HOUR_NS}, panning);
  run (&bench, "five minutes, playhead", minutes, playing);
  run (&bench, "five minutes, panning", minutes, panning);
  praxi_session_close (bench.session);
  gtk_window_destroy (GTK_WINDOW (window));
  g_object_unref (bench.session);
  cairo_surface_destroy (bench.surface);
  return system (command) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
