#include "engine/infer/score-track-file.h"

#include <string.h>

#define MAX_CELLS (1 << 26)
#define MAX_NAMES_BYTES (PRAXI_SCORE_TRACK_MAX_CLASSES * 1024)
#define MAX_TIME_NS (G_MAXINT64 / 8)

static const char magic[8] = {'P', 'R', 'A', 'X', 'I', 'T', 'R', 'K'};

enum { VERSION = 1, CHECKSUM_OFFSET = 84 };

static void
put_u32 (guint8 *bytes, guint32 value)
{
  value = GUINT32_TO_LE (value);
  memcpy (bytes, &value, sizeof value);
}

static guint32
get_u32 (const guint8 *bytes)
{
  guint32 value;
  memcpy (&value, bytes, sizeof value);
  return GUINT32_FROM_LE (value);
}

static void
put_i64 (guint8 *bytes, gint64 value)
{
  value = GINT64_TO_LE (value);
  memcpy (bytes, &value, sizeof value);
}

static gint64
get_i64 (const guint8 *bytes)
{
  gint64 value;
  memcpy (&value, bytes, sizeof value);
  return GINT64_FROM_LE (value);
}

guint32
praxi_score_track_checksum (guint32 checksum, const guint8 *bytes, gsize n_bytes)
{
  for (gsize i = 0; i < n_bytes; i++)
    checksum = (checksum ^ bytes[i]) * 0x01000193u;
  return checksum;
}

/* Everything that follows from the numbers; FALSE when they are out of their limits. */
static gboolean
settle (PraxiScoreTrackHead *head, gsize names_bytes)
{
  if (head->n_classes < 1 || head->n_classes > PRAXI_SCORE_TRACK_MAX_CLASSES ||
      head->n_windows < 0 || head->n_windows > MAX_CELLS / head->n_classes ||
      names_bytes > MAX_NAMES_BYTES)
    return FALSE;
  if (head->stride_ns <= 0 || head->window_ns <= 0 || head->window_ns > MAX_TIME_NS ||
      ABS (head->start_ns) > MAX_TIME_NS || head->start_ns == G_MININT64 ||
      head->stride_ns > MAX_TIME_NS / MAX (head->n_windows, 1))
    return FALSE;
  const gsize bytes = PRAXI_SCORE_TRACK_FIXED_BYTES + names_bytes;
  head->head_bytes = (int) ((bytes + 63) / 64 * 64);
  head->n_tiles = (head->n_windows + PRAXI_SCORE_TRACK_TILE - 1) / PRAXI_SCORE_TRACK_TILE;
  head->file_bytes = praxi_score_track_row_offset (head, head->n_windows);
  return TRUE;
}

static gboolean
parse_sha256 (const char *hex, guint8 *bytes)
{
  if (hex == NULL || strlen (hex) != 64)
    return FALSE;
  for (int i = 0; i < 32; i++) {
    const int high = g_ascii_xdigit_value (hex[2 * i]);
    const int low = g_ascii_xdigit_value (hex[2 * i + 1]);
    if (high < 0 || low < 0)
      return FALSE;
    bytes[i] = (guint8) (high * 16 + low);
  }
  return TRUE;
}

gboolean
praxi_score_track_head_init (PraxiScoreTrackHead *head, const PraxiScoreTrackSpec *spec)
{
  *head = (PraxiScoreTrackHead){.n_classes = spec->n_classes,
                                .n_windows = spec->n_windows,
                                .start_ns = spec->start_ns,
                                .stride_ns = spec->stride_ns,
                                .window_ns = spec->window_ns};
  if (spec->n_classes < 1 || spec->n_classes > PRAXI_SCORE_TRACK_MAX_CLASSES ||
      !parse_sha256 (spec->model_sha256, head->model_sha256))
    return FALSE;
  gsize names_bytes = 0;
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  for (int c = 0; c < spec->n_classes; c++) {
    const char *name = spec->classes[c];
    if (name == NULL || *name == '\0' || !g_utf8_validate (name, -1, NULL))
      return FALSE;
    names_bytes += strlen (name) + 1;
    g_strv_builder_add (names, name);
  }
  head->classes = g_strv_builder_end (names);
  return settle (head, names_bytes);
}

void
praxi_score_track_head_clear (PraxiScoreTrackHead *head)
{
  g_clear_pointer (&head->classes, g_strfreev);
}

static guint32
head_checksum (const guint8 *bytes, int n_bytes)
{
  static const guint8 zeros[8] = {0};
  guint32 checksum = PRAXI_SCORE_TRACK_CHECKSUM_BASIS;
  checksum = praxi_score_track_checksum (checksum, bytes, CHECKSUM_OFFSET);
  checksum = praxi_score_track_checksum (checksum, zeros, sizeof zeros);
  const int rest = CHECKSUM_OFFSET + (int) sizeof zeros;
  return praxi_score_track_checksum (checksum, bytes + rest, (gsize) (n_bytes - rest));
}

guint8 *
praxi_score_track_head_write (const PraxiScoreTrackHead *head)
{
  guint8 *bytes = g_malloc0 ((gsize) head->head_bytes);
  memcpy (bytes, magic, sizeof magic);
  put_u32 (bytes + 8, VERSION);
  put_u32 (bytes + 12, (guint32) head->head_bytes);
  put_u32 (bytes + 16, (guint32) head->n_classes);
  put_u32 (bytes + 20, (guint32) head->n_windows);
  put_i64 (bytes + 24, head->start_ns);
  put_i64 (bytes + 32, head->stride_ns);
  put_i64 (bytes + 40, head->window_ns);
  memcpy (bytes + 48, head->model_sha256, sizeof head->model_sha256);
  guint8 *at = bytes + PRAXI_SCORE_TRACK_FIXED_BYTES;
  for (int c = 0; c < head->n_classes; c++) {
    const gsize length = strlen (head->classes[c]) + 1;
    memcpy (at, head->classes[c], length);
    at += length;
  }
  put_u32 (bytes + 80, (guint32) (at - bytes - PRAXI_SCORE_TRACK_FIXED_BYTES));
  put_u32 (bytes + CHECKSUM_OFFSET, head_checksum (bytes, head->head_bytes));
  return bytes;
}

int
praxi_score_track_head_bytes (const guint8 *fixed)
{
  const guint32 n_bytes = get_u32 (fixed + 12);
  if (memcmp (fixed, magic, sizeof magic) != 0 || n_bytes < PRAXI_SCORE_TRACK_FIXED_BYTES ||
      n_bytes % 64 != 0 || n_bytes > PRAXI_SCORE_TRACK_FIXED_BYTES + MAX_NAMES_BYTES + 64)
    return 0;
  return (int) n_bytes;
}

/* The names, which fill names_bytes exactly. */
static gboolean
read_names (PraxiScoreTrackHead *head, const guint8 *bytes, gsize names_bytes)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  const char *at = (const char *) bytes;
  gsize left = names_bytes;
  for (int c = 0; c < head->n_classes; c++) {
    const gsize length = strnlen (at, left);
    if (length == left || length == 0 || !g_utf8_validate (at, (gssize) length, NULL))
      return FALSE;
    g_strv_builder_add (names, at);
    at += length + 1;
    left -= length + 1;
  }
  head->classes = g_strv_builder_end (names);
  return left == 0;
}

const char *
praxi_score_track_head_read (PraxiScoreTrackHead *head, const guint8 *bytes, int n_bytes)
{
  static const char damaged[] = "a damaged score track; analyse again";
  if (get_u32 (bytes + 8) != VERSION)
    return "a score track of another version; analyse again with this program";
  if (get_u32 (bytes + CHECKSUM_OFFSET) != head_checksum (bytes, n_bytes))
    return damaged;
  const guint32 n_classes = get_u32 (bytes + 16);
  const guint32 n_windows = get_u32 (bytes + 20);
  const guint32 names_bytes = get_u32 (bytes + 80);
  if (n_classes > PRAXI_SCORE_TRACK_MAX_CLASSES || n_windows > MAX_CELLS ||
      names_bytes > (guint32) (n_bytes - PRAXI_SCORE_TRACK_FIXED_BYTES))
    return damaged;
  *head = (PraxiScoreTrackHead){.n_classes = (int) n_classes,
                                .n_windows = (int) n_windows,
                                .start_ns = get_i64 (bytes + 24),
                                .stride_ns = get_i64 (bytes + 32),
                                .window_ns = get_i64 (bytes + 40)};
  memcpy (head->model_sha256, bytes + 48, sizeof head->model_sha256);
  if (!settle (head, names_bytes) || head->head_bytes != n_bytes ||
      !read_names (head, bytes + PRAXI_SCORE_TRACK_FIXED_BYTES, names_bytes))
    return damaged;
  return NULL;
}

void
praxi_score_track_rows_pack (const float *rows, int n, guint8 *bytes)
{
  for (int i = 0; i < n; i++) {
    guint32 word;
    memcpy (&word, &rows[i], sizeof word);
    put_u32 (bytes + 4 * (gsize) i, word);
  }
}

void
praxi_score_track_rows_unpack (const guint8 *bytes, int n, float *rows)
{
  for (int i = 0; i < n; i++) {
    const guint32 word = get_u32 (bytes + 4 * (gsize) i);
    memcpy (&rows[i], &word, sizeof word);
  }
}

void
praxi_score_track_tile_pack (const PraxiScoreTile *tile, guint8 *entry)
{
  put_u32 (entry, tile->fill);
  put_u32 (entry + 4, tile->checksum);
}

/* A tile nobody wrote to is all zeros in the file. */
void
praxi_score_track_tile_unpack (const guint8 *entry, PraxiScoreTile *tile)
{
  tile->fill = get_u32 (entry);
  tile->checksum = tile->fill == 0 && get_u32 (entry + 4) == 0 ? PRAXI_SCORE_TRACK_CHECKSUM_BASIS
                                                               : get_u32 (entry + 4);
}

gint64
praxi_score_track_tile_offset (const PraxiScoreTrackHead *head, int tile_index)
{
  return head->head_bytes + (gint64) tile_index * PRAXI_SCORE_TRACK_ENTRY_BYTES;
}

gint64
praxi_score_track_row_offset (const PraxiScoreTrackHead *head, int window)
{
  return praxi_score_track_tile_offset (head, head->n_tiles) +
         (gint64) window * head->n_classes * (gint64) sizeof (float);
}
