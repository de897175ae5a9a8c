#include "engine/train/folds.h"

#include <math.h>
#include <string.h>

#include "engine/core/error.h"

enum { MOST_KINDS = 64 };

/* One group's files by class and kind of footage. */
typedef struct {
  const char *name;
  double counts[MOST_KINDS];
  double size;
  int fold;
} Group;

static const PraxiSample *
sample_at (const PraxiDataset *dataset, guint i)
{
  return dataset->samples->pdata[i];
}

static gboolean
begins_file (const PraxiDataset *dataset, guint i)
{
  return i == 0 || !g_str_equal (sample_at (dataset, i)->file, sample_at (dataset, i - 1)->file);
}

/* Which of a few kinds a file is of: its folder, or its first class without one. Folders come first
 * so that models of other classes have the same folds, and may be joined fold by fold.
 */
static guint
kind_of (const PraxiSample *first, GPtrArray *kinds)
{
  const char *slash = strchr (first->file, '/');
  const int length = slash != NULL ? (int) (slash - first->file) : 0;
  g_autofree char *key = length > 0 ? g_strndup (first->file, (gsize) length)
                                    : g_strdup_printf ("/%d", first->class_index);
  guint at = 0;
  if (!g_ptr_array_find_with_equal_func (kinds, key, g_str_equal, &at)) {
    at = kinds->len;
    g_ptr_array_add (kinds, g_steal_pointer (&key));
  }
  return MIN (at, MOST_KINDS - 1);
}

static GPtrArray *
list_groups (const PraxiDataset *dataset, GHashTable *found)
{
  GPtrArray *groups = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) kinds = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < dataset->samples->len; i++) {
    const PraxiSample *sample = sample_at (dataset, i);
    if (sample->is_extra || !begins_file (dataset, i))
      continue;
    Group *group = g_hash_table_lookup (found, sample->group);
    if (group == NULL) {
      group = g_new0 (Group, 1);
      group->name = sample->group;
      g_ptr_array_add (groups, group);
      g_hash_table_insert (found, sample->group, group);
    }
    group->counts[kind_of (sample, kinds)]++;
    group->size++;
  }
  return groups;
}

static gint
compare_groups (gconstpointer a, gconstpointer b)
{
  const Group *x = *(Group *const *) a, *y = *(Group *const *) b;
  if (x->size != y->size)
    return x->size < y->size ? 1 : -1;
  return strcmp (x->name, y->name);
}

static void
assign_groups (const GPtrArray *groups, int n_folds)
{
  double ideal[MOST_KINDS] = {0};
  g_autofree double *total = g_new0 (double, MOST_KINDS *n_folds);
  for (guint g = 0; g < groups->len; g++)
    for (int k = 0; k < MOST_KINDS; k++)
      ideal[k] += ((Group *) groups->pdata[g])->counts[k] / n_folds;
  g_autofree gboolean *is_taken = g_new0 (gboolean, n_folds);
  guint n_empty = (guint) n_folds;
  for (guint g = 0; g < groups->len; g++) {
    Group *group = groups->pdata[g];
    double least = INFINITY;
    /* The last ones go where nothing is yet: no fold stays empty. */
    const gboolean fills = groups->len - g <= n_empty;
    for (int f = 0; f < n_folds; f++) {
      double more = 0;
      if (fills && is_taken[f])
        continue;
      for (int k = 0; k < MOST_KINDS; k++) {
        const double before = total[f * MOST_KINDS + k] - ideal[k];
        const double after = before + group->counts[k];
        more += after * after - before * before;
      }
      if (more < least) {
        least = more;
        group->fold = f;
      }
    }
    n_empty -= !is_taken[group->fold];
    is_taken[group->fold] = TRUE;
    for (int k = 0; k < MOST_KINDS; k++)
      total[group->fold * MOST_KINDS + k] += group->counts[k];
  }
}

int *
praxi_folds_new (const PraxiDataset *dataset, int n_folds, GError **error)
{
  g_autoptr (GHashTable) found = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) groups = list_groups (dataset, found);
  if ((int) groups->len < n_folds) {
    g_set_error (
        error, PRAXI_ERROR, PRAXI_ERROR_FAILED,
        "--folds: %d folds want as many sources of footage, but the labels are of %u; give "
        "fewer folds or label more",
        n_folds, groups->len);
    return NULL;
  }
  int *fold_of = g_new (int, dataset->samples->len + 1);
  g_ptr_array_sort (groups, compare_groups);
  assign_groups (groups, n_folds);
  for (guint i = 0; i < dataset->samples->len; i++) {
    const PraxiSample *sample = sample_at (dataset, i);
    const Group *group = sample->is_extra ? NULL : g_hash_table_lookup (found, sample->group);
    fold_of[i] = group != NULL ? group->fold : PRAXI_FOLDS_NONE;
  }
  return fold_of;
}

void
praxi_folds_keep (PraxiDataset *dataset, const int *fold_of, int fold, gboolean is_held_out)
{
  for (guint i = dataset->samples->len; i-- > 0;)
    if ((fold_of[i] == fold) != is_held_out)
      g_ptr_array_remove_index (dataset->samples, i);
}
