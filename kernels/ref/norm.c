/* Normalizations, in double.
 *
 *   BatchNormalization   y[n,c,…] = (x − mean[c]) / √(var[c] + ε) · scale[c] + bias[c]
 *   LayerNormalization   y = (x − μ) · σ⁻¹ · scale + bias, μ and σ⁻¹ = 1 / √(variance + ε) over the
 *                        axes from op->axis on; outputs 1 and 2 are μ and σ⁻¹
 *   Softmax              y = e^(x − m) / Σ e^(x − m) along op->axis, m its maximum
 */
#include "kernels/element.h"
#include "kernels/ref/ref.h"
#include "kernels/rows.h"

/* A list [C] as a view that varies along dimension 1 of a tensor like x. */
static PraxiTensor
per_channel (const PraxiTensor *list, const PraxiTensor *x)
{
  PraxiTensor view = *list;
  view.rank = x->rank;
  for (int d = 0; d < x->rank; d++) {
    view.dims[d] = x->dims[d];
    view.strides[d] = d == 1 ? list->strides[0] : 0;
  }
  return view;
}

PraxiStatus
praxi_ref_batch_norm (const PraxiRefCall *call)
{
  const PraxiTensor *x = call->in[0], *y = call->out[0], *const *list = call->in + 1;
  PraxiRows rows = praxi_rows_over (y);
  praxi_rows_add (&rows, x);
  const PraxiTensor channels = {.rank = 1, .dims = {x->dims[1]}, .strides = {1}};
  const PraxiTensor channel_of = per_channel (&channels, x);
  praxi_rows_add (&rows, &channel_of);
  while (praxi_rows_next (&rows))
    for (int64_t i = 0; i < rows.length; i++) {
      const int64_t c = rows.at[2] + i * rows.step[2];
      double value[4];
      for (int k = 0; k < 4; k++)
        value[k] = praxi_load (list[k]->data, list[k]->dtype, c * list[k]->strides[0]);
      const double from = praxi_load (x->data, x->dtype, rows.at[1] + i * rows.step[1]);
      praxi_store (y->data, y->dtype, rows.at[0] + i * rows.step[0],
                   (from - value[2]) / sqrt (value[3] + (double) call->op->epsilon) * value[0] +
                       value[1]);
    }
  return PRAXI_OK;
}

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
