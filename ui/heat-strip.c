/* A row per class of the model; colour is the score. Time that was not analysed is hatched. */
#include <glib/gi18n.h>
#include <math.h>

#include "ui/heat-picture.h"
#include "ui/session-analysis.h"
#include "ui/session-thresholds.h"
#include "ui/strip.h"

enum { ROW_PX = 20, GAP_PX = 2, EMPTY_PX = 42, GRIP_PX = 14, NEAR_PX = 2, BUBBLE_PX = 236 };

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

/* White is a glare in the dark theme, and in the light one looks like the end of the row. */
static void
dim_background (const PraxiStripContext *context,
                GtkSnapshot *snapshot,
                const PraxiScoreTrack *track)
{
  const GdkRGBA veil = {0.1f, 0.1f, 0.1f, context->is_dark ? 0.55f : 0.1f};
  for (int c = 0; c < praxi_score_track_n_classes (track); c++)
    if (praxi_events_is_background (praxi_score_track_class_name (track, c)))
      gtk_snapshot_append_color (snapshot, &veil,
                                 &GRAPHENE_RECT_INIT ((float) context->time.left_px,
                                                      (float) (c * (ROW_PX + GAP_PX)),
                                                      (float) context->time.width_px, ROW_PX));
}

/* --- thresholds: a level in each row, full height is a score of 1 ---------------------------- */

static float
level_y (int class_index, double level)
{
  return (float) (class_index * (ROW_PX + GAP_PX)) + roundf ((float) (1 - level) * (ROW_PX - 1));
}

/* Light on dark, so that it shows on every score. */
static void
draw_level (const PraxiStripContext *context, GtkSnapshot *snapshot, float y, float alpha)
{
  const GdkRGBA light = {1, 1, 1, alpha}, dark = {0, 0, 0, alpha * 0.7f};
  const float left = (float) context->time.left_px, width = (float) context->time.width_px;
  gtk_snapshot_append_color (snapshot, &dark, &GRAPHENE_RECT_INIT (left, y + 1, width, 1));
  gtk_snapshot_append_color (snapshot, &light, &GRAPHENE_RECT_INIT (left, y, width, 1));
}

static void
draw_grip (const PraxiStripContext *context, GtkSnapshot *snapshot, float y)
{
  gtk_snapshot_append_color (
      snapshot, &context->text,
      &GRAPHENE_RECT_INIT ((float) context->time.left_px - 10, y - 1, 10, 3));
}

/* The score as a line, to see what the level cuts. */
static void
draw_curve (const PraxiStripContext *context,
            GtkSnapshot *snapshot,
            const PraxiScoreTrack *track,
            int class_index)
{
  const graphene_rect_t row =
      GRAPHENE_RECT_INIT ((float) context->time.left_px, (float) (class_index * (ROW_PX + GAP_PX)),
                          (float) context->time.width_px, ROW_PX);
  const GdkRGBA veil = {0, 0, 0, 0.45f};
  gtk_snapshot_append_color (snapshot, &veil, &row);
  cairo_t *cr = gtk_snapshot_append_cairo (snapshot, &row);
  cairo_set_source_rgb (cr, 1, 1, 1);
  cairo_set_line_width (cr, 1);
  for (double x = row.origin.x; x < row.origin.x + row.size.width; x += 1) {
    const gint64 t0_ns = praxi_time_scale_time (&context->time, x);
    const gint64 t1_ns = praxi_time_scale_time (&context->time, x + 1);
    const float score = praxi_score_track_max (track, class_index, t0_ns, MAX (t1_ns, t0_ns + 1));
    if (isnan (score))
      cairo_new_sub_path (cr);
    else
      cairo_line_to (cr, x + 0.5, (double) level_y (class_index, (double) score) + 0.5);
  }
  cairo_stroke (cr);
  cairo_destroy (cr);
}

static void
draw_bubble (const PraxiStripContext *context,
             GtkSnapshot *snapshot,
             int class_index,
             double enter,
             double exit)
{
  const GdkRGBA back = {0, 0, 0, 0.75f}, white = {1, 1, 1, 1};
  const float y = (float) (class_index * (ROW_PX + GAP_PX));
  const graphene_rect_t box =
      GRAPHENE_RECT_INIT ((float) context->time.left_px + 6, y + 1, BUBBLE_PX, ROW_PX - 2);
  GskRoundedRect pill;
  gsk_rounded_rect_init_from_rect (&pill, &box, 4);
  gtk_snapshot_push_rounded_clip (snapshot, &pill);
  gtk_snapshot_append_color (snapshot, &back, &box);
  gtk_snapshot_pop (snapshot);
  g_autofree char *text =
      g_strdup_printf (_ ("begins at %.0f %%, ends below %.0f %%"), enter * 100, exit * 100);
  praxi_strip_text (context, snapshot, text, &white,
                    GRAPHENE_RECT_INIT (box.origin.x + 6, box.origin.y, BUBBLE_PX - 10, ROW_PX - 2),
                    PRAXI_TEXT_LEFT);
}

static void
draw_thresholds (const PraxiStripContext *context,
                 GtkSnapshot *snapshot,
                 const PraxiScoreTrack *track)
{
  for (int c = 0; c < praxi_score_track_n_classes (track); c++) {
    double exit = 0;
    const double enter = praxi_session_enter (context->session, c, &exit);
    const gboolean is_in_hand = c == context->threshold_class;
    if (enter <= 0)
      continue;
    if (is_in_hand)
      draw_curve (context, snapshot, track, c);
    draw_level (context, snapshot, level_y (c, enter), is_in_hand ? 1 : 0.6f);
    draw_grip (context, snapshot, level_y (c, enter));
    if (!is_in_hand)
      continue;
    draw_level (context, snapshot, level_y (c, exit), 0.4f);
    draw_bubble (context, snapshot, c, enter, exit);
  }
}

/* The line itself, or anywhere in the grip left of it. */
static gboolean
is_threshold (const PraxiStripContext *context, int row, double x, double y)
{
  const double enter = praxi_session_enter (context->session, row, NULL);
  if (enter <= 0 || x < context->time.left_px - GRIP_PX)
    return FALSE;
  return x < context->time.left_px || fabs (y - (double) level_y (row, enter)) <= NEAR_PX;
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
      .estimate = praxi_session_estimate (context->session),
      .revision = praxi_session_track_revision (context->session),
      .span = context->time.span,
      .width_px = MAX (1, (int) round (context->time.width_px * scale)),
      .row_height_px = (int) round (ROW_PX * scale),
      .row_gap_px = (int) round (GAP_PX * scale),
      .is_high_contrast = context->is_high_contrast,
  };
  draw_names (context, snapshot, track);
  praxi_heat_picture_draw (&self->picture, &view, snapshot,
                           &GRAPHENE_RECT_INIT ((float) context->time.left_px, 0,
                                                (float) context->time.width_px, area.height));
  dim_background (context, snapshot, track);
  draw_thresholds (context, snapshot, track);
}

static PraxiHit
hit (PraxiStrip *strip, const PraxiStripContext *context, double x, double y)
{
  const PraxiScoreTrack *track = praxi_session_track (context->session);
  const int row = (int) (y / (ROW_PX + GAP_PX));
  const gboolean is_row = track != NULL && row < praxi_score_track_n_classes (track);
  const gboolean is_line = is_row && is_threshold (context, row, x, y);
  return (PraxiHit){.kind = is_line  ? PRAXI_HIT_THRESHOLD
                            : is_row ? PRAXI_HIT_SCORE
                                     : PRAXI_HIT_TIME,
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
