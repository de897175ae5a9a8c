/* A training's state on disk, so that it can go on after it was killed. The trainer's inside. */
#pragma once

#include "engine/train/trainer.h"

G_BEGIN_DECLS

/* What a training is made of between two steps. */
typedef struct {
  const PraxiTrainable *trainable;
  PraxiOptimizer *optimizer;
  GArray *epochs; /* of PraxiEpoch */
  float **best, **average;
  int best_epoch, epoch, step; /* step: within the epoch */
  int rollbacks;
  gint64 n_done, n_drawn, n_averaged;
  double rate, loss; /* loss: so far in the epoch */
} PraxiTrainState;

/* Writes to a temporary file beside path, synced, then renamed over path. Errors: DISK */
gboolean praxi_checkpoint_save (const PraxiTrainState *state,
                                const char *key,
                                const char *path,
                                GError **error);

/* Fills state and the parameters. *is_there: FALSE without such a file, and nothing is changed.
 * Errors: DISK, FORMAT (another run's, or damaged)
 */
gboolean praxi_checkpoint_load (PraxiTrainState *state,
                                const char *key,
                                const char *path,
                                gboolean *is_there,
                                GError **error);

G_END_DECLS
