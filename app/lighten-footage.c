/* What a model that becomes lighter learns from and is calibrated with. */
#include <math.h>

#include "app/label-splits.h"
#include "app/lighten-job.h"
#include "engine/core/error.h"
#include "engine/lighten/footage.h"
#include "engine/model/flow-net.h"

enum { CALIBRATION_SAMPLES = 64, SHARE_STEPS = 1000 };

gboolean
praxi_lighten_share (gpointer data, double share)
{
  const PraxiLightenJob *lighten = data;
  praxi_cli_progress_update (lighten->bar, MIN (share, 0.9999) * SHARE_STEPS, SHARE_STEPS);
  return !praxi_cli_cancelled;
}

void
praxi_lighten_begin_stage (PraxiLightenJob *lighten, const char *stage)
{
  lighten->bar = praxi_cli_progress_new (lighten->json_progress, stage);
}

void
praxi_lighten_end_stage (PraxiLightenJob *lighten, gboolean is_done)
{
  if (is_done)
    praxi_cli_progress_update (lighten->bar, SHARE_STEPS, SHARE_STEPS);
  g_clear_pointer (&lighten->bar, praxi_cli_progress_free);
}

/* What learns, or is calibrated. */
PraxiModel *
praxi_lighten_learner (const PraxiLightenJob *lighten)
{
  return lighten->options.student != NULL ? lighten->options.student : lighten->model;
}

static gboolean
learns (const PraxiLightenJob *lighten)
{
  const PraxiRecipeOptions *options = &lighten->options;
  return options->student != NULL ||
         (options->epochs > 0 &&
          (options->prune > 0 || options->max_drop >= 0 || options->budget_bytes > 0 ||
           options->budget_vram > 0 || options->min_fps > 0));
}

static PraxiClips *
load_clips (PraxiLightenJob *lighten,
            PraxiModel *model,
            const PraxiDataset *dataset,
            GError **error)
{
  const PraxiClipsOptions options = {.stride_s = lighten->stride_s,
                                     .threads = lighten->options.threads,
                                     .tick = praxi_lighten_share,
                                     .data = lighten};
  praxi_lighten_begin_stage (lighten, "clips");
  PraxiClips *clips = praxi_clips_load (praxi_model_spec (model), dataset, &options, error);
  praxi_lighten_end_stage (lighten, clips != NULL);
  if (clips != NULL)
    praxi_label_splits_print_warnings (clips->warnings);
  return clips;
}

static gboolean
reads_statistics (PraxiModel *model)
{
  return praxi_graph_find (praxi_model_graph (model), PRAXI_STATISTICS_VALUE) >= 0;
}

/* What learns and all who teach it begin with the motion stem.
 * statistics_views: how many views of the footage need statistics: all that a learner is shown, the
 * first for who is only asked
 */
static gboolean
is_all_motion (const PraxiLightenJob *lighten, int *statistics_views)
{
  gboolean good = praxi_flow_clips_fit (praxi_lighten_learner (lighten)), asks = FALSE;
  for (guint i = 0; i < lighten->more_teachers->len; i++) {
    PraxiModel *teacher = lighten->more_teachers->pdata[i];
    good = good && praxi_flow_clips_fit (teacher);
    asks = asks || reads_statistics (teacher);
  }
  if (lighten->options.distills) {
    good = good && praxi_flow_clips_fit (lighten->model);
    asks = asks || reads_statistics (lighten->model);
  }
  *statistics_views = reads_statistics (praxi_lighten_learner (lighten)) ? PRAXI_FLOW_VIEWS
                      : asks                                             ? 1
                                                                         : 0;
  return good;
}

static PraxiFlowClips *
load_flow (PraxiLightenJob *lighten,
           const PraxiDataset *dataset,
           int n_views,
           int statistics_views,
           GError **error)
{
  const PraxiFlowClipsOptions options = {.n_views = n_views,
                                         .statistics_views = statistics_views,
                                         .threads = lighten->options.threads,
                                         .cache = lighten->cache,
                                         .tick = praxi_lighten_share,
                                         .data = lighten};
  praxi_lighten_begin_stage (lighten, "motion");
  PraxiFlowClips *flow = praxi_flow_clips_load (praxi_model_spec (praxi_lighten_learner (lighten)),
                                                dataset, &options, error);
  praxi_lighten_end_stage (lighten, flow != NULL);
  if (flow != NULL)
    praxi_label_splits_print_warnings (flow->warnings);
  return flow;
}

static gboolean
load_labels (const PraxiLightenJob *lighten,
             PraxiDataset **train,
             PraxiDataset **val,
             GError **error)
{
  const PraxiModelSpec *spec = praxi_model_spec (praxi_lighten_learner (lighten));
  if (lighten->n_folds == 0)
    return praxi_label_splits_load (lighten->data, lighten->project, spec, train, val, error);
  *train = praxi_label_splits_load_rest (lighten->data, lighten->project, spec, lighten->held_out,
                                         lighten->n_folds, error);
  return *train != NULL;
}

/* Motion to learn from, and a few clips to calibrate with. */
static gboolean
read_motion (PraxiLightenJob *lighten, int statistics_views, GError **error)
{
  PraxiDataset *unused = NULL;
  lighten->train_flow = load_flow (lighten, lighten->train, 0, statistics_views, error);
  if (lighten->train_flow == NULL)
    return FALSE;
  if (lighten->val != NULL &&
      (lighten->val_flow = load_flow (lighten, lighten->val, 1, statistics_views, error)) == NULL)
    return FALSE;
  lighten->options.train_flow = lighten->train_flow;
  lighten->options.val_flow = lighten->val_flow;
  if (!load_labels (lighten, &lighten->few, &unused, error))
    return FALSE;
  praxi_dataset_free (unused);
  praxi_footage_thin (lighten->few, CALIBRATION_SAMPLES);
  lighten->train_clips = load_clips (lighten, praxi_lighten_learner (lighten), lighten->few, error);
  lighten->options.train = lighten->train_clips;
  return lighten->train_clips != NULL;
}

static gboolean
sees_the_same (PraxiModel *a, PraxiModel *b)
{
  const PraxiModelSpec *x = praxi_model_spec (a), *y = praxi_model_spec (b);
  return x->frames == y->frames && x->height == y->height && x->width == y->width &&
         fabs (x->rate_hz - y->rate_hz) < 1e-9;
}

/* The same moments as the teachers see them, where the student sees another size. */
static gboolean
read_for_teachers (PraxiLightenJob *lighten, GError **error)
{
  const PraxiModelSpec *a = praxi_model_spec (praxi_lighten_learner (lighten));
  const PraxiModelSpec *b = praxi_model_spec (lighten->model);
  if (!lighten->options.distills || sees_the_same (praxi_lighten_learner (lighten), lighten->model))
    return TRUE;
  lighten->teacher_clips = load_clips (lighten, lighten->model, lighten->train, error);
  lighten->options.teacher_clips = lighten->teacher_clips;
  if (lighten->teacher_clips == NULL)
    return FALSE;
  if (lighten->teacher_clips->clips->len == lighten->train_clips->clips->len &&
      fabs (a->frames / a->rate_hz - b->frames / b->rate_hz) < 0.01)
    return TRUE;
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED,
               "the student sees %.2f s of footage, the teacher %.2f s; give it as much with "
               "--student NAME:frames=N,rate=HZ",
               a->frames / a->rate_hz, b->frames / b->rate_hz);
  return FALSE;
}

static gboolean
add_more (PraxiLightenJob *lighten, GError **error)
{
  return lighten->more == NULL ||
         praxi_label_splits_add_extra (lighten->train, lighten->more,
                                       praxi_model_spec (praxi_lighten_learner (lighten)), error);
}

gboolean
praxi_lighten_read_footage (PraxiLightenJob *lighten, GError **error)
{
  int statistics_views = 0;
  if (lighten->data == NULL && lighten->project == NULL)
    return TRUE;
  if (!load_labels (lighten, &lighten->train, &lighten->val, error))
    return FALSE;
  if (learns (lighten) && is_all_motion (lighten, &statistics_views))
    return add_more (lighten, error) && read_motion (lighten, statistics_views, error);
  if (lighten->more != NULL) {
    g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED,
                         "--more: goes with something that learns, and with models that begin with "
                         "the motion stem");
    return FALSE;
  }
  if (!learns (lighten)) /* a few are enough to calibrate with */
    praxi_footage_thin (lighten->train, CALIBRATION_SAMPLES);
  lighten->train_clips =
      load_clips (lighten, praxi_lighten_learner (lighten), lighten->train, error);
  if (lighten->train_clips != NULL && learns (lighten) && lighten->val != NULL)
    lighten->val_clips = load_clips (lighten, praxi_lighten_learner (lighten), lighten->val, error);
  lighten->options.train = lighten->train_clips;
  lighten->options.val = lighten->val_clips;
  return lighten->train_clips != NULL &&
         (!learns (lighten) || lighten->val == NULL || lighten->val_clips != NULL) &&
         read_for_teachers (lighten, error);
}
