#include "ui/heat-picture.h"

#include "engine/infer/events.h"
#include "engine/infer/heat-colors.h"

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

/* "Normal" is nearly always certain: in grey it does not outshine what matters. */
static void
paint_row (const PraxiHeatView *view, int class_index, guint32 *pixels)
{
  const gint64 ns_per_px = MAX (1, praxi_time_span_length (view->span) / view->width_px);
  const PraxiHeatRow row = {
      .palette = is_background (view, class_index) ? PRAXI_HEAT_CONTRAST : PRAXI_HEAT_INFERNO,
      .class_index = class_index,
      .start_ns = view->span.start_ns,
      .end_ns = view->span.end_ns,
      .x_px = (int) ((view->span.start_ns / ns_per_px) & 0xffff),
  };
  praxi_heat_raster (view->track, &row, pixels, view->width_px, view->row_height_px,
                     view->width_px);
}

static GdkTexture *
paint (const PraxiHeatView *view)
{
  const int pitch_px = view->row_height_px + view->row_gap_px;
  const int height_px = MAX (1, praxi_heat_view_n_rows (view) * pitch_px - view->row_gap_px);
  const gsize stride_bytes = (gsize) view->width_px * 4;
  guint32 *pixels = g_malloc0 (stride_bytes * (gsize) height_px);
  int row = 0;
  for (int c = 0; c < praxi_score_track_n_classes (view->track); c++)
    if (!view->only_actions || !is_background (view, c))
      paint_row (view, c, pixels + (gsize) (row++ * pitch_px) * view->width_px);
  g_autoptr (GBytes) bytes = g_bytes_new_take (pixels, stride_bytes * (gsize) height_px);
  return gdk_memory_texture_new (view->width_px, height_px, GDK_MEMORY_DEFAULT, bytes,
                                 stride_bytes);
}

static gboolean
is_same (const PraxiHeatView *a, const PraxiHeatView *b)
{
  return a->track == b->track && a->revision == b->revision &&
         a->span.start_ns == b->span.start_ns && a->span.end_ns == b->span.end_ns &&
         a->width_px == b->width_px && a->row_height_px == b->row_height_px &&
         a->row_gap_px == b->row_gap_px && a->only_actions == b->only_actions;
}

GdkTexture *
praxi_heat_picture_get (PraxiHeatPicture *picture, const PraxiHeatView *view)
{
  if (picture->texture == NULL || !is_same (&picture->view, view)) {
    g_clear_object (&picture->texture);
    picture->texture = paint (view);
    picture->view = *view;
  }
  return picture->texture;
}

void
praxi_heat_picture_clear (PraxiHeatPicture *picture)
{
  g_clear_object (&picture->texture);
}
