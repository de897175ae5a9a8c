/* The models of a cross-validation as teachers: of what a fold holds out speaks the one that never
 * saw it.
 */
#pragma once

#include "engine/train/flow-clips.h"

G_BEGIN_DECLS

/* Appends "OUT-1.onnx" and so on, but for the fold that is held out, to the teachers that stand
 * beside the model it all begins with.
 * n_folds:  how many there are, 0: as there are files
 * held_out: from 1; 0: none
 * Returns:  [folds] of int: the place among all teachers, that model being 0, PRAXI_SPEAKS_NONE for
 *           the fold held out; free with g_array_unref
 * Errors:   those of loading
 */
GArray *praxi_fold_teachers_load (const char *out,
                                  int n_folds,
                                  int held_out,
                                  GPtrArray *teachers,
                                  GError **error);

/* For PraxiDistillOptions: who speaks alone of each file of a folder or a project, of which one is
 * NULL.
 * flow:    what is learned from; NULL is refused
 * spec:    of what learns
 * Returns: [files]; free with g_free
 * Errors:  UNSUPPORTED (no flow), those of the dataset
 */
int *praxi_fold_teachers_speakers (const GArray *places,
                                   const PraxiFlowClips *flow,
                                   const char *folder,
                                   const char *project,
                                   const PraxiModelSpec *spec,
                                   GError **error);

G_END_DECLS
