/* A row per class of the model; colour is the score. Time that was not analysed is hatched. */
#include <glib/gi18n.h>
#include <math.h>

#include "ui/heat-picture.h"
#include "ui/session-analysis.h"
#include "ui/strip.h"

enum { ROW_PX = 20, GAP_PX = 2, EMPTY_PX = 42 };

typedef struct {
  PraxiStrip base;
  PraxiHeatPicture picture;
} HeatStrip;

static int
height (PraxiStrip *strip, const PraxiStripContext *context)
{
  const PraxiScoreTrack *track = praxi_session_track (context->session);
  return track == NULL ? EMPTY_PX
                       : praxi_score_track_n_classes (track) * (ROW_PX + GAP_PX) - GAP_PX;
}

static void
draw_empty (const PraxiStripContext *context, GtkSnapshot *snapshot, graphene_size_t area)
{
  praxi_strip_name (context, snapshot, _ ("Scores"), 0, area.height);
  praxi_strip_bed (context, snapshot, 0, area.height);
  if (praxi_session_n_frames (context->session) == 0)
    return;
  const char *text = praxi_session_job (context->session).is_running
                         ? _ ("The first scores are on their way…")
                         : _ ("Not analysed yet: press Analyse (Ctrl+R)");
  praxi_strip_text (context, snapshot, text, &context->dim_text,
                    GRAPHENE_RECT_INIT ((float) context->time.left_px + 8, 0,
                                        (float) context->time.width_px - 16, area.height),
                    PRAXI_TEXT_CENTRE);
}

static void
draw_names (const PraxiStripContext *context, GtkSnapshot *snapshot, const PraxiScoreTrack *track)
{
  for (int c = 0; c < praxi_score_track_n_classes (track); c++) {
    const char *name = praxi_score_track_class_name (track, c);
    const GdkRGBA color = praxi_strip_class_color (context->session, name);
    const float y = (float) (c * (ROW_PX + GAP_PX));
    praxi_strip_name (context, snapshot, name, y, ROW_PX);
    gtk_snapshot_append_color (
        snapshot, &color, &GRAPHENE_RECT_INIT ((float) context->time.left_px - 6, y, 4, ROW_PX));
  }
}

/* White is the calm of the light theme and a glare in the dark one. */
static void
dim_background (const PraxiStripContext *context,
                GtkSnapshot *snapshot,
                const PraxiScoreTrack *track)
{
  const GdkRGBA veil = {0.1f, 0.1f, 0.1f, 0.55f};
  for (int c = 0; context->is_dark && c < praxi_score_track_n_classes (track); c++)
    if (praxi_events_is_background (praxi_score_track_class_name (track, c)))
      gtk_snapshot_append_color (snapshot, &veil,
                                 &GRAPHENE_RECT_INIT ((float) context->time.left_px,
                                                      (float) (c * (ROW_PX + GAP_PX)),
                                                      (float) context->time.width_px, ROW_PX));
}

static void
draw (PraxiStrip *strip,
      const PraxiStripContext *context,
      GtkSnapshot *snapshot,
      graphene_size_t area)
{
  HeatStrip *self = (HeatStrip *) strip;
  const PraxiScoreTrack *track = praxi_session_track (context->session);
  if (track == NULL) {
    draw_empty (context, snapshot, area);
    return;
  }
  const double scale = context->scale_factor;
  const PraxiHeatView view = {
      .track = track,
      .revision = praxi_session_track_revision (context->session),
      .span = context->time.span,
      .width_px = MAX (1, (int) round (context->time.width_px * scale)),
      .row_height_px = (int) round (ROW_PX * scale),
      .row_gap_px = (int) round (GAP_PX * scale),
  };
  GdkTexture *texture = praxi_heat_picture_get (&self->picture, &view);
  draw_names (context, snapshot, track);
  gtk_snapshot_append_texture (snapshot, texture,
                               &GRAPHENE_RECT_INIT ((float) context->time.left_px, 0,
                                                    (float) context->time.width_px, area.height));
  dim_background (context, snapshot, track);
}

static PraxiHit
hit (PraxiStrip *strip, const PraxiStripContext *context, double x, double y)
{
  const PraxiScoreTrack *track = praxi_session_track (context->session);
  const int row = (int) (y / (ROW_PX + GAP_PX));
  const gboolean is_row = track != NULL && row < praxi_score_track_n_classes (track);
  return (PraxiHit){.kind = is_row ? PRAXI_HIT_SCORE : PRAXI_HIT_TIME,
                    .time_ns = praxi_time_scale_time (&context->time, x),
                    .class_index = is_row ? row : -1,
                    .event_index = -1};
}

static void
heat_free (PraxiStrip *strip)
{
  praxi_heat_picture_clear (&((HeatStrip *) strip)->picture);
  g_free (strip);
}

static const PraxiStripKind kind = {height, draw, hit, heat_free};

PraxiStrip *
praxi_heat_strip_new (void)
{
  HeatStrip *self = g_new0 (HeatStrip, 1);
  self->base.kind = &kind;
  return &self->base;
}
