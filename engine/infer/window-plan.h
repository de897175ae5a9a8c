/* Which windows a pass over the footage scores, which frames those read, and in which order passes
 * come. Pure arithmetic; the analyzer's inside.
 */
#pragma once

#include "engine/infer/score-track.h"
#include "engine/media/clip-sampler.h"

G_BEGIN_DECLS

/* One pass, from one end of the footage to the other. */
typedef struct {
  int *windows; /* ascending */
  int n_windows;
  int *wanted; /* ordinals of all frames they read, strictly ascending */
  int n_wanted;
  int widest; /* wanted frames from the first to the last one of a window, at most */
} PraxiWindowPlan;

/* windows: [n_windows], ascending; copied. frames: of one window. n_frames: of the footage */
PraxiWindowPlan *praxi_window_plan_new (const PraxiClipSampler *sampler,
                                        int frames,
                                        int n_frames,
                                        const int *windows,
                                        int n_windows);
void praxi_window_plan_free (PraxiWindowPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiWindowPlan, praxi_window_plan_free)

/* Where the ordinal stands among the wanted ones, which hold it. */
int praxi_window_plan_find (const PraxiWindowPlan *plan, int ordinal);

/* A sample of windows that is quick to decode: of every block of time the one that begins least far
 * behind a key frame. Each stands for the whole block.
 */
typedef struct {
  int block_slots; /* of the sampler */
  int n_blocks;
  int *windows; /* [n_windows], ascending */
  int *blocks;  /* [n_windows], the block of each */
  int n_windows;
} PraxiWindowSample;

/* NULL where the footage is too short for a sample to be worth its time. */
PraxiWindowSample *
praxi_window_sample_new (const PraxiClipSampler *sampler, PraxiFrameIndex *index, int frames);
void praxi_window_sample_free (PraxiWindowSample *sample);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiWindowSample, praxi_window_sample_free)

/* Windows [first, end). */
typedef struct {
  int first, end;
} PraxiWindowSpan;

/* All windows once, in spans that fill whole tiles of a score track: those that show footage of
 * [start_ns, end_ns) first, then those the estimates hold for likely, best first, then the rest in
 * order of time. estimates: a track of one row a block; NULL: none
 * Returns: of PraxiWindowSpan; free with g_array_unref
 */
GArray *praxi_window_order (const PraxiClipSampler *sampler,
                            gint64 start_ns,
                            gint64 end_ns,
                            const PraxiScoreTrack *estimates);

G_END_DECLS
