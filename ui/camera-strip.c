/* The recording of a camera: solid where there are pictures, hatched where none came, with the time
 * of day; it is not there for footage without gaps that is no camera's.
 */
#include <glib/gi18n.h>
#include <math.h>

#include "ui/session-cameras.h"
#include "ui/strip.h"

enum { HEIGHT_PX = 18, HATCH_PX = 6, MIN_TEXT_PX = 90 };

static gboolean
is_shown (PraxiSession *session)
{
  return praxi_session_n_frames (session) > 0 &&
         (praxi_session_live (session).is_camera || praxi_session_gaps (session)->len > 0);
}

static int
height (PraxiStrip *strip, const PraxiStripContext *context)
{
  return is_shown (context->session) ? HEIGHT_PX : 0;
}

/* Slanted lines, as everywhere where there is nothing to see. */
static void
hatch (const PraxiStripContext *context, GtkSnapshot *snapshot, graphene_rect_t box)
{
  cairo_t *cr = gtk_snapshot_append_cairo (snapshot, &box);
  const GdkRGBA color = context->dim_text;
  cairo_set_source_rgba (cr, (double) color.red, (double) color.green, (double) color.blue,
                         (double) color.alpha * 0.7);
  cairo_set_line_width (cr, 1);
  const double left = (double) box.origin.x, right = left + (double) box.size.width;
  const double top = (double) box.origin.y, bottom = top + (double) box.size.height;
  for (double x = floor (left / HATCH_PX) * HATCH_PX - HEIGHT_PX; x < right; x += HATCH_PX) {
    cairo_move_to (cr, x, bottom);
    cairo_line_to (cr, x + bottom - top, top);
  }
  cairo_stroke (cr);
  cairo_destroy (cr);
}

static char *
clock_text (PraxiSession *session, gint64 pts_ns)
{
  const gint64 begin_us = praxi_session_live (session).begin_at_us;
  g_autoptr (GDateTime) at =
      g_date_time_new_from_unix_local ((begin_us + pts_ns / 1000) / G_USEC_PER_SEC);
  return g_date_time_format (at, "%X");
}

static void
draw_gap (const PraxiStripContext *context, GtkSnapshot *snapshot, PraxiTimeSpan gap)
{
  graphene_rect_t box;
  if (!praxi_strip_box (context, gap, 0, HEIGHT_PX, &box))
    return;
  box.size.width = MAX (box.size.width, 2);
  hatch (context, snapshot, box);
  if (box.size.width < MIN_TEXT_PX)
    return;
  g_autofree char *text =
      g_strdup_printf (_ ("no picture for %.1f s"), (double) praxi_time_span_length (gap) / 1e9);
  const GdkRGBA plate = {context->is_dark ? 0.14f : 0.98f, context->is_dark ? 0.14f : 0.98f,
                         context->is_dark ? 0.14f : 0.98f, 0.85f};
  const float plate_px = MIN (box.size.width, 140);
  const graphene_rect_t middle = GRAPHENE_RECT_INIT (box.origin.x + (box.size.width - plate_px) / 2,
                                                     2, plate_px, HEIGHT_PX - 4);
  gtk_snapshot_append_color (snapshot, &plate, &middle);
  praxi_strip_text (context, snapshot, text, &context->text, middle, PRAXI_TEXT_CENTRE);
}

/* When the visible part begins and ends. */
static void
draw_clock (const PraxiStripContext *context, GtkSnapshot *snapshot)
{
  if (praxi_session_live (context->session).begin_at_us == 0)
    return;
  g_autofree char *first = clock_text (context->session, context->time.span.start_ns);
  g_autofree char *last = clock_text (context->session, context->time.span.end_ns);
  const graphene_rect_t box = GRAPHENE_RECT_INIT ((float) context->time.left_px + 6, 0,
                                                  (float) context->time.width_px - 12, HEIGHT_PX);
  praxi_strip_text (context, snapshot, first, &context->text, box, PRAXI_TEXT_LEFT);
  praxi_strip_text (context, snapshot, last, &context->text, box, PRAXI_TEXT_RIGHT);
}

static void
draw (PraxiStrip *strip,
      const PraxiStripContext *context,
      GtkSnapshot *snapshot,
      graphene_size_t area)
{
  if (!is_shown (context->session))
    return;
  const GArray *gaps = praxi_session_gaps (context->session);
  GdkRGBA fill = context->accent;
  fill.alpha = 0.28f;
  gint64 from_ns = praxi_session_footage (context->session).start_ns;
  praxi_strip_name (context, snapshot, _ ("Camera"), 0, area.height);
  for (guint i = 0; i <= gaps->len; i++) {
    const PraxiTimeSpan gap = i < gaps->len ? g_array_index (gaps, PraxiTimeSpan, i)
                                            : (PraxiTimeSpan){G_MAXINT64, G_MAXINT64};
    const gint64 until_ns =
        i < gaps->len ? gap.start_ns : praxi_session_footage (context->session).end_ns;
    graphene_rect_t box;
    if (praxi_strip_box (context, (PraxiTimeSpan){from_ns, until_ns}, 0, HEIGHT_PX, &box))
      gtk_snapshot_append_color (snapshot, &fill, &box);
    if (i < gaps->len)
      draw_gap (context, snapshot, gap);
    from_ns = gap.end_ns;
  }
  draw_clock (context, snapshot);
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
strip_free (PraxiStrip *strip)
{
  g_free (strip);
}

static const PraxiStripKind kind = {height, draw, hit, strip_free};

PraxiStrip *
praxi_camera_strip_new (void)
{
  PraxiStrip *strip = g_new0 (PraxiStrip, 1);
  strip->kind = &kind;
  return strip;
}
