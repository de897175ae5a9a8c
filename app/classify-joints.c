#include "app/classify-joints.h"

#include "engine/core/error.h"
#include "engine/train/sequence.h"

struct PraxiJoints {
  PraxiModel *model;
  PraxiExecutor *executor;
  float *values, *scores;
};

gboolean
praxi_joints_is_file (const char *path)
{
  g_autofree char *lower = g_ascii_strdown (path, -1);
  return g_str_has_suffix (lower, ".npy");
}

PraxiJoints *
praxi_joints_new (const char *model_path, const PraxiExecutorOptions *options, GError **error)
{
  g_autoptr (PraxiJoints) joints = g_new0 (PraxiJoints, 1);
  joints->model = praxi_model_load (model_path, error);
  if (joints->model == NULL)
    return NULL;
  const PraxiModelSpec *spec = praxi_joints_spec (joints);
  if (spec == NULL || spec->layout != PRAXI_LAYOUT_NTJD) {
    praxi_error_fail_file (error, PRAXI_ERROR_UNSUPPORTED, model_path,
                           "looks at footage, not at joints; make a model of sequences with 'praxi "
                           "train --arch sequence'");
    return NULL;
  }
  const PraxiBinding one = {.name = spec->input_name,
                            .tensor = {.dtype = PRAXI_F32,
                                       .rank = 4,
                                       .dims = {1, spec->frames, spec->height, spec->width}}};
  joints->executor =
      praxi_executor_new_for_graph (praxi_model_graph (joints->model), &one, 1, options, error);
  joints->values = g_new (float, (gsize) spec->frames *(gsize) (spec->height * spec->width));
  joints->scores = g_new (float, spec->n_classes);
  return joints->executor != NULL ? g_steal_pointer (&joints) : NULL;
}

void
praxi_joints_free (PraxiJoints *joints)
{
  if (joints == NULL)
    return;
  g_clear_pointer (&joints->executor, praxi_executor_free);
  g_clear_pointer (&joints->model, praxi_model_unref);
  g_free (joints->values);
  g_free (joints->scores);
  g_free (joints);
}

const PraxiModelSpec *
praxi_joints_spec (const PraxiJoints *joints)
{
  return praxi_model_spec (joints->model);
}

gboolean
praxi_joints_answer (PraxiJoints *joints, const char *path, PraxiAnswer *answer, GError **error)
{
  const PraxiModelSpec *spec = praxi_joints_spec (joints);
  g_autoptr (PraxiSequence) sequence = praxi_sequence_read (path, error);
  if (sequence == NULL)
    return FALSE;
  if (sequence->joints != spec->height || sequence->dims != spec->width)
    return praxi_error_fail_file (error, PRAXI_ERROR_UNSUPPORTED, path,
                                  "has %d joints of %d coordinates, the model wants %d of %d",
                                  sequence->joints, sequence->dims, spec->height, spec->width);
  praxi_sequence_fit (sequence, 0, sequence->frames, spec->frames, joints->values);
  PraxiTensor in = *praxi_executor_input (joints->executor, 0);
  PraxiTensor out = *praxi_executor_output (joints->executor, 0);
  in.data = joints->values;
  out.data = joints->scores;
  if (!praxi_executor_run_tensors (joints->executor, &in, &out, error))
    return FALSE;
  if (spec->is_logits)
    praxi_scores_from_logits (joints->scores, spec->n_classes);
  praxi_answer_add_window (answer, joints->scores);
  return TRUE;
}
