/* y[i] = Σ_k w_k(i) x[k], axis by axis: nearest (one tap), linear (two), cubic (four).
 *
 *   half_pixel          c = (i + ½) / s − ½            s = scale of the axis
 *   pytorch_half_pixel  the same, 0 where the output is one long
 *   align_corners       c = i (in − 1) / (in · s − 1)  asymmetric   c = i / s
 *   tf_half_pixel_for_nn  c = (i + ½) / s
 *   tf_crop_and_resize  c = start (in − 1) + i (end − start)(in − 1) / (out − 1); outside x the
 *                       extrapolation value
 *   cubic, d = distance from c, a = cubic_a (−0.75):
 *     d ≤ 1  (a + 2) d³ − (a + 3) d² + 1        d < 2  a d³ − 5a d² + 8a d − 4a
 */
#include "kernels/element.h"
#include "kernels/ref/ref.h"

typedef struct {
  int n;
  int64_t at[4]; /* offsets in x */
  double weight[4];
  bool is_outside;
} Taps;

/* In float, as common runtimes compute it: a scale of 0.6 is a little more, and where the quotient
 * should be whole only the float division makes it so.
 */
static double
source (const PraxiOp *op, int d, int rank, int64_t i, const int64_t length[2])
{
  const float scale = (float) op->scales[d], x = (float) i, start = (float) op->roi[d];
  const float span = (float) (length[0] - 1), part = (float) op->roi[rank + d] - start;
  switch (op->resize_coord) {
  case PRAXI_COORD_PYTORCH_HALF_PIXEL:
    return length[1] > 1 ? (double) ((x + 0.5F) / scale - 0.5F) : 0;
  case PRAXI_COORD_ALIGN_CORNERS:
    return length[1] > 1 ? (double) (x * span / ((float) length[0] * scale - 1)) : 0;
  case PRAXI_COORD_ASYMMETRIC:
    return (double) (x / scale);
  case PRAXI_COORD_TF_CROP_AND_RESIZE:
    return (double) (length[1] > 1 ? start * span + x * part * span / (float) (length[1] - 1)
                                   : (start + part / 2) * span);
  case PRAXI_COORD_TF_HALF_PIXEL_FOR_NN:
    return (double) ((x + 0.5F) / scale);
  default:
    return (double) ((x + 0.5F) / scale - 0.5F);
  }
}

static double
nearest (PraxiNearestMode mode, double c)
{
  switch (mode) {
  case PRAXI_NEAREST_ROUND_PREFER_CEIL:
    return floor (c + 0.5);
  case PRAXI_NEAREST_FLOOR:
    return floor (c);
  case PRAXI_NEAREST_CEIL:
    return ceil (c);
  default:
    return ceil (c - 0.5);
  }
}

static double
cubic_weight (double a, double d)
{
  if (d <= 1)
    return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

/* Weights of the taps that are left out of x go to none, and the others are enlarged. */
static void
exclude_outside (Taps *taps, double first, int64_t in)
{
  double sum = 0;
  for (int k = 0; k < taps->n; k++) {
    if (first + k < 0 || first + k >= (double) in)
      taps->weight[k] = 0;
    sum += taps->weight[k];
  }
  for (int k = 0; k < taps->n; k++)
    taps->weight[k] /= sum;
}

static Taps
taps_of (const PraxiOp *op, const PraxiTensor *x, int d, int64_t i, int64_t out)
{
  const int64_t in = x->dims[d];
  const double c = source (op, d, x->rank, i, (const int64_t[]){in, out});
  double first = floor (c);
  Taps taps = {.n = 1, .weight = {1}};
  if (op->resize_mode == PRAXI_RESIZE_NEAREST) {
    first = nearest (op->nearest_mode, c);
  } else if (op->resize_mode == PRAXI_RESIZE_LINEAR) {
    taps.n = 2;
    taps.weight[1] = c - first;
    taps.weight[0] = 1 - taps.weight[1];
  } else {
    taps.n = 4;
    first -= 1;
    for (int k = 0; k < 4; k++)
      taps.weight[k] = cubic_weight ((double) op->cubic_a, fabs (c - first - k));
  }
  if (op->exclude_outside && op->resize_mode == PRAXI_RESIZE_CUBIC)
    exclude_outside (&taps, first, in);
  for (int k = 0; k < taps.n; k++)
    taps.at[k] = (int64_t) fmin (fmax (first + k, 0), (double) (in - 1)) * x->strides[d];
  taps.is_outside =
      op->resize_coord == PRAXI_COORD_TF_CROP_AND_RESIZE && !(c >= 0 && c <= (double) (in - 1));
  return taps;
}

static double
interpolate (const PraxiTensor *x, const Taps *taps, int d, int64_t at)
{
  if (d == x->rank)
    return praxi_load (x->data, x->dtype, at);
  if (taps[d].n == 1)
    return interpolate (x, taps, d + 1, at + taps[d].at[0]);
  double sum = 0;
  for (int k = 0; k < taps[d].n; k++)
    if (taps[d].weight[k] != 0)
      sum += taps[d].weight[k] * interpolate (x, taps, d + 1, at + taps[d].at[k]);
  return sum;
}

PraxiStatus
praxi_ref_resize (const PraxiRefCall *call)
{
  const PraxiOp *op = call->op;
  const PraxiTensor *x = call->in[0], *y = call->out[0];
  int64_t index[PRAXI_MAX_RANK] = {0}, count = 0, to = 0;
  Taps taps[PRAXI_MAX_RANK];
  praxi_tensor_count (y, &count);
  for (int d = 0; count > 0 && d < x->rank; d++)
    taps[d] = taps_of (op, x, d, 0, y->dims[d]);
  for (; count > 0; count--) {
    bool is_outside = false;
    for (int d = 0; d < x->rank; d++)
      is_outside = is_outside || taps[d].is_outside;
    praxi_store (y->data, y->dtype, to,
                 is_outside ? (double) op->extrapolation : interpolate (x, taps, 0, 0));
    for (int d = y->rank - 1; d >= 0; d--) {
      const bool carry = ++index[d] == y->dims[d];
      to += y->strides[d] * (carry ? 1 - y->dims[d] : 1);
      index[d] = carry ? 0 : index[d];
      taps[d] = taps_of (op, x, d, index[d], y->dims[d]);
      if (!carry)
        break;
    }
  }
  return PRAXI_OK;
}
