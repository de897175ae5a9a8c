/* What a person has looked at: a bare bed is unseen, bars are seen, a solid band is labelled. */
#include <glib/gi18n.h>

#include "ui/session-review.h"
#include "ui/strip.h"

enum { HEIGHT_PX = 14, BAND_PX = 8, BAR_PX = 2, BAR_STEP_PX = 5, THIN_PX = 16 };

/* The bars stand on a grid of the strip's own, so that neighbours join without a seam. */
static void
draw_bars (const PraxiStripContext *context, GtkSnapshot *snapshot, const graphene_rect_t *box)
{
  GdkRGBA color = context->text;
  color.alpha *= 0.5f;
  const float left = (float) context->time.left_px;
  const graphene_rect_t step = GRAPHENE_RECT_INIT (left, box->origin.y, BAR_STEP_PX, BAND_PX);
  gtk_snapshot_push_repeat (snapshot, box, &step);
  gtk_snapshot_append_color (snapshot, &color,
                             &GRAPHENE_RECT_INIT (left, box->origin.y, BAR_PX, BAND_PX));
  gtk_snapshot_pop (snapshot);
}

static void
draw (PraxiStrip *strip,
      const PraxiStripContext *context,
      GtkSnapshot *snapshot,
      graphene_size_t area)
{
  const GArray *coverage = praxi_session_coverage (context->session);
  const float y = (HEIGHT_PX - BAND_PX) / 2;
  praxi_strip_name (context, snapshot, _ ("Looked at"), 0, area.height);
  praxi_strip_bed (context, snapshot, y, BAND_PX);
  PraxiThinBoxes thin = {NULL};
  for (guint i = 0; i < coverage->len; i++) {
    const PraxiCoverage *part = &g_array_index (coverage, PraxiCoverage, i);
    graphene_rect_t box;
    if (part->kind == PRAXI_COVERAGE_UNSEEN ||
        !praxi_strip_box (context, part->span, y, BAND_PX, &box))
      continue;
    if (part->kind == PRAXI_COVERAGE_LABELLED && box.size.width < THIN_PX)
      praxi_thin_boxes_add (&thin, context, &box, &context->accent);
    else if (part->kind == PRAXI_COVERAGE_LABELLED)
      gtk_snapshot_append_color (snapshot, &context->accent, &box);
    else
      draw_bars (context, snapshot, &box);
  }
  praxi_thin_boxes_draw (&thin, context, snapshot, y, BAND_PX);
}

static int
height (PraxiStrip *strip, const PraxiStripContext *context)
{
  return HEIGHT_PX;
}

static PraxiHit
hit (PraxiStrip *strip, const PraxiStripContext *context, double x, double y)
{
  return (PraxiHit){.kind = PRAXI_HIT_TIME,
                    .time_ns = praxi_time_scale_time (&context->time, x),
                    .class_index = -1,
                    .event_index = -1};
}

static void
coverage_free (PraxiStrip *strip)
{
  g_free (strip);
}

static const PraxiStripKind kind = {height, draw, hit, coverage_free,
                                    PRAXI_CHANGE_COVERAGE | PRAXI_CHANGE_MEDIA};

PraxiStrip *
praxi_coverage_strip_new (void)
{
  PraxiStrip *strip = g_new0 (PraxiStrip, 1);
  strip->kind = &kind;
  return strip;
}
