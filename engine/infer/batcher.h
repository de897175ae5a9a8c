/* Puts clips of many callers together, so that one run of a model answers several. A batch starts
 * when it is full, when nobody is expected any more, or when its first clip has waited long enough.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct PraxiBatcher PraxiBatcher;

typedef struct {
  gsize clip_bytes;
  int n_classes;
  int max_batch;
  gint64 max_delay_us; /* that a clip waits for those that are expected while the model is idle */
  int max_waiting;     /* clips; more are turned away */
  /* Scores clips u8 [n_clips, clip_bytes], n_clips ≤ max_batch, to f32 [n_clips, n_classes].
   * Called in the batcher's thread.
   */
  gboolean (*run) (gpointer data, const guint8 *clips, int n_clips, float *scores, GError **error);
  gpointer data;
} PraxiBatcherOptions;

/* Called in the batcher's thread, once for each clip taken. error: NULL when the scores are there
 */
typedef void (*PraxiBatcherDone) (gpointer data, const GError *error);

typedef struct {
  guint64 batches;
  guint64 clips; /* in these */
  guint64 failed;
  int waiting;
} PraxiBatcherCounts;

/* Starts the thread. options: copied
 * Errors: MEMORY
 * Thread: any, for all functions
 */
PraxiBatcher *praxi_batcher_new (const PraxiBatcherOptions *options, GError **error);

/* Answers what waits, then ends the thread; nothing may be submitted any more. */
void praxi_batcher_stop (PraxiBatcher *batcher);

/* Stops it first. */
void praxi_batcher_free (PraxiBatcher *batcher);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiBatcher, praxi_batcher_free)

/* More, or fewer, clips are on their way: a batch waits for them. */
void praxi_batcher_expect (PraxiBatcher *batcher, int n_more);

/* Takes a clip. clip and scores are borrowed until `done` is called.
 * Returns FALSE when too many wait: nothing was taken, `done` is not called.
 */
gboolean praxi_batcher_submit (PraxiBatcher *batcher,
                               const guint8 *clip,
                               float *scores,
                               PraxiBatcherDone done,
                               gpointer data);

/* Scores clips u8 [n_clips, clip_bytes] and waits for all of them, and for room where there is
 * none.
 * scores: f32 [n_clips, n_classes]
 * Errors: those of `run`
 */
gboolean praxi_batcher_score (PraxiBatcher *batcher,
                              const guint8 *clips,
                              int n_clips,
                              float *scores,
                              GError **error);

PraxiBatcherCounts praxi_batcher_counts (PraxiBatcher *batcher);

G_END_DECLS
