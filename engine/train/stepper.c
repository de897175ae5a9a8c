#include "engine/train/stepper.h"

#include <string.h>

#include "engine/infer/fuse.h"

struct PraxiStepper {
  const PraxiTrainable *trainable;
  PraxiExecutor *front; /* NULL: the clip is the feature */
  PraxiExecutor *decide, *learn;
  int n_inputs, n_outputs;  /* of learn */
  PraxiTensor *inputs;      /* of decide and learn: features, parameters, the rest */
  PraxiTensor *outputs;     /* decision, gradients, hints */
  PraxiTensor *seen;        /* of the front, [n_features] */
  void **features, **masks; /* borrowed from inputs */
  float **hints;
  gsize *feature_bytes, *mask_numbers, *hint_numbers;
  PraxiBatch batch;
};

static gboolean
make_executors (PraxiStepper *stepper, int threads, GError **error)
{
  const PraxiTrainable *trainable = stepper->trainable;
  const PraxiExecutorOptions fused = {.backend = "cpu", .threads = threads};
  const PraxiExecutorOptions plain = {
      .backend = "cpu", .threads = threads, .no_fuse = TRUE, .in_place = !trainable->keeps_all};
  if (trainable->front != NULL) {
    stepper->front = praxi_executor_new_for_graph (trainable->front, NULL, 0, &fused, error);
    if (stepper->front == NULL)
      return FALSE;
  }
  stepper->decide = praxi_executor_new_for_graph (trainable->decide, NULL, 0, &plain, error);
  if (stepper->decide == NULL)
    return FALSE;
  g_autoptr (PraxiGraph) step = praxi_graph_resolve (trainable->step, NULL, 0, 1, error);
  if (step == NULL)
    return FALSE;
  praxi_fuse_chains (step); /* the derivatives of activations are several operators each */
  stepper->learn = praxi_executor_new_for_graph (step, NULL, 0, &plain, error);
  return stepper->learn != NULL;
}

static gboolean
is_param (const PraxiStepper *stepper, int input)
{
  const int first = stepper->trainable->n_features;
  return input >= first && input < first + (int) stepper->trainable->params->len;
}

static gboolean
make_inputs (PraxiStepper *stepper, GError **error)
{
  const int first = stepper->trainable->n_features;
  stepper->n_inputs = praxi_executor_n_inputs (stepper->learn);
  stepper->inputs = g_new0 (PraxiTensor, stepper->n_inputs + 1);
  for (int i = 0; i < stepper->n_inputs; i++) {
    if (is_param (stepper, i)) {
      const PraxiParam *param = stepper->trainable->params->pdata[i - first];
      stepper->inputs[i] = param->tensor;
      continue;
    }
    stepper->inputs[i] = *praxi_executor_input (stepper->learn, i);
    if (!praxi_tensor_allocate (&stepper->inputs[i], error))
      return FALSE;
  }
  stepper->n_outputs = praxi_executor_n_outputs (stepper->learn);
  stepper->outputs = g_new0 (PraxiTensor, stepper->n_outputs + 1);
  for (int i = 0; i < stepper->n_outputs; i++) {
    stepper->outputs[i] = *praxi_executor_output (stepper->learn, i);
    if (!praxi_tensor_allocate (&stepper->outputs[i], error))
      return FALSE;
  }
  return TRUE;
}

static gsize
numbers_of (const PraxiTensor *tensor)
{
  int64_t n = 0;
  praxi_tensor_count (tensor, &n);
  return (gsize) n;
}

/* Finds by its name where each input lies. */
static void
name_inputs (PraxiStepper *stepper)
{
  PraxiBatch *batch = &stepper->batch;
  const int n_features = stepper->trainable->n_features;
  int n_masks = 0, n_hints = 0;
  for (int i = n_features + (int) stepper->trainable->params->len; i < stepper->n_inputs; i++) {
    const char *name = praxi_executor_input_name (stepper->learn, i);
    float *data = stepper->inputs[i].data;
    if (g_str_equal (name, "target"))
      batch->target = data;
    else if (g_str_equal (name, "weight"))
      batch->weight = data;
    else if (g_str_equal (name, "soft"))
      batch->soft = data;
    else if (g_str_equal (name, "soft weight"))
      batch->soft_weight = data;
    else if (g_str_equal (name, "hint weight"))
      batch->hint_weight = data;
    else if (g_str_has_prefix (name, "hint/")) {
      stepper->hint_numbers[n_hints] =
          numbers_of (&stepper->inputs[i]) / (gsize) stepper->trainable->batch;
      stepper->hints[n_hints++] = data;
    } else if (g_str_has_prefix (name, "mask/")) {
      stepper->mask_numbers[n_masks] = numbers_of (&stepper->inputs[i]);
      stepper->masks[n_masks++] = data;
    }
  }
}

static void
make_batch (PraxiStepper *stepper)
{
  const PraxiTrainable *trainable = stepper->trainable;
  const int n = trainable->n_features;
  stepper->seen = g_new0 (PraxiTensor, n + 1);
  stepper->features = g_new0 (void *, n + 1);
  stepper->feature_bytes = g_new0 (gsize, n + 1);
  stepper->masks = g_new0 (void *, trainable->n_masks + 1);
  stepper->mask_numbers = g_new0 (gsize, trainable->n_masks + 1);
  stepper->hints = g_new0 (float *, trainable->n_hints + 1);
  stepper->hint_numbers = g_new0 (gsize, trainable->n_hints + 1);
  for (int i = 0; i < n; i++) {
    gsize bytes = 0;
    praxi_tensor_bytes (&stepper->inputs[i], &bytes);
    stepper->features[i] = stepper->inputs[i].data;
    stepper->feature_bytes[i] = bytes / (gsize) trainable->batch;
    stepper->seen[i] = stepper->inputs[i];
    stepper->seen[i].dims[0] /= trainable->batch;
  }
  name_inputs (stepper);
  stepper->batch.features = stepper->features;
  stepper->batch.feature_bytes = stepper->feature_bytes;
  stepper->batch.hints = stepper->hints;
  stepper->batch.hint_numbers = stepper->hint_numbers;
  stepper->batch.masks = (float *const *) stepper->masks;
  stepper->batch.mask_numbers = stepper->mask_numbers;
  stepper->batch.decision = stepper->outputs[0].data;
}

PraxiStepper *
praxi_stepper_new (const PraxiTrainable *trainable, int threads, GError **error)
{
  g_autoptr (PraxiStepper) stepper = g_new0 (PraxiStepper, 1);
  stepper->trainable = trainable;
  if (!make_executors (stepper, threads, error) || !make_inputs (stepper, error))
    return NULL;
  make_batch (stepper);
  return g_steal_pointer (&stepper);
}

void
praxi_stepper_free (PraxiStepper *stepper)
{
  if (stepper == NULL)
    return;
  for (int i = 0; stepper->inputs != NULL && i < stepper->n_inputs; i++)
    if (!is_param (stepper, i))
      g_free (stepper->inputs[i].data);
  for (int i = 0; stepper->outputs != NULL && i < stepper->n_outputs; i++)
    g_free (stepper->outputs[i].data);
  g_clear_pointer (&stepper->front, praxi_executor_free);
  g_clear_pointer (&stepper->decide, praxi_executor_free);
  g_clear_pointer (&stepper->learn, praxi_executor_free);
  g_free (stepper->inputs);
  g_free (stepper->outputs);
  g_free (stepper->seen);
  g_free (stepper->features);
  g_free (stepper->feature_bytes);
  g_free (stepper->masks);
  g_free (stepper->mask_numbers);
  g_free (stepper->hints);
  g_free (stepper->hint_numbers);
  g_free (stepper);
}

gsize
praxi_stepper_peak_bytes (const PraxiStepper *stepper)
{
  return praxi_executor_peak_bytes (stepper->learn);
}

PraxiExecutor *
praxi_stepper_executor (const PraxiStepper *stepper)
{
  return stepper->learn;
}

const PraxiBatch *
praxi_stepper_batch (const PraxiStepper *stepper)
{
  return &stepper->batch;
}

const float *
praxi_stepper_hinted (const PraxiStepper *stepper, int hint)
{
  return stepper->outputs[1 + (int) stepper->trainable->params->len + hint].data;
}

gboolean
praxi_stepper_see (PraxiStepper *stepper, const void *clip, int place, GError **error)
{
  if (stepper->front == NULL) {
    const gsize bytes = stepper->feature_bytes[0];
    memcpy ((char *) stepper->features[0] + bytes * (gsize) place, clip, bytes);
    return TRUE;
  }
  PraxiTensor input = *praxi_executor_input (stepper->front, 0);
  input.data = (void *) clip;
  for (int i = 0; i < stepper->trainable->n_features; i++)
    stepper->seen[i].data =
        (char *) stepper->features[i] + stepper->feature_bytes[i] * (gsize) place;
  return praxi_executor_run_tensors (stepper->front, &input, stepper->seen, error);
}

gboolean
praxi_stepper_decide (PraxiStepper *stepper, GError **error)
{
  return praxi_executor_run_tensors (stepper->decide, stepper->inputs, stepper->outputs, error);
}

gboolean
praxi_stepper_learn (PraxiStepper *stepper, float *const *sums, GError **error)
{
  if (!praxi_executor_run_tensors (stepper->learn, stepper->inputs, stepper->outputs, error))
    return FALSE;
  for (guint i = 0; i < stepper->trainable->params->len; i++) {
    const PraxiParam *param = g_ptr_array_index (stepper->trainable->params, i);
    const float *gradient = stepper->outputs[1 + i].data;
    if (param->kind == PRAXI_PARAM_STATISTIC)
      memcpy (sums[i], gradient, sizeof *gradient * param->n);
    else
      for (gsize k = 0; k < param->n; k++)
        sums[i][k] += gradient[k];
  }
  return TRUE;
}
