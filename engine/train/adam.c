#include "engine/train/adam.h"

#include <math.h>

#define BETA1 0.9
#define BETA2 0.999
#define EPSILON 1e-8
#define LONGEST 1.0

struct PraxiAdam {
  const PraxiTrainable *trainable;
  double weight_decay;
  float **first, **second; /* moments, [n_params][n of each] */
  gint64 n_steps;
};

static PraxiParam *
param_at (const PraxiAdam *adam, guint i)
{
  return g_ptr_array_index (adam->trainable->params, i);
}

PraxiAdam *
praxi_adam_new (const PraxiTrainable *trainable, double weight_decay)
{
  const guint n = trainable->params->len;
  PraxiAdam *adam = g_new0 (PraxiAdam, 1);
  adam->trainable = trainable;
  adam->weight_decay = weight_decay;
  adam->first = g_new0 (float *, n + 1);
  adam->second = g_new0 (float *, n + 1);
  for (guint i = 0; i < n; i++) {
    adam->first[i] = g_new0 (float, param_at (adam, i)->n);
    adam->second[i] = g_new0 (float, param_at (adam, i)->n);
  }
  return adam;
}

void
praxi_adam_free (PraxiAdam *adam)
{
  for (guint i = 0; i < adam->trainable->params->len; i++) {
    g_free (adam->first[i]);
    g_free (adam->second[i]);
  }
  g_free (adam->first);
  g_free (adam->second);
  g_free (adam);
}

/* What makes all gradients together at most LONGEST long. */
static double
shorten (const PraxiAdam *adam, float *const *gradients)
{
  double squares = 0;
  for (guint i = 0; i < adam->trainable->params->len; i++)
    for (gsize k = 0; k < param_at (adam, i)->n; k++)
      squares += (double) gradients[i][k] * (double) gradients[i][k];
  const double length = sqrt (squares);
  return length > LONGEST ? LONGEST / length : 1;
}

void
praxi_adam_step (PraxiAdam *adam, float *const *gradients, double rate)
{
  const double by = shorten (adam, gradients);
  const double n = (double) ++adam->n_steps;
  const double first_bias = 1 - pow (BETA1, n), second_bias = 1 - pow (BETA2, n);
  for (guint i = 0; i < adam->trainable->params->len; i++) {
    const PraxiParam *param = param_at (adam, i);
    const double decay = param->decays ? rate * adam->weight_decay : 0;
    float *x = param->tensor.data, *first = adam->first[i], *second = adam->second[i];
    for (gsize k = 0; k < param->n; k++) {
      const double g = (double) gradients[i][k] * by;
      first[k] = (float) (BETA1 * (double) first[k] + (1 - BETA1) * g);
      second[k] = (float) (BETA2 * (double) second[k] + (1 - BETA2) * g * g);
      const double step =
          (double) first[k] / first_bias / (sqrt ((double) second[k] / second_bias) + EPSILON);
      x[k] = (float) ((double) x[k] * (1 - decay) - rate * step);
    }
  }
}
