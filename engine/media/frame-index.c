#include "engine/media/frame-index.h"

#include <stdatomic.h>
#include <string.h>

struct PraxiFrameIndex {
  atomic_int references;
  int length;
  int n_keyframes;
  gint64 end_ns;
  gint64 *pts_ns; /* [length] */
  int *keyframes; /* [n_keyframes], ordinals, ascending */
};

static gboolean
increases_strictly (const gint64 *values, int length)
{
  for (int i = 1; i < length; i++)
    if (values[i] <= values[i - 1])
      return FALSE;
  return TRUE;
}

static void
collect_keyframes (PraxiFrameIndex *index, const guint8 *is_keyframe)
{
  for (int i = 0; i < index->length; i++)
    index->n_keyframes += is_keyframe[i] != 0;
  index->keyframes = g_new (int, index->n_keyframes);
  int n = 0;
  for (int i = 0; i < index->length; i++)
    if (is_keyframe[i])
      index->keyframes[n++] = i;
}

PraxiFrameIndex *
praxi_frame_index_new (const gint64 *pts_ns, const guint8 *is_keyframe, int length, gint64 end_ns)
{
  if (length < 1 || !increases_strictly (pts_ns, length) || end_ns <= pts_ns[length - 1])
    return NULL;
  PraxiFrameIndex *index = g_new0 (PraxiFrameIndex, 1);
  atomic_init (&index->references, 1);
  index->length = length;
  index->end_ns = end_ns;
  index->pts_ns = g_memdup2 (pts_ns, (gsize) length * sizeof *pts_ns);
  collect_keyframes (index, is_keyframe);
  return index;
}

PraxiFrameIndex *
praxi_frame_index_ref (PraxiFrameIndex *index)
{
  atomic_fetch_add (&index->references, 1);
  return index;
}

void
praxi_frame_index_unref (PraxiFrameIndex *index)
{
  if (index == NULL || atomic_fetch_sub (&index->references, 1) != 1)
    return;
  g_free (index->pts_ns);
  g_free (index->keyframes);
  g_free (index);
}

int
praxi_frame_index_length (const PraxiFrameIndex *index)
{
  return index->length;
}

gint64
praxi_frame_index_pts_ns (const PraxiFrameIndex *index, int ordinal)
{
  return index->pts_ns[CLAMP (ordinal, 0, index->length - 1)];
}

gint64
praxi_frame_index_end_ns (const PraxiFrameIndex *index, int ordinal)
{
  const int next = CLAMP (ordinal, 0, index->length - 1) + 1;
  return next < index->length ? index->pts_ns[next] : index->end_ns;
}

int
praxi_frame_index_ordinal_at (const PraxiFrameIndex *index, gint64 pts_ns)
{
  int low = 0, high = index->length; /* pts[low] ≤ pts_ns < pts[high], but for the first frame */
  while (high - low > 1) {
    const int middle = low + (high - low) / 2;
    if (index->pts_ns[middle] <= pts_ns)
      low = middle;
    else
      high = middle;
  }
  return low;
}

/* How many keyframes lie at or before ordinal. */
static int
keyframes_until (const PraxiFrameIndex *index, int ordinal)
{
  int low = 0, high = index->n_keyframes;
  while (low < high) {
    const int middle = low + (high - low) / 2;
    if (index->keyframes[middle] <= ordinal)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

gboolean
praxi_frame_index_is_keyframe (const PraxiFrameIndex *index, int ordinal)
{
  const int n = keyframes_until (index, ordinal);
  return n > 0 && index->keyframes[n - 1] == ordinal;
}

int
praxi_frame_index_keyframe_before (const PraxiFrameIndex *index, int ordinal)
{
  const int n = keyframes_until (index, ordinal);
  return n > 0 ? index->keyframes[n - 1] : 0;
}

int
praxi_frame_index_n_keyframes (const PraxiFrameIndex *index)
{
  return index->n_keyframes;
}

gint64
praxi_frame_index_duration_ns (const PraxiFrameIndex *index)
{
  return index->end_ns - index->pts_ns[0];
}
