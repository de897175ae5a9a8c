#include "engine/media/clip-sampler.h"

#include <math.h>

#define GAP_NS G_GINT64_CONSTANT (1000000000)
/* Containers round times to a millisecond or so: a frame that begins this little after a grid point
 * is the one meant. */
#define GRID_TOLERANCE_NS G_GINT64_CONSTANT (2000000)
#define MAX_SLOTS (1 << 28)

/* Frames without a gap between them, and the windows that read only these. */
typedef struct {
  int first_ordinal;
  int last_ordinal;
  int first_slot;
  int first_window;
  int n_windows;
} Segment;

struct PraxiClipSampler {
  PraxiFrameIndex *index;
  int frames;      /* T */
  double rate_hz;  /* of the grid */
  int stride_grid; /* grid steps between two slots */
  int n_windows;
  GArray *segments; /* of Segment, ascending */
};

static gint64
grid_ns (const PraxiClipSampler *sampler, gint64 j)
{
  return praxi_frame_index_pts_ns (sampler->index, 0) +
         (gint64) llround ((double) j * 1e9 / sampler->rate_hz);
}

/* When the last frame of a segment stops being shown: what stands before a gap is not shown until
 * the gap's other side, but for as long as the frame before it. */
static gint64
segment_end_ns (const PraxiFrameIndex *index, const Segment *segment)
{
  const int last = segment->last_ordinal;
  const gint64 pts_ns = praxi_frame_index_pts_ns (index, last);
  const gint64 length_ns = praxi_frame_index_end_ns (index, last) - pts_ns;
  if (length_ns <= GAP_NS || last == segment->first_ordinal)
    return pts_ns + MIN (length_ns, GAP_NS);
  return pts_ns + (pts_ns - praxi_frame_index_pts_ns (index, last - 1));
}

/* Gives the segment the windows that cover it up to less than one grid step; none where its time
 * belongs to the previous segment's last window or lies beyond all counting. */
static void
place_windows (PraxiClipSampler *sampler, Segment *segment, int first_free_slot)
{
  const double step_ns = 1e9 / sampler->rate_hz;
  const gint64 origin = praxi_frame_index_pts_ns (sampler->index, 0);
  const gint64 pts_ns = praxi_frame_index_pts_ns (sampler->index, segment->first_ordinal);
  const double begin = (double) (pts_ns - origin + GRID_TOLERANCE_NS) / step_ns;
  const double end = (double) (segment_end_ns (sampler->index, segment) - origin) / step_ns;
  const int stride = sampler->stride_grid;
  const double first_slot = MAX (floor (begin / stride), first_free_slot);

  segment->first_window = sampler->n_windows;
  if (first_slot * stride >= end || end / stride > MAX_SLOTS)
    return;
  segment->first_slot = (int) first_slot;
  const double open = (end - 1 - MAX (sampler->frames - 1, 1)) / stride - first_slot;
  segment->n_windows = 1 + (int) ceil (MAX (open - 1e-6, 0));
  sampler->n_windows += segment->n_windows;
}

static void
add_segment (PraxiClipSampler *sampler, int first_ordinal, int last_ordinal)
{
  Segment segment = {.first_ordinal = first_ordinal, .last_ordinal = last_ordinal};
  place_windows (sampler, &segment, praxi_clip_sampler_n_slots (sampler));
  if (segment.n_windows > 0)
    g_array_append_val (sampler->segments, segment);
}

static void
find_segments (PraxiClipSampler *sampler)
{
  const int length = praxi_frame_index_length (sampler->index);
  int first = 0;
  for (int i = 1; i <= length; i++) {
    if (i < length && praxi_frame_index_pts_ns (sampler->index, i) -
                              praxi_frame_index_pts_ns (sampler->index, i - 1) <=
                          GAP_NS)
      continue;
    add_segment (sampler, first, i - 1);
    first = i;
  }
}

PraxiClipSampler *
praxi_clip_sampler_new (PraxiFrameIndex *index, const PraxiClipSamplerOptions *options)
{
  if (options->frames < 1 || !(options->rate_hz > 0) || !isfinite (options->rate_hz))
    return NULL;
  PraxiClipSampler *sampler = g_new0 (PraxiClipSampler, 1);
  sampler->index = praxi_frame_index_ref (index);
  sampler->frames = options->frames;
  sampler->rate_hz = options->rate_hz;
  const double stride =
      options->stride_s > 0 ? options->stride_s * options->rate_hz : (options->frames - 1) / 2.0;
  sampler->stride_grid = (int) CLAMP (round (stride), 1, 1e6);
  sampler->segments = g_array_new (FALSE, FALSE, sizeof (Segment));
  find_segments (sampler);
  return sampler;
}

void
praxi_clip_sampler_free (PraxiClipSampler *sampler)
{
  if (sampler == NULL)
    return;
  praxi_frame_index_unref (sampler->index);
  g_array_unref (sampler->segments);
  g_free (sampler);
}

int
praxi_clip_sampler_n_windows (const PraxiClipSampler *sampler)
{
  return sampler->n_windows;
}

static const Segment *
segment_of (const PraxiClipSampler *sampler, int k)
{
  guint low = 0, high = sampler->segments->len; /* first_window[low] ≤ k < first_window[high] */
  while (high - low > 1) {
    const guint middle = low + (high - low) / 2;
    if (g_array_index (sampler->segments, Segment, middle).first_window <= k)
      low = middle;
    else
      high = middle;
  }
  return &g_array_index (sampler->segments, Segment, low);
}

int
praxi_clip_sampler_slot (const PraxiClipSampler *sampler, int k)
{
  const Segment *segment = segment_of (sampler, k);
  return segment->first_slot + (k - segment->first_window);
}

int
praxi_clip_sampler_n_slots (const PraxiClipSampler *sampler)
{
  if (sampler->n_windows == 0)
    return 0;
  return praxi_clip_sampler_slot (sampler, sampler->n_windows - 1) + 1;
}

void
praxi_clip_sampler_window (const PraxiClipSampler *sampler,
                           int k,
                           gint64 *start_ns,
                           gint64 *end_ns,
                           int *ordinals)
{
  const Segment *segment = segment_of (sampler, k);
  const gint64 j = (gint64) praxi_clip_sampler_slot (sampler, k) * sampler->stride_grid;
  *start_ns = grid_ns (sampler, j);
  *end_ns = grid_ns (sampler, j + MAX (sampler->frames - 1, 1));
  for (int i = 0; i < sampler->frames; i++) {
    const gint64 at_ns = grid_ns (sampler, j + i) + GRID_TOLERANCE_NS;
    const int ordinal = praxi_frame_index_ordinal_at (sampler->index, at_ns);
    ordinals[i] = CLAMP (ordinal, segment->first_ordinal, segment->last_ordinal);
  }
}

gint64
praxi_clip_sampler_start_ns (const PraxiClipSampler *sampler)
{
  return grid_ns (sampler, 0);
}

gint64
praxi_clip_sampler_stride_ns (const PraxiClipSampler *sampler)
{
  return grid_ns (sampler, sampler->stride_grid) - grid_ns (sampler, 0);
}

gint64
praxi_clip_sampler_window_ns (const PraxiClipSampler *sampler)
{
  return grid_ns (sampler, MAX (sampler->frames - 1, 1)) - grid_ns (sampler, 0);
}
