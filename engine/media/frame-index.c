#include "engine/media/frame-index.h"

#include <stdatomic.h>
#include <string.h>

/* Times lie in blocks: growing neither copies what is there nor leaves holes behind. */
enum { BLOCK_BITS = 12, BLOCK = 1 << BLOCK_BITS };

struct PraxiFrameIndex {
  atomic_int references;
  int length;
  gint64 end_ns;
  GPtrArray *blocks; /* of gint64 [BLOCK]; the last one of an index that does not grow is shorter */
  GArray *keyframes; /* int: ordinals, ascending */
};

static gint64 *
pts_at (const PraxiFrameIndex *index, int ordinal)
{
  return (gint64 *) index->blocks->pdata[ordinal >> BLOCK_BITS] + (ordinal & (BLOCK - 1));
}

static gboolean
increases_strictly (const gint64 *values, int length)
{
  for (int i = 1; i < length; i++)
    if (values[i] <= values[i - 1])
      return FALSE;
  return TRUE;
}

PraxiFrameIndex *
praxi_frame_index_new_growing (void)
{
  PraxiFrameIndex *index = g_new0 (PraxiFrameIndex, 1);
  atomic_init (&index->references, 1);
  index->blocks = g_ptr_array_new_with_free_func (g_free);
  index->keyframes = g_array_new (FALSE, FALSE, sizeof (int));
  return index;
}

PraxiFrameIndex *
praxi_frame_index_new (const gint64 *pts_ns, const guint8 *is_keyframe, int length, gint64 end_ns)
{
  if (length < 1 || !increases_strictly (pts_ns, length) || end_ns <= pts_ns[length - 1])
    return NULL;
  PraxiFrameIndex *index = praxi_frame_index_new_growing ();
  index->length = length;
  index->end_ns = end_ns;
  for (int i = 0; i < length; i += BLOCK)
    g_ptr_array_add (index->blocks,
                     g_memdup2 (pts_ns + i, (gsize) MIN (length - i, BLOCK) * sizeof *pts_ns));
  for (int i = 0; i < length; i++)
    if (is_keyframe[i])
      g_array_append_val (index->keyframes, i);
  return index;
}

/* Keyframes from that ordinal on are one farther. */
static void
move_keyframes (PraxiFrameIndex *index, int from)
{
  for (guint i = index->keyframes->len; i > 0; i--) {
    int *ordinal = &g_array_index (index->keyframes, int, i - 1);
    if (*ordinal < from)
      return;
    (*ordinal)++;
  }
}

void
praxi_frame_index_add (PraxiFrameIndex *index, gint64 pts_ns)
{
  int at = index->length;
  while (at > 0 && *pts_at (index, at - 1) > pts_ns)
    at--;
  if (at > 0 && *pts_at (index, at - 1) == pts_ns)
    return;
  if ((index->length & (BLOCK - 1)) == 0)
    g_ptr_array_add (index->blocks, g_new (gint64, BLOCK));
  for (int i = index->length++; i > at; i--)
    *pts_at (index, i) = *pts_at (index, i - 1);
  *pts_at (index, at) = pts_ns;
  move_keyframes (index, at);
}

void
praxi_frame_index_add_keyframe (PraxiFrameIndex *index, gint64 pts_ns)
{
  const int ordinal = praxi_frame_index_ordinal_at (index, pts_ns);
  if (index->length > 0 && !praxi_frame_index_is_keyframe (index, ordinal) &&
      *pts_at (index, ordinal) <= pts_ns)
    g_array_append_val (index->keyframes, ordinal);
}

void
praxi_frame_index_set_end (PraxiFrameIndex *index, gint64 end_ns)
{
  index->end_ns = end_ns;
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
  g_ptr_array_unref (index->blocks);
  g_array_unref (index->keyframes);
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
  return *pts_at (index, CLAMP (ordinal, 0, index->length - 1));
}

gint64
praxi_frame_index_end_ns (const PraxiFrameIndex *index, int ordinal)
{
  const int next = CLAMP (ordinal, 0, index->length - 1) + 1;
  return next < index->length ? *pts_at (index, next) : index->end_ns;
}

int
praxi_frame_index_ordinal_at (const PraxiFrameIndex *index, gint64 pts_ns)
{
  int low = 0, high = index->length; /* pts[low] ≤ pts_ns < pts[high], but for the first frame */
  while (high - low > 1) {
    const int middle = low + (high - low) / 2;
    if (*pts_at (index, middle) <= pts_ns)
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
  int low = 0, high = (int) index->keyframes->len;
  while (low < high) {
    const int middle = low + (high - low) / 2;
    if (g_array_index (index->keyframes, int, middle) <= ordinal)
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
  return n > 0 && g_array_index (index->keyframes, int, n - 1) == ordinal;
}

int
praxi_frame_index_keyframe_before (const PraxiFrameIndex *index, int ordinal)
{
  const int n = keyframes_until (index, ordinal);
  return n > 0 ? g_array_index (index->keyframes, int, n - 1) : 0;
}

int
praxi_frame_index_n_keyframes (const PraxiFrameIndex *index)
{
  return (int) index->keyframes->len;
}

gint64
praxi_frame_index_duration_ns (const PraxiFrameIndex *index)
{
  return index->end_ns - *pts_at (index, 0);
}
