/* Ticks and times. The handle of the playhead is drawn by the timeline, over all strips. */
#include <math.h>

#include "ui/strip.h"

enum { HEIGHT_PX = 24, TEXT_ROOM_PX = 76, FRAME_TEXT_ROOM_PX = 132, MINOR_ROOM_PX = 8 };

static const double steps_s[] = {0.001, 0.002, 0.005, 0.01, 0.02, 0.05,  0.1,   0.2,   0.5,
                                 1,     2,     5,     10,   15,   30,    60,    120,   300,
                                 600,   900,   1800,  3600, 7200, 14400, 28800, 43200, 86400};

static gint64
pick_step (const PraxiTimeScale *scale, double room_px)
{
  const double s_per_px =
      (double) praxi_time_span_length (scale->span) / 1e9 / MAX (1, scale->width_px);
  for (guint i = 0; i < G_N_ELEMENTS (steps_s); i++)
    if (steps_s[i] >= room_px * s_per_px)
      return llround (steps_s[i] * 1e9);
  return llround (steps_s[G_N_ELEMENTS (steps_s) - 1] * 1e9);
}

static int
decimals_of (gint64 step_ns)
{
  return step_ns >= 1000000000 ? 0 : step_ns >= 100000000 ? 1 : step_ns >= 10000000 ? 2 : 3;
}

/* Ticks count from the first frame, whatever its time stamp. */
static gint64
first_tick (const PraxiStripContext *context, gint64 step_ns)
{
  const gint64 origin_ns = praxi_session_footage (context->session).start_ns;
  const gint64 before_ns = context->time.span.start_ns - origin_ns;
  return origin_ns + (before_ns + step_ns - 1) / step_ns * step_ns;
}

static void
draw_ticks (const PraxiStripContext *context,
            GtkSnapshot *snapshot,
            gint64 step_ns,
            float y,
            float height)
{
  const PraxiTimeScale *scale = &context->time;
  for (gint64 t = first_tick (context, step_ns); t < scale->span.end_ns; t += step_ns)
    gtk_snapshot_append_color (
        snapshot, &context->line,
        &GRAPHENE_RECT_INIT ((float) round (praxi_time_scale_x (scale, t)), y, 1, height));
}

static void
draw_times (const PraxiStripContext *context, GtkSnapshot *snapshot, float height)
{
  const PraxiTimeScale *scale = &context->time;
  const gint64 major_ns = pick_step (scale, TEXT_ROOM_PX);
  const double right = scale->left_px + scale->width_px;
  draw_ticks (context, snapshot, pick_step (scale, MINOR_ROOM_PX), height - 4, 4);
  draw_ticks (context, snapshot, major_ns, height - 8, 8);
  for (gint64 t = first_tick (context, major_ns); t < scale->span.end_ns; t += major_ns) {
    const double x = praxi_time_scale_x (scale, t) + 4;
    if (x + TEXT_ROOM_PX * 0.6 > right)
      break;
    g_autofree char *text = praxi_session_time_text (context->session, t, decimals_of (major_ns));
    praxi_strip_text (context, snapshot, text, &context->dim_text,
                      GRAPHENE_RECT_INIT ((float) round (x), 0, TEXT_ROOM_PX, height - 6),
                      PRAXI_TEXT_LEFT);
  }
}

/* How many frames stand from one text to the next: 1, 2, 5, 10, … */
static int
pick_frames (double px_per_frame)
{
  static const int steps[] = {1, 2, 5, 10, 20, 50};
  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    if (steps[i] * px_per_frame >= FRAME_TEXT_ROOM_PX)
      return steps[i];
  return 100;
}

/* Seen from near, every tick is where a frame begins, and some say which. */
static void
draw_frames (const PraxiStripContext *context,
             GtkSnapshot *snapshot,
             float height,
             int first,
             int last)
{
  const PraxiTimeScale *scale = &context->time;
  const double right = scale->left_px + scale->width_px;
  const int step = pick_frames (scale->width_px / MAX (1, last - first));
  for (int frame = first; frame <= last; frame++) {
    const gint64 start_ns = praxi_session_frame_span (context->session, frame).start_ns;
    const double x = praxi_time_scale_x (scale, start_ns);
    const float length = frame % step == 0 ? 8 : 4;
    if (x < scale->left_px || x > right)
      continue;
    gtk_snapshot_append_color (snapshot, &context->line,
                               &GRAPHENE_RECT_INIT ((float) round (x), height - length, 1, length));
    if (frame % step != 0 || x + FRAME_TEXT_ROOM_PX * 0.8 > right)
      continue;
    g_autofree char *time = praxi_session_time_text (context->session, start_ns, 3);
    g_autofree char *text = g_strdup_printf ("%s · f%d", time, frame);
    praxi_strip_text (context, snapshot, text, &context->dim_text,
                      GRAPHENE_RECT_INIT ((float) round (x) + 4, 0, FRAME_TEXT_ROOM_PX, height - 6),
                      PRAXI_TEXT_LEFT);
  }
}

static void
draw (PraxiStrip *strip,
      const PraxiStripContext *context,
      GtkSnapshot *snapshot,
      graphene_size_t area)
{
  const PraxiTimeSpan span = context->time.span;
  const int first = praxi_session_frame_at (context->session, span.start_ns);
  const int last = praxi_session_frame_at (context->session, span.end_ns);
  const gboolean is_near = praxi_session_n_frames (context->session) > 0 &&
                           (last - first + 1) * (double) MINOR_ROOM_PX <= context->time.width_px;
  if (is_near)
    draw_frames (context, snapshot, area.height, first, last);
  else
    draw_times (context, snapshot, area.height);
}

static int
height (PraxiStrip *strip, const PraxiStripContext *context)
{
  return HEIGHT_PX;
}

static PraxiHit
hit (PraxiStrip *strip, const PraxiStripContext *context, double x, double y)
{
  return (PraxiHit){.kind = PRAXI_HIT_RULER,
                    .time_ns = praxi_time_scale_time (&context->time, x),
                    .class_index = -1,
                    .event_index = -1};
}

static void
ruler_free (PraxiStrip *strip)
{
  g_free (strip);
}

static const PraxiStripKind kind = {height, draw, hit, ruler_free, PRAXI_CHANGE_MEDIA};

PraxiStrip *
praxi_ruler_strip_new (void)
{
  PraxiStrip *strip = g_new0 (PraxiStrip, 1);
  strip->kind = &kind;
  return strip;
}
