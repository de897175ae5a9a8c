#include "engine/train/optimizer.h"

#include <math.h>

#define BETA1 0.9
#define BETA2 0.999
#define EPSILON 1e-8
#define LONGEST 1.0
#define MOMENTUM 0.9
#define STATISTIC_SHARE 0.1 /* of the batch in a normalization's statistics */

static PraxiParam *
param_at (const PraxiTrainable *trainable, guint i)
{
  return g_ptr_array_index (trainable->params, i);
}

float **
praxi_rooms_new (const PraxiTrainable *trainable)
{
  float **rooms = g_new0 (float *, trainable->params->len + 1);
  for (guint i = 0; i < trainable->params->len; i++)
    rooms[i] = g_new0 (float, param_at (trainable, i)->n + 1);
  return rooms;
}

void
praxi_rooms_free (const PraxiTrainable *trainable, float **rooms)
{
  for (guint i = 0; rooms != NULL && i < trainable->params->len; i++)
    g_free (rooms[i]);
  g_free (rooms);
}

PraxiOptimizer *
praxi_optimizer_new (const PraxiTrainable *trainable,
                     PraxiOptimizerKind kind,
                     double weight_decay,
                     double momentum)
{
  PraxiOptimizer *optimizer = g_new0 (PraxiOptimizer, 1);
  *optimizer = (PraxiOptimizer){.trainable = trainable,
                                .kind = kind,
                                .weight_decay = weight_decay,
                                .momentum = momentum > 0 ? momentum : MOMENTUM,
                                .first = praxi_rooms_new (trainable),
                                .second = praxi_rooms_new (trainable)};
  return optimizer;
}

void
praxi_optimizer_free (PraxiOptimizer *optimizer)
{
  praxi_rooms_free (optimizer->trainable, optimizer->first);
  praxi_rooms_free (optimizer->trainable, optimizer->second);
  g_free (optimizer);
}

/* What makes all gradients together at most LONGEST long. */
static double
shorten (const PraxiOptimizer *optimizer, float *const *gradients)
{
  double squares = 0;
  for (guint i = 0; i < optimizer->trainable->params->len; i++) {
    const PraxiParam *param = param_at (optimizer->trainable, i);
    for (gsize k = 0; k < param->n && param->kind != PRAXI_PARAM_STATISTIC; k++)
      squares += (double) gradients[i][k] * (double) gradients[i][k];
  }
  const double length = sqrt (squares);
  return length > LONGEST ? LONGEST / length : 1;
}

static void
follow (const PraxiParam *param, const float *batch)
{
  float *x = param->tensor.data;
  for (gsize k = 0; k < param->n; k++)
    x[k] = (float) ((double) x[k] * (1 - STATISTIC_SHARE) + (double) batch[k] * STATISTIC_SHARE);
}

static void
step_adam (PraxiOptimizer *optimizer, guint i, const float *gradient, double by, double rate)
{
  const PraxiParam *param = param_at (optimizer->trainable, i);
  const double n = (double) optimizer->n_steps;
  const double first_bias = 1 - pow (BETA1, n), second_bias = 1 - pow (BETA2, n);
  const double decay = param->decays ? rate * optimizer->weight_decay : 0;
  float *x = param->tensor.data, *first = optimizer->first[i], *second = optimizer->second[i];
  for (gsize k = 0; k < param->n; k++) {
    const double g = (double) gradient[k] * by;
    first[k] = (float) (BETA1 * (double) first[k] + (1 - BETA1) * g);
    second[k] = (float) (BETA2 * (double) second[k] + (1 - BETA2) * g * g);
    const double step =
        (double) first[k] / first_bias / (sqrt ((double) second[k] / second_bias) + EPSILON);
    x[k] = (float) ((double) x[k] * (1 - decay) - rate * step);
  }
}

static void
step_sgd (PraxiOptimizer *optimizer, guint i, const float *gradient, double by, double rate)
{
  const PraxiParam *param = param_at (optimizer->trainable, i);
  const double momentum = optimizer->momentum;
  const double decay = param->decays ? optimizer->weight_decay : 0;
  float *x = param->tensor.data, *speed = optimizer->first[i];
  for (gsize k = 0; k < param->n; k++) {
    const double g = (double) gradient[k] * by + decay * (double) x[k];
    speed[k] = (float) (momentum * (double) speed[k] + g);
    x[k] = (float) ((double) x[k] - rate * (g + momentum * (double) speed[k]));
  }
}

void
praxi_optimizer_step (PraxiOptimizer *optimizer, float *const *gradients, double rate)
{
  const double by = shorten (optimizer, gradients);
  optimizer->n_steps++;
  for (guint i = 0; i < optimizer->trainable->params->len; i++) {
    const PraxiParam *param = param_at (optimizer->trainable, i);
    if (param->kind == PRAXI_PARAM_STATISTIC)
      follow (param, gradients[i]);
    else if (optimizer->kind == PRAXI_OPTIMIZER_SGD)
      step_sgd (optimizer, i, gradients[i], by, rate * param->rate);
    else
      step_adam (optimizer, i, gradients[i], by, rate * param->rate);
  }
}
