#include "app/label-splits.h"

#include <stdio.h>
#include <string.h>

#include "engine/core/error.h"
#include "engine/train/folds.h"

/* Where no split is given a fifth of the groups validates. */
enum { VAL_ONE_IN = 5 };

PraxiDataset *
praxi_label_splits_load_one (const char *folder,
                             const char *project,
                             const PraxiModelSpec *spec,
                             const char *split,
                             GError **error)
{
  const PraxiDatasetOptions options = {
      .classes = (const char *const *) spec->classes, .n_classes = spec->n_classes, .split = split};
  if (folder != NULL)
    return praxi_dataset_load_folder (folder, &options, error);
  g_autoptr (PraxiStore) store = praxi_store_open (project, PRAXI_STORE_READ_ONLY, error);
  return store != NULL ? praxi_dataset_load_project (store, &options, error) : NULL;
}

static int
compare_texts (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* Every VAL_ONE_IN-th group by name, none where there is but one. */
static GHashTable *
choose_val_groups (const PraxiDataset *dataset)
{
  g_autoptr (GPtrArray) groups = g_ptr_array_new ();
  GHashTable *chosen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < dataset->samples->len; i++)
    g_ptr_array_add (groups, ((PraxiSample *) dataset->samples->pdata[i])->group);
  g_ptr_array_sort (groups, compare_texts);
  guint n = 0;
  for (guint i = 0; i < groups->len; i++)
    if (i == 0 || !g_str_equal (groups->pdata[i], groups->pdata[i - 1]))
      groups->pdata[n++] = groups->pdata[i];
  for (guint i = 0; n > 1 && i < n; i += VAL_ONE_IN)
    g_hash_table_add (chosen, g_strdup (groups->pdata[i]));
  return chosen;
}

/* Drops the samples that do not belong to the part. */
static void
keep_part (PraxiDataset *dataset, GHashTable *val_groups, gboolean is_val)
{
  for (guint i = dataset->samples->len; i-- > 0;) {
    const PraxiSample *sample = dataset->samples->pdata[i];
    if (g_hash_table_contains (val_groups, sample->group) != is_val)
      g_ptr_array_remove_index (dataset->samples, i);
  }
}

void
praxi_label_splits_print_warnings (const GPtrArray *warnings)
{
  for (guint i = 0; i < warnings->len; i++)
    fprintf (stderr, "praxi: %s\n", (const char *) g_ptr_array_index (warnings, i));
}

gboolean
praxi_label_splits_load (const char *folder,
                         const char *project,
                         const PraxiModelSpec *spec,
                         PraxiDataset **train,
                         PraxiDataset **val,
                         GError **error)
{
  g_autoptr (GError) no_split = NULL;
  *val = praxi_label_splits_load_one (folder, project, spec, "val", &no_split);
  *train =
      praxi_label_splits_load_one (folder, project, spec, *val != NULL ? "train" : "all", error);
  if (*train == NULL)
    return FALSE;
  praxi_label_splits_print_warnings ((*train)->warnings);
  if (*val != NULL)
    return TRUE;
  *val = praxi_label_splits_load_one (folder, project, spec, "all", error);
  if (*val == NULL)
    return FALSE;
  g_autoptr (GHashTable) val_groups = choose_val_groups (*val);
  keep_part (*train, val_groups, FALSE);
  keep_part (*val, val_groups, TRUE);
  if ((*val)->samples->len > 0)
    return TRUE;
  g_clear_pointer (val, praxi_dataset_free);
  fputs ("praxi: all labels are of one piece of footage: nothing is left to validate with\n",
         stderr);
  return TRUE;
}

PraxiDataset *
praxi_label_splits_load_rest (const char *folder,
                              const char *project,
                              const PraxiModelSpec *spec,
                              int fold,
                              int n_folds,
                              GError **error)
{
  PraxiDataset *rest = praxi_label_splits_load_one (folder, project, spec, "all", error);
  if (rest == NULL)
    return NULL;
  praxi_label_splits_print_warnings (rest->warnings);
  g_autofree int *fold_of = praxi_folds_new (rest, n_folds, error);
  if (fold_of == NULL) {
    praxi_dataset_free (rest);
    return NULL;
  }
  praxi_folds_keep (rest, fold_of, fold - 1, FALSE);
  if (rest->samples->len > 0)
    return rest;
  g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_FAILED,
                       "--fold: nothing is left to learn from; label footage of more sources");
  praxi_dataset_free (rest);
  return NULL;
}

GHashTable *
praxi_label_splits_folds (const char *folder,
                          const char *project,
                          const PraxiModelSpec *spec,
                          int n_folds,
                          GError **error)
{
  g_autoptr (PraxiDataset) all = praxi_label_splits_load_one (folder, project, spec, "all", error);
  g_autofree int *fold_of = all != NULL ? praxi_folds_new (all, n_folds, error) : NULL;
  if (fold_of == NULL)
    return NULL;
  GHashTable *folds = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < all->samples->len; i++)
    g_hash_table_insert (folds, g_strdup (((const PraxiSample *) all->samples->pdata[i])->group),
                         GINT_TO_POINTER (fold_of[i] + 1));
  return folds;
}

gboolean
praxi_label_splits_add_extra (PraxiDataset *dataset,
                              const char *folder,
                              const PraxiModelSpec *spec,
                              GError **error)
{
  PraxiDataset *more = praxi_label_splits_load_one (folder, NULL, spec, "all", error);
  if (more == NULL)
    return FALSE;
  praxi_label_splits_print_warnings (more->warnings);
  praxi_dataset_add_extra (dataset, more);
  return TRUE;
}
