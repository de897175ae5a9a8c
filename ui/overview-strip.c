/* The whole footage in small: scores, labels, and a frame around what the other strips show. */
#include <glib/gi18n.h>
#include <math.h>

#include "ui/heat-picture.h"
#include "ui/session-analysis.h"
#include "ui/session-labels.h"
#include "ui/strip.h"

enum { HEIGHT_PX = 24, SCORES_PX = 18, LABELS_PX = 4, HANDLE_PX = 6, NEAR_PX = 7 };

typedef struct {
  PraxiStrip base;
  PraxiHeatPicture picture;
  cairo_surface_t *labels; /* one line of pixels; NULL: to be made */
  PraxiTimeSpan labels_span;
} OverviewStrip;

static PraxiStripContext
whole (const PraxiStripContext *context)
{
  PraxiStripContext all = *context;
  all.time.span = praxi_session_footage (context->session);
  return all;
}

static void
draw_scores (OverviewStrip *self, const PraxiStripContext *all, GtkSnapshot *snapshot)
{
  const PraxiScoreTrack *track = praxi_session_track (all->session);
  if (track == NULL)
    return;
  PraxiHeatView view = {
      .track = track,
      .estimate = praxi_session_estimate (all->session),
      .revision = praxi_session_track_revision (all->session),
      .span = all->time.span,
      .width_px = MAX (1, (int) round (all->time.width_px * all->scale_factor)),
      .is_high_contrast = all->is_high_contrast,
      .only_actions = TRUE,
  };
  const int n_rows = praxi_heat_view_n_rows (&view);
  if (n_rows == 0)
    return;
  view.row_height_px = MAX (1, (int) (SCORES_PX * all->scale_factor) / n_rows);
  praxi_heat_picture_draw (
      &self->picture, &view, snapshot,
      &GRAPHENE_RECT_INIT ((float) all->time.left_px, 0, (float) all->time.width_px, SCORES_PX));
}

static void
paint_label (const PraxiStripContext *all, const PraxiUiLabel *label, guint32 *pixels, int width)
{
  const PraxiUiClass *cls = praxi_session_find_class (all->session, label->class_id);
  if (cls == NULL)
    return;
  const PraxiTimeScale scale = {all->time.span, 0, width};
  const int from = CLAMP ((int) praxi_time_scale_x (&scale, label->span.start_ns), 0, width - 1);
  const int to = CLAMP ((int) praxi_time_scale_x (&scale, label->span.end_ns), from, width - 1);
  const guint32 red = (guint32) lroundf (cls->color.red * 255);
  const guint32 green = (guint32) lroundf (cls->color.green * 255);
  const guint32 blue = (guint32) lroundf (cls->color.blue * 255);
  for (int x = from; x <= to; x++)
    pixels[x] = 0xff000000u | red << 16 | green << 8 | blue;
}

/* Thousands of labels become one line of pixels, made anew only when they change. */
static cairo_surface_t *
make_labels (const PraxiStripContext *all)
{
  const int width = MAX (1, (int) round (all->time.width_px * all->scale_factor));
  const GPtrArray *labels = praxi_session_labels (all->session);
  cairo_surface_t *line = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, width, 1);
  guint32 *pixels = (guint32 *) (void *) cairo_image_surface_get_data (line);
  for (guint i = 0; pixels != NULL && i < labels->len; i++)
    paint_label (all, labels->pdata[i], pixels, width);
  cairo_surface_mark_dirty (line);
  return line;
}

static gboolean
has_labels_for (const OverviewStrip *self, const PraxiStripContext *all)
{
  return self->labels != NULL && self->labels_span.start_ns == all->time.span.start_ns &&
         self->labels_span.end_ns == all->time.span.end_ns &&
         cairo_image_surface_get_width (self->labels) ==
             MAX (1, (int) round (all->time.width_px * all->scale_factor));
}

static void
draw_labels (OverviewStrip *self, const PraxiStripContext *all, GtkSnapshot *snapshot)
{
  if (!has_labels_for (self, all)) {
    g_clear_pointer (&self->labels, cairo_surface_destroy);
    self->labels = make_labels (all);
    self->labels_span = all->time.span;
  }
  const graphene_rect_t box = GRAPHENE_RECT_INIT (
      (float) all->time.left_px, HEIGHT_PX - LABELS_PX - 1, (float) all->time.width_px, LABELS_PX);
  praxi_strip_surface (snapshot, self->labels, &box);
}

static void
draw_handle (const PraxiStripContext *all, GtkSnapshot *snapshot, float x)
{
  GskRoundedRect grip;
  const GdkRGBA notch = {1, 1, 1, 0.9f};
  const graphene_rect_t box = GRAPHENE_RECT_INIT (x, 0, HANDLE_PX, HEIGHT_PX);
  gsk_rounded_rect_init_from_rect (&grip, &box, 2);
  gtk_snapshot_push_rounded_clip (snapshot, &grip);
  gtk_snapshot_append_color (snapshot, &all->accent, &box);
  gtk_snapshot_append_color (snapshot, &notch,
                             &GRAPHENE_RECT_INIT (x + HANDLE_PX / 2 - 1, HEIGHT_PX / 2 - 4, 2, 8));
  gtk_snapshot_pop (snapshot);
}

/* The frame around what is visible; what is not is veiled. */
static void
draw_view (const PraxiStripContext *all, GtkSnapshot *snapshot, PraxiTimeSpan visible)
{
  graphene_rect_t box;
  if (!praxi_strip_box (all, visible, 0, HEIGHT_PX, &box))
    return;
  const float left = (float) all->time.left_px, right = left + (float) all->time.width_px;
  const float end = box.origin.x + box.size.width;
  const GdkRGBA veil = all->is_dark ? (GdkRGBA){0, 0, 0, 0.45f} : (GdkRGBA){1, 1, 1, 0.5f};
  gtk_snapshot_append_color (snapshot, &veil,
                             &GRAPHENE_RECT_INIT (left, 0, box.origin.x - left, HEIGHT_PX));
  gtk_snapshot_append_color (snapshot, &veil, &GRAPHENE_RECT_INIT (end, 0, right - end, HEIGHT_PX));
  GskRoundedRect frame;
  const GdkRGBA accent = all->accent;
  gsk_rounded_rect_init_from_rect (&frame, &box, 2);
  gtk_snapshot_append_border (snapshot, &frame, (const float[]){1, 1, 1, 1},
                              (const GdkRGBA[]){accent, accent, accent, accent});
  draw_handle (all, snapshot, MAX (box.origin.x - HANDLE_PX / 2, left - HANDLE_PX));
  draw_handle (all, snapshot, MIN (end - HANDLE_PX / 2, right));
}

static void
draw (PraxiStrip *strip,
      const PraxiStripContext *context,
      GtkSnapshot *snapshot,
      graphene_size_t area)
{
  const PraxiStripContext all = whole (context);
  praxi_strip_name (context, snapshot, _ ("Whole"), 0, area.height);
  praxi_strip_bed (context, snapshot, 0, area.height);
  if (praxi_session_n_frames (context->session) == 0)
    return;
  draw_scores ((OverviewStrip *) strip, &all, snapshot);
  draw_labels ((OverviewStrip *) strip, &all, snapshot);
  const int playhead = praxi_session_playhead (context->session);
  const gint64 now_ns = praxi_session_frame_span (context->session, playhead).start_ns;
  const double x = praxi_time_scale_x (&all.time, now_ns);
  gtk_snapshot_append_color (snapshot, &context->accent,
                             &GRAPHENE_RECT_INIT ((float) round (x), 0, 2, area.height));
  draw_view (&all, snapshot, context->time.span);
}

static int
height (PraxiStrip *strip, const PraxiStripContext *context)
{
  return HEIGHT_PX;
}

/* Of a view too narrow for two ends and a middle only the middle is left, or it could not be moved.
 */
static PraxiHitKind
part_at (const PraxiStripContext *all, PraxiTimeSpan visible, double x)
{
  const double start = praxi_time_scale_x (&all->time, visible.start_ns);
  const double end = praxi_time_scale_x (&all->time, visible.end_ns);
  if (x < start - NEAR_PX || x > end + NEAR_PX)
    return PRAXI_HIT_OVERVIEW;
  const double inner = end - start >= 4 * NEAR_PX ? NEAR_PX : 0;
  if (x <= start + inner && (inner > 0 || x < start))
    return PRAXI_HIT_VIEW_START;
  if (x >= end - inner && (inner > 0 || x > end))
    return PRAXI_HIT_VIEW_END;
  return PRAXI_HIT_VIEW;
}

static PraxiHit
hit (PraxiStrip *strip, const PraxiStripContext *context, double x, double y)
{
  const PraxiStripContext all = whole (context);
  return (PraxiHit){.kind = part_at (&all, context->time.span, x),
                    .time_ns = praxi_time_scale_time (&all.time, x),
                    .class_index = -1,
                    .event_index = -1};
}

static void
overview_free (PraxiStrip *strip)
{
  praxi_heat_picture_clear (&((OverviewStrip *) strip)->picture);
  g_clear_pointer (&((OverviewStrip *) strip)->labels, cairo_surface_destroy);
  g_free (strip);
}

static void
forget (PraxiStrip *strip, guint changes)
{
  if (changes & (PRAXI_CHANGE_LABELS | PRAXI_CHANGE_MEDIA))
    g_clear_pointer (&((OverviewStrip *) strip)->labels, cairo_surface_destroy);
}

static const PraxiStripKind kind = {height,
                                    draw,
                                    hit,
                                    overview_free,
                                    PRAXI_CHANGE_LABELS | PRAXI_CHANGE_MEDIA | PRAXI_CHANGE_TRACK |
                                        PRAXI_CHANGE_PLAYHEAD,
                                    forget};

PraxiStrip *
praxi_overview_strip_new (void)
{
  OverviewStrip *self = g_new0 (OverviewStrip, 1);
  self->base.kind = &kind;
  return &self->base;
}
