#include "engine/train/stepper.h"

#include "engine/core/error.h"

struct PraxiStepper {
  const PraxiTrainable *trainable;
  PraxiExecutor *front; /* NULL: the clip is the feature */
  PraxiExecutor *decide, *learn;
  PraxiTensor *features; /* [n_features], data owned */
  PraxiTensor *inputs;   /* of decide and learn: features, parameters, target, weight */
  PraxiTensor *outputs;  /* decision, gradients */
  float *target, weight;
};

/* The step without its derivatives. */
static PraxiGraph *
cut_decision (const PraxiTrainable *trainable)
{
  PraxiGraph *graph = praxi_graph_copy (trainable->step);
  g_array_set_size (graph->outputs, 1);
  praxi_graph_prune (graph);
  return graph;
}

static gboolean
make_executors (PraxiStepper *stepper, int threads, GError **error)
{
  const PraxiTrainable *trainable = stepper->trainable;
  const PraxiExecutorOptions fused = {.backend = "cpu", .threads = threads};
  const PraxiExecutorOptions plain = {.backend = "cpu", .threads = threads, .no_fuse = TRUE};
  if (trainable->front != NULL) {
    stepper->front = praxi_executor_new_for_graph (trainable->front, NULL, 0, &fused, error);
    if (stepper->front == NULL)
      return FALSE;
  }
  g_autoptr (PraxiGraph) decision = cut_decision (trainable);
  stepper->decide = praxi_executor_new_for_graph (decision, NULL, 0, &plain, error);
  if (stepper->decide == NULL)
    return FALSE;
  stepper->learn = praxi_executor_new_for_graph (trainable->step, NULL, 0, &plain, error);
  return stepper->learn != NULL;
}

static gboolean
allocate (PraxiTensor *tensor, GError **error)
{
  gsize bytes;
  praxi_tensor_set_row_major (tensor);
  if (praxi_tensor_bytes (tensor, &bytes) && (tensor->data = g_try_malloc0 (bytes + 1)) != NULL)
    return TRUE;
  g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_MEMORY,
                       "not enough memory to train; close other programs");
  return FALSE;
}

static gboolean
make_tensors (PraxiStepper *stepper, GError **error)
{
  const PraxiTrainable *trainable = stepper->trainable;
  const int n_features = trainable->n_features, n_params = (int) trainable->params->len;
  stepper->features = g_new0 (PraxiTensor, n_features + 1);
  stepper->inputs = g_new0 (PraxiTensor, n_features + n_params + 2);
  stepper->outputs = g_new0 (PraxiTensor, n_params + 1);
  stepper->target = g_new0 (float, trainable->n_outputs + 1);
  for (int i = 0; i < n_features; i++) {
    stepper->features[i] = *praxi_executor_input (stepper->learn, i);
    if (stepper->front != NULL && !allocate (&stepper->features[i], error))
      return FALSE;
    stepper->inputs[i] = stepper->features[i];
  }
  for (int i = 0; i < n_params; i++) {
    const PraxiParam *param = g_ptr_array_index (trainable->params, i);
    stepper->inputs[n_features + i] = param->tensor;
    stepper->outputs[1 + i] = *praxi_executor_output (stepper->learn, 1 + i);
    if (!allocate (&stepper->outputs[1 + i], error))
      return FALSE;
  }
  stepper->inputs[n_features + n_params].data = stepper->target;
  stepper->inputs[n_features + n_params + 1].data = &stepper->weight;
  stepper->outputs[0] = *praxi_executor_output (stepper->learn, 0);
  return allocate (&stepper->outputs[0], error);
}

PraxiStepper *
praxi_stepper_new (const PraxiTrainable *trainable, int threads, GError **error)
{
  g_autoptr (PraxiStepper) stepper = g_new0 (PraxiStepper, 1);
  stepper->trainable = trainable;
  if (!make_executors (stepper, threads, error) || !make_tensors (stepper, error))
    return NULL;
  return g_steal_pointer (&stepper);
}

void
praxi_stepper_free (PraxiStepper *stepper)
{
  if (stepper == NULL)
    return;
  for (int i = 0;
       stepper->features != NULL && stepper->front != NULL && i < stepper->trainable->n_features;
       i++)
    g_free (stepper->features[i].data);
  for (guint i = 0; stepper->outputs != NULL && i <= stepper->trainable->params->len; i++)
    g_free (stepper->outputs[i].data);
  g_clear_pointer (&stepper->front, praxi_executor_free);
  g_clear_pointer (&stepper->decide, praxi_executor_free);
  g_clear_pointer (&stepper->learn, praxi_executor_free);
  g_free (stepper->features);
  g_free (stepper->inputs);
  g_free (stepper->outputs);
  g_free (stepper->target);
  g_free (stepper);
}

static gboolean
see (PraxiStepper *stepper, const void *clip, GError **error)
{
  if (stepper->front == NULL) {
    stepper->inputs[0].data = (void *) clip;
    return TRUE;
  }
  PraxiTensor input = *praxi_executor_input (stepper->front, 0);
  input.data = (void *) clip;
  return praxi_executor_run_tensors (stepper->front, &input, stepper->features, error);
}

static void
take_decision (const PraxiStepper *stepper, float *decision)
{
  const float *from = stepper->outputs[0].data;
  for (int i = 0; i < stepper->trainable->n_outputs; i++)
    decision[i] = from[i];
}

gboolean
praxi_stepper_decide (PraxiStepper *stepper, const void *clip, float *decision, GError **error)
{
  if (!see (stepper, clip, error) ||
      !praxi_executor_run_tensors (stepper->decide, stepper->inputs, stepper->outputs, error))
    return FALSE;
  take_decision (stepper, decision);
  return TRUE;
}

gboolean
praxi_stepper_learn (PraxiStepper *stepper,
                     const void *clip,
                     const float *target,
                     float weight,
                     float *decision,
                     float *const *sums,
                     GError **error)
{
  for (int i = 0; i < stepper->trainable->n_outputs; i++)
    stepper->target[i] = target[i];
  stepper->weight = weight;
  if (!see (stepper, clip, error) ||
      !praxi_executor_run_tensors (stepper->learn, stepper->inputs, stepper->outputs, error))
    return FALSE;
  take_decision (stepper, decision);
  for (guint i = 0; i < stepper->trainable->params->len; i++) {
    const PraxiParam *param = g_ptr_array_index (stepper->trainable->params, i);
    const float *gradient = stepper->outputs[1 + i].data;
    for (gsize k = 0; k < param->n; k++)
      sums[i][k] += gradient[k];
  }
  return TRUE;
}
