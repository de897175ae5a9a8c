/* Quantized convolution, bit-exact: s32 sums of whole numbers, one float epilogue.
 *
 *   QConv        y = requantize (Σ (x − x_zero) · w [, residual])           see PraxiRequantize
 *   QLinearConv  y = clamp (rint (fmaf (Σ (x − x_zero)(w − w_zero), m, b · m)) + y_zero)
 *                m[o] = (x_scale · w_scale[o]) / y_scale
 *   x u8 or s8 [N,C,…]   w [O,C/group,kernel…]   b s32 [O], may be absent   y u8 or s8 [N,O,…]
 *
 * Padding counts as x_zero. The sums wrap around at 32 bits, as hardware does. A QConv of rank 2 is
 * a product of matrices.
 */
#include "kernels/element.h"
#include "kernels/ref/conv-shape.h"
#include "kernels/ref/ref.h"
#include "kernels/ref/requantize.h"

/* u8 bytes with the sign bit flipped are s8 values less 128: one loop serves both types. */
typedef struct {
  const int8_t *x, *w;
  int8_t x_flip, w_flip;
  int32_t x_zero, w_zero; /* of the flipped values */
} Bytes;

PRAXI_CONV_SUM (sum_bytes,
                uint32_t,
                Bytes,
                (uint32_t) (((int8_t) (o.x[i] ^ o.x_flip) - o.x_zero) *
                            ((int8_t) (o.w[j] ^ o.w_flip) - o.w_zero)))

static Bytes
bytes_of (const PraxiTensor *x, int32_t x_zero, const PraxiTensor *w, int32_t w_zero)
{
  const bool flips_x = x->dtype == PRAXI_U8, flips_w = w->dtype == PRAXI_U8;
  return (Bytes){
      .x = x->data,
      .w = w->data,
      .x_flip = flips_x ? INT8_MIN : 0,
      .w_flip = flips_w ? INT8_MIN : 0,
      .x_zero = flips_x ? x_zero - 128 : x_zero,
      .w_zero = flips_w ? w_zero - 128 : w_zero,
  };
}

static int32_t
accumulate (const PraxiConvShape *s, const PraxiConvPlace *place, Bytes bytes)
{
  const PraxiConvTaps taps = praxi_conv_taps (s, place->position);
  return (int32_t) sum_bytes (s, &taps, bytes, praxi_conv_x_at (s, place),
                              place->output * s->w_output);
}

PraxiStatus
praxi_ref_qconv (const PraxiRefCall *call)
{
  const PraxiRequantize *r = &call->op->requantize;
  const PraxiTensor *x = call->in[0], *weight = call->in[1], *y = call->out[0];
  const PraxiTensor *residual = call->op->has_residual ? call->in[call->n_in - 1] : NULL;
  const PraxiConvShape s = praxi_conv_shape (&call->op->window, x, weight, y);
  const Bytes bytes = bytes_of (x, r->input_zero, weight, 0);
  PraxiConvPlace place;
  if (!praxi_conv_begin (&s, &place))
    return PRAXI_OK;
  while (praxi_conv_next (&s, &place)) {
    float v = praxi_requantize_scale (r, place.output, accumulate (&s, &place, bytes));
    if (residual != NULL) {
      const int64_t at = praxi_conv_same_at (&s, &place, residual);
      v = praxi_requantize_add (r, v,
                                (int32_t) praxi_load_int (residual->data, residual->dtype, at));
    }
    praxi_store_int (y->data, y->dtype, praxi_conv_y_at (&s, &place),
                     praxi_requantize_round (r, v));
  }
  return PRAXI_OK;
}

/* Element i of a list, or its only one. */
static int64_t
pick (const PraxiTensor *list, int64_t i)
{
  return list->rank == 0 || list->dims[0] == 1 ? 0 : i * list->strides[0];
}

PraxiStatus
praxi_ref_qlinear_conv (const PraxiRefCall *call)
{
  const PraxiTensor *const *in = call->in, *x = in[0], *weight = in[3], *y = call->out[0];
  const PraxiTensor *bias = praxi_ref_input (call, 8);
  const float x_scale = *(const float *) in[1]->data, y_scale = *(const float *) in[6]->data;
  const int32_t x_zero = (int32_t) praxi_load_int (in[2]->data, in[2]->dtype, 0);
  const int32_t y_zero = (int32_t) praxi_load_int (in[7]->data, in[7]->dtype, 0);
  const PraxiConvShape s = praxi_conv_shape (&call->op->window, x, weight, y);
  PraxiConvPlace place;
  if (!praxi_conv_begin (&s, &place))
    return PRAXI_OK;
  while (praxi_conv_next (&s, &place)) {
    const int64_t o = place.output;
    const float m = x_scale * ((const float *) in[4]->data)[pick (in[4], o)] / y_scale;
    const float offset =
        bias != NULL ? (float) ((const int32_t *) bias->data)[o * bias->strides[0]] * m : 0;
    const int32_t w_zero = (int32_t) praxi_load_int (in[5]->data, in[5]->dtype, pick (in[5], o));
    const PraxiRequantize r = {&m,
                               &offset,
                               x_zero,
                               y_zero,
                               0,
                               0,
                               (int32_t) praxi_dtype_low (y->dtype),
                               (int32_t) praxi_dtype_high (y->dtype)};
    const int32_t sum = accumulate (&s, &place, bytes_of (x, x_zero, weight, w_zero));
    praxi_store_int (y->data, y->dtype, praxi_conv_y_at (&s, &place),
                     praxi_requantize_round (&r, praxi_requantize_scale (&r, 0, sum)));
  }
  return PRAXI_OK;
}
