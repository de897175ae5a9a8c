/* Shapes of what changes or tells shapes: Reshape, Flatten, Squeeze, Expand, Shape, Range … */
#include <math.h>
#include <stdint.h>

#include "kernels/infer.h"

/* −1 is what is left over, 0 copies the input's dimension unless allowzero. */
PraxiStatus
praxi_infer_reshape (PraxiInfer *infer)
{
  const PraxiTensor *x = infer->in[0];
  int64_t dims[PRAXI_MAX_RANK], count = 0, rest = 1;
  int rank = 0, open = -1;
  bool is_given;
  const PraxiStatus status = praxi_infer_ints (infer, 1, PRAXI_MAX_RANK, dims, &rank, &is_given);
  if (status != PRAXI_OK)
    return status;
  praxi_tensor_count (x, &count);
  for (int d = 0; d < rank; d++) {
    if (dims[d] == 0 && !infer->op->allowzero && d < x->rank)
      dims[d] = x->dims[d];
    if (dims[d] < -1 || (dims[d] == -1 && open >= 0))
      return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "dimension %d cannot be %lld", d,
                               (long long) dims[d]);
    if (dims[d] == -1)
      open = d;
    else if (__builtin_mul_overflow (rest, dims[d], &rest))
      return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "the shape is too large");
  }
  if (open >= 0 && rest == 0)
    return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "-1 beside a dimension of 0");
  if (open >= 0)
    dims[open] = count / rest;
  if (count != (open >= 0 ? rest * dims[open] : rest))
    return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "%lld elements do not fit the shape",
                             (long long) count);
  praxi_infer_out (infer, 0, x->dtype, rank, dims);
  return PRAXI_OK;
}

/* [product of the axes before op->axis, product of the others]; axis may be the rank itself */
PraxiStatus
praxi_infer_flatten (PraxiInfer *infer)
{
  const PraxiTensor *x = infer->in[0];
  int64_t dims[] = {1, 1}, *axis = &infer->op->axis;
  if (*axis < -x->rank || *axis > x->rank)
    return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "axis %lld of rank %d", (long long) *axis,
                             x->rank);
  *axis += *axis < 0 ? x->rank : 0;
  for (int d = 0; d < x->rank; d++)
    dims[d >= *axis] *= x->dims[d];
  praxi_infer_out (infer, 0, x->dtype, 2, dims);
  return PRAXI_OK;
}

/* Axes from input 1 or op->axes, else all of length 1. */
PraxiStatus
praxi_infer_squeeze (PraxiInfer *infer)
{
  PraxiOp *op = infer->op;
  const PraxiTensor *x = infer->in[0];
  int64_t dims[PRAXI_MAX_RANK];
  bool is_given, is_out[PRAXI_MAX_RANK] = {false};
  int rank = 0;
  PraxiStatus status =
      praxi_infer_ints (infer, 1, PRAXI_MAX_RANK, op->axes, &op->n_axes, &is_given);
  if (status == PRAXI_OK)
    status = praxi_infer_axes (infer, x->rank);
  if (status != PRAXI_OK)
    return status;
  if (op->n_axes == 0)
    for (int d = 0; d < x->rank; d++)
      if (x->dims[d] == 1)
        op->axes[op->n_axes++] = d;
  for (int i = 0; i < op->n_axes; i++)
    is_out[op->axes[i]] = true;
  for (int d = 0; d < x->rank; d++) {
    if (is_out[d] && x->dims[d] != 1)
      return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "axis %d is %lld long, not 1", d,
                               (long long) x->dims[d]);
    if (!is_out[d])
      dims[rank++] = x->dims[d];
  }
  praxi_infer_out (infer, 0, x->dtype, rank, dims);
  return PRAXI_OK;
}

/* Axes, of the output, from input 1 or op->axes. */
PraxiStatus
praxi_infer_unsqueeze (PraxiInfer *infer)
{
  PraxiOp *op = infer->op;
  const PraxiTensor *x = infer->in[0];
  int64_t dims[PRAXI_MAX_RANK];
  bool is_given, is_new[PRAXI_MAX_RANK] = {false};
  PraxiStatus status =
      praxi_infer_ints (infer, 1, PRAXI_MAX_RANK, op->axes, &op->n_axes, &is_given);
  if (status != PRAXI_OK)
    return status;
  const int rank = x->rank + op->n_axes;
  if (op->n_axes < 0 || rank > PRAXI_MAX_RANK)
    return praxi_infer_fail (infer, PRAXI_STATUS_UNSUPPORTED, "an output of rank %d", rank);
  if ((status = praxi_infer_axes (infer, rank)))
    return status;
  for (int i = 0; i < op->n_axes; i++)
    is_new[op->axes[i]] = true;
  for (int d = 0, from = 0; d < rank; d++)
    dims[d] = is_new[d] ? 1 : x->dims[from++];
  praxi_infer_out (infer, 0, x->dtype, rank, dims);
  return PRAXI_OK;
}

static PraxiStatus
read_shape (PraxiInfer *infer, int i, int64_t *dims, int *rank)
{
  bool is_given;
  const PraxiStatus status = praxi_infer_ints (infer, i, PRAXI_MAX_RANK, dims, rank, &is_given);
  for (int d = 0; status == PRAXI_OK && d < *rank; d++)
    if (dims[d] < 0)
      return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "dimension %d cannot be %lld", d,
                               (long long) dims[d]);
  return status;
}

PraxiStatus
praxi_infer_expand (PraxiInfer *infer)
{
  const PraxiTensor *x = infer->in[0];
  int64_t dims[PRAXI_MAX_RANK];
  int rank = 0;
  PraxiStatus status = read_shape (infer, 1, dims, &rank);
  if (status == PRAXI_OK)
    status = praxi_infer_broadcast (infer, &rank, dims, x);
  if (status == PRAXI_OK)
    praxi_infer_out (infer, 0, x->dtype, rank, dims);
  return status;
}

PraxiStatus
praxi_infer_constant_of_shape (PraxiInfer *infer)
{
  PraxiOp *op = infer->op;
  int64_t dims[PRAXI_MAX_RANK];
  int rank = 0;
  const PraxiStatus status = read_shape (infer, 0, dims, &rank);
  if (status != PRAXI_OK)
    return status;
  op->to = op->to == 0 ? PRAXI_F32 : op->to;
  if (praxi_dtype_size (op->to) == 0)
    return praxi_infer_fail (infer, PRAXI_STATUS_UNSUPPORTED, "the type of the constant");
  praxi_infer_out (infer, 0, op->to, rank, dims);
  return PRAXI_OK;
}

/* The dims [start, end) of the input: all, or with n_axes 1 op->starts[0] and op->ends[0]. */
PraxiStatus
praxi_infer_shape (PraxiInfer *infer)
{
  PraxiOp *op = infer->op;
  const int64_t rank = infer->in[0]->rank;
  if (op->n_axes == 0) {
    op->n_axes = 1;
    op->starts[0] = 0;
    op->ends[0] = rank;
  }
  int64_t *const limits[] = {&op->starts[0], &op->ends[0]};
  for (int i = 0; i < 2; i++) {
    int64_t *limit = limits[i];
    *limit += *limit < 0 ? rank : 0;
    *limit = *limit < 0 ? 0 : *limit > rank ? rank : *limit;
  }
  const int64_t length = op->ends[0] > op->starts[0] ? op->ends[0] - op->starts[0] : 0;
  praxi_infer_out (infer, 0, PRAXI_S64, 1, &length);
  return PRAXI_OK;
}

PraxiStatus
praxi_infer_size (PraxiInfer *infer)
{
  praxi_infer_out (infer, 0, PRAXI_S64, 0, NULL);
  return PRAXI_OK;
}

/* max (ceil ((limit − start) / delta), 0) elements */
PraxiStatus
praxi_infer_range (PraxiInfer *infer)
{
  double value[3];
  for (int i = 0; i < 3; i++) {
    const PraxiTensor *t = infer->in[i];
    int64_t count = 0;
    if (t->dtype != infer->in[0]->dtype || praxi_tensor_count (t, &count) != PRAXI_OK || count != 1)
      return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "input %d is no scalar of %s", i,
                               praxi_dtype_name (infer->in[0]->dtype));
    if (t->data == NULL)
      return praxi_infer_fail (infer, PRAXI_STATUS_VALUE, "input %d is not known beforehand", i);
    value[i] = praxi_tensor_get (t, 0);
  }
  const double length = fmax (ceil ((value[1] - value[0]) / value[2]), 0);
  if (!(length <= 0x1p53))
    return praxi_infer_fail (infer, PRAXI_STATUS_VALUE, "a range without end");
  const int64_t dim = (int64_t) length;
  praxi_infer_out (infer, 0, infer->in[0]->dtype, 1, &dim);
  return PRAXI_OK;
}
