#include "app/fold-teachers.h"

#include "app/label-splits.h"
#include "app/train-job.h"
#include "engine/core/error.h"
#include "engine/lighten/distill.h"

/* At least two, so that where there are none the first one's absence is told. */
static int
count_files (const char *out)
{
  int n = 0;
  for (gboolean is_there = TRUE; is_there; n += is_there) {
    g_autofree char *path = praxi_train_fold_path (out, n + 1);
    is_there = g_file_test (path, G_FILE_TEST_EXISTS);
  }
  return MAX (n, 2);
}

GArray *
praxi_fold_teachers_load (const char *out,
                          int n_folds,
                          int held_out,
                          GPtrArray *teachers,
                          GError **error)
{
  const int n = n_folds > 0 ? n_folds : count_files (out);
  g_autoptr (GArray) places = g_array_new (FALSE, FALSE, sizeof (int));
  for (int fold = 1; fold <= n; fold++) {
    int place = PRAXI_SPEAKS_NONE;
    if (fold != held_out) {
      g_autofree char *path = praxi_train_fold_path (out, fold);
      PraxiModel *model = praxi_model_load (path, error);
      if (model == NULL)
        return NULL;
      g_ptr_array_add (teachers, model);
      place = (int) teachers->len;
    }
    g_array_append_val (places, place);
  }
  return g_steal_pointer (&places);
}

int *
praxi_fold_teachers_speakers (const GArray *places,
                              const PraxiFlowClips *flow,
                              const char *folder,
                              const char *project,
                              const PraxiModelSpec *spec,
                              GError **error)
{
  if (flow == NULL) {
    praxi_error_fail (
        error, PRAXI_ERROR_UNSUPPORTED,
        "--fold-teachers: goes with something that learns, and with models that begin "
        "with the motion stem");
    return NULL;
  }
  g_autoptr (GHashTable) folds =
      praxi_label_splits_folds (folder, project, spec, (int) places->len, error);
  if (folds == NULL)
    return NULL;
  int *speakers = g_new (int, flow->files->len + 1);
  for (guint i = 0; i < flow->files->len; i++) {
    const PraxiFlowFile *file = flow->files->pdata[i];
    const PraxiSample *sample = flow->dataset->samples->pdata[file->first];
    const int fold = GPOINTER_TO_INT (g_hash_table_lookup (folds, sample->group));
    speakers[i] =
        !sample->is_extra && fold > 0 ? g_array_index (places, int, fold - 1) : PRAXI_SPEAKS_NONE;
  }
  return speakers;
}
