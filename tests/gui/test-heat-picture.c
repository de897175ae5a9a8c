/* What is drawn while zooming, a line a row, is what is drawn while panning, tiles: pixel for
 * pixel, at every zoom, with time that was not analysed before, between and after the scores.
 */
#include <math.h>
#include <string.h>

#include "ui/heat-picture.h"

#define SECOND G_GINT64_CONSTANT (1000000000)

enum { N_WINDOWS = 400, ROW_PX = 10, GAP_PX = 2, WIDTH_PX = 700 };

static const char *const classes[] = {"normal", "fall", "fight"};
enum { HEIGHT_PX = G_N_ELEMENTS (classes) * (ROW_PX + GAP_PX) };

/* Greys of every level, too: "normal" is drawn in grey, and so is what was not analysed. */
static PraxiScoreTrack *
make_track (void)
{
  const PraxiScoreTrackSpec spec = {
      .classes = classes,
      .n_classes = G_N_ELEMENTS (classes),
      .n_windows = N_WINDOWS,
      .stride_ns = SECOND / 2,
      .window_ns = 2 * SECOND,
      .model_sha256 = "0000000000000000000000000000000000000000000000000000000000000000"};
  PraxiScoreTrack *track = praxi_score_track_create (NULL, &spec, NULL);
  for (int k = 0; k < N_WINDOWS * 3 / 4; k++) {
    const gboolean is_missing = k % 100 > 70;
    const float a = is_missing ? NAN : (float) (k % 97) / 97;
    const float scores[] = {a, is_missing ? NAN : 1 - a, is_missing ? NAN : a * a};
    g_assert_true (praxi_score_track_append (track, scores, NULL));
  }
  return track;
}

static cairo_surface_t *
draw (PraxiHeatPicture *picture, const PraxiHeatView *view)
{
  GtkSnapshot *snapshot = gtk_snapshot_new ();
  praxi_heat_picture_draw (picture, view, snapshot,
                           &GRAPHENE_RECT_INIT (0, 0, WIDTH_PX, HEIGHT_PX - GAP_PX));
  GskRenderNode *node = gtk_snapshot_free_to_node (snapshot);
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, WIDTH_PX, HEIGHT_PX);
  cairo_t *cr = cairo_create (surface);
  gsk_render_node_draw (node, cr);
  cairo_destroy (cr);
  gsk_render_node_unref (node);
  return surface;
}

static int
count_differences (cairo_surface_t *a, cairo_surface_t *b)
{
  const guint32 *first = (guint32 *) (void *) cairo_image_surface_get_data (a);
  const guint32 *second = (guint32 *) (void *) cairo_image_surface_get_data (b);
  int n = 0;
  for (int i = 0; i < WIDTH_PX * HEIGHT_PX; i++)
    n += ((first[i] ^ second[i]) & 0xffffff) != 0;
  return n;
}

static void
assert_same (const PraxiScoreTrack *track, gint64 start_ns, gint64 length_ns)
{
  PraxiHeatPicture zoomed = {.tiles = NULL}, panned = {.tiles = NULL};
  PraxiHeatView view = {.track = track,
                        .span = {start_ns + length_ns, start_ns + 2 * length_ns},
                        .width_px = WIDTH_PX,
                        .row_height_px = ROW_PX,
                        .row_gap_px = GAP_PX};
  cairo_surface_destroy (draw (&panned, &view));
  view.span = (PraxiTimeSpan){start_ns, start_ns + length_ns};
  cairo_surface_t *tiles = draw (&panned, &view);
  g_assert_cmpuint (g_hash_table_size (panned.tiles), >=, WIDTH_PX / 256);
  for (int i = 0; i < 2; i++) {
    cairo_surface_t *lines = draw (&zoomed, &view);
    g_assert_cmpuint (g_hash_table_size (zoomed.tiles), ==, 0);
    g_assert_cmpint (count_differences (lines, tiles), ==, 0);
    cairo_surface_destroy (lines);
  }
  cairo_surface_destroy (tiles);
  praxi_heat_picture_clear (&zoomed);
  praxi_heat_picture_clear (&panned);
}

static void
test_lines (void)
{
  g_autoptr (PraxiScoreTrack) track = make_track ();
  for (gint64 length_ns = 250 * SECOND; length_ns > SECOND / 100; length_ns = length_ns * 3 / 5)
    for (int from = -20; from < 200; from += 17)
      assert_same (track, from * SECOND + from * 12345, length_ns);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gtk_init_check (); /* no display is needed */
  g_test_add_func ("/heat-picture/lines", test_lines);
  return g_test_run ();
}
