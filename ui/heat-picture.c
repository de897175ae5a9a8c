#include "ui/heat-picture.h"

#include <math.h>
#include <string.h>

#include "engine/infer/events.h"
#include "engine/infer/heat-colors.h"
#include "ui/strip.h"

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

/* Paints columns [from, to) of a row of the picture, whose first column begins at painted_ns.
 * "Normal" is nearly always certain: in grey it does not outshine what matters.
 */
static void
paint_columns (const PraxiHeatPicture *picture,
               const PraxiHeatView *view,
               int class_index,
               int y_px,
               int from,
               int to)
{
  const int stride_px = cairo_image_surface_get_stride (picture->surface) / 4;
  guint32 *pixels = (guint32 *) (void *) cairo_image_surface_get_data (picture->surface);
  const double ns_per_px = (double) praxi_time_span_length (view->span) / view->width_px;
  const PraxiHeatRow row = {
      .palette = is_background (view, class_index) ? PRAXI_HEAT_CONTRAST : PRAXI_HEAT_INFERNO,
      .class_index = class_index,
      .start_ns = picture->painted_ns + (gint64) (from * ns_per_px),
      .end_ns = picture->painted_ns + (gint64) (to * ns_per_px),
      .x_px = (int) ((gint64) ((double) picture->painted_ns / ns_per_px) & 0xffff) + from,
  };
  guint32 *at = pixels + (gsize) y_px * stride_px + from;
  praxi_heat_raster (view->track, &row, at, to - from, view->row_height_px, stride_px);
  if (view->estimate != NULL)
    praxi_heat_raster_estimate (view->estimate, &row, at, to - from, view->row_height_px,
                                stride_px);
}

static void
paint_all_rows (const PraxiHeatPicture *picture, const PraxiHeatView *view, int from, int to)
{
  int y_px = 0;
  if (to <= from || cairo_surface_status (picture->surface) != CAIRO_STATUS_SUCCESS)
    return;
  for (int c = 0; c < praxi_score_track_n_classes (view->track); c++) {
    if (view->only_actions && is_background (view, c))
      continue;
    paint_columns (picture, view, c, y_px, from, to);
    y_px += view->row_height_px + view->row_gap_px;
  }
  cairo_surface_mark_dirty (picture->surface);
}

static void
paint (PraxiHeatPicture *picture, const PraxiHeatView *view)
{
  const int pitch_px = view->row_height_px + view->row_gap_px;
  const int height_px = MAX (1, praxi_heat_view_n_rows (view) * pitch_px - view->row_gap_px);
  praxi_heat_picture_clear (picture);
  picture->surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, view->width_px, height_px);
  picture->painted_ns = view->span.start_ns;
  paint_all_rows (picture, view, 0, view->width_px);
}

/* All but where the span begins is as it was. */
static gboolean
is_moved (const PraxiHeatView *a, const PraxiHeatView *b)
{
  return a->track == b->track && a->estimate == b->estimate && a->revision == b->revision &&
         praxi_time_span_length (a->span) == praxi_time_span_length (b->span) &&
         a->width_px == b->width_px && a->row_height_px == b->row_height_px &&
         a->row_gap_px == b->row_gap_px && a->only_actions == b->only_actions;
}

/* Panning moves the pixels there are, by whole ones, and paints what is new; what is painted is at
 * most half a pixel beside its time, and does not drift. FALSE: there is too little in common.
 */
static gboolean
move (PraxiHeatPicture *picture, const PraxiHeatView *view)
{
  const double ns_per_px = (double) praxi_time_span_length (view->span) / view->width_px;
  const double by = round ((double) (view->span.start_ns - picture->painted_ns) / ns_per_px);
  const int width = view->width_px;
  if (!is_moved (&picture->view, view) || fabs (by) > width * 0.75)
    return FALSE;
  const int dx = (int) by;
  const int kept = width - ABS (dx);
  cairo_surface_flush (picture->surface); /* drawings made of it keep what it was */
  guint8 *data = cairo_image_surface_get_data (picture->surface);
  const int stride_bytes = cairo_image_surface_get_stride (picture->surface);
  for (int y = 0; y < cairo_image_surface_get_height (picture->surface); y++) {
    guint32 *line = (guint32 *) (void *) (data + (gsize) y * (gsize) stride_bytes);
    memmove (line + MAX (-dx, 0), line + MAX (dx, 0), (gsize) kept * sizeof *line);
  }
  picture->painted_ns += llround (dx * ns_per_px);
  paint_all_rows (picture, view, dx > 0 ? kept : 0, dx > 0 ? width : -dx);
  return TRUE;
}

void
praxi_heat_picture_draw (PraxiHeatPicture *picture,
                         const PraxiHeatView *view,
                         GtkSnapshot *snapshot,
                         const graphene_rect_t *box)
{
  const gboolean is_same = picture->surface != NULL && is_moved (&picture->view, view) &&
                           picture->view.span.start_ns == view->span.start_ns;
  if (!is_same && (picture->surface == NULL || !move (picture, view)))
    paint (picture, view);
  picture->view = *view;
  praxi_strip_surface (snapshot, picture->surface, box);
}

void
praxi_heat_picture_clear (PraxiHeatPicture *picture)
{
  g_clear_pointer (&picture->surface, cairo_surface_destroy);
}
