/* Conv in one, two and three dimensions, grouped, dilated; the sum is kept in double.
 *
 *   y = activation (Σ x · w + b [+ residual])              see conv-shape.h
 *   x [N,C,…]   w [O,C/group,kernel…]   b [O], may be absent   residual, y [N,O,…]
 */
#include "kernels/element.h"
#include "kernels/ref/activation.h"
#include "kernels/ref/conv-shape.h"
#include "kernels/ref/ref.h"

typedef struct {
  const float *x, *w;
} Floats;

typedef struct {
  const PraxiTensor *x, *w;
} Any;

PRAXI_CONV_SUM (sum_floats, double, Floats, (double) o.x[i] * (double) o.w[j])
PRAXI_CONV_SUM (sum_any,
                double,
                Any,
                praxi_load (o.x->data, o.x->dtype, i) * praxi_load (o.w->data, o.w->dtype, j))

static double
activate (const PraxiOp *op, double v)
{
  const double alpha = (double) op->alpha, beta = (double) op->beta;
  switch (op->activation) {
  case PRAXI_ACTIVATION_RELU:
    return PRAXI_RELU (v);
  case PRAXI_ACTIVATION_CLIP:
    return PRAXI_LIMIT (v, alpha, beta);
  case PRAXI_ACTIVATION_SIGMOID:
    return PRAXI_SIGMOID (v);
  case PRAXI_ACTIVATION_HARD_SIGMOID:
    return PRAXI_HARD_SIGMOID (v, alpha, beta);
  case PRAXI_ACTIVATION_HARD_SWISH:
    return PRAXI_HARD_SWISH (v);
  case PRAXI_ACTIVATION_SWISH:
    return v * PRAXI_SIGMOID (v);
  default:
    return v;
  }
}

PraxiStatus
praxi_ref_conv (const PraxiRefCall *call)
{
  const PraxiOp *op = call->op;
  const PraxiTensor *x = call->in[0], *weight = call->in[1], *y = call->out[0];
  const PraxiTensor *residual = op->has_residual ? call->in[call->n_in - 1] : NULL;
  const PraxiTensor *bias = op->has_residual && call->n_in < 4 ? NULL : praxi_ref_input (call, 2);
  const PraxiConvShape s = praxi_conv_shape (&op->window, x, weight, y);
  PraxiConvPlace place;
  if (!praxi_conv_begin (&s, &place))
    return PRAXI_OK;
  while (praxi_conv_next (&s, &place)) {
    const PraxiConvTaps taps = praxi_conv_taps (&s, place.position);
    const int64_t x_at = praxi_conv_x_at (&s, &place), w_at = place.output * s.w_output;
    double v = x->dtype == PRAXI_F32
                   ? sum_floats (&s, &taps, (Floats){x->data, weight->data}, x_at, w_at)
                   : sum_any (&s, &taps, (Any){x, weight}, x_at, w_at);
    if (bias != NULL)
      v += praxi_load (bias->data, bias->dtype, place.output * bias->strides[0]);
    if (residual != NULL)
      v += praxi_load (residual->data, residual->dtype, praxi_conv_same_at (&s, &place, residual));
    praxi_store (y->data, y->dtype, praxi_conv_y_at (&s, &place), activate (op, v));
  }
  return PRAXI_OK;
}
