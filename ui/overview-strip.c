/* The whole footage in small: scores, labels, and a frame around what the other strips show. */
#include <glib/gi18n.h>
#include <math.h>

#include "ui/heat-picture.h"
#include "ui/session-analysis.h"
#include "ui/session-labels.h"
#include "ui/strip.h"

enum { HEIGHT_PX = 24, SCORES_PX = 18, LABELS_PX = 4 };

typedef struct {
  PraxiStrip base;
  PraxiHeatPicture picture;
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
      .revision = praxi_session_track_revision (all->session),
      .span = all->time.span,
      .width_px = MAX (1, (int) round (all->time.width_px * all->scale_factor)),
      .only_actions = TRUE,
  };
  const int n_rows = praxi_heat_view_n_rows (&view);
  if (n_rows == 0)
    return;
  view.row_height_px = MAX (1, (int) (SCORES_PX * all->scale_factor) / n_rows);
  gtk_snapshot_append_texture (
      snapshot, praxi_heat_picture_get (&self->picture, &view),
      &GRAPHENE_RECT_INIT ((float) all->time.left_px, 0, (float) all->time.width_px, SCORES_PX));
}

static void
draw_labels (const PraxiStripContext *all, GtkSnapshot *snapshot)
{
  const GPtrArray *labels = praxi_session_labels (all->session);
  for (guint i = 0; i < labels->len; i++) {
    const PraxiUiLabel *label = labels->pdata[i];
    const PraxiUiClass *cls = praxi_session_find_class (all->session, label->class_id);
    graphene_rect_t box;
    if (cls != NULL &&
        praxi_strip_box (all, label->span, HEIGHT_PX - LABELS_PX - 1, LABELS_PX, &box))
      gtk_snapshot_append_color (snapshot, &cls->color, &box);
  }
}

static void
draw_view (const PraxiStripContext *all, GtkSnapshot *snapshot, PraxiTimeSpan visible)
{
  graphene_rect_t box;
  const PraxiTimeSpan footage = all->time.span;
  const gboolean is_all = visible.start_ns <= footage.start_ns && visible.end_ns >= footage.end_ns;
  if (is_all || !praxi_strip_box (all, visible, 0, HEIGHT_PX, &box))
    return;
  GskRoundedRect frame;
  const GdkRGBA accent = all->accent;
  gsk_rounded_rect_init_from_rect (&frame, &box, 3);
  gtk_snapshot_append_border (snapshot, &frame, (const float[]){2, 2, 2, 2},
                              (const GdkRGBA[]){accent, accent, accent, accent});
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
  draw_labels (&all, snapshot);
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

static PraxiHit
hit (PraxiStrip *strip, const PraxiStripContext *context, double x, double y)
{
  const PraxiStripContext all = whole (context);
  return (PraxiHit){.kind = PRAXI_HIT_OVERVIEW,
                    .time_ns = praxi_time_scale_time (&all.time, x),
                    .class_index = -1,
                    .event_index = -1};
}

static void
overview_free (PraxiStrip *strip)
{
  praxi_heat_picture_clear (&((OverviewStrip *) strip)->picture);
  g_free (strip);
}

static const PraxiStripKind kind = {height, draw, hit, overview_free};

PraxiStrip *
praxi_overview_strip_new (void)
{
  OverviewStrip *self = g_new0 (OverviewStrip, 1);
  self->base.kind = &kind;
  return &self->base;
}
