/* Normalizations, in double.
 *
 *   BatchNormalization   y[n,c,…] = (x − mean[c]) / √(var[c] + ε) · scale[c] + bias[c]; in training
 *                        mode of the batch's own mean and variance, and outputs 1 and 2 are
 *                        mean · α + batch mean · (1 − α), α the momentum, and so for the variance
 *   LayerNormalization   y = (x − μ) · σ⁻¹ · scale + bias, μ and σ⁻¹ = 1 / √(variance + ε) over the
 *                        axes from op->axis on; outputs 1 and 2 are μ and σ⁻¹
 *   Softmax              y = e^(x − m) / Σ e^(x − m) along op->axis, m its maximum
 */
#include "kernels/element.h"
#include "kernels/ref/ref.h"
#include "kernels/rows.h"

/* A view of t with the axes outside [begin, end) of length 1. */
static PraxiTensor
only_axes (const PraxiTensor *t, int64_t begin, int64_t end)
{
  PraxiTensor view = *t;
  for (int d = 0; d < t->rank; d++)
    if (d < begin || d >= end)
      view.dims[d] = 1;
  return view;
}

/* A view of t as it broadcasts to the shape of x. */
static PraxiTensor
broadcast_to (const PraxiTensor *t, const PraxiTensor *x)
{
  PraxiTensor view = *t;
  const int lead = x->rank - t->rank;
  view.rank = x->rank;
  for (int d = 0; d < x->rank; d++) {
    view.dims[d] = x->dims[d];
    view.strides[d] = d < lead || t->dims[d - lead] == 1 ? 0 : t->strides[d - lead];
  }
  return view;
}

/* Σ (x − shift)^power over the rows' operand 0, from at on. */
static double
moment (PraxiRows *rows, const PraxiTensor *x, int64_t at, double shift, int power, int64_t *count)
{
  double sum = 0;
  *count = 0;
  praxi_rows_restart (rows);
  for (; praxi_rows_next (rows); *count += rows->length)
    for (int64_t i = 0; i < rows->length; i++) {
      const double v = praxi_load (x->data, x->dtype, at + rows->at[0] + i * rows->step[0]) - shift;
      sum += power == 2 ? v * v : v;
    }
  return sum;
}

/* Stores what training keeps in out i, where it is wanted. */
static void
keep_running (const PraxiRefCall *call, int i, int64_t c, double old, double new)
{
  const double momentum = (double) call->op->alpha;
  const PraxiTensor *out = i < call->n_out ? call->out[i] : NULL;
  if (out != NULL)
    praxi_store (out->data, out->dtype, c * out->strides[0], old * momentum + new *(1 - momentum));
}

static void
batch_moments (const PraxiRefCall *call, const PraxiTensor *x, int64_t c, double *mean, double *var)
{
  PraxiRows rows = praxi_rows_over (x);
  int64_t count;
  const double old_mean = *mean, old_var = *var;
  *mean = moment (&rows, x, 0, 0, 1, &count) / (double) count;
  *var = moment (&rows, x, 0, *mean, 2, &count) / (double) count;
  keep_running (call, 1, c, old_mean, *mean);
  keep_running (call, 2, c, old_var, *var);
}

/* y = x · factor + shift */
static void
scale_channel (const PraxiTensor *x, const PraxiTensor *y, double factor, double shift)
{
  PraxiRows rows = praxi_rows_over (y);
  praxi_rows_add (&rows, x);
  while (praxi_rows_next (&rows))
    for (int64_t i = 0; i < rows.length; i++) {
      const double v = praxi_load (x->data, x->dtype, rows.at[1] + i * rows.step[1]);
      praxi_store (y->data, y->dtype, rows.at[0] + i * rows.step[0], v * factor + shift);
    }
}

PraxiStatus
praxi_ref_batch_norm (const PraxiRefCall *call)
{
  const PraxiTensor *const *in = call->in;
  for (int64_t c = 0; c < in[0]->dims[1]; c++) {
    const PraxiTensor x = praxi_ref_channel (in[0], c), y = praxi_ref_channel (call->out[0], c);
    double mean = praxi_ref_listed (in[3], c), var = praxi_ref_listed (in[4], c);
    if (call->op->training_mode)
      batch_moments (call, &x, c, &mean, &var);
    const double factor = praxi_ref_listed (in[1], c) / sqrt (var + (double) call->op->epsilon);
    scale_channel (&x, &y, factor, praxi_ref_listed (in[2], c) - mean * factor);
  }
  return PRAXI_OK;
}

typedef struct {
  const PraxiTensor *x, *y, *scale, *bias; /* bias may be absent */
  double mean, factor;
} Affine;

/* rows: x, y, scale, bias over the normalized axes; at: where they begin */
static void
normalize (PraxiRows *rows, const Affine *a, const int64_t at[4])
{
  praxi_rows_restart (rows);
  while (praxi_rows_next (rows))
    for (int64_t i = 0; i < rows->length; i++) {
      int64_t from[4];
      for (int k = 0; k < 4; k++)
        from[k] = at[k] + rows->at[k] + i * rows->step[k];
      double v = (praxi_load (a->x->data, a->x->dtype, from[0]) - a->mean) * a->factor *
                 praxi_load (a->scale->data, a->scale->dtype, from[2]);
      if (a->bias != NULL)
        v += praxi_load (a->bias->data, a->bias->dtype, from[3]);
      praxi_store (a->y->data, a->y->dtype, from[1], v);
    }
}

/* Outputs 1 and 2 have strides of their own: slice k of the outer axes lies at k's logical place.
 */
static void
store_statistic (const PraxiRefCall *call, int i, int64_t slice, double value)
{
  if (i < call->n_out && call->out[i] != NULL)
    praxi_tensor_set (call->out[i], slice, value);
}

PraxiStatus
praxi_ref_layer_norm (const PraxiRefCall *call)
{
  const PraxiTensor *x = call->in[0], *y = call->out[0], *bias = praxi_ref_input (call, 2);
  const int64_t axis = call->op->axis;
  const PraxiTensor scale_view = broadcast_to (call->in[1], x);
  const PraxiTensor bias_view = broadcast_to (bias != NULL ? bias : call->in[1], x);
  const PraxiTensor *const operands[] = {x, y, &scale_view, &bias_view};
  PraxiTensor inner[4], outer = only_axes (x, 0, axis);
  for (int k = 0; k < 4; k++)
    inner[k] = only_axes (operands[k], axis, x->rank);
  PraxiRows rows = praxi_rows_over (&inner[0]);
  for (int k = 1; k < 4; k++)
    praxi_rows_add (&rows, &inner[k]);
  int64_t index[PRAXI_MAX_RANK] = {0}, n_slices = 0, count;
  praxi_tensor_count (&outer, &n_slices);
  for (int64_t slice = 0; slice < n_slices; slice++) {
    int64_t at[4] = {0};
    for (int k = 0; k < 4; k++)
      for (int64_t d = 0; d < axis; d++)
        at[k] += index[d] * operands[k]->strides[d];
    Affine a = {x, y, &scale_view, bias != NULL ? &bias_view : NULL, 0, 0};
    a.mean = moment (&rows, x, at[0], 0, 1, &count) / (double) count;
    const double variance = moment (&rows, x, at[0], a.mean, 2, &count) / (double) count;
    a.factor = 1 / sqrt (variance + (double) call->op->epsilon);
    normalize (&rows, &a, at);
    store_statistic (call, 1, slice, a.mean);
    store_statistic (call, 2, slice, a.factor);
    for (int64_t d = axis - 1; d >= 0 && ++index[d] == x->dims[d]; d--)
      index[d] = 0;
  }
  return PRAXI_OK;
}

/* One line of n elements: x from at on, y from to on. */
static void
softmax_line (const PraxiRefCall *call, int64_t at, int64_t to)
{
  const PraxiTensor *x = call->in[0], *y = call->out[0];
  const int64_t axis = call->op->axis, n = x->dims[axis];
  const int64_t step = x->strides[axis], to_step = y->strides[axis];
  double max = -INFINITY, sum = 0;
  for (int64_t i = 0; i < n; i++) {
    const double v = praxi_load (x->data, x->dtype, at + i * step);
    max = v > max || isnan (v) ? v : max;
  }
  for (int64_t i = 0; i < n; i++)
    sum += exp (praxi_load (x->data, x->dtype, at + i * step) - max);
  for (int64_t i = 0; i < n; i++)
    praxi_store (y->data, y->dtype, to + i * to_step,
                 exp (praxi_load (x->data, x->dtype, at + i * step) - max) / sum);
}

PraxiStatus
praxi_ref_softmax (const PraxiRefCall *call)
{
  const PraxiTensor *x = call->in[0], *y = call->out[0];
  const int64_t axis = call->op->axis;
  PraxiTensor lines = *x, lines_out = *y;
  lines.dims[axis] = lines_out.dims[axis] = x->dims[axis] > 0 ? 1 : 0;
  PraxiRows rows = praxi_rows_over (&lines_out);
  praxi_rows_add (&rows, &lines);
  while (praxi_rows_next (&rows))
    for (int64_t i = 0; i < rows.length; i++)
      softmax_line (call, rows.at[1] + i * rows.step[1], rows.at[0] + i * rows.step[0]);
  return PRAXI_OK;
}
