/* Which frames a window of time needs. Pure arithmetic on pts.
 *
 * Grid: t_j = first pts + j / rate. Window slots begin every stride (rounded to whole grid steps)
 * from the first pts on; window [start, start + (T-1) / rate) reads the frames on screen at T
 * consecutive grid points, so overlapping windows ask for the same frames. A window never spans a
 * gap of more than one second between two frames: on each side of a gap, as at the end of the
 * footage, the missing frames of a window repeat the nearest one.
 */
#pragma once

#include <glib.h>

#include "engine/media/frame-index.h"

G_BEGIN_DECLS

typedef struct PraxiClipSampler PraxiClipSampler;

typedef struct {
  int frames;      /* T, of one window */
  double rate_hz;  /* grid points per second */
  double stride_s; /* between two windows; 0: (T-1) / rate / 2 */
} PraxiClipSamplerOptions;

/* index: a reference is taken. NULL when frames < 1 or rate_hz is not positive. Thread: any */
PraxiClipSampler *praxi_clip_sampler_new (PraxiFrameIndex *index,
                                          const PraxiClipSamplerOptions *options);
void praxi_clip_sampler_free (PraxiClipSampler *sampler);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiClipSampler, praxi_clip_sampler_free)

/* Windows there are; at least 1. */
int praxi_clip_sampler_n_windows (const PraxiClipSampler *sampler);

/* Window k of [0, n_windows).
 * out:    start_ns, end_ns: half-open; ordinals int [T], ascending, never decreasing
 */
void praxi_clip_sampler_window (const PraxiClipSampler *sampler,
                                int k,
                                gint64 *start_ns,
                                gint64 *end_ns,
                                int *ordinals);

/* Where window k stands on the regular raster start = first pts + slot · stride. Slots ascend with
 * k and skip what lies in a gap; n_slots counts them all, for a track with one cell per slot.
 */
int praxi_clip_sampler_slot (const PraxiClipSampler *sampler, int k);
int praxi_clip_sampler_n_slots (const PraxiClipSampler *sampler);

gint64 praxi_clip_sampler_start_ns (const PraxiClipSampler *sampler);
gint64 praxi_clip_sampler_stride_ns (const PraxiClipSampler *sampler);
gint64 praxi_clip_sampler_window_ns (const PraxiClipSampler *sampler);

G_END_DECLS
