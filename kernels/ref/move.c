/* Data movement: each is a copy between two views.
 *
 *   Concat     out[.., axis part i ..] = in[i]
 *   Split      the other way round
 *   Slice      y[i] = x[start + i · step]
 *   Transpose  y[i_0 …] = x[…], axis d from perm[d]
 *   Expand     y = x with its axes of length 1 repeated
 *   Reshape, Flatten, Squeeze, Unsqueeze, Identity: the same elements in logical order
 *   Gather     y[.., indices, ..] = x[.., index, ..]
 */
#include <string.h>

#include "kernels/element.h"
#include "kernels/ref/ref.h"
#include "kernels/rows.h"

/* The part [begin, begin + length) of an axis. */
static PraxiTensor
part_of (const PraxiTensor *t, int64_t axis, int64_t begin, int64_t length)
{
  PraxiTensor part = *t;
  part.data = praxi_ref_at (t, length > 0 ? begin * t->strides[axis] : 0);
  part.dims[axis] = length;
  return part;
}

PraxiStatus
praxi_ref_concat (const PraxiRefCall *call)
{
  const int64_t axis = call->op->axis;
  int64_t begin = 0;
  for (int i = 0; i < call->n_in; i++) {
    const int64_t length = call->in[i]->dims[axis];
    const PraxiTensor part = part_of (call->out[0], axis, begin, length);
    praxi_tensor_copy (call->in[i], &part);
    begin += length;
  }
  return PRAXI_OK;
}

PraxiStatus
praxi_ref_split (const PraxiRefCall *call)
{
  const int64_t axis = call->op->axis;
  int64_t begin = 0;
  for (int i = 0; i < call->n_out; i++) {
    const int64_t length = call->out[i]->dims[axis];
    const PraxiTensor part = part_of (call->in[0], axis, begin, length);
    praxi_tensor_copy (&part, call->out[i]);
    begin += length;
  }
  return PRAXI_OK;
}

PraxiStatus
praxi_ref_slice (const PraxiRefCall *call)
{
  const PraxiOp *op = call->op;
  PraxiTensor view = *call->in[0];
  int64_t at = 0, count = 0;
  praxi_tensor_count (call->out[0], &count);
  if (count == 0)
    return PRAXI_OK;
  for (int i = 0; i < op->n_axes; i++) {
    const int64_t axis = op->axes[i];
    at += op->starts[i] * view.strides[axis];
    view.dims[axis] = call->out[0]->dims[axis];
    if (view.dims[axis] > 1)
      view.strides[axis] *= op->steps[i];
  }
  view.data = praxi_ref_at (&view, at);
  praxi_tensor_copy (&view, call->out[0]);
  return PRAXI_OK;
}

PraxiStatus
praxi_ref_transpose (const PraxiRefCall *call)
{
  const PraxiTensor *x = call->in[0];
  PraxiTensor view = *x;
  for (int d = 0; d < x->rank; d++) {
    view.dims[d] = x->dims[call->op->perm[d]];
    view.strides[d] = x->strides[call->op->perm[d]];
  }
  praxi_tensor_copy (&view, call->out[0]);
  return PRAXI_OK;
}

PraxiStatus
praxi_ref_expand (const PraxiRefCall *call)
{
  praxi_tensor_copy (call->in[0], call->out[0]);
  return PRAXI_OK;
}

/* The offset of the element after that at index, in logical order; steps index. */
static int64_t
step_logical (const PraxiTensor *t, int64_t *index, int64_t at)
{
  for (int d = t->rank - 1; d >= 0; d--) {
    at += t->strides[d];
    if (++index[d] < t->dims[d])
      return at;
    at -= t->strides[d] * t->dims[d];
    index[d] = 0;
  }
  return at;
}

PraxiStatus
praxi_ref_reshape (const PraxiRefCall *call)
{
  const PraxiTensor *x = call->in[0], *y = call->out[0];
  const size_t size = praxi_dtype_size (x->dtype);
  int64_t count = 0, from = 0, to = 0;
  int64_t x_index[PRAXI_MAX_RANK] = {0}, y_index[PRAXI_MAX_RANK] = {0};
  praxi_tensor_count (x, &count);
  if (count == 0)
    return PRAXI_OK;
  if (praxi_tensor_is_row_major (x) && praxi_tensor_is_row_major (y)) {
    memmove (y->data, x->data, (size_t) count * size);
    return PRAXI_OK;
  }
  if (call->op->kind == PRAXI_OP_IDENTITY) {
    praxi_tensor_copy (x, y);
    return PRAXI_OK;
  }
  for (; count > 0; count--) {
    memcpy (praxi_ref_at (y, to), praxi_ref_at (x, from), size);
    from = step_logical (x, x_index, from);
    to = step_logical (y, y_index, to);
  }
  return PRAXI_OK;
}

/* Copies x[.., pick, ..] to where indices' element at index stands in y. */
static void
gather_slice (const PraxiRefCall *call, int64_t pick, const int64_t *index)
{
  const PraxiTensor *indices = call->in[1];
  const int64_t axis = call->op->axis;
  const PraxiTensor from = part_of (call->in[0], axis, pick, 1);
  PraxiTensor to = *call->out[0];
  int64_t at = 0;
  for (int d = 0; d < indices->rank; d++)
    at += index[d] * to.strides[axis + d];
  to.data = praxi_ref_at (&to, at);
  to.rank = from.rank;
  to.dims[axis] = 1;
  for (int64_t d = axis + 1; d < from.rank; d++) {
    to.dims[d] = from.dims[d];
    to.strides[d] = call->out[0]->strides[d + indices->rank - 1];
  }
  praxi_tensor_copy (&from, &to);
}

PraxiStatus
praxi_ref_gather (const PraxiRefCall *call)
{
  const PraxiTensor *indices = call->in[1];
  const int64_t dim = call->in[0]->dims[call->op->axis];
  int64_t index[PRAXI_MAX_RANK] = {0}, at = 0, count = 0;
  praxi_tensor_count (indices, &count);
  for (; count > 0; count--) {
    int64_t pick = praxi_load_int (indices->data, indices->dtype, at);
    if (pick < -dim || pick >= dim)
      return PRAXI_STATUS_VALUE;
    gather_slice (call, pick < 0 ? pick + dim : pick, index);
    at = step_logical (indices, index, at);
  }
  return PRAXI_OK;
}
