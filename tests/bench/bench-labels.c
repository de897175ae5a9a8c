/* What labels cost: an import of 100,000, then a session with 10,000 in one media, edited one after
 * the other while the label strip is drawn. Prints figures; says nothing of good or bad.
 *
 * bench-labels [LABELS_IN_SESSION]; the drawing is left out without a display.
 */
#include <glib/gstdio.h>
#include <gtk/gtk.h>
#include <stdlib.h>
#include <time.h>

#include "engine/store/exchange.h"
#include "tests/gui/session-fixture.h"
#include "ui/label-model.h"
#include "ui/session-edits.h"
#include "ui/session-labelling.h"
#include "ui/strip.h"

enum { IMPORTED = 100000, EDITS = 200, DRAWS = 200 };

static double
clock_ms (clockid_t clock)
{
  struct timespec time;
  clock_gettime (clock, &time);
  return (double) time.tv_sec * 1e3 + (double) time.tv_nsec / 1e6;
}

static void
write_csv (const char *path, int n_labels, int n_media, const char *media)
{
  static const char *const classes[] = {"normal", "fight", "fall"};
  g_autoptr (GString) csv = g_string_new ("file,class,start_s,end_s\n");
  for (int i = 0; i < n_labels; i++) {
    const double start_s = n_media > 1 ? i / 100.0 : 29.0 * i / n_labels;
    char start[32], end[32];
    g_ascii_formatd (start, sizeof start, "%.3f", start_s);
    g_ascii_formatd (end, sizeof end, "%.3f", start_s + 0.2);
    g_string_append_printf (csv, "%s%d.mp4,%s,%s,%s\n", media, i % n_media, classes[i % 3], start,
                            end);
  }
  g_assert_true (g_file_set_contents (path, csv->str, (gssize) csv->len, NULL));
}

static void
bench_import (const char *folder)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *csv = g_build_filename (folder, "import.csv", NULL);
  g_autofree char *path = g_build_filename (folder, "import.praxi", NULL);
  write_csv (csv, IMPORTED, 100, "/clip-");
  g_autoptr (PraxiStore) store = praxi_store_open (path, PRAXI_STORE_CREATE, &error);
  g_assert_no_error (error);
  double begin_ms = clock_ms (CLOCK_PROCESS_CPUTIME_ID);
  g_assert_true (praxi_store_import (store, csv, PRAXI_EXCHANGE_CSV, NULL, NULL, &error));
  const double import_ms = clock_ms (CLOCK_PROCESS_CPUTIME_ID) - begin_ms;
  begin_ms = clock_ms (CLOCK_PROCESS_CPUTIME_ID);
  g_autoptr (GPtrArray) labels = praxi_store_list_labels (store, 0, &error);
  const double list_ms = clock_ms (CLOCK_PROCESS_CPUTIME_ID) - begin_ms;
  g_print ("%d labels: import %.2f s, list %.2f s of processor time\n", IMPORTED, import_ms / 1e3,
           list_ms / 1e3);
}

static void
bench_edits (PraxiSession *session, PraxiLabelModel *model)
{
  double shown_ms = 0, kept_ms = 0, worst_ms = 0;
  for (int i = 0; i < EDITS; i++) {
    double begin_ms = clock_ms (CLOCK_THREAD_CPUTIME_ID);
    mark_and_label (session, 3 * i, 3 * i + 2, '2');
    praxi_label_model_update (model, FALSE);
    const double push_ms = clock_ms (CLOCK_THREAD_CPUTIME_ID) - begin_ms;
    begin_ms = clock_ms (CLOCK_THREAD_CPUTIME_ID);
    wait_for (is_quiet (session));
    praxi_label_model_update (model, FALSE);
    const double done_ms = clock_ms (CLOCK_THREAD_CPUTIME_ID) - begin_ms;
    shown_ms += push_ms / EDITS;
    kept_ms += done_ms / EDITS;
    worst_ms = MAX (worst_ms, MAX (push_ms, done_ms));
  }
  g_print ("one label more, main thread: until it shows %.2f ms, until it is kept %.2f ms more, "
           "worst part %.2f ms\n",
           shown_ms, kept_ms, worst_ms);
}

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  const double first = *(const double *) a, second = *(const double *) b;
  return (first > second) - (first < second);
}

static void
bench_strip (PraxiSession *session)
{
  double times_ms[DRAWS];
  GtkWidget *widget = g_object_ref_sink (gtk_label_new (NULL));
  PraxiStrip *strip = praxi_label_strip_new ();
  const PraxiTimeSpan whole = praxi_session_footage (session);
  for (int i = 0; i < DRAWS; i++) {
    const PraxiTimeSpan span =
        praxi_time_span_fit (praxi_time_span_zoom (whole, 1 + i * 0.1, whole.end_ns / 2), whole, 1);
    const PraxiStripContext context = {.session = session,
                                       .widget = widget,
                                       .time = {span, 84, 1920 - 96},
                                       .gutter_px = 84,
                                       .scale_factor = 1,
                                       .text = {0, 0, 0, 1}};
    const double begin_ms = clock_ms (CLOCK_THREAD_CPUTIME_ID);
    GtkSnapshot *snapshot = gtk_snapshot_new ();
    const float height = (float) strip->kind->height (strip, &context);
    strip->kind->draw (strip, &context, snapshot, GRAPHENE_SIZE_INIT (1920, height));
    g_autoptr (GskRenderNode) node = gtk_snapshot_free_to_node (snapshot);
    times_ms[i] = clock_ms (CLOCK_THREAD_CPUTIME_ID) - begin_ms;
    g_clear_pointer (&node, gsk_render_node_unref);
  }
  qsort (times_ms, DRAWS, sizeof *times_ms, compare_doubles);
  g_print ("label strip at 1920 px, zooming: median %.2f ms, p99 %.2f ms\n", times_ms[DRAWS / 2],
           times_ms[DRAWS * 99 / 100]);
  strip->kind->free (strip);
  g_object_unref (widget);
}

int
main (int argc, char **argv)
{
  Fixture fixture = {0};
  const int n_labels = argc > 1 ? atoi (argv[1]) : 10000;
  fixture_setup (&fixture, NULL);
  bench_import (fixture.folder);
  fixture_end (&fixture);

  g_autofree char *csv = g_build_filename (fixture.folder, "session.csv", NULL);
  write_csv (csv, n_labels, 1, "/footage/a");
  g_autofree char *text = NULL;
  g_assert_true (g_file_get_contents (csv, &text, NULL, NULL));
  g_autoptr (GString) named = g_string_new (text);
  g_string_replace (named, "/footage/a0.mp4", "/footage/a.mp4", 0);
  g_assert_true (g_file_set_contents (csv, named->str, (gssize) named->len, NULL));
  PraxiStore *store = praxi_store_open (fixture.project, PRAXI_STORE_CREATE, NULL);
  g_assert_true (praxi_store_import (store, csv, PRAXI_EXCHANGE_CSV, NULL, NULL, NULL));
  praxi_store_close (store);

  const double begin_ms = clock_ms (CLOCK_PROCESS_CPUTIME_ID);
  fixture_begin (&fixture);
  wait_for (praxi_session_labels (fixture.session)->len == (guint) n_labels);
  g_print ("%d labels in one media: read and shown after %.0f ms of processor time\n", n_labels,
           clock_ms (CLOCK_PROCESS_CPUTIME_ID) - begin_ms);
  PraxiLabelModel *model = praxi_label_model_new (fixture.session);
  bench_edits (fixture.session, model);
  g_object_unref (model);
  if (gtk_init_check ())
    bench_strip (fixture.session);
  fixture_teardown (&fixture, NULL);
  return 0;
}
