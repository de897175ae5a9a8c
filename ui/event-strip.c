/* What hysteresis made of the scores: one box per event, in the colour of its class. */
#include <glib/gi18n.h>
#include <math.h>

#include "ui/session-analysis.h"
#include "ui/session-review.h"
#include "ui/strip.h"

enum { HEIGHT_PX = 24, ROUND_FROM_PX = 16, TEXT_FROM_PX = 36 };

/* Rejected: struck through and dim. Accepted and reviewed ones need no more attention either. */
static void
draw_strike (const PraxiStripContext *context, GtkSnapshot *snapshot, const graphene_rect_t *box)
{
  const graphene_rect_t line = GRAPHENE_RECT_INIT (
      box->origin.x, box->origin.y + floorf (box->size.height / 2) - 1, box->size.width, 2);
  gtk_snapshot_append_color (snapshot, &context->dim_text, &line);
}

static char *
event_text (const PraxiEvent *event, const char *name, PraxiEventState state, float width)
{
  const char *mark = state == PRAXI_EVENT_ACCEPTED ? "✓ " : "";
  if (width < TEXT_FROM_PX + 8 * (float) g_utf8_strlen (name, -1))
    return g_strconcat (mark, name, NULL);
  return g_strdup_printf ("%s%s %d %%", mark, name, (int) lroundf (event->peak * 100));
}

static void
draw_event (const PraxiStripContext *context,
            GtkSnapshot *snapshot,
            int index,
            PraxiThinBoxes *thin)
{
  const PraxiEvent *event = praxi_session_event (context->session, index);
  const PraxiScoreTrack *track = praxi_session_track (context->session);
  graphene_rect_t box;
  if (track == NULL || !praxi_strip_box (context, (PraxiTimeSpan){event->start_ns, event->end_ns},
                                         2, HEIGHT_PX - 4, &box))
    return;
  const char *name = praxi_score_track_class_name (track, event->class_index);
  const GdkRGBA color = praxi_strip_class_color (context->session, name);
  const gboolean is_selected = index == praxi_session_selected_event (context->session);
  const float edge = (is_selected ? 2 : 1) + (context->is_high_contrast ? 1 : 0);
  GdkRGBA rim = is_selected || context->is_high_contrast ? context->text : color;
  const PraxiEventState state = praxi_session_event_state (context->session, index);
  const gboolean is_rejected = state == PRAXI_EVENT_REJECTED;
  GdkRGBA fill = color;
  fill.alpha = is_rejected ? 0.06f : 0.28f;
  if (is_rejected && !is_selected)
    rim.alpha = 0.4f;
  if (thin != NULL && box.size.width < ROUND_FROM_PX) {
    praxi_thin_boxes_add (thin, context, &box, &rim);
    return;
  }
  praxi_strip_round_box (snapshot, &box, &fill, &rim, edge);
  if (is_rejected)
    draw_strike (context, snapshot, &box);
  if (box.size.width < TEXT_FROM_PX)
    return;
  g_autofree char *text = event_text (event, name, state, box.size.width);
  praxi_strip_text (
      context, snapshot, text, is_rejected ? &context->dim_text : &context->text,
      GRAPHENE_RECT_INIT (box.origin.x + 6, box.origin.y, box.size.width - 10, box.size.height),
      PRAXI_TEXT_LEFT);
}

static void
draw (PraxiStrip *strip,
      const PraxiStripContext *context,
      GtkSnapshot *snapshot,
      graphene_size_t area)
{
  praxi_strip_name (context, snapshot, _ ("Events"), 0, area.height);
  praxi_strip_bed (context, snapshot, 0, area.height);
  PraxiThinBoxes thin = {NULL};
  const int selected = praxi_session_selected_event (context->session);
  const int n_events = (int) praxi_session_events (context->session)->len;
  for (int i = 0; i < n_events; i++)
    if (i != selected)
      draw_event (context, snapshot, i, &thin);
  praxi_thin_boxes_draw (&thin, context, snapshot, 2, HEIGHT_PX - 4);
  if (selected >= 0 && selected < n_events)
    draw_event (context, snapshot, selected, NULL); /* over its neighbours */
}

static int
height (PraxiStrip *strip, const PraxiStripContext *context)
{
  return HEIGHT_PX;
}

static PraxiHit
hit (PraxiStrip *strip, const PraxiStripContext *context, double x, double y)
{
  const gint64 time_ns = praxi_time_scale_time (&context->time, x);
  const int index = praxi_session_event_at (context->session, time_ns);
  const PraxiEvent *event = praxi_session_event (context->session, index);
  return (PraxiHit){.kind = event != NULL ? PRAXI_HIT_EVENT : PRAXI_HIT_TIME,
                    .time_ns = time_ns,
                    .class_index = event != NULL ? event->class_index : -1,
                    .event_index = index};
}

static void
event_free (PraxiStrip *strip)
{
  g_free (strip);
}

static const PraxiStripKind kind = {height, draw, hit, event_free};

PraxiStrip *
praxi_event_strip_new (void)
{
  PraxiStrip *strip = g_new0 (PraxiStrip, 1);
  strip->kind = &kind;
  return strip;
}
