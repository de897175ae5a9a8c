#include "engine/infer/window-plan.h"

#include <math.h>
#include <stdlib.h>

#include "engine/infer/events.h"

/* One window of two seconds in 64 seconds of footage: about 4 % of the decoding. */
#define BLOCK_NS G_GINT64_CONSTANT (64000000000)
enum { MIN_BLOCKS = 4 };
/* An estimate that makes its surroundings come earlier. */
#define LIKELY 0.3f

static int
compare_int_cb (const void *a, const void *b)
{
  const int x = *(const int *) a, y = *(const int *) b;
  return (x > y) - (x < y);
}

static void
window_ordinals (const PraxiClipSampler *sampler, int k, int *ordinals)
{
  gint64 start_ns, end_ns;
  praxi_clip_sampler_window (sampler, k, &start_ns, &end_ns, ordinals);
}

/* Every frame some window reads, once: a bit per frame, then a list. */
static void
list_wanted (PraxiWindowPlan *plan, const PraxiClipSampler *sampler, int T, int n_frames)
{
  g_autofree guint8 *is_wanted = g_malloc0 ((gsize) n_frames / 8 + 1);
  g_autofree int *ordinals = g_new (int, T);
  for (int i = 0; i < plan->n_windows; i++) {
    window_ordinals (sampler, plan->windows[i], ordinals);
    for (int t = 0; t < T; t++)
      is_wanted[ordinals[t] / 8] |= (guint8) (1 << (ordinals[t] % 8));
  }
  GArray *wanted = g_array_new (FALSE, FALSE, sizeof (int));
  for (int i = 0; i < n_frames; i++)
    if (is_wanted[i / 8] & (1 << (i % 8)))
      g_array_append_val (wanted, i);
  plan->n_wanted = (int) wanted->len;
  plan->wanted = (int *) (gpointer) g_array_free (wanted, FALSE);
  plan->widest = 1;
  for (int i = 0; i < plan->n_windows; i++) {
    window_ordinals (sampler, plan->windows[i], ordinals);
    plan->widest = MAX (plan->widest, praxi_window_plan_find (plan, ordinals[T - 1]) -
                                          praxi_window_plan_find (plan, ordinals[0]) + 1);
  }
}

PraxiWindowPlan *
praxi_window_plan_new (const PraxiClipSampler *sampler,
                       int frames,
                       int n_frames,
                       const int *windows,
                       int n_windows)
{
  PraxiWindowPlan *plan = g_new0 (PraxiWindowPlan, 1);
  plan->windows = g_memdup2 (windows, sizeof (int) * (gsize) n_windows);
  plan->n_windows = n_windows;
  list_wanted (plan, sampler, frames, n_frames);
  return plan;
}

void
praxi_window_plan_free (PraxiWindowPlan *plan)
{
  if (plan == NULL)
    return;
  g_free (plan->windows);
  g_free (plan->wanted);
  g_free (plan);
}

int
praxi_window_plan_find (const PraxiWindowPlan *plan, int ordinal)
{
  const int *found =
      bsearch (&ordinal, plan->wanted, (gsize) plan->n_wanted, sizeof (int), compare_int_cb);
  return (int) (found - plan->wanted);
}

PraxiWindowSample *
praxi_window_sample_new (const PraxiClipSampler *sampler, PraxiFrameIndex *index, int frames)
{
  const int n_windows = praxi_clip_sampler_n_windows (sampler);
  const int n_slots = praxi_clip_sampler_n_slots (sampler);
  const int block_slots =
      (int) CLAMP (BLOCK_NS / praxi_clip_sampler_stride_ns (sampler), 1, 1 << 20);
  if (n_slots / block_slots < MIN_BLOCKS)
    return NULL;
  PraxiWindowSample *sample = g_new0 (PraxiWindowSample, 1);
  sample->block_slots = block_slots;
  sample->n_blocks = (n_slots + block_slots - 1) / block_slots;
  sample->windows = g_new (int, sample->n_blocks);
  sample->blocks = g_new (int, sample->n_blocks);
  g_autofree int *ordinals = g_new (int, frames);
  int least = 0;
  for (int k = 0; k < n_windows; k++) {
    const int block = praxi_clip_sampler_slot (sampler, k) / block_slots;
    window_ordinals (sampler, k, ordinals);
    const int behind = ordinals[0] - praxi_frame_index_keyframe_before (index, ordinals[0]);
    const int last = sample->n_windows - 1;
    const gboolean is_new = last < 0 || sample->blocks[last] != block;
    if (!is_new && behind >= least)
      continue;
    const int at = is_new ? sample->n_windows++ : last;
    sample->windows[at] = k;
    sample->blocks[at] = block;
    least = behind;
  }
  return sample;
}

void
praxi_window_sample_free (PraxiWindowSample *sample)
{
  if (sample == NULL)
    return;
  g_free (sample->windows);
  g_free (sample->blocks);
  g_free (sample);
}

/* --- order ----------------------------------------------------------------------------------- */

typedef struct {
  PraxiWindowSpan span;
  gboolean is_first;
  float likely; /* 0 below LIKELY */
} Tile;

/* The highest estimate of what is no background. */
static float
estimate (const PraxiScoreTrack *track, gint64 start_ns, gint64 end_ns)
{
  float most = 0;
  for (int c = 0; track != NULL && c < praxi_score_track_n_classes (track); c++) {
    const float score = praxi_score_track_max (track, c, start_ns, end_ns);
    if (!praxi_events_is_background (praxi_score_track_class_name (track, c)) && score > most)
      most = score;
  }
  return most;
}

static gint
compare_tile_cb (gconstpointer a, gconstpointer b)
{
  const Tile *x = a, *y = b;
  if (x->is_first != y->is_first)
    return y->is_first - x->is_first;
  if (!x->is_first && x->likely < y->likely)
    return 1;
  if (!x->is_first && x->likely > y->likely)
    return -1;
  return x->span.first - y->span.first;
}

static GArray *
list_tiles (const PraxiClipSampler *sampler)
{
  GArray *tiles = g_array_new (FALSE, FALSE, sizeof (Tile));
  const int n_windows = praxi_clip_sampler_n_windows (sampler);
  int tile_of_last = -1;
  for (int k = 0; k < n_windows; k++) {
    const int tile = praxi_clip_sampler_slot (sampler, k) / PRAXI_SCORE_TRACK_TILE;
    if (tile != tile_of_last)
      g_array_append_val (tiles, ((Tile){.span = {k, k}}));
    g_array_index (tiles, Tile, tiles->len - 1).span.end = k + 1;
    tile_of_last = tile;
  }
  return tiles;
}

GArray *
praxi_window_order (const PraxiClipSampler *sampler,
                    gint64 start_ns,
                    gint64 end_ns,
                    const PraxiScoreTrack *estimates)
{
  g_autoptr (GArray) tiles = list_tiles (sampler);
  const gint64 begin_ns = praxi_clip_sampler_start_ns (sampler);
  const gint64 stride_ns = praxi_clip_sampler_stride_ns (sampler);
  const gint64 window_ns = praxi_clip_sampler_window_ns (sampler);
  for (guint i = 0; i < tiles->len; i++) {
    Tile *tile = &g_array_index (tiles, Tile, i);
    const gint64 from_ns =
        begin_ns + praxi_clip_sampler_slot (sampler, tile->span.first) * stride_ns;
    const gint64 to_ns =
        begin_ns + praxi_clip_sampler_slot (sampler, tile->span.end - 1) * stride_ns + window_ns;
    const float likely = estimate (estimates, from_ns, to_ns);
    tile->is_first = from_ns < end_ns && to_ns > start_ns;
    tile->likely = likely >= LIKELY ? likely : 0;
  }
  g_array_sort (tiles, compare_tile_cb);
  GArray *spans = g_array_new (FALSE, FALSE, sizeof (PraxiWindowSpan));
  for (guint i = 0; i < tiles->len; i++) {
    const PraxiWindowSpan span = g_array_index (tiles, Tile, i).span;
    PraxiWindowSpan *last =
        spans->len > 0 ? &g_array_index (spans, PraxiWindowSpan, spans->len - 1) : NULL;
    if (last != NULL && last->end == span.first)
      last->end = span.end; /* neighbours share frames */
    else
      g_array_append_val (spans, span);
  }
  return spans;
}
