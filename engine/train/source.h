/* Where a trainer's clips come from: something that puts clip i, changed by chance or as it is,
 * into a place of the stepper's batch.
 */
#pragma once

#include "engine/train/clips.h"
#include "engine/train/stepper.h"

G_BEGIN_DECLS

typedef struct {
  gpointer data;
  guint n; /* clips in an epoch; also those that validation goes through */

  /* A clip for training, drawn by chance. */
  guint (*draw) (gpointer data, GRand *random);

  /* Fills features, target and weight of a place in the stepper's batch.
   * random: what to change the clip by; NULL: as it is
   * Errors: DISK, and those of praxi_stepper_see
   */
  gboolean (*load) (gpointer data,
                    PraxiStepper *stepper,
                    guint clip,
                    GRand *random,
                    int place,
                    GError **error);
  int (*class_of) (gpointer data, guint clip);
  const char *(*group_of) (gpointer data, guint clip); /* NULL: each on its own */
  void (*free) (gpointer data);
} PraxiSource;

void praxi_source_free (PraxiSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiSource, praxi_source_free)

typedef enum {
  PRAXI_BALANCE_ROOT,  /* classes by the root of how many clips they have */
  PRAXI_BALANCE_EQUAL, /* classes alike */
  PRAXI_BALANCE_NONE,  /* clips alike */
} PraxiBalance;

/* Draws from lists of clips, one a pool, by the pools' sizes. pools: of GArray of guint. */
guint praxi_source_draw (const GPtrArray *pools, PraxiBalance balance, GRand *random);

/* Such pools, one a class, of the clips 0 … n − 1 of a source's data. Free with g_ptr_array_unref.
 */
GPtrArray *praxi_source_pools (gpointer data,
                               guint n,
                               int (*class_of) (gpointer data, guint clip),
                               int n_classes);

/* Says at a place in the stepper's batch that the clip there is of the class, and counts in full.
 */
void praxi_source_set_class (const PraxiTrainable *trainable,
                             const PraxiModelSpec *spec,
                             PraxiStepper *stepper,
                             int class_index,
                             int place);

/* Decoded pictures, shrunk where the spec's clips are smaller. clips, trainable and spec are
 * borrowed. augment: whether load changes pictures where it has a random: all are mirrored, cut and
 * toned (augment.h); those of models without a motion stem also change their colours and speed and
 * lose frames, sharpness and detail (augment-pictures.h)
 */
PraxiSource *praxi_source_of_clips (const PraxiClips *clips,
                                    const PraxiTrainable *trainable,
                                    const PraxiModelSpec *spec,
                                    PraxiBalance balance,
                                    gboolean augment);

G_END_DECLS
