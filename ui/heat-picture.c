#include "ui/heat-picture.h"

#include "engine/infer/heat-colors.h"

static GdkTexture *
paint (const PraxiHeatView *view)
{
  const int n_classes = praxi_score_track_n_classes (view->track);
  const int pitch_px = view->row_height_px + view->row_gap_px;
  const int height_px = MAX (1, n_classes * pitch_px - view->row_gap_px);
  const gsize stride_bytes = (gsize) view->width_px * 4;
  guint32 *pixels = g_malloc0 (stride_bytes * (gsize) height_px);
  const gint64 ns_per_px = MAX (1, praxi_time_span_length (view->span) / view->width_px);
  for (int c = 0; c < n_classes; c++) {
    const PraxiHeatRow row = {
        .palette = PRAXI_HEAT_INFERNO,
        .class_index = c,
        .start_ns = view->span.start_ns,
        .end_ns = view->span.end_ns,
        .x_px = (int) ((view->span.start_ns / ns_per_px) & 0xffff),
    };
    praxi_heat_raster (view->track, &row, pixels + (gsize) (c * pitch_px) * view->width_px,
                       view->width_px, view->row_height_px, view->width_px);
  }
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
         a->row_gap_px == b->row_gap_px;
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
