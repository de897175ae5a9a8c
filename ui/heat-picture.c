#include "ui/heat-picture.h"

#include <math.h>

#include "engine/infer/events.h"
#include "engine/infer/heat-colors.h"

/* Tile k shows the pixels [k · TILE_PX, (k + 1) · TILE_PX) of a picture that begins at time 0. */
enum { TILE_PX = 256, MAX_TILES = 64 };

static gboolean
is_background (const PraxiHeatView *view, int class_index)
{
  return praxi_events_is_background (praxi_score_track_class_name (view->track, class_index));
}

int
praxi_heat_view_n_rows (const PraxiHeatView *view)
{
  int n_rows = 0;
  for (int c = 0; c < praxi_score_track_n_classes (view->track); c++)
    n_rows += !view->only_actions || !is_background (view, c);
  return n_rows;
}

static double
ns_per_px (const PraxiHeatView *view)
{
  return (double) praxi_time_span_length (view->span) / view->width_px;
}

/* A line a class, stretched when it is drawn, is painted in a fraction of the time and takes longer
 * to draw: good for a tile that is seen once, as while zooming.
 */
typedef struct {
  cairo_surface_t *surface;
  gboolean is_lines;
} Tile;

static void
free_tile (gpointer data)
{
  cairo_surface_destroy (((Tile *) data)->surface);
  g_free (data);
}

/* "Normal" is nearly always certain: in grey it does not outshine what matters. */
static void
paint_row (const PraxiHeatView *view,
           gint64 number,
           int class_index,
           guint32 *at,
           int height_px,
           int stride_px)
{
  const PraxiHeatRow row = {
      .palette = view->is_high_contrast || is_background (view, class_index) ? PRAXI_HEAT_CONTRAST
                                                                             : PRAXI_HEAT_INFERNO,
      .class_index = class_index,
      .start_ns = (gint64) ((double) (number * TILE_PX) * ns_per_px (view)),
      .end_ns = (gint64) ((double) ((number + 1) * TILE_PX) * ns_per_px (view)),
      .x_px = (int) (number & 0xff) * TILE_PX,
  };
  praxi_heat_raster (view->track, &row, at, TILE_PX, height_px, stride_px);
  if (view->estimate != NULL)
    praxi_heat_raster_estimate (view->estimate, &row, at, TILE_PX, height_px, stride_px);
}

static cairo_surface_t *
paint_rows (const PraxiHeatView *view, gint64 number, int height_px, int pitch_px)
{
  cairo_surface_t *surface = cairo_image_surface_create (
      CAIRO_FORMAT_RGB24, TILE_PX, MAX (1, praxi_heat_view_n_rows (view) * pitch_px));
  const int stride_px = cairo_image_surface_get_stride (surface) / 4;
  guint32 *at = (guint32 *) (void *) cairo_image_surface_get_data (surface);
  for (int c = 0; at != NULL && c < praxi_score_track_n_classes (view->track); c++) {
    if (view->only_actions && is_background (view, c))
      continue;
    paint_row (view, number, c, at, height_px, stride_px);
    at += (gsize) pitch_px * stride_px;
  }
  cairo_surface_mark_dirty (surface);
  return surface;
}

/* Stripes differ from line to line. */
static gboolean
has_stripes (cairo_surface_t *lines)
{
  const guint32 *pixels = (guint32 *) (void *) cairo_image_surface_get_data (lines);
  const gsize n_pixels = (gsize) cairo_image_surface_get_height (lines) * TILE_PX;
  for (gsize i = 0; pixels != NULL && i < n_pixels; i++)
    if (pixels[i] == PRAXI_HEAT_MISSING_LIGHT || pixels[i] == PRAXI_HEAT_MISSING_DARK)
      return TRUE;
  return FALSE;
}

static Tile *
paint_tile (const PraxiHeatView *view, gint64 number, gboolean is_passing)
{
  Tile *tile = g_new0 (Tile, 1);
  if (is_passing && view->estimate == NULL)
    tile->surface = paint_rows (view, number, 1, 1);
  tile->is_lines = tile->surface != NULL && !has_stripes (tile->surface);
  if (tile->is_lines)
    return tile;
  g_clear_pointer (&tile->surface, cairo_surface_destroy);
  tile->surface =
      paint_rows (view, number, view->row_height_px, view->row_height_px + view->row_gap_px);
  return tile;
}

static const Tile *
get_tile (PraxiHeatPicture *picture, const PraxiHeatView *view, gint64 number, gboolean is_passing)
{
  Tile *tile = g_hash_table_lookup (picture->tiles, &number);
  if (tile == NULL || (tile->is_lines && !is_passing)) {
    tile = paint_tile (view, number, is_passing);
    g_hash_table_replace (picture->tiles, g_memdup2 (&number, sizeof number), tile);
  }
  return tile;
}

/* Whether tiles of one serve the other. */
static gboolean
is_alike (const PraxiHeatView *a, const PraxiHeatView *b)
{
  return a->track == b->track && a->estimate == b->estimate && a->revision == b->revision &&
         praxi_time_span_length (a->span) == praxi_time_span_length (b->span) &&
         a->width_px == b->width_px && a->row_height_px == b->row_height_px &&
         a->row_gap_px == b->row_gap_px && a->only_actions == b->only_actions &&
         a->is_high_contrast == b->is_high_contrast;
}

/* Only the rows: what is between them stays as it is, and opaque pixels are copied, not blended. */
static void
draw_tile (cairo_t *cr, const Tile *tile, const PraxiHeatView *view, double x)
{
  const int n_rows = praxi_heat_view_n_rows (view);
  const int pitch_px = view->row_height_px + view->row_gap_px;
  cairo_matrix_t to_tile;
  cairo_matrix_init (&to_tile, 1, 0, 0, tile->is_lines ? 1.0 / pitch_px : 1, -x, 0);
  cairo_set_source_surface (cr, tile->surface, 0, 0);
  cairo_pattern_set_matrix (cairo_get_source (cr), &to_tile);
  cairo_pattern_set_filter (cairo_get_source (cr), CAIRO_FILTER_NEAREST);
  for (int row = 0; row < n_rows; row++)
    cairo_rectangle (cr, x, row * pitch_px, TILE_PX, view->row_height_px);
  cairo_fill (cr);
}

void
praxi_heat_picture_draw (PraxiHeatPicture *picture,
                         const PraxiHeatView *view,
                         GtkSnapshot *snapshot,
                         const graphene_rect_t *box)
{
  if (picture->tiles == NULL)
    picture->tiles = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, free_tile);
  const gboolean is_passing = !is_alike (&picture->view, view);
  if (is_passing || g_hash_table_size (picture->tiles) > MAX_TILES)
    g_hash_table_remove_all (picture->tiles);
  picture->view = *view;
  const gint64 first_px = llround ((double) view->span.start_ns / ns_per_px (view));
  const gint64 end_px = first_px + view->width_px;
  const int pitch_px = view->row_height_px + view->row_gap_px;
  const int height_px = MAX (1, praxi_heat_view_n_rows (view) * pitch_px - view->row_gap_px);
  cairo_t *cr = gtk_snapshot_append_cairo (snapshot, box);
  cairo_translate (cr, (double) box->origin.x, (double) box->origin.y);
  cairo_scale (cr, (double) box->size.width / view->width_px,
               (double) box->size.height / height_px);
  cairo_rectangle (cr, 0, 0, view->width_px, height_px);
  cairo_clip (cr);
  gint64 number = first_px >= 0 ? first_px / TILE_PX : -((-first_px + TILE_PX - 1) / TILE_PX);
  for (; number * TILE_PX < end_px; number++)
    draw_tile (cr, get_tile (picture, view, number, is_passing), view,
               (double) (number * TILE_PX - first_px));
  cairo_destroy (cr);
}

void
praxi_heat_picture_clear (PraxiHeatPicture *picture)
{
  g_clear_pointer (&picture->tiles, g_hash_table_unref);
}
