/* How time maps to pixels. Every strip and every gesture uses these functions and no other. */
#pragma once

#include <glib.h>
#include <math.h>

G_BEGIN_DECLS

/* Half-open: start_ns is in, end_ns is not. */
typedef struct {
  gint64 start_ns;
  gint64 end_ns;
} PraxiTimeSpan;

typedef struct {
  PraxiTimeSpan span; /* what is visible; never empty */
  double left_px;     /* where span.start_ns stands */
  double width_px;
} PraxiTimeScale;

static inline gint64
praxi_time_span_length (PraxiTimeSpan span)
{
  return span.end_ns - span.start_ns;
}

static inline gboolean
praxi_time_span_contains (PraxiTimeSpan span, gint64 time_ns)
{
  return time_ns >= span.start_ns && time_ns < span.end_ns;
}

static inline gboolean
praxi_time_span_overlaps (PraxiTimeSpan a, PraxiTimeSpan b)
{
  return a.start_ns < b.end_ns && b.start_ns < a.end_ns;
}

static inline double
praxi_time_scale_x (const PraxiTimeScale *scale, gint64 time_ns)
{
  const double share =
      (double) (time_ns - scale->span.start_ns) / (double) praxi_time_span_length (scale->span);
  return scale->left_px + share * scale->width_px;
}

static inline gint64
praxi_time_scale_time (const PraxiTimeScale *scale, double x_px)
{
  const double share = (x_px - scale->left_px) / scale->width_px;
  return scale->span.start_ns +
         (gint64) llround (share * (double) praxi_time_span_length (scale->span));
}

/* Moves the span into `whole` and keeps its length between min_ns and that of `whole`. */
static inline PraxiTimeSpan
praxi_time_span_fit (PraxiTimeSpan span, PraxiTimeSpan whole, gint64 min_ns)
{
  const gint64 limit_ns = MAX (1, praxi_time_span_length (whole));
  const gint64 length_ns = CLAMP (praxi_time_span_length (span), MIN (min_ns, limit_ns), limit_ns);
  const gint64 start_ns =
      CLAMP (span.start_ns, whole.start_ns, whole.start_ns + limit_ns - length_ns);
  return (PraxiTimeSpan){start_ns, start_ns + length_ns};
}

/* Zooms so that time at_ns keeps its place; factor > 1 shows less time. */
static inline PraxiTimeSpan
praxi_time_span_zoom (PraxiTimeSpan span, double factor, gint64 at_ns)
{
  const double before = (double) (at_ns - span.start_ns) / factor;
  const double length = (double) praxi_time_span_length (span) / factor;
  const gint64 start_ns = at_ns - (gint64) llround (before);
  return (PraxiTimeSpan){start_ns, start_ns + MAX (1, (gint64) llround (length))};
}

G_END_DECLS
