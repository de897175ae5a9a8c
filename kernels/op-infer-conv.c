/* Shapes of what slides a window: Conv, QLinearConv, QConv, pools. */
#include <stdint.h>

#include "kernels/infer.h"
#include "kernels/motion-stem.h"

static bool
is_size (int64_t value)
{
  return value >= 1 && value <= INT32_MAX;
}

/* Zero means the default: stride, dilation and group 1. */
static PraxiStatus
check_window (PraxiInfer *infer)
{
  PraxiWindow *w = &infer->op->window;
  for (int i = 0; i < w->n_spatial; i++) {
    w->stride[i] = w->stride[i] == 0 ? 1 : w->stride[i];
    w->dilation[i] = w->dilation[i] == 0 ? 1 : w->dilation[i];
    if (!is_size (w->kernel[i]) || !is_size (w->stride[i]) || !is_size (w->dilation[i]) ||
        w->pad_begin[i] < 0 || w->pad_end[i] < 0 || w->pad_begin[i] > INT32_MAX ||
        w->pad_end[i] > INT32_MAX)
      return praxi_infer_fail (infer, PRAXI_STATUS_VALUE,
                               "kernel, stride, dilation or padding of axis %d is out of range", i);
  }
  return PRAXI_OK;
}

/* out = ceil (in / stride), and the padding that makes it so; the odd one goes to the upper or
 * lower end.
 */
static void
resolve_same (PraxiWindow *w, int i, int64_t extent, int64_t in)
{
  const int64_t out = (in + w->stride[i] - 1) / w->stride[i];
  const int64_t need = (out - 1) * w->stride[i] + extent - in, total = need > 0 ? need : 0;
  const int64_t half = w->auto_pad == PRAXI_AUTO_PAD_SAME_UPPER ? total / 2 : total - total / 2;
  w->pad_begin[i] = half;
  w->pad_end[i] = total - half;
}

/* out = floor ((in + pads − extent) / stride) + 1, extent = (kernel − 1) · dilation + 1; with
 * ceil_mode the quotient is rounded up, unless the last window would begin beyond the input.
 */
static PraxiStatus
slide (PraxiInfer *infer, const PraxiTensor *x, int64_t *dims)
{
  PraxiWindow *w = &infer->op->window;
  for (int i = 0; i < w->n_spatial; i++) {
    const int64_t in = x->dims[2 + i], extent = (w->kernel[i] - 1) * w->dilation[i] + 1;
    if (in > INT64_MAX / 4 || extent > INT64_MAX / 4)
      return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "axis %d is too large", 2 + i);
    if (w->auto_pad == PRAXI_AUTO_PAD_VALID)
      w->pad_begin[i] = w->pad_end[i] = 0;
    else if (w->auto_pad != PRAXI_AUTO_PAD_NOTSET)
      resolve_same (w, i, extent, in);
    const int64_t room = in + w->pad_begin[i] + w->pad_end[i] - extent;
    if (room < 0 && !(w->ceil_mode && room > -w->stride[i] && in + w->pad_begin[i] > 0))
      return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "window %lld is larger than input %lld",
                               (long long) extent, (long long) in);
    dims[2 + i] = room < 0 ? 1 : room / w->stride[i] + 1;
    if (w->ceil_mode && room > 0 && room % w->stride[i] != 0 &&
        dims[2 + i] * w->stride[i] < in + w->pad_begin[i])
      dims[2 + i]++;
  }
  w->auto_pad = PRAXI_AUTO_PAD_NOTSET;
  return PRAXI_OK;
}

/* A QConv may have no axis to slide along: then it is a matrix product. */
static PraxiStatus
spatial_rank (PraxiInfer *infer, const PraxiTensor *x)
{
  PraxiWindow *w = &infer->op->window;
  const int least = infer->op->kind == PRAXI_OP_QCONV ? 2 : 3;
  if (x->rank < least || x->rank > 5)
    return praxi_infer_fail (infer, PRAXI_STATUS_UNSUPPORTED, "input of rank %d", x->rank);
  if (w->n_spatial != 0 && w->n_spatial != x->rank - 2)
    return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "a window of %d axes on rank %d",
                             w->n_spatial, x->rank);
  w->n_spatial = x->rank - 2;
  return PRAXI_OK;
}

/* Weights [O, C/group, kernel…] fit x [N, C, …]; dims becomes [N, O, …]. */
static PraxiStatus
convolve (PraxiInfer *infer, const PraxiTensor *x, const PraxiTensor *weight, int64_t *dims)
{
  PraxiWindow *w = &infer->op->window;
  PraxiStatus status = spatial_rank (infer, x);
  if (status != PRAXI_OK)
    return status;
  if (weight->rank != x->rank)
    return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "weights of rank %d", weight->rank);
  w->group = w->group == 0 ? 1 : w->group;
  if (!is_size (w->group) || weight->dims[0] % w->group != 0 || x->dims[1] % w->group != 0 ||
      weight->dims[1] != x->dims[1] / w->group)
    return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE,
                             "%lld channels in, weights [%lld, %lld, …] and %lld groups",
                             (long long) x->dims[1], (long long) weight->dims[0],
                             (long long) weight->dims[1], (long long) w->group);
  for (int i = 0; i < w->n_spatial; i++) {
    w->kernel[i] = w->kernel[i] == 0 ? weight->dims[2 + i] : w->kernel[i];
    if (w->kernel[i] != weight->dims[2 + i])
      return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "kernel_shape differs from the weights");
  }
  dims[0] = x->dims[0];
  dims[1] = weight->dims[0];
  status = check_window (infer);
  return status == PRAXI_OK ? slide (infer, x, dims) : status;
}

static PraxiStatus
check_bias (PraxiInfer *infer, const PraxiTensor *bias, int64_t channels, PraxiDType dtype)
{
  if (bias != NULL && (bias->rank != 1 || bias->dims[0] != channels || bias->dtype != dtype))
    return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "bias is not %s [%lld]",
                             praxi_dtype_name (dtype), (long long) channels);
  return PRAXI_OK;
}

static PraxiStatus
check_residual (PraxiInfer *infer, int first, int rank, const int64_t *dims)
{
  const PraxiTensor *residual = praxi_infer_input (infer, infer->n_in - 1);
  if (!infer->op->has_residual)
    return PRAXI_OK;
  bool fits = infer->n_in > first && residual != NULL && residual->rank == rank;
  for (int d = 0; fits && d < rank; d++)
    fits = residual->dims[d] == dims[d];
  if (!fits)
    return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "the residual has not the output's shape");
  return PRAXI_OK;
}

PraxiStatus
praxi_infer_conv (PraxiInfer *infer)
{
  const PraxiTensor *x = infer->in[0], *weight = infer->in[1], *bias = praxi_infer_input (infer, 2);
  int64_t dims[PRAXI_MAX_RANK];
  PraxiStatus status = convolve (infer, x, weight, dims);
  if (status != PRAXI_OK)
    return status;
  if (weight->dtype != x->dtype)
    return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "weights of another type than the input");
  if (infer->op->has_residual && infer->n_in < 4)
    bias = NULL;
  status = check_bias (infer, bias, dims[1], x->dtype);
  if (status == PRAXI_OK)
    status = check_residual (infer, 2, x->rank, dims);
  praxi_infer_out (infer, 0, x->dtype, x->rank, dims);
  return status;
}

/* scale and zero: one element or one a channel. */
static bool
is_quantizer (const PraxiTensor *scale, const PraxiTensor *zero, PraxiDType dtype, int64_t channels)
{
  int64_t n_scales, n_zeros;
  if (praxi_tensor_count (scale, &n_scales) != PRAXI_OK ||
      praxi_tensor_count (zero, &n_zeros) != PRAXI_OK || scale->rank > 1 || zero->rank > 1)
    return false;
  return scale->dtype == PRAXI_F32 && zero->dtype == dtype &&
         (n_scales == 1 || n_scales == channels) && (n_zeros == 1 || n_zeros == channels);
}

PraxiStatus
praxi_infer_qlinear_conv (PraxiInfer *infer)
{
  const PraxiTensor *const *in = infer->in, *x = in[0], *weight = in[3];
  int64_t dims[PRAXI_MAX_RANK];
  PraxiStatus status = convolve (infer, x, weight, dims);
  if (status != PRAXI_OK)
    return status;
  if (!praxi_dtype_is_byte (weight->dtype) || !praxi_dtype_is_byte (in[7]->dtype))
    return praxi_infer_fail (infer, PRAXI_STATUS_UNSUPPORTED, "weights or output of type %s",
                             praxi_dtype_name (weight->dtype));
  if (!is_quantizer (in[1], in[2], x->dtype, 1) ||
      !is_quantizer (in[4], in[5], weight->dtype, dims[1]) ||
      !is_quantizer (in[6], in[7], in[7]->dtype, 1))
    return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "a scale or zero point does not fit");
  status = check_bias (infer, praxi_infer_input (infer, 8), dims[1], PRAXI_S32);
  praxi_infer_out (infer, 0, in[7]->dtype, x->rank, dims);
  return status;
}

PraxiStatus
praxi_infer_qconv (PraxiInfer *infer)
{
  const PraxiTensor *x = infer->in[0], *weight = infer->in[1];
  int64_t dims[PRAXI_MAX_RANK];
  PraxiStatus status = convolve (infer, x, weight, dims);
  if (status != PRAXI_OK)
    return status;
  const PraxiDType to = infer->op->to == 0 ? x->dtype : infer->op->to;
  if (weight->dtype != PRAXI_S8 || !praxi_dtype_is_byte (to))
    return praxi_infer_fail (infer, PRAXI_STATUS_UNSUPPORTED, "weights or output of this type");
  status = check_residual (infer, 2, x->rank, dims);
  if (status == PRAXI_OK && infer->op->has_residual && !praxi_dtype_is_byte (infer->in[2]->dtype))
    return praxi_infer_fail (infer, PRAXI_STATUS_UNSUPPORTED, "a residual of this type");
  praxi_infer_out (infer, 0, to, x->rank, dims);
  return status;
}

PraxiStatus
praxi_infer_pool (PraxiInfer *infer)
{
  const PraxiTensor *x = infer->in[0];
  int64_t dims[PRAXI_MAX_RANK] = {x->dims[0], x->dims[1]};
  PraxiStatus status = spatial_rank (infer, x);
  if (status == PRAXI_OK)
    status = check_window (infer);
  if (status == PRAXI_OK)
    status = slide (infer, x, dims);
  praxi_infer_out (infer, 0, x->dtype, x->rank, dims);
  praxi_infer_out (infer, 1, PRAXI_S64, x->rank, dims);
  return status;
}

PraxiStatus
praxi_infer_global_pool (PraxiInfer *infer)
{
  const PraxiTensor *x = infer->in[0];
  int64_t dims[PRAXI_MAX_RANK];
  if (x->rank < 2)
    return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "input of rank %d", x->rank);
  for (int d = 0; d < x->rank; d++)
    dims[d] = d < 2 ? x->dims[d] : 1;
  const bool is_byte = praxi_dtype_is_byte (x->dtype);
  if (is_byte && infer->op->to != PRAXI_F32)
    return praxi_infer_fail (infer, PRAXI_STATUS_UNSUPPORTED, "input of type %s",
                             praxi_dtype_name (x->dtype));
  praxi_infer_out (infer, 0, is_byte ? PRAXI_F32 : x->dtype, x->rank, dims);
  return PRAXI_OK;
}

/* u8 [1,T,H,W,3] becomes maps f32 [T−1,M,H/4,W/4] and flow f32 [T−1,2,H/2,W/2]. */
PraxiStatus
praxi_infer_motion_stem (PraxiInfer *infer)
{
  const PraxiTensor *x = infer->in[0], *first = praxi_infer_input (infer, 1);
  const PraxiStatus status = praxi_motion_stem_check (&infer->op->motion, x);
  if (status != PRAXI_OK)
    return praxi_infer_fail (infer, status, "not uint8 [1, T, H, W, 3] frames that can be halved");
  if (!praxi_tensor_is_row_major (x))
    return praxi_infer_fail (infer, PRAXI_STATUS_UNSUPPORTED, "frames that are not row-major");
  if (first != NULL && (first->dtype != PRAXI_S64 || first->rank != 0))
    return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "the first pair is no int64 scalar");
  const int64_t pairs = x->dims[1] - 1, h = x->dims[2], w = x->dims[3];
  praxi_infer_out (infer, 0, PRAXI_F32, 4,
                   (int64_t[]){pairs, infer->op->motion.n_maps, h / 4, w / 4});
  praxi_infer_out (infer, 1, PRAXI_F32, 4, (int64_t[]){pairs, 2, h / 2, w / 2});
  return PRAXI_OK;
}
