/* A ScoreTrack: the scores of every class over the time of one media, by one model. The job that
 * analyses fills it, the workbench draws from it while it grows.
 *
 * File, all numbers little-endian:
 *   0   8  "PRAXITRK"
 *   8   4  version, 1
 *   12  4  bytes before the table (a multiple of 64)
 *   16  4  classes
 *   20  4  windows
 *   24  8  start of window 0, ns
 *   32  8  stride between windows, ns
 *   40  8  length of a window, ns
 *   48  32 SHA-256 of the model
 *   80  4  bytes of the class names
 *   84  4  checksum (FNV-1a) of all bytes before the table, with this field and the next as zero
 *   88  4  state: 0 growing, 1 finished, 2 partial
 *   96     the class names, each ended by a zero byte, then zeros
 *   then   the table: for each tile of 256 windows its fill length and the checksum of those rows
 *   then   the rows: f32 [windows, classes], NaN where a window could not be analysed
 *
 * Tiles are written once, each in ascending order, in any order among each other: a row lies in the
 * file before the fill length that covers it. The writer reserves the whole size first and never
 * shrinks it. Both sides hold the rows in memory and use pread and pwrite, never a mapping, so that
 * a file cut short by someone else is an error and not a SIGBUS. The max pyramid is built from the
 * rows and not stored: what is not in the file cannot be wrong in it.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

enum { PRAXI_SCORE_TRACK_TILE = 256, PRAXI_SCORE_TRACK_MAX_CLASSES = 64 };

typedef struct PraxiScoreTrack PraxiScoreTrack;

typedef enum {
  PRAXI_SCORE_TRACK_GROWING = 0,
  PRAXI_SCORE_TRACK_FINISHED = 1,
  PRAXI_SCORE_TRACK_PARTIAL = 2, /* cancelled or broken off: what is there stays valid */
} PraxiScoreTrackState;

typedef struct {
  const char *const *classes; /* valid UTF-8, not empty */
  int n_classes;              /* 1 … PRAXI_SCORE_TRACK_MAX_CLASSES */
  int n_windows;              /* 0 … 2^26 / n_classes */
  gint64 start_ns;            /* pts of the start of window 0 */
  gint64 stride_ns;           /* > 0 */
  gint64 window_ns;           /* > 0 */
  const char *model_sha256;   /* 64 hexadecimal digits */
} PraxiScoreTrackSpec;

/* Creates the file, or replaces it, at its full size. path NULL: the track lives in memory only.
 * Errors: DISK, USAGE (a spec out of its limits)
 */
PraxiScoreTrack *
praxi_score_track_create (const char *path, const PraxiScoreTrackSpec *spec, GError **error);

/* Writes the scores of window k; windows of the same tile that were passed over become "not
 * analysed" for good.
 * scores: f32 [n_classes]; borrowed
 * Thread: one writer; readers may run beside it on the same object
 * Errors: DISK; FAILED when window k was written or passed over before
 */
gboolean praxi_score_track_put (PraxiScoreTrack *track, int k, const float *scores, GError **error);

/* Writes the window after the last one written. */
gboolean praxi_score_track_append (PraxiScoreTrack *track, const float *scores, GError **error);

/* Sets the state and brings everything to the disk. */
gboolean
praxi_score_track_finish (PraxiScoreTrack *track, PraxiScoreTrackState state, GError **error);

/* Opens a track for reading; every length is checked against the file before it is used.
 * Errors: NOT_FOUND, FORMAT (damaged, truncated, or no track), UNSUPPORTED (newer version), DISK
 */
PraxiScoreTrack *praxi_score_track_open (const char *path, GError **error);

/* Reads what the writer added since. Cost: the table (8 bytes a tile) and the new tiles.
 * changed: whether something was added; may be NULL
 * Thread: the one that opened the track; other readers may run beside it
 * Errors: FORMAT (damaged or cut short since; the track keeps what it read before), DISK
 */
gboolean praxi_score_track_refresh (PraxiScoreTrack *track, gboolean *changed, GError **error);

void praxi_score_track_free (PraxiScoreTrack *track);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiScoreTrack, praxi_score_track_free)

int praxi_score_track_n_classes (const PraxiScoreTrack *track);
int praxi_score_track_n_windows (const PraxiScoreTrack *track);
const char *praxi_score_track_class_name (const PraxiScoreTrack *track, int class_index);
const char *praxi_score_track_model_sha256 (const PraxiScoreTrack *track);
gint64 praxi_score_track_start_ns (const PraxiScoreTrack *track);
gint64 praxi_score_track_stride_ns (const PraxiScoreTrack *track);
gint64 praxi_score_track_window_ns (const PraxiScoreTrack *track);
PraxiScoreTrackState praxi_score_track_state (const PraxiScoreTrack *track);

/* How many windows are done: analysed or passed over. Thread: any */
int praxi_score_track_filled (const PraxiScoreTrack *track);

/* Start and end of window k in pts, half-open. */
void praxi_score_track_window_span (const PraxiScoreTrack *track,
                                    int k,
                                    gint64 *start_ns,
                                    gint64 *end_ns);

/* The window that speaks for time t: the one whose middle is nearest; clamped to the track. */
int praxi_score_track_window_at (const PraxiScoreTrack *track, gint64 t_ns);

/* The score of window k, NaN where it is not analysed (yet). Thread: any */
float praxi_score_track_get (const PraxiScoreTrack *track, int k, int class_index);

/* The highest score in [t0, t1), NaN where nothing is analysed. Each window speaks for the stride
 * around its middle; where those windows are missing, for its whole length.
 * Cost: at most 2·log2(n_windows) cells, whatever the span
 * Thread: any
 */
float
praxi_score_track_max (const PraxiScoreTrack *track, int class_index, gint64 t0_ns, gint64 t1_ns);

/* Likewise, for pictures: windows up to an eighth of the span before and after it may count too, so
 * that a column of many windows costs three or four cells. No peak is lost.
 */
float praxi_score_track_max_about (const PraxiScoreTrack *track,
                                   int class_index,
                                   gint64 t0_ns,
                                   gint64 t1_ns);

G_END_DECLS
