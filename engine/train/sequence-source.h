/* Labelled sequences of joints for a trainer. */
#pragma once

#include "engine/train/dataset.h"
#include "engine/train/sequence.h"
#include "engine/train/source.h"

G_BEGIN_DECLS

typedef struct {
  GArray *samples;     /* of PraxiSequenceSample */
  GPtrArray *warnings; /* of char *: files that were left out, and why */
} PraxiSequences;

typedef struct {
  float *values; /* [T,J,D] of the spec */
  int class_index;
  char *group;
} PraxiSequenceSample;

/* The labelled parts of .npy files as the model sees them. Files that cannot be read, or have other
 * joints than the model, are named among the warnings.
 * Errors: FAILED (nothing is left)
 */
PraxiSequences *
praxi_sequences_load (const PraxiModelSpec *spec, const PraxiDataset *dataset, GError **error);
void praxi_sequences_free (PraxiSequences *sequences);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiSequences, praxi_sequences_free)

/* All but balance and augments are borrowed. */
PraxiSource *praxi_source_of_sequences (const PraxiSequences *sequences,
                                        const PraxiTrainable *trainable,
                                        const PraxiModelSpec *spec,
                                        PraxiBalance balance,
                                        gboolean augments);

G_END_DECLS
