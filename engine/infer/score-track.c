#include "engine/infer/score-track.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "engine/core/error.h"
#include "engine/core/text.h"
#include "engine/infer/max-pyramid.h"
#include "engine/infer/score-track-file.h"

struct PraxiScoreTrack {
  char *path; /* NULL: memory only */
  int fd;
  gboolean is_writer;
  PraxiScoreTrackHead head;
  char sha256[65];
  PraxiMaxPyramid **pyramids; /* [n_classes] */
  PraxiScoreTile *tiles;      /* [n_tiles], what was written or read so far */
  int next;                   /* the window append writes */
  atomic_int filled;
  atomic_int state;
};

static char *
shown_name (const PraxiScoreTrack *track)
{
  return track->path != NULL ? praxi_text_file_name (track->path) : g_strdup ("score track");
}

static gboolean
fail (const PraxiScoreTrack *track, PraxiErrorCode code, const char *what, GError **error)
{
  g_autofree char *name = shown_name (track);
  g_set_error (error, PRAXI_ERROR, code, "%s: %s", name, what);
  return FALSE;
}

static gboolean
fail_disk (const PraxiScoreTrack *track, GError **error)
{
  const int code = errno;
  g_autofree char *name = shown_name (track);
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_DISK,
               "%s: %s; free some space or choose another folder", name, g_strerror (code));
  return FALSE;
}

static PraxiScoreTrack *
track_new (const char *path, gboolean is_writer)
{
  PraxiScoreTrack *track = g_new0 (PraxiScoreTrack, 1);
  track->path = g_strdup (path);
  track->fd = -1;
  track->is_writer = is_writer;
  atomic_init (&track->filled, 0);
  atomic_init (&track->state, PRAXI_SCORE_TRACK_GROWING);
  return track;
}

void
praxi_score_track_free (PraxiScoreTrack *track)
{
  if (track == NULL)
    return;
  if (track->fd >= 0)
    close (track->fd);
  for (int c = 0; track->pyramids != NULL && c < track->head.n_classes; c++)
    praxi_max_pyramid_free (track->pyramids[c]);
  g_free (track->pyramids);
  g_free (track->tiles);
  praxi_score_track_head_clear (&track->head);
  g_free (track->path);
  g_free (track);
}

/* Makes room for the rows of a head that was checked. */
static gboolean
allocate (PraxiScoreTrack *track, GError **error)
{
  const PraxiScoreTrackHead *head = &track->head;
  for (int i = 0; i < 32; i++)
    g_snprintf (track->sha256 + 2 * i, 3, "%02x", head->model_sha256[i]);
  track->tiles = g_new0 (PraxiScoreTile, head->n_tiles + 1);
  for (int i = 0; i < head->n_tiles; i++)
    track->tiles[i].checksum = PRAXI_SCORE_TRACK_CHECKSUM_BASIS;
  track->pyramids = g_new0 (PraxiMaxPyramid *, head->n_classes);
  for (int c = 0; c < head->n_classes; c++) {
    track->pyramids[c] = praxi_max_pyramid_new (head->n_windows);
    if (track->pyramids[c] == NULL)
      return fail (track, PRAXI_ERROR_MEMORY, "not enough memory for its scores", error);
  }
  return TRUE;
}

static gboolean
write_at (const PraxiScoreTrack *track, const void *bytes, gsize n, gint64 offset, GError **error)
{
  const guint8 *at = bytes;
  while (track->fd >= 0 && n > 0) {
    const ssize_t written = pwrite (track->fd, at, n, offset);
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return fail_disk (track, error);
    at += written;
    offset += written;
    n -= (gsize) written;
  }
  return TRUE;
}

/* Reserves the whole file before a word is written, so that a full disk shows at once. */
static gboolean
create_file (PraxiScoreTrack *track, GError **error)
{
  track->fd = open (track->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (track->fd < 0)
    return fail_disk (track, error);
  const int code = posix_fallocate (track->fd, 0, track->head.file_bytes);
  if (code != 0) {
    errno = code;
    return fail_disk (track, error);
  }
  g_autofree guint8 *bytes = praxi_score_track_head_write (&track->head);
  return write_at (track, bytes, (gsize) track->head.head_bytes, 0, error);
}

PraxiScoreTrack *
praxi_score_track_create (const char *path, const PraxiScoreTrackSpec *spec, GError **error)
{
  g_autoptr (PraxiScoreTrack) track = track_new (path, TRUE);
  if (!praxi_score_track_head_init (&track->head, spec)) {
    fail (track, PRAXI_ERROR_USAGE, "classes, times or length out of the limits of a score track",
          error);
    return NULL;
  }
  if (!allocate (track, error) || (path != NULL && !create_file (track, error)))
    return NULL;
  return g_steal_pointer (&track);
}

/* Rows [first, end) of one tile, which follow what the tile holds already, into memory. */
static void
take_rows (PraxiScoreTrack *track, int first, int end, const float *rows)
{
  const int n_classes = track->head.n_classes;
  for (int k = first; k < end; k++)
    for (int c = 0; c < n_classes; c++)
      praxi_max_pyramid_set (track->pyramids[c], k, rows[(k - first) * n_classes + c]);
  track->tiles[first / PRAXI_SCORE_TRACK_TILE].fill += (guint32) (end - first);
  /* Readers in other threads that see the count see the scores, too. */
  atomic_fetch_add_explicit (&track->filled, end - first, memory_order_release);
}

gboolean
praxi_score_track_put (PraxiScoreTrack *track, int k, const float *scores, GError **error)
{
  g_return_val_if_fail (track->is_writer, FALSE);
  const int n_classes = track->head.n_classes;
  if (k < 0 || k >= track->head.n_windows)
    return fail (track, PRAXI_ERROR_FAILED, "a score beyond the end of the track", error);
  const int tile_index = k / PRAXI_SCORE_TRACK_TILE;
  PraxiScoreTile tile = track->tiles[tile_index];
  const int first = tile_index * PRAXI_SCORE_TRACK_TILE + (int) tile.fill;
  if (k < first)
    return fail (track, PRAXI_ERROR_FAILED, "a score that was written before", error);

  const int n_rows = k + 1 - first;
  g_autofree float *rows = g_new (float, (gsize) n_rows *n_classes);
  for (int i = 0; i < (n_rows - 1) * n_classes; i++)
    rows[i] = NAN;
  memcpy (rows + (n_rows - 1) * n_classes, scores, sizeof (float) * n_classes);
  g_autofree guint8 *bytes = g_malloc (sizeof (float) * n_rows * n_classes);
  praxi_score_track_rows_pack (rows, n_rows * n_classes, bytes);

  const gsize n_bytes = sizeof (float) * n_rows * n_classes;
  tile.fill += (guint32) n_rows;
  tile.checksum = praxi_score_track_checksum (tile.checksum, bytes, n_bytes);
  guint8 entry[PRAXI_SCORE_TRACK_ENTRY_BYTES];
  praxi_score_track_tile_pack (&tile, entry);
  if (!write_at (track, bytes, n_bytes, praxi_score_track_row_offset (&track->head, first),
                 error) ||
      !write_at (track, entry, sizeof entry,
                 praxi_score_track_tile_offset (&track->head, tile_index), error))
    return FALSE;
  track->tiles[tile_index].checksum = tile.checksum;
  take_rows (track, first, k + 1, rows);
  track->next = k + 1;
  return TRUE;
}

gboolean
praxi_score_track_append (PraxiScoreTrack *track, const float *scores, GError **error)
{
  return praxi_score_track_put (track, track->next, scores, error);
}

gboolean
praxi_score_track_finish (PraxiScoreTrack *track, PraxiScoreTrackState state, GError **error)
{
  g_return_val_if_fail (track->is_writer, FALSE);
  const guint32 word = GUINT32_TO_LE ((guint32) state);
  if (!write_at (track, &word, sizeof word, PRAXI_SCORE_TRACK_STATE_OFFSET, error))
    return FALSE;
  if (track->fd >= 0 && fdatasync (track->fd) != 0)
    return fail_disk (track, error);
  atomic_store (&track->state, (int) state);
  return TRUE;
}

static gboolean
read_at (const PraxiScoreTrack *track, void *bytes, gsize n, gint64 offset, GError **error)
{
  guint8 *at = bytes;
  while (n > 0) {
    const ssize_t got = pread (track->fd, at, n, offset);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return fail_disk (track, error);
    if (got == 0)
      return fail (track, PRAXI_ERROR_FORMAT, "the score track was cut short; analyse again",
                   error);
    at += got;
    offset += got;
    n -= (gsize) got;
  }
  return TRUE;
}

static gboolean
read_head (PraxiScoreTrack *track, GError **error)
{
  guint8 fixed[PRAXI_SCORE_TRACK_FIXED_BYTES];
  if (!read_at (track, fixed, sizeof fixed, 0, error))
    return FALSE;
  const int head_bytes = praxi_score_track_head_bytes (fixed);
  if (head_bytes == 0)
    return fail (track, PRAXI_ERROR_FORMAT, "not a score track", error);
  g_autofree guint8 *bytes = g_malloc ((gsize) head_bytes);
  if (!read_at (track, bytes, (gsize) head_bytes, 0, error))
    return FALSE;
  const char *why = praxi_score_track_head_read (&track->head, bytes, head_bytes);
  if (why != NULL)
    return fail (track, PRAXI_ERROR_FORMAT, why, error);
  const off_t size = lseek (track->fd, 0, SEEK_END);
  if (size != track->head.file_bytes)
    return fail (track, PRAXI_ERROR_FORMAT, "a score track of the wrong length; analyse again",
                 error);
  return TRUE;
}

PraxiScoreTrack *
praxi_score_track_open (const char *path, GError **error)
{
  g_autoptr (PraxiScoreTrack) track = track_new (path, FALSE);
  track->fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (track->fd < 0) {
    g_autofree char *name = shown_name (track);
    const int code = errno;
    g_set_error (error, PRAXI_ERROR, code == ENOENT ? PRAXI_ERROR_NOT_FOUND : PRAXI_ERROR_DISK,
                 "%s: %s", name, g_strerror (code));
    return NULL;
  }
  if (!read_head (track, error) || !allocate (track, error) ||
      !praxi_score_track_refresh (track, NULL, error))
    return NULL;
  return g_steal_pointer (&track);
}

/* Reads the rows a tile gained. A checksum that does not fit yet, while the writer is at work, is
 * left for the next time; in a finished file it is damage.
 */
static gboolean
refresh_tile (PraxiScoreTrack *track, int index, PraxiScoreTile now, gboolean *grew, GError **error)
{
  PraxiScoreTile *tile = &track->tiles[index];
  const int base = index * PRAXI_SCORE_TRACK_TILE;
  const int limit = MIN (PRAXI_SCORE_TRACK_TILE, track->head.n_windows - base);
  if (now.fill < tile->fill || now.fill > (guint32) limit)
    return fail (track, PRAXI_ERROR_FORMAT, "a damaged score track; analyse again", error);
  if (now.fill == tile->fill && now.checksum == tile->checksum)
    return TRUE;
  const int first = base + (int) tile->fill;
  const int end = base + (int) now.fill;
  const int n = (end - first) * track->head.n_classes;
  g_autofree guint8 *bytes = g_malloc (sizeof (float) * n + 1);
  g_autofree float *rows = g_new (float, n + 1);
  if (!read_at (track, bytes, sizeof (float) * n,
                praxi_score_track_row_offset (&track->head, first), error))
    return FALSE;
  const guint32 checksum = praxi_score_track_checksum (tile->checksum, bytes, sizeof (float) * n);
  if (checksum != now.checksum) {
    if (atomic_load (&track->state) == PRAXI_SCORE_TRACK_GROWING && tile->n_misfits++ < 8)
      return TRUE;
    return fail (track, PRAXI_ERROR_FORMAT, "a damaged score track; analyse again", error);
  }
  praxi_score_track_rows_unpack (bytes, n, rows);
  tile->checksum = checksum;
  tile->n_misfits = 0;
  take_rows (track, first, end, rows);
  *grew = TRUE;
  return TRUE;
}

gboolean
praxi_score_track_refresh (PraxiScoreTrack *track, gboolean *changed, GError **error)
{
  gboolean grew = FALSE;
  if (changed != NULL)
    *changed = FALSE;
  if (track->is_writer)
    return TRUE;
  /* The state first: what a finished state promises is in the table read after it. */
  guint32 state = 0;
  if (!read_at (track, &state, sizeof state, PRAXI_SCORE_TRACK_STATE_OFFSET, error))
    return FALSE;
  state = GUINT32_FROM_LE (state);
  if (state > PRAXI_SCORE_TRACK_PARTIAL)
    return fail (track, PRAXI_ERROR_FORMAT, "a damaged score track; analyse again", error);
  grew = atomic_exchange (&track->state, (int) state) != (int) state;

  const gsize n_bytes = (gsize) track->head.n_tiles * PRAXI_SCORE_TRACK_ENTRY_BYTES;
  g_autofree guint8 *table = g_malloc (n_bytes + 1);
  if (!read_at (track, table, n_bytes, track->head.head_bytes, error))
    return FALSE;
  for (int i = 0; i < track->head.n_tiles; i++) {
    PraxiScoreTile now = {0};
    praxi_score_track_tile_unpack (table + (gsize) i * PRAXI_SCORE_TRACK_ENTRY_BYTES, &now);
    if (!refresh_tile (track, i, now, &grew, error))
      return FALSE;
  }
  if (changed != NULL)
    *changed = grew;
  return TRUE;
}

int
praxi_score_track_n_classes (const PraxiScoreTrack *track)
{
  return track->head.n_classes;
}

int
praxi_score_track_n_windows (const PraxiScoreTrack *track)
{
  return track->head.n_windows;
}

const char *
praxi_score_track_class_name (const PraxiScoreTrack *track, int class_index)
{
  g_return_val_if_fail (class_index >= 0 && class_index < track->head.n_classes, NULL);
  return track->head.classes[class_index];
}

const char *
praxi_score_track_model_sha256 (const PraxiScoreTrack *track)
{
  return track->sha256;
}

gint64
praxi_score_track_start_ns (const PraxiScoreTrack *track)
{
  return track->head.start_ns;
}

gint64
praxi_score_track_stride_ns (const PraxiScoreTrack *track)
{
  return track->head.stride_ns;
}

gint64
praxi_score_track_window_ns (const PraxiScoreTrack *track)
{
  return track->head.window_ns;
}

PraxiScoreTrackState
praxi_score_track_state (const PraxiScoreTrack *track)
{
  return (PraxiScoreTrackState) atomic_load (&track->state);
}

int
praxi_score_track_filled (const PraxiScoreTrack *track)
{
  return atomic_load_explicit (&track->filled, memory_order_acquire);
}

void
praxi_score_track_window_span (const PraxiScoreTrack *track,
                               int k,
                               gint64 *start_ns,
                               gint64 *end_ns)
{
  *start_ns = track->head.start_ns + k * track->head.stride_ns;
  *end_ns = *start_ns + track->head.window_ns;
}

static gint64
floor_div (gint64 a, gint64 b)
{
  return a / b - (a % b < 0);
}

/* The window whose stride around its middle holds t; not clamped. Window 0 speaks from `first`. */
static gint64
cell_at (const PraxiScoreTrack *track, gint64 t_ns)
{
  const PraxiScoreTrackHead *head = &track->head;
  const gint64 first_ns = head->start_ns + (head->window_ns - head->stride_ns) / 2;
  return floor_div (t_ns - first_ns, head->stride_ns);
}

int
praxi_score_track_window_at (const PraxiScoreTrack *track, gint64 t_ns)
{
  const gint64 limit = G_MAXINT64 / 4;
  const gint64 k = cell_at (track, CLAMP (t_ns, -limit, limit));
  return (int) CLAMP (k, 0, MAX (track->head.n_windows - 1, 0));
}

float
praxi_score_track_get (const PraxiScoreTrack *track, int k, int class_index)
{
  if (class_index < 0 || class_index >= track->head.n_classes)
    return NAN;
  return praxi_max_pyramid_get (track->pyramids[class_index], k);
}

/* Moves the ends out, to where a block of at most an eighth of the cells begins: what lies below
 * blocks in the pyramid, most of it, then need not be read. */
static void
widen (gint64 *first, gint64 *end, gint64 n_cells)
{
  gint64 block = 1;
  while (block * 16 <= *end - *first)
    block *= 2;
  *first = *first / block * block;
  *end = MIN ((*end + block - 1) / block * block, n_cells);
}

static float
find_max (const PraxiScoreTrack *track,
          int class_index,
          gint64 t0_ns,
          gint64 t1_ns,
          gboolean is_about)
{
  const PraxiScoreTrackHead *head = &track->head;
  if (class_index < 0 || class_index >= head->n_classes || head->n_windows == 0)
    return NAN;
  const gint64 last = head->n_windows - 1;
  const gint64 end_ns = head->start_ns + last * head->stride_ns + head->window_ns;
  t0_ns = MAX (t0_ns, head->start_ns);
  t1_ns = MIN (t1_ns, end_ns);
  if (t0_ns >= t1_ns)
    return NAN;
  const PraxiMaxPyramid *pyramid = track->pyramids[class_index];
  gint64 first = CLAMP (cell_at (track, t0_ns), 0, last);
  gint64 end = CLAMP (cell_at (track, t1_ns - 1), 0, last) + 1;
  if (is_about)
    widen (&first, &end, last + 1);
  const float max = praxi_max_pyramid_max (pyramid, (int) first, (int) end);
  if (!isnan (max))
    return max;
  /* Windows that overlap: those that start after t0 − window and before t1. */
  const gint64 from = floor_div (t0_ns - head->start_ns - head->window_ns, head->stride_ns) + 1;
  const gint64 to = floor_div (t1_ns - 1 - head->start_ns, head->stride_ns) + 1;
  return praxi_max_pyramid_max (pyramid, (int) CLAMP (from, 0, last),
                                (int) CLAMP (to, 0, last + 1));
}

float
praxi_score_track_max (const PraxiScoreTrack *track, int class_index, gint64 t0_ns, gint64 t1_ns)
{
  return find_max (track, class_index, t0_ns, t1_ns, FALSE);
}

float
praxi_score_track_max_about (const PraxiScoreTrack *track,
                             int class_index,
                             gint64 t0_ns,
                             gint64 t1_ns)
{
  return find_max (track, class_index, t0_ns, t1_ns, TRUE);
}
