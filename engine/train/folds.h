/* Cross-validation by group: which fold holds out what. */
#pragma once

#include "engine/train/dataset.h"

G_BEGIN_DECLS

enum { PRAXI_FOLDS_NONE = -1 };

/* For each sample the fold, from 0, that holds it out, PRAXI_FOLDS_NONE for extra ones. Footage of
 * one group stays in one fold; large groups first, each goes where the files of every folder, or of
 * every class where there are no folders, come out most even, and no fold stays empty. The same
 * labels give the same folds.
 *
 * n_folds:  ≥ 2
 * Returns   [samples]; free with g_free
 * Errors:   FAILED (there are fewer groups than folds)
 */
int *praxi_folds_new (const PraxiDataset *dataset, int n_folds, GError **error);

/* Drops what a fold holds out; with is_held_out all else. fold_of: of the dataset as it is now */
void praxi_folds_keep (PraxiDataset *dataset, const int *fold_of, int fold, gboolean is_held_out);

G_END_DECLS
