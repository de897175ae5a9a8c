#include "engine/store/log-check.h"

#include <string.h>

enum {
  HEADER_BYTES = 32,
  FRAME_HEADER_BYTES = 24,
  MAGIC = 0x377f0682, /* its last bit: words of the checksum are big-endian */
  MAX_PAGE_BYTES = 65536,
  TRIES = 3, /* another program may be writing a frame just now */
  WAIT_US = 50000,
};

typedef struct {
  const guint8 *bytes;
  gsize n_bytes;
  gsize page_bytes;
  gboolean is_big_endian;
  guint32 sum[2]; /* over all frames so far */
} Log;

static guint32
read_word (const guint8 *at)
{
  guint32 word;
  memcpy (&word, at, sizeof word);
  return GUINT32_FROM_BE (word);
}

/* sum[0] += x[i] + sum[1]; sum[1] += x[i + 1] + sum[0], over pairs of words */
static void
add_to_sum (Log *log, const guint8 *bytes, gsize n_bytes)
{
  for (gsize i = 0; i + 8 <= n_bytes; i += 8) {
    const guint32 x[2] = {read_word (bytes + i), read_word (bytes + i + 4)};
    log->sum[0] += (log->is_big_endian ? x[0] : GUINT32_SWAP_LE_BE (x[0])) + log->sum[1];
    log->sum[1] += (log->is_big_endian ? x[1] : GUINT32_SWAP_LE_BE (x[1])) + log->sum[0];
  }
}

static gboolean
is_sum (const Log *log, const guint8 *at)
{
  return read_word (at) == log->sum[0] && read_word (at + 4) == log->sum[1];
}

static gboolean
read_header (Log *log)
{
  const guint32 magic = read_word (log->bytes);
  log->page_bytes = read_word (log->bytes + 8);
  log->is_big_endian = (magic & 1) != 0;
  add_to_sum (log, log->bytes, 24);
  return (magic & ~1u) == MAGIC && log->page_bytes >= 512 && log->page_bytes <= MAX_PAGE_BYTES &&
         is_sum (log, log->bytes + 24);
}

/* A frame of the log's present generation carries its salt; others were copied home long ago. */
static gboolean
has_salt (const Log *log, const guint8 *frame)
{
  return memcmp (frame + 8, log->bytes + 16, 8) == 0;
}

static gboolean
is_readable (Log *log, const guint8 *frame)
{
  add_to_sum (log, frame, 8);
  add_to_sum (log, frame + FRAME_HEADER_BYTES, log->page_bytes);
  return has_salt (log, frame) && is_sum (log, frame + 16);
}

static char *
check_bytes (const guint8 *bytes, gsize n_bytes)
{
  Log log = {.bytes = bytes, .n_bytes = n_bytes};
  if (n_bytes <= HEADER_BYTES)
    return NULL;
  if (!read_header (&log))
    return g_strdup ("log (-wal): its beginning is damaged; all changes in it are lost");
  const gsize frame_bytes = FRAME_HEADER_BYTES + log.page_bytes;
  const gsize n_frames = (n_bytes - HEADER_BYTES) / frame_bytes;
  const guint8 *frames = bytes + HEADER_BYTES;
  gsize n_readable = 0;
  while (n_readable < n_frames && is_readable (&log, frames + n_readable * frame_bytes))
    n_readable++;
  for (gsize i = n_readable; i < n_frames; i++)
    if (has_salt (&log, frames + i * frame_bytes))
      return g_strdup_printf ("log (-wal): damaged from page %" G_GSIZE_FORMAT
                              " on; the newest changes are lost",
                              n_readable + 1);
  return NULL;
}

char *
praxi_log_check (const char *path)
{
  for (int i = 1;; i++) {
    g_autofree char *bytes = NULL;
    gsize n_bytes = 0;
    if (!g_file_test (path, G_FILE_TEST_IS_REGULAR) ||
        !g_file_get_contents (path, &bytes, &n_bytes, NULL))
      return NULL;
    char *problem = check_bytes ((const guint8 *) bytes, n_bytes);
    if (problem == NULL || i == TRIES)
      return problem;
    g_free (problem);
    g_usleep (WAIT_US);
  }
}
