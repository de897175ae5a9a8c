/* Scores over the time of a whole media. Decoding and preprocessing run in their own threads ahead
 * of inference; every frame is decoded and preprocessed once, however many windows it lies in, and
 * what a window shares with the one before it is not computed again. Memory does not grow with the
 * footage, apart from the scores.
 */
#pragma once

#include <glib.h>

#include "engine/infer/executor.h"
#include "engine/infer/score-track.h"
#include "engine/media/media.h"

G_BEGIN_DECLS

/* What turns a clip into scores: an executor, or a stand-in for it. */
typedef struct {
  int frames, height, width; /* T, H, W of a clip */
  double rate_hz;
  int n_classes;
  const char *const *classes;
  const char *sha256;
  /* clip: u8 [T,H,W,3]; its first T − new_frames frames are the last ones of the previous call's
   * scores: f32 [n_classes]
   */
  gboolean (
      *score) (gpointer data, const guint8 *clip, int new_frames, float *scores, GError **error);
  /* Clips so far in which nothing moved and that were not computed; NULL: none ever. */
  int (*n_still) (gpointer data);
  gpointer data;
} PraxiScorer;

/* model: has a spec. Both are borrowed and must outlive the scorer. */
PraxiScorer praxi_scorer_for_executor (const PraxiModel *model, PraxiExecutor *executor);

typedef struct {
  double stride_s;                     /* between windows; 0: 0.5 */
  int threads;                         /* of the decoder; 0: one per core */
  gint64 first_start_ns, first_end_ns; /* footage whose windows come first; equal: none */
  /* Filled with estimates before all else, see praxi_analyzer_create_estimate; what they hold for
   * likely comes before the rest. NULL: none. Borrowed for the run.
   */
  PraxiScoreTrack *estimate;
  /* Called at least ten times a second with the footage that is done; FALSE stops the analysis. */
  gboolean (*tick) (gpointer data, double done_s, double total_s);
  /* Called for each window that was scored; may be NULL.
   * clip: u8 [T,H,W,3]; borrowed for the call
   */
  void (*visit) (gpointer data, int k, const guint8 *clip, const float *scores);
  gpointer data;
} PraxiAnalyzerOptions;

typedef struct {
  int n_windows; /* of the whole media */
  int n_scored;
  int n_lost;      /* a frame of theirs could not be decoded: they stay not analysed */
  int n_still;     /* of n_scored: nothing moved, they have a still picture's scores */
  int n_frames;    /* decoded and preprocessed */
  double decode_s; /* time the decoder and preprocessing were busy */
  double infer_s;
  double infer_cpu_s; /* processor time of the inference thread, without its pool's others */
  double wall_s;
  double footage_s;       /* that the windows scored reach over */
  int n_estimated;        /* windows of the coarse pass */
  double estimate_s;      /* its part of wall_s */
  guint64 input_checksum; /* of all frames the model saw, in order: same input, same number */
} PraxiAnalysis;

typedef struct PraxiAnalyzer PraxiAnalyzer;

/* Plans the windows. scorer: borrowed until the analyzer is freed.
 * Thread: one; it becomes the inference thread
 */
PraxiAnalyzer *praxi_analyzer_new (PraxiMedia *media,
                                   const PraxiScorer *scorer,
                                   const PraxiAnalyzerOptions *options,
                                   GError **error);
void praxi_analyzer_free (PraxiAnalyzer *analyzer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiAnalyzer, praxi_analyzer_free)

/* A track that fits; path as in praxi_score_track_create. */
PraxiScoreTrack *
praxi_analyzer_create_track (const PraxiAnalyzer *analyzer, const char *path, GError **error);

/* Estimates are scores of single windows, one a minute or so and chosen because they are quick to
 * decode, each of which stands for the footage around it: a track of its own, one row a block. Only
 * of use where can_estimate says that the footage is long enough.
 */
gboolean praxi_analyzer_can_estimate (const PraxiAnalyzer *analyzer);
PraxiScoreTrack *
praxi_analyzer_create_estimate (const PraxiAnalyzer *analyzer, const char *path, GError **error);
void praxi_analyzer_set_estimate (PraxiAnalyzer *analyzer, PraxiScoreTrack *estimate);

/* Scores every window into the track and finishes it, in order of time unless the options say
 * otherwise; each is scored once and the scores do not depend on the order. Damaged places stay not
 * analysed.
 * analysis: filled in, on errors as far as it came
 * Errors:   CANCELLED (tick said so; the track is finished as partial, what is in it is valid),
 *           FORMAT (no window could be decoded), DEVICE, DISK, MEMORY
 */
gboolean praxi_analyzer_run (PraxiAnalyzer *analyzer,
                             PraxiScoreTrack *track,
                             PraxiAnalysis *analysis,
                             GError **error);

/* Start and end of window k of [0, n_windows), and where it stands in the track. */
int praxi_analyzer_n_windows (const PraxiAnalyzer *analyzer);
void praxi_analyzer_window (const PraxiAnalyzer *analyzer,
                            int k,
                            gint64 *start_ns,
                            gint64 *end_ns,
                            int *slot);

/* Why windows were lost: the decoder's first error as one sentence, NULL when it had none. */
const char *praxi_analyzer_warning (const PraxiAnalyzer *analyzer);

G_END_DECLS
