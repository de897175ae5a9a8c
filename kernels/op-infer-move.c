/* Shapes of what moves data: Concat, Split, Slice, Gather, Pad, Transpose, TopK, Resize. */
#include <math.h>
#include <stdint.h>

#include "kernels/infer.h"

PraxiStatus
praxi_infer_concat (PraxiInfer *infer)
{
  const PraxiTensor *first = infer->in[0];
  int64_t dims[PRAXI_MAX_RANK], *axis = &infer->op->axis;
  const PraxiStatus status = praxi_infer_axis (infer, axis, first->rank);
  if (status != PRAXI_OK)
    return status;
  for (int d = 0; d < first->rank; d++)
    dims[d] = first->dims[d];
  for (int i = 1; i < infer->n_in; i++) {
    const PraxiTensor *x = infer->in[i];
    bool fits = x != NULL && x->dtype == first->dtype && x->rank == first->rank;
    for (int d = 0; fits && d < x->rank; d++)
      fits = d == *axis || x->dims[d] == dims[d];
    if (!fits || __builtin_add_overflow (dims[*axis], x->dims[*axis], &dims[*axis]))
      return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "input %d does not fit input 0", i);
  }
  praxi_infer_out (infer, 0, first->dtype, first->rank, dims);
  return PRAXI_OK;
}

/* Parts of the sizes in input 1, else equal ones. */
PraxiStatus
praxi_infer_split (PraxiInfer *infer)
{
  const PraxiTensor *x = infer->in[0], *sizes = praxi_infer_input (infer, 1);
  int64_t dims[PRAXI_MAX_RANK], *axis = &infer->op->axis, n_sizes = 0, sum = 0;
  const PraxiStatus status = praxi_infer_axis (infer, axis, x->rank);
  if (status != PRAXI_OK)
    return status;
  if (sizes != NULL &&
      (sizes->rank != 1 || sizes->dtype != PRAXI_S64 ||
       praxi_tensor_count (sizes, &n_sizes) != PRAXI_OK || n_sizes != infer->n_out))
    return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "not one int64 size an output");
  if (sizes != NULL && sizes->data == NULL)
    return praxi_infer_fail (infer, PRAXI_STATUS_VALUE, "the sizes are not known beforehand");
  for (int d = 0; d < x->rank; d++)
    dims[d] = x->dims[d];
  for (int i = 0; i < infer->n_out; i++) {
    const int64_t part =
        sizes != NULL ? praxi_tensor_get_int (sizes, i) : x->dims[*axis] / infer->n_out;
    if (part < 0 || part > x->dims[*axis] - sum)
      return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "part %d does not fit", i);
    sum += part;
    dims[*axis] = part;
    praxi_infer_out (infer, i, x->dtype, x->rank, dims);
  }
  if (sum != x->dims[*axis])
    return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "the parts do not add up to %lld",
                             (long long) x->dims[*axis]);
  return PRAXI_OK;
}

static int64_t
clamp (int64_t value, int64_t low, int64_t high)
{
  return value < low ? low : value > high ? high : value;
}

/* Cuts [start, end) by step to the axis and returns its length. The resolved values mean the same
 * when they are resolved again: an end before element 0 is written −dim − 1.
 */
static int64_t
resolve_slice (int64_t dim, int64_t *start, int64_t *end, int64_t step)
{
  const int64_t s = *start < 0 ? clamp (*start, -dim, 0) + dim : *start;
  const int64_t e = *end < 0 ? clamp (*end, -dim - 1, 0) + dim : *end;
  if (step > 0) {
    *start = clamp (s, 0, dim);
    *end = clamp (e, 0, dim);
    return *end > *start ? (*end - *start - 1) / step + 1 : 0;
  }
  *start = clamp (s, 0, dim > 0 ? dim - 1 : 0);
  const int64_t last = clamp (e, -1, dim - 1);
  *end = last < 0 ? -dim - 1 : last;
  return dim > 0 && *start > last ? (*start - last - 1) / -step + 1 : 0;
}

/* starts, ends, axes, steps: inputs 1 … 4, or parameters where input 1 is absent. */
static PraxiStatus
read_slice (PraxiInfer *infer)
{
  PraxiOp *op = infer->op;
  int n_starts = op->n_axes, n_ends = op->n_axes, n_axes = op->n_axes, n_steps = op->n_axes;
  bool has_starts, has_ends, has_axes, has_steps;
  PraxiStatus status = PRAXI_OK;
  if (praxi_infer_input (infer, 1) == NULL)
    return PRAXI_OK;
  if ((status = praxi_infer_ints (infer, 1, PRAXI_MAX_RANK, op->starts, &n_starts, &has_starts)) ||
      (status = praxi_infer_ints (infer, 2, PRAXI_MAX_RANK, op->ends, &n_ends, &has_ends)) ||
      (status = praxi_infer_ints (infer, 3, PRAXI_MAX_RANK, op->axes, &n_axes, &has_axes)) ||
      (status = praxi_infer_ints (infer, 4, PRAXI_MAX_RANK, op->steps, &n_steps, &has_steps)))
    return status;
  if (!has_ends || n_ends != n_starts || (has_axes && n_axes != n_starts) ||
      (has_steps && n_steps != n_starts))
    return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE,
                             "starts, ends, axes, steps differ in length");
  op->n_axes = n_starts;
  for (int i = 0; i < n_starts; i++) {
    op->axes[i] = has_axes ? op->axes[i] : i;
    op->steps[i] = has_steps ? op->steps[i] : 1;
  }
  return PRAXI_OK;
}

PraxiStatus
praxi_infer_slice (PraxiInfer *infer)
{
  PraxiOp *op = infer->op;
  const PraxiTensor *x = infer->in[0];
  int64_t dims[PRAXI_MAX_RANK];
  PraxiStatus status = read_slice (infer);
  if (status == PRAXI_OK)
    status = praxi_infer_axes (infer, x->rank);
  if (status != PRAXI_OK)
    return status;
  for (int d = 0; d < x->rank; d++)
    dims[d] = x->dims[d];
  for (int i = 0; i < op->n_axes; i++) {
    if (op->steps[i] == 0)
      return praxi_infer_fail (infer, PRAXI_STATUS_VALUE, "a step of 0");
    op->steps[i] = clamp (op->steps[i], -INT64_MAX / 2, INT64_MAX / 2);
    const int64_t axis = op->axes[i];
    dims[axis] = resolve_slice (x->dims[axis], &op->starts[i], &op->ends[i], op->steps[i]);
  }
  praxi_infer_out (infer, 0, x->dtype, x->rank, dims);
  return PRAXI_OK;
}

/* The indices' shape stands in place of the axis. */
PraxiStatus
praxi_infer_gather (PraxiInfer *infer)
{
  const PraxiTensor *x = infer->in[0], *indices = infer->in[1];
  int64_t dims[2 * PRAXI_MAX_RANK];
  int rank = 0;
  const PraxiStatus status = praxi_infer_axis (infer, &infer->op->axis, x->rank);
  if (status != PRAXI_OK)
    return status;
  if (indices->dtype != PRAXI_S64 && indices->dtype != PRAXI_S32)
    return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "indices of type %s",
                             praxi_dtype_name (indices->dtype));
  if (x->rank + indices->rank - 1 > PRAXI_MAX_RANK)
    return praxi_infer_fail (infer, PRAXI_STATUS_UNSUPPORTED, "an output of rank %d",
                             x->rank + indices->rank - 1);
  for (int d = 0; d < infer->op->axis; d++)
    dims[rank++] = x->dims[d];
  for (int d = 0; d < indices->rank; d++)
    dims[rank++] = indices->dims[d];
  for (int d = (int) infer->op->axis + 1; d < x->rank; d++)
    dims[rank++] = x->dims[d];
  praxi_infer_out (infer, 0, x->dtype, rank, dims);
  return PRAXI_OK;
}

/* Input 1 [begin …, end …] for all axes or those of input 3. */
static PraxiStatus
read_pads (PraxiInfer *infer, int rank)
{
  PraxiOp *op = infer->op;
  int64_t pads[2 * PRAXI_MAX_RANK], axes[PRAXI_MAX_RANK];
  int n_pads = 0, n_axes = rank;
  bool has_pads, has_axes;
  PraxiStatus status = praxi_infer_ints (infer, 1, 2 * PRAXI_MAX_RANK, pads, &n_pads, &has_pads);
  if (status == PRAXI_OK)
    status = praxi_infer_ints (infer, 3, PRAXI_MAX_RANK, axes, &n_axes, &has_axes);
  if (status != PRAXI_OK || !has_pads)
    return status;
  if (n_pads != 2 * n_axes)
    return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "%d pads for %d axes", n_pads, n_axes);
  for (int d = 0; d < PRAXI_MAX_RANK; d++)
    op->pads_begin[d] = op->pads_end[d] = 0;
  for (int i = 0; i < n_axes; i++) {
    int64_t axis = has_axes ? axes[i] : i;
    if ((status = praxi_infer_axis (infer, &axis, rank)))
      return status;
    op->pads_begin[axis] = pads[i];
    op->pads_end[axis] = pads[n_axes + i];
  }
  return PRAXI_OK;
}

static PraxiStatus
check_pad (PraxiInfer *infer, int d, int64_t dim, int64_t begin, int64_t end)
{
  const bool mirrors = infer->op->pad_mode == PRAXI_PAD_REFLECT;
  const int64_t limit = INT64_MAX / 8;
  if (begin < -limit || begin > limit || end < -limit || end > limit || dim > limit ||
      dim + begin + end < 0)
    return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "pads of axis %d leave nothing", d);
  if ((mirrors && (begin >= dim || end >= dim) && (begin > 0 || end > 0)) ||
      (infer->op->pad_mode == PRAXI_PAD_EDGE && dim == 0 && (begin > 0 || end > 0)))
    return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "axis %d is too short to be mirrored", d);
  return PRAXI_OK;
}

PraxiStatus
praxi_infer_pad (PraxiInfer *infer)
{
  const PraxiOp *op = infer->op;
  const PraxiTensor *x = infer->in[0], *value = praxi_infer_input (infer, 2);
  int64_t dims[PRAXI_MAX_RANK], count = 1;
  PraxiStatus status = read_pads (infer, x->rank);
  if (value != NULL &&
      (value->dtype != x->dtype || praxi_tensor_count (value, &count) != PRAXI_OK || count != 1))
    return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "the padding value is no scalar of %s",
                             praxi_dtype_name (x->dtype));
  for (int d = 0; status == PRAXI_OK && d < x->rank; d++) {
    status = check_pad (infer, d, x->dims[d], op->pads_begin[d], op->pads_end[d]);
    if (status == PRAXI_OK)
      dims[d] = x->dims[d] + op->pads_begin[d] + op->pads_end[d];
  }
  if (status == PRAXI_OK)
    praxi_infer_out (infer, 0, x->dtype, x->rank, dims);
  return status;
}

/* perm as given, or, where n_axes is 0, reversed. */
PraxiStatus
praxi_infer_transpose (PraxiInfer *infer)
{
  PraxiOp *op = infer->op;
  const PraxiTensor *x = infer->in[0];
  int64_t dims[PRAXI_MAX_RANK];
  bool seen[PRAXI_MAX_RANK] = {false};
  if (op->n_axes == 0)
    for (; op->n_axes < x->rank; op->n_axes++)
      op->perm[op->n_axes] = x->rank - 1 - op->n_axes;
  if (op->n_axes != x->rank)
    return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "%d axes for rank %d", op->n_axes, x->rank);
  for (int d = 0; d < x->rank; d++) {
    const PraxiStatus status = praxi_infer_axis (infer, &op->perm[d], x->rank);
    if (status != PRAXI_OK)
      return status;
    if (seen[op->perm[d]])
      return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "perm is no permutation");
    seen[op->perm[d]] = true;
    dims[d] = x->dims[op->perm[d]];
  }
  praxi_infer_out (infer, 0, x->dtype, x->rank, dims);
  return PRAXI_OK;
}

/* k: input 1, or op->axes[0]. */
PraxiStatus
praxi_infer_topk (PraxiInfer *infer)
{
  PraxiOp *op = infer->op;
  const PraxiTensor *x = infer->in[0];
  int64_t dims[PRAXI_MAX_RANK];
  int n = 1;
  bool is_given;
  PraxiStatus status = praxi_infer_ints (infer, 1, 1, op->axes, &n, &is_given);
  if (status == PRAXI_OK)
    status = praxi_infer_axis (infer, &op->axis, x->rank);
  if (status != PRAXI_OK)
    return status;
  if (n != 1 || op->axes[0] < 0 || op->axes[0] > x->dims[op->axis])
    return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "k is not in 0 … %lld",
                             (long long) x->dims[op->axis]);
  for (int d = 0; d < x->rank; d++)
    dims[d] = d == op->axis ? op->axes[0] : x->dims[d];
  praxi_infer_out (infer, 0, x->dtype, x->rank, dims);
  praxi_infer_out (infer, 1, PRAXI_S64, x->rank, dims);
  return PRAXI_OK;
}

/* Reads input i, one float an axis, into values. */
static PraxiStatus
read_floats (PraxiInfer *infer, int i, int n, double *values, bool *is_given)
{
  const PraxiTensor *tensor = praxi_infer_input (infer, i);
  int64_t count = 0;
  *is_given = false;
  if (tensor == NULL)
    return PRAXI_OK;
  if (tensor->dtype < PRAXI_F32 || tensor->dtype > PRAXI_F16 || tensor->rank > 1 ||
      praxi_tensor_count (tensor, &count) != PRAXI_OK || (count != 0 && count != n))
    return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "input %d is not %d floats", i, n);
  if (count > 0 && tensor->data == NULL)
    return praxi_infer_fail (infer, PRAXI_STATUS_VALUE, "input %d is not known beforehand", i);
  for (int64_t k = 0; k < count; k++)
    values[k] = praxi_tensor_get (tensor, k);
  *is_given = count > 0;
  return PRAXI_OK;
}

/* A crop_and_resize axis is scaled by the length of its region of interest as well. */
static PraxiStatus
resize_axis (PraxiInfer *infer, const PraxiTensor *x, int d, int64_t *dim, bool has_sizes)
{
  PraxiOp *op = infer->op;
  const double roi =
      op->resize_coord == PRAXI_COORD_TF_CROP_AND_RESIZE ? op->roi[x->rank + d] - op->roi[d] : 1;
  const double in = (double) x->dims[d];
  if (has_sizes)
    op->scales[d] = in > 0 ? (double) *dim / in : 1;
  const double size = has_sizes ? (double) *dim : floor (in * roi * op->scales[d]);
  if (!(op->scales[d] > 0) || !(size >= 0) || size > 0x1p53 || (in == 0 && size > 0))
    return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "axis %d cannot be scaled by %g", d,
                             op->scales[d]);
  *dim = (int64_t) size;
  return PRAXI_OK;
}

/* Inputs: roi 1, scales 2, sizes 3; without 2 and 3 op->scales. op->scales holds the result. */
PraxiStatus
praxi_infer_resize (PraxiInfer *infer)
{
  PraxiOp *op = infer->op;
  const PraxiTensor *x = infer->in[0];
  int64_t dims[PRAXI_MAX_RANK] = {0};
  int n_sizes = 0;
  bool has_roi, has_scales, has_sizes = false;
  PraxiStatus status = read_floats (infer, 1, 2 * x->rank, op->roi, &has_roi);
  if (status == PRAXI_OK)
    status = read_floats (infer, 2, x->rank, op->scales, &has_scales);
  if (status == PRAXI_OK)
    status = praxi_infer_ints (infer, 3, PRAXI_MAX_RANK, dims, &n_sizes, &has_sizes);
  has_sizes = has_sizes && n_sizes > 0;
  if (status == PRAXI_OK && has_sizes && n_sizes != x->rank)
    return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "%d sizes for rank %d", n_sizes, x->rank);
  for (int d = 0; status == PRAXI_OK && d < x->rank; d++)
    status = resize_axis (infer, x, d, &dims[d], has_sizes);
  if (status != PRAXI_OK)
    return status;
  op->has_sizes = has_sizes;
  praxi_infer_out (infer, 0, x->dtype, x->rank, dims);
  return PRAXI_OK;
}
