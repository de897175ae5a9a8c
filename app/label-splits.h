/* Labelled footage split into what is learned from and what validates. */
#pragma once

#include "engine/model/model.h"
#include "engine/train/dataset.h"

G_BEGIN_DECLS

/* One split of a folder or a project, one of them NULL. split: train, val, test or all */
PraxiDataset *praxi_label_splits_load_one (const char *folder,
                                           const char *project,
                                           const PraxiModelSpec *spec,
                                           const char *split,
                                           GError **error);

/* From a folder or a project, one of them NULL. Where the labels name no split every fifth group
 * by name validates; of one group alone none can, which is said on stderr, as are the warnings of
 * the labels.
 * train, val: out; free with praxi_dataset_free; val: NULL where nothing is left to validate with
 * Errors:     those of the dataset and the store
 */
gboolean praxi_label_splits_load (const char *folder,
                                  const char *project,
                                  const PraxiModelSpec *spec,
                                  PraxiDataset **train,
                                  PraxiDataset **val,
                                  GError **error);

/* All that a fold of a cross-validation by group does not hold out (engine/train/folds.h); nothing
 * validates.
 * fold: from 1 to n_folds
 */
PraxiDataset *praxi_label_splits_load_rest (const char *folder,
                                            const char *project,
                                            const PraxiModelSpec *spec,
                                            int fold,
                                            int n_folds,
                                            GError **error);

/* Which fold of that holds a group out, from 1: a table of group and GINT_TO_POINTER (fold). Free
 * with g_hash_table_unref
 */
GHashTable *praxi_label_splits_folds (const char *folder,
                                      const char *project,
                                      const PraxiModelSpec *spec,
                                      int n_folds,
                                      GError **error);

/* Adds a folder's samples of all splits to what is learned from, as extra ones; dataset: of a
 * folder
 */
gboolean praxi_label_splits_add_extra (PraxiDataset *dataset,
                                       const char *folder,
                                       const PraxiModelSpec *spec,
                                       GError **error);

void praxi_label_splits_print_warnings (const GPtrArray *warnings);

G_END_DECLS
