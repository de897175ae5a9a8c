#include "ui/heat-picture.h"

#include <math.h>

#include "engine/infer/events.h"
#include "engine/infer/heat-colors.h"

/* Tile k shows the pixels [k · TILE_PX, (k + 1) · TILE_PX) of a picture that begins at time 0. */
enum { TILE_PX = 256, MAX_TILES = 64, HATCH_PX = 8 };

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

/* "Normal" is nearly always certain: in grey it does not outshine what matters. */
static void
paint_row (const PraxiHeatView *view,
           gint64 number,
           int class_index,
           guint32 *pixels,
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
  praxi_heat_raster (view->track, &row, pixels, TILE_PX, height_px, stride_px);
  if (view->estimate != NULL)
    praxi_heat_raster_estimate (view->estimate, &row, pixels, TILE_PX, height_px, stride_px);
}

static cairo_surface_t *
paint_tile (const PraxiHeatView *view, gint64 number)
{
  const int pitch_px = view->row_height_px + view->row_gap_px;
  cairo_surface_t *tile = cairo_image_surface_create (
      CAIRO_FORMAT_RGB24, TILE_PX, MAX (1, praxi_heat_view_n_rows (view) * pitch_px));
  const int stride_px = cairo_image_surface_get_stride (tile) / 4;
  guint32 *at = (guint32 *) (void *) cairo_image_surface_get_data (tile);
  for (int c = 0; at != NULL && c < praxi_score_track_n_classes (view->track); c++) {
    if (view->only_actions && is_background (view, c))
      continue;
    paint_row (view, number, c, at, view->row_height_px, stride_px);
    at += (gsize) pitch_px * (gsize) stride_px;
  }
  cairo_surface_mark_dirty (tile);
  return tile;
}

static cairo_surface_t *
get_tile (PraxiHeatPicture *picture, const PraxiHeatView *view, gint64 number)
{
  cairo_surface_t *tile = g_hash_table_lookup (picture->tiles, &number);
  if (tile != NULL)
    return tile;
  tile = paint_tile (view, number);
  g_hash_table_insert (picture->tiles, g_memdup2 (&number, sizeof number), tile);
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
draw_tile (cairo_t *cr, cairo_surface_t *tile, const PraxiHeatView *view, double x)
{
  const int n_rows = praxi_heat_view_n_rows (view);
  const int pitch_px = view->row_height_px + view->row_gap_px;
  cairo_set_source_surface (cr, tile, x, 0);
  cairo_pattern_set_filter (cairo_get_source (cr), CAIRO_FILTER_NEAREST);
  for (int row = 0; row < n_rows; row++)
    cairo_rectangle (cr, x, row * pitch_px, TILE_PX, view->row_height_px);
  cairo_fill (cr);
}

/* The tile that shows pixel x_px. */
static gint64
tile_at (gint64 x_px)
{
  return x_px >= 0 ? x_px / TILE_PX : -((-x_px + TILE_PX - 1) / TILE_PX);
}

static void
draw_tiles (PraxiHeatPicture *picture, const PraxiHeatView *view, cairo_t *cr, gint64 first_px)
{
  for (gint64 number = tile_at (first_px); number * TILE_PX < first_px + view->width_px; number++)
    draw_tile (cr, get_tile (picture, view, number), view, (double) (number * TILE_PX - first_px));
}

/* One line of a row, as long as all the tiles in view. */
static cairo_surface_t *
paint_line (const PraxiHeatView *view, gint64 first_px, int class_index)
{
  const gint64 first = tile_at (first_px), last = tile_at (first_px + view->width_px - 1);
  cairo_surface_t *line =
      cairo_image_surface_create (CAIRO_FORMAT_RGB24, (int) (last + 1 - first) * TILE_PX, 1);
  guint32 *pixels = (guint32 *) (void *) cairo_image_surface_get_data (line);
  for (gint64 number = first; pixels != NULL && number <= last; number++)
    paint_row (view, number, class_index, pixels + (number - first) * TILE_PX, 1, TILE_PX);
  cairo_surface_mark_dirty (line);
  return line;
}

/* A row whose lines are all alike is one of them, repeated. */
static void
fill (cairo_t *cr, cairo_surface_t *pattern, const cairo_rectangle_t *box, double pattern_x)
{
  cairo_set_source_surface (cr, pattern, pattern_x, box->y);
  cairo_pattern_set_extend (cairo_get_source (cr), CAIRO_EXTEND_REPEAT);
  cairo_pattern_set_filter (cairo_get_source (cr), CAIRO_FILTER_NEAREST);
  cairo_rectangle (cr, box->x, box->y, box->width, box->height);
  cairo_fill (cr);
}

static cairo_surface_t *
make_stripes (void)
{
  cairo_surface_t *stripes = cairo_image_surface_create (CAIRO_FORMAT_RGB24, HATCH_PX, HATCH_PX);
  const int stride_px = cairo_image_surface_get_stride (stripes) / 4;
  guint32 *pixels = (guint32 *) (void *) cairo_image_surface_get_data (stripes);
  for (int i = 0; pixels != NULL && i < HATCH_PX * HATCH_PX; i++)
    pixels[i / HATCH_PX * stride_px + i % HATCH_PX] = praxi_heat_hatch (i % HATCH_PX, i / HATCH_PX)
                                                          ? PRAXI_HEAT_MISSING_DARK
                                                          : PRAXI_HEAT_MISSING_LIGHT;
  cairo_surface_mark_dirty (stripes);
  return stripes;
}

static gboolean
is_missing (guint32 pixel)
{
  return pixel == PRAXI_HEAT_MISSING_LIGHT || pixel == PRAXI_HEAT_MISSING_DARK;
}

/* Over the line, where nothing is analysed: there lines differ. x_px: where the line begins */
static void
draw_stripes (cairo_t *cr, cairo_surface_t *line, const PraxiHeatView *view, int x_px, int y_px)
{
  cairo_surface_t *stripes = NULL;
  const int width_px = cairo_image_surface_get_width (line);
  const guint32 *pixels = (guint32 *) (void *) cairo_image_surface_get_data (line);
  for (int x = 0, from = 0; pixels != NULL && x <= width_px; x++) {
    if (x < width_px && is_missing (pixels[x]))
      continue;
    const cairo_rectangle_t box = {x_px + from, y_px, x - from, view->row_height_px};
    if (x > from) {
      stripes = stripes != NULL ? stripes : make_stripes ();
      fill (cr, stripes, &box, x_px);
    }
    from = x + 1;
  }
  g_clear_pointer (&stripes, cairo_surface_destroy);
}

/* A row is one of its lines, repeated: made in a twentieth of the time that tiles take. */
static void
draw_lines (PraxiHeatPicture *picture, const PraxiHeatView *view, cairo_t *cr, gint64 first_px)
{
  const int x_px = (int) (tile_at (first_px) * TILE_PX - first_px);
  int y_px = 0;
  guint row = 0;
  for (int c = 0; c < praxi_score_track_n_classes (view->track); c++) {
    if (view->only_actions && is_background (view, c))
      continue;
    if (row == picture->lines->len)
      g_ptr_array_add (picture->lines, paint_line (view, first_px, c));
    cairo_surface_t *line = picture->lines->pdata[row++];
    fill (cr, line, &(cairo_rectangle_t){0, y_px, view->width_px, view->row_height_px}, x_px);
    draw_stripes (cr, line, view, x_px, y_px);
    y_px += view->row_height_px + view->row_gap_px;
  }
}

/* Forgets what was made for other views. FALSE: nothing of the last drawing serves. */
static gboolean
prepare (PraxiHeatPicture *picture, const PraxiHeatView *view)
{
  const gboolean alike = is_alike (&picture->view, view);
  if (picture->tiles == NULL)
    picture->tiles = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free,
                                            (GDestroyNotify) cairo_surface_destroy);
  if (picture->lines == NULL)
    picture->lines = g_ptr_array_new_with_free_func ((GDestroyNotify) cairo_surface_destroy);
  if (!alike || g_hash_table_size (picture->tiles) > MAX_TILES)
    g_hash_table_remove_all (picture->tiles);
  if (!alike || picture->view.span.start_ns != view->span.start_ns)
    g_ptr_array_set_size (picture->lines, 0);
  picture->view = *view;
  return alike;
}

void
praxi_heat_picture_draw (PraxiHeatPicture *picture,
                         const PraxiHeatView *view,
                         GtkSnapshot *snapshot,
                         const graphene_rect_t *box)
{
  const gboolean is_new = !prepare (picture, view);
  const gint64 first_px = llround ((double) view->span.start_ns / ns_per_px (view));
  const int pitch_px = view->row_height_px + view->row_gap_px;
  const int height_px = MAX (1, praxi_heat_view_n_rows (view) * pitch_px - view->row_gap_px);
  cairo_t *cr = gtk_snapshot_append_cairo (snapshot, box);
  cairo_translate (cr, (double) box->origin.x, (double) box->origin.y);
  cairo_scale (cr, (double) box->size.width / view->width_px,
               (double) box->size.height / height_px);
  cairo_rectangle (cr, 0, 0, view->width_px, height_px);
  cairo_clip (cr);
  /* Rows that touch are drawn at once, or a scale would leave seams. */
  const gboolean may_be_lines = view->estimate == NULL && view->row_gap_px > 0;
  if (may_be_lines && (is_new || picture->lines->len > 0))
    draw_lines (picture, view, cr, first_px);
  else
    draw_tiles (picture, view, cr, first_px);
  cairo_destroy (cr);
}

void
praxi_heat_picture_clear (PraxiHeatPicture *picture)
{
  g_clear_pointer (&picture->tiles, g_hash_table_unref);
  g_clear_pointer (&picture->lines, g_ptr_array_unref);
}
