/* The bytes of a score track file (score-track.h says which stands where), apart from any I/O. */
#pragma once

#include "engine/infer/score-track.h"

G_BEGIN_DECLS

enum {
  PRAXI_SCORE_TRACK_FIXED_BYTES = 96,
  PRAXI_SCORE_TRACK_STATE_OFFSET = 88,
  PRAXI_SCORE_TRACK_ENTRY_BYTES = 8,
};

#define PRAXI_SCORE_TRACK_CHECKSUM_BASIS 0x811c9dc5u

typedef struct {
  int n_classes;
  int n_windows;
  int n_tiles;
  int head_bytes;
  gint64 file_bytes;
  gint64 start_ns;
  gint64 stride_ns;
  gint64 window_ns;
  guint8 model_sha256[32];
  char **classes; /* NULL-terminated; owned */
} PraxiScoreTrackHead;

typedef struct {
  guint32 fill;     /* rows */
  guint32 checksum; /* of those rows */
  int n_misfits;    /* how often a reader found them not to fit; not in the file */
} PraxiScoreTile;

/* Checks a spec and fills the head from it. Returns FALSE when it is out of its limits. */
gboolean praxi_score_track_head_init (PraxiScoreTrackHead *head, const PraxiScoreTrackSpec *spec);
void praxi_score_track_head_clear (PraxiScoreTrackHead *head);

/* head->head_bytes bytes, state growing; free with g_free. */
guint8 *praxi_score_track_head_write (const PraxiScoreTrackHead *head);

/* How long the head is, from its first PRAXI_SCORE_TRACK_FIXED_BYTES; 0: this is no score track. */
int praxi_score_track_head_bytes (const guint8 *fixed);

/* Reads and checks a head. Returns NULL, or why it is refused. */
const char *
praxi_score_track_head_read (PraxiScoreTrackHead *head, const guint8 *bytes, int n_bytes);

/* FNV-1a, 32 bits: each step is a bijection, so that one changed byte always shows. */
guint32 praxi_score_track_checksum (guint32 checksum, const guint8 *bytes, gsize n_bytes);

void praxi_score_track_rows_pack (const float *rows, int n, guint8 *bytes);
void praxi_score_track_rows_unpack (const guint8 *bytes, int n, float *rows);
void praxi_score_track_tile_pack (const PraxiScoreTile *tile, guint8 *entry);
void praxi_score_track_tile_unpack (const guint8 *entry, PraxiScoreTile *tile);
gint64 praxi_score_track_tile_offset (const PraxiScoreTrackHead *head, int tile_index);
gint64 praxi_score_track_row_offset (const PraxiScoreTrackHead *head, int window);

G_END_DECLS
