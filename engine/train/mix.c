#include "engine/train/mix.h"

#include <math.h>
#include <string.h>

/* A box [from, to) of a feature's axes: time, height, width. */
typedef struct {
  int64_t from[3], to[3];
} Box;

double
praxi_mix_share (double alpha, GRand *random)
{
  for (int i = 0; i < 1000; i++) {
    const double x = pow (g_rand_double (random), 1 / alpha);
    const double y = pow (g_rand_double (random), 1 / alpha);
    if (x + y > 0 && x + y <= 1)
      return x / (x + y);
  }
  return 0.5;
}

static void
draw_order (int *order, int n, GRand *random)
{
  for (int i = 0; i < n; i++)
    order[i] = i;
  for (int i = n - 1; i > 0; i--) {
    const int j = g_rand_int_range (random, 0, i + 1), other = order[j];
    order[j] = order[i];
    order[i] = other;
  }
}

/* x[b] = share x[b] + (1 − share) x[order[b]] of rows of n. */
static void
blend (float *x, const int *order, int batch, gsize n, double share)
{
  g_autofree float *old = g_memdup2 (x, sizeof *x * n * (gsize) batch);
  const float s = (float) share;
  for (int b = 0; b < batch; b++) {
    float *to = x + n * (gsize) b;
    const float *from = old + n * (gsize) order[b];
    for (gsize i = 0; i < n; i++)
      to[i] = s * to[i] + (1 - s) * from[i];
  }
}

static void
blend_bytes (guint8 *x, const int *order, int batch, gsize n, double share)
{
  g_autofree guint8 *old = g_memdup2 (x, n * (gsize) batch);
  const int s = (int) lrint (share * 256);
  for (int b = 0; b < batch; b++) {
    guint8 *to = x + n * (gsize) b;
    const guint8 *from = old + n * (gsize) order[b];
    for (gsize i = 0; i < n; i++)
      to[i] = (guint8) ((s * to[i] + (256 - s) * from[i] + 128) >> 8);
  }
}

/* Axes of time, height and width of one clip's feature; FALSE where it is no picture. Maps of
 * motion are [P,6,H,W], pictures [1,3,T,H,W].
 */
static gboolean
find_axes (const PraxiTensor *feature, int axes[3])
{
  if (feature->rank != 4 && feature->rank != 5)
    return FALSE;
  const int first = feature->dtype == PRAXI_U8 ? 1 : 2;
  axes[0] = feature->rank == 4 ? 0 : first;
  axes[1] = feature->rank == 4 ? 2 : first + 1;
  axes[2] = axes[1] + 1;
  return TRUE;
}

static void
paste (const PraxiTensor *feature, char *to, const char *from, const Box *box)
{
  int axes[3] = {0};
  int64_t dims[5] = {1, 1, 1, 1, 1}, low[5] = {0}, high[5];
  find_axes (feature, axes);
  const int lead = 5 - feature->rank;
  for (int d = 0; d < feature->rank; d++)
    dims[lead + d] = feature->dims[d];
  memcpy (high, dims, sizeof high);
  for (int a = 0; a < 3; a++) {
    low[lead + axes[a]] = box->from[a];
    high[lead + axes[a]] = box->to[a];
  }
  const int64_t size = (int64_t) praxi_dtype_size (feature->dtype);
  const gsize row = (gsize) (MAX (high[4] - low[4], 0) * size);
  for (int64_t i = low[0]; i < high[0]; i++)
    for (int64_t j = low[1]; j < high[1]; j++)
      for (int64_t k = low[2]; k < high[2]; k++)
        for (int64_t l = low[3]; l < high[3]; l++) {
          const int64_t at = (((i * dims[1] + j) * dims[2] + k) * dims[3] + l) * dims[4] + low[4];
          memcpy (to + at * size, from + at * size, row);
        }
}

/* A box that leaves about `share` of the clip: of pictures, or half of the time of time. */
static double
draw_box (const PraxiTensor *feature, double share, Box *box, GRand *random)
{
  int axes[3] = {0};
  find_axes (feature, axes);
  const gboolean in_time = g_rand_boolean (random);
  const double side = in_time ? 1 - share : sqrt (1 - share);
  double covered = 1;
  for (int a = 0; a < 3; a++) {
    const int64_t n = feature->dims[axes[a]];
    const gboolean cuts = (a == 0) == in_time;
    const int64_t length = cuts ? CLAMP ((int64_t) lrint (side * (double) n), 0, n) : n;
    box->from[a] = (int64_t) (g_rand_double (random) * (double) (n - length + 1));
    box->to[a] = box->from[a] + length;
    covered *= (double) length / (double) n;
  }
  return 1 - covered;
}

static double
cut (const PraxiTensor *feature, char *x, const int *order, int batch, double share, GRand *random)
{
  Box box;
  int64_t n = 0;
  const double left = draw_box (feature, share, &box, random);
  praxi_tensor_count (feature, &n);
  n *= (int64_t) praxi_dtype_size (feature->dtype);
  g_autofree char *old = g_memdup2 (x, (gsize) (n * batch));
  for (int b = 0; b < batch; b++)
    paste (feature, x + n * b, old + n * order[b], &box);
  return left;
}

void
praxi_mix (const PraxiTrainable *trainable,
           PraxiStepper *stepper,
           const PraxiMixOptions *options,
           GRand *random)
{
  const int B = trainable->batch, axes_needed = trainable->n_features;
  const PraxiBatch *batch = praxi_stepper_batch (stepper);
  if (B < 2 || !(options->mixup > 0 || options->cutmix > 0))
    return;
  int axes[3] = {0};
  g_autofree int *order = g_new (int, B);
  draw_order (order, B, random);
  double share = praxi_mix_share (options->mixup > 0 ? options->mixup : 1, random);
  const gboolean cuts = g_rand_double (random) < options->cutmix;
  if (!cuts && options->mixup <= 0)
    return;
  for (int i = 0; i < axes_needed; i++) {
    PraxiTensor feature =
        praxi_graph_value (trainable->step, g_array_index (trainable->step->inputs, int, i))
            ->tensor;
    feature.dims[0] /= B;
    if (feature.dtype != PRAXI_F32 && feature.dtype != PRAXI_U8)
      continue;
    if (cuts && find_axes (&feature, axes))
      share = cut (&feature, batch->features[i], order, B, share, random);
    else if (feature.dtype == PRAXI_U8)
      blend_bytes (batch->features[i], order, B, batch->feature_bytes[i], share);
    else
      blend (batch->features[i], order, B, batch->feature_bytes[i] / sizeof (float), share);
  }
  blend (batch->target, order, B, (gsize) trainable->n_outputs, share);
  blend (batch->weight, order, B, (gsize) trainable->n_outputs, share);
  if (batch->soft != NULL) {
    blend (batch->soft, order, B, (gsize) trainable->n_outputs, share);
    blend (batch->soft_weight, order, B, (gsize) trainable->n_outputs, share);
  }
}
